"""Convolutions of images about which there is nothing are SciPy's."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from lightnoise.functional.convolution import Kernel, Superposition, field_of


def kernel_of(reach_y, reach_x, seed=0):
    values = np.random.default_rng(seed).random((2 * reach_y + 1, 2 * reach_x + 1))
    return Kernel((values / values.sum()).astype(np.float32))


@pytest.mark.parametrize("size", [(24, 50), (31, 33), (1, 1)])
def test_pictures_with_kernels_of_their_own_add_up(size):
    height, width = size
    drawing = Superposition(height + 20, width + 20, 3)
    expected = np.zeros((height, width, 3))
    for seed in range(3):
        light = 100.0 * np.random.default_rng(seed).random((*size, 3)).astype(np.float32) ** 8
        kernel, weights = kernel_of(8, 10, seed=seed), np.array([0.5, 0.25, 0.1]) / (seed + 1.0)
        drawing.blank()[:, 10:-10, 10:-10] = np.moveaxis(light, 2, 0)
        drawing.add(kernel, weights)
        values = kernel.values[..., None].astype(np.float64)
        expected += fftconvolve(light, values, mode="same", axes=(0, 1)) * weights
    np.testing.assert_allclose(drawing.picture(10, height, width), expected, atol=1e-4)


def test_a_spectrum_is_numpys():
    kernel, field = kernel_of(6, 7), field_of(40, 60)
    spectrum = kernel.spectrum(field)
    lanes = spectrum.transpose(1, 2, 0, 3).reshape(field.rows, 2, -1)[..., : field.columns // 2 + 1]
    whole = np.zeros((field.rows, field.columns))
    whole[:13, :15] = kernel.values
    expected = np.fft.rfft2(np.roll(whole, (-6, -7), (0, 1)))[field.plan.order]
    np.testing.assert_allclose(lanes[:, 0] + 1j * lanes[:, 1], expected, atol=1e-6)
