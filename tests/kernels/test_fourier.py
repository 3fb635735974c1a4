"""Transforms down columns are those of NumPy, in the order of the plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from subroutines import entry

from lightnoise import kernels
from lightnoise.optics.fourier import plan

TRANSFORM, TRANSFORM_BACK = entry(kernels.fourier.transform), entry(kernels.fourier.transform_back)

LENGTHS = st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 3)).map(
    lambda e: 2 ** e[0] * 3 ** e[1] * 5 ** e[2]
)


def complex_columns(n, seed=0):
    parts = np.random.default_rng(seed).standard_normal((n, 2, 16)).astype(np.float32)
    return parts, parts[:, 0] + 1j * parts[:, 1]


@given(LENGTHS.filter(lambda n: n <= 2000))
def test_transforms_are_numpys(n):
    parts, numbers = complex_columns(n)
    TRANSFORM(parts, plan(n).for_kernels())
    expected = np.fft.fft(numbers, axis=0)[plan(n).order]
    assert np.abs(parts[:, 0] + 1j * parts[:, 1] - expected).max() <= 1e-6 * np.abs(expected).max()


@given(LENGTHS.filter(lambda n: n <= 2000))
def test_there_and_back_is_n_times_as_much(n):
    parts, _ = complex_columns(n, seed=1)
    changed = parts.copy()
    TRANSFORM(changed, plan(n).for_kernels())
    TRANSFORM_BACK(changed, plan(n).for_kernels())
    np.testing.assert_allclose(changed / n, parts, atol=3e-6)


@pytest.mark.parametrize("n", [1, 7, 16, 360])
def test_the_order_has_every_frequency_once(n):
    if n == 7:
        with pytest.raises(StopIteration):
            plan(n)
    else:
        assert sorted(plan(n).order) == list(range(n))
