"""The first use on a machine says on a terminal why it takes long; later ones, and those into a file, are silent."""

import os
import subprocess
import sys

import numpy as np
import pytest

from lightnoise import kernels

TERMINAL = "import sys; sys.stderr.isatty = lambda: True\n"
SCRIPT = """
import numpy as np
import lightnoise as ln
ln.gamma(np.zeros((4, 4), np.uint16), ln.GammaParams(gamma=2.0))
"""


def run(script, cache):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)


def test_compiling_is_announced_once_per_machine(tmp_path):
    first, later = (run(TERMINAL + SCRIPT, tmp_path) for _ in range(2))
    assert first.stderr.count("compiling for this processor") == 1
    assert [first.stdout, later.stdout, later.stderr] == ["", "", ""]


def test_nobody_is_told_where_nobody_looks_on(tmp_path):
    assert run(SCRIPT, tmp_path).stderr == ""


def test_other_peoples_kernels_are_not_announced(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nnumba.njit(lambda x: x + 1)(1)"
    assert run(TERMINAL + script, tmp_path).stderr == ""


def test_kernels_without_a_module_compile(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nscope = {}\nexec('def f(x): return x + 1', scope)\n"
    assert (
        run(
            TERMINAL + script + "del scope['f'].__globals__['__builtins__']\nscope['f'].__module__ = None\n"
            "print(numba.njit(scope['f'])(1))",
            tmp_path,
        ).stdout
        == "2\n"
    )


def test_subroutines_have_no_way_in_from_python():
    with pytest.raises(TypeError, match="exp is called by kernels only"):
        kernels.elementary.exp(np.float32(1.0))
