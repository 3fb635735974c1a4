"""Fix one thread per library before any of them is loaded, then run the command."""

import os

for variable in (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
):
    os.environ[variable] = "1"
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else its import asks the network for news

from benchmarks.speed.command import main

if __name__ == "__main__":
    main()
