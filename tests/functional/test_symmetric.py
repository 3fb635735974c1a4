"""Convolutions by cosine transforms are SciPy's on a picture that continues as its own mirror image."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn
from scipy.signal import fftconvolve

from lightnoise.functional.symmetric import LevelsKernel, SymmetricKernel, add_convolved, axis_of, fit_mirrored
from lightnoise.optics import pyramid


def kernel_of(reach_y, reach_x, channels, mirrored=False, seed=0):
    values = np.random.default_rng(seed).random((2 * reach_y + 1, 2 * reach_x + 1, channels))
    values += values[::-1, ::-1]
    if mirrored:
        values += values[:, ::-1]
    return SymmetricKernel((values / values.sum(axis=(0, 1))).astype(np.float32))


def light_of(height, width, channels, seed=1):
    return 100.0 * np.random.default_rng(seed).random((height, width, channels)).astype(np.float32) ** 8


def convolved(light, kernel):
    """Convolve in float64 with SciPy, borders reflected."""
    reach_y, reach_x = kernel.reach
    wide = np.pad(light.astype(np.float64), ((reach_y, reach_y), (reach_x, reach_x), (0, 0)), mode="symmetric")
    return fftconvolve(wide, kernel.values.astype(np.float64), mode="valid", axes=(0, 1))


def assert_convolved(light, kernel):
    out = np.ones_like(light)
    add_convolved(light, [(0.3, kernel)], None, out)
    np.testing.assert_allclose(out - 1.0, 0.3 * convolved(light, kernel), atol=1e-6 * light.max())


@pytest.mark.parametrize(
    ("size", "reach"),
    [((180, 320), (80, 80)), ((37, 61), (20, 9)), ((5, 9), (11, 30)), ((1, 1), (3, 3)), ((40, 2), (1, 4))],
)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_convolution_is_scipys(size, reach, channels, mirrored):
    assert_convolved(light_of(*size, channels), kernel_of(*reach, channels, mirrored))


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([1, 3]),
    st.booleans(),
    st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_every_size_and_reach_is_scipys(height, width, reach_y, reach_x, channels, mirrored, seed):
    light = light_of(height, width, channels, seed)
    assert_convolved(light, kernel_of(reach_y, reach_x, channels, mirrored, seed))


def test_kernels_add_up():
    light, mirrored, other = light_of(30, 50, 3), kernel_of(7, 9, 3, True), kernel_of(12, 4, 3, seed=5)
    out = np.zeros_like(light)
    add_convolved(light, [(0.3, mirrored), (0.2, other), (0.1, other)], None, out)
    np.testing.assert_allclose(
        out, 0.3 * convolved(light, mirrored) + 0.3 * convolved(light, other), atol=1e-6 * light.max()
    )


def test_a_constant_stays_constant():
    out = np.zeros((36, 50, 3), np.float32)
    add_convolved(np.full_like(out, 7.0), [(1.0, kernel_of(9, 12, 3))], None, out)
    np.testing.assert_allclose(out, 7.0, rtol=2e-6)


def test_what_comes_out_is_no_less_than_nothing():
    light = np.zeros((40, 60, 1), np.float32)
    light[20, 30] = 1e4
    out = np.zeros_like(light)
    add_convolved(light, [(1.0, kernel_of(2, 2, 1))], None, out)
    assert out.min() >= 0.0


def test_gains_of_a_mirrored_kernel_are_its_cosine_series():
    kernel, down, along = kernel_of(6, 7, 1, True), axis_of(40, 6), axis_of(60, 7)
    even, odd = kernel.gains(down, along)
    assert odd.size == 0
    lanes = even[0].transpose(0, 3, 1, 2).reshape(-1, 2 * along.pairs)[: 2 * down.pairs]
    y, x = np.arange(-6, 7), np.arange(-7, 8)
    series_y = np.cos(np.pi * np.outer(down.frequencies.ravel(), y) / 40.0)
    series_x = np.cos(np.pi * np.outer(along.frequencies.ravel(), x) / 60.0)
    np.testing.assert_allclose(lanes, series_y @ kernel.values[..., 0] @ series_x.T, atol=1e-6)


def test_a_cosine_is_only_dimmed():
    """A kernel that is its own mirror image changes no cosine but in height."""
    y, x = (np.arange(n) + 0.5 for n in (36, 50))
    light = 1.0 + np.outer(np.cos(np.pi * 5 * y / 36.0), np.cos(np.pi * 7 * x / 50.0))[..., None].astype(np.float32)
    out = np.zeros_like(light)
    add_convolved(light.astype(np.float32), [(1.0, kernel_of(6, 7, 1, True))], None, out)
    spectrum = dctn(out[..., 0].astype(np.float64), norm="forward")
    others = np.abs(spectrum) > 1e-6
    assert np.argwhere(others).tolist() == [[0, 0], [5, 7]]


@pytest.mark.parametrize("size", [(90, 160), (45, 80), (36, 50), (27, 15), (1, 1)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_levels_are_convolved_together_with_a_kernel(size, mirrored):
    """Against the pyramid itself, which is wrong by a few percent where its cells are coarse; no light is lost."""
    light, sizes = light_of(*size, 3), pyramid.level_sizes(2 * size[0], 2 * size[1])[1:]
    weights = np.random.default_rng(2).random((len(sizes), 2)) / len(sizes)
    kernel, levels = kernel_of(0, 0, 3, mirrored), LevelsKernel(sizes, tuple(map(tuple, weights.tolist())))
    assert fit_mirrored(*size, [(0.1, kernel)])
    out = np.zeros_like(light)
    add_convolved(light, [(0.1, kernel)], levels, out)
    expected = 0.1 * light + pyramid.collapse(pyramid.build(light, sizes), weights)
    np.testing.assert_allclose(out, expected, atol=0.02 * expected.max())
    np.testing.assert_allclose(out.sum(axis=(0, 1)), expected.sum(axis=(0, 1)), rtol=1e-5)


def there_and_back(wave, sizes, level, smooth):
    column = wave[:, None]
    for n, m in pairwise(sizes[: level + 1]):
        column = pyramid.mix(column, pyramid.shrinking(n, m))
    if smooth:
        column = pyramid.mix(column, pyramid.smoothing(sizes[level]))
    for m, n in pairwise(sizes[level::-1]):
        column = pyramid.mix(column, pyramid.widening(n, m))
    return column[:, 0]


@pytest.mark.parametrize("sizes", [(40, 20, 10, 5), (320, 160, 80, 40, 20, 10, 5, 3, 1), (3, 1)])
def test_cosines_that_a_level_can_hold_come_back_by_their_transfer(sizes):
    n = sizes[0]
    for level, size in enumerate(sizes):
        for smooth, k in ((0, 0), (0, size // 3), (1, size // 2), (1, size - 1)):
            wave = np.cos(np.pi * k * (np.arange(n) + 0.5) / n).astype(np.float32)
            left = there_and_back(wave, sizes, level, smooth) @ wave / (wave @ wave)
            assert pyramid.transfer(sizes)[level, smooth, k] == pytest.approx(float(left), abs=2e-3)


def test_far_from_a_lamp_its_light_falls_smoothly():
    """A level's cells must not show, least of all along the lamp's own row, where fine levels are bright."""
    sizes = pyramid.level_sizes(360, 640)[1:]
    levels = LevelsKernel(sizes, tuple((0.02, 0.03) for _ in sizes))
    light = np.zeros((*sizes[0], 1), np.float32)
    light[61, 40] = 1e4
    out = np.zeros_like(light)
    add_convolved(light, [(0.0, kernel_of(0, 0, 1))], levels, out)
    row = np.log(out[61, 160:, 0])
    smooth = np.convolve(row, np.ones(33) / 33, mode="valid")
    assert np.abs(row[16:-16] - smooth).max() < 0.02
