"""Fix one thread for every library before it is loaded, then run the command."""

import os

ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def main() -> None:
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else its import asks the network for news
    from benchmarks.speed import command

    command.main()


if __name__ == "__main__":
    main()
