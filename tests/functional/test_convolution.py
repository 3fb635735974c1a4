"""Convolutions by our transforms are those of SciPy on a reflected picture."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from lightnoise.functional.convolution import Kernel, Superposition, add_convolved, field_of


def kernel_of(reach_y, reach_x, channels, symmetric=True, seed=0):
    values = np.random.default_rng(seed).random((2 * reach_y + 1, 2 * reach_x + 1, channels))
    if symmetric:
        values += values[::-1, ::-1]
    return Kernel((values / values.sum(axis=(0, 1))).astype(np.float32))


def light_of(height, width, channels, seed=1):
    return 100.0 * np.random.default_rng(seed).random((height, width, channels)).astype(np.float32) ** 8


def convolved(light, kernel):
    """Convolve in float64 with SciPy, borders reflected."""
    reach_y, reach_x = kernel.reach
    wide = np.pad(light.astype(np.float64), ((reach_y, reach_y), (reach_x, reach_x), (0, 0)), mode="symmetric")
    return fftconvolve(wide, kernel.values.astype(np.float64), mode="valid", axes=(0, 1))


@pytest.mark.parametrize(
    ("size", "reach"),
    [((180, 320), (80, 80)), ((37, 61), (20, 9)), ((5, 9), (11, 30)), ((1, 1), (3, 3)), ((40, 2), (1, 4))],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_convolution_is_scipys(size, reach, channels):
    light, kernel = light_of(*size, channels), kernel_of(*reach, channels)
    out = np.ones_like(light)
    add_convolved(light, [(0.3, kernel)], out)
    np.testing.assert_allclose(out - 1.0, 0.3 * convolved(light, kernel), atol=1e-6 * light.max())


def test_kernels_add_up():
    light, one, other = light_of(30, 50, 3), kernel_of(7, 9, 3), kernel_of(12, 4, 3, seed=5)
    out = np.zeros_like(light)
    add_convolved(light, [(0.3, one), (0.2, other)], out)
    np.testing.assert_allclose(
        out, 0.3 * convolved(light, one) + 0.2 * convolved(light, other), atol=1e-6 * light.max()
    )


@pytest.mark.parametrize("size", [(24, 50), (31, 33), (1, 1)])
def test_pictures_with_kernels_of_their_own_add_up(size):
    height, width = size
    drawing = Superposition(height + 20, width + 20, 3)
    expected = np.zeros((height, width, 3))
    for seed in range(3):
        kernel, light = kernel_of(8, 10, 1, symmetric=False, seed=seed), light_of(*size, 3, seed=seed)
        weights = np.array([0.5, 0.25, 0.1]) / (seed + 1.0)
        drawing.blank()[:, 10:-10, 10:-10] = np.moveaxis(light, 2, 0)
        drawing.add(kernel, weights)
        expected += fftconvolve(light, kernel.values.astype(np.float64), mode="same", axes=(0, 1)) * weights
    np.testing.assert_allclose(drawing.picture(10, height, width), expected, atol=1e-4)


def test_a_symmetric_kernel_has_a_real_spectrum():
    kernel, field = kernel_of(6, 7, 1), field_of(40, 60)
    spectrum = kernel.spectrum(0, field)
    assert np.abs(spectrum[:, :, 1]).max() < 1e-6
    lanes = spectrum[:, :, 0].transpose(1, 0, 2).reshape(field.rows, -1)[:, : field.columns // 2 + 1]
    whole = np.zeros((field.rows, field.columns))
    whole[:13, :15] = kernel.values[..., 0]
    expected = np.fft.rfft2(np.roll(whole, (-6, -7), (0, 1)))[field.plan.order]
    np.testing.assert_allclose(lanes, expected.real, atol=1e-6)
