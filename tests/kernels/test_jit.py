"""The first use on a machine says why it takes long, later ones are silent."""

import os
import subprocess
import sys

SCRIPT = """
import numpy as np
import lightnoise as ln
ln.gamma(np.zeros((4, 4), np.uint16), ln.GammaParams(gamma=2.0))
"""


def test_compiling_is_announced_once_per_machine(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert said[0].stderr.count("compiling for this processor") == 1
    assert [one.stdout for one in said] + [said[1].stderr] == ["", "", ""]


def test_other_peoples_kernels_are_not_announced(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nnumba.njit(lambda x: x + 1)(1)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
