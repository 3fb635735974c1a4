"""Exponential and logarithm are NumPy's within rounding."""

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from subroutines import entry

from lightnoise import kernels

EXP, LOG = entry(kernels.elementary.exp), entry(kernels.elementary.log)


@given(st.floats(0.0, 88.0, width=32))
def test_exponential(x):
    assert abs(EXP(np.float32(x)) / np.exp(np.float64(x)) - 1.0) < 2e-7 * max(1.0, x)


@given(st.floats(float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max), width=32))
def test_logarithm(x):
    exact = np.log(np.float64(x))
    assert abs(LOG(np.float32(x)) - exact) < 2e-7 * max(1.0, abs(exact))


def test_ends_are_exact():
    assert EXP(np.float32(0.0)) == 1.0
    assert LOG(np.float32(1.0)) == 0.0


def test_a_loop_vectorises():
    """No call remains in it, and registers hold several numbers."""
    exp, log = kernels.elementary.exp, kernels.elementary.log

    @numba.njit(error_model="numpy")
    def both(x, out):
        for i in range(x.size):
            out[i] = exp(log(x[i]))

    x = np.linspace(1.0, 1e6, 999, dtype=np.float32)
    out = np.empty_like(x)
    both(x, out)
    np.testing.assert_allclose(out, x, rtol=3e-6)
    code = both.inspect_llvm(both.signatures[0])
    assert "fmul <" in code
    assert "@expf" not in code
    assert "@llvm.exp" not in code
