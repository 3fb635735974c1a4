"""Single pixels' light comes to the pyramid's level as a whole picture's would."""

import numpy as np
import pytest

from lightnoise import kernels
from lightnoise.functional.fused import _TAPS
from lightnoise.optics import pyramid


@pytest.mark.parametrize("share", [0.002, 0.05, 0.7])
@pytest.mark.parametrize("octaves", [1, 2])
@pytest.mark.parametrize(("size", "channels"), [((16, 16), 3), ((24, 20), 1), ((48, 200), 3)])
def test_pixels_shrink_like_the_picture(share, octaves, size, channels):
    rng = np.random.default_rng(0)
    height, width = size
    gained = 1000.0 * rng.random((height, width, channels)).astype(np.float32)
    gained[rng.random((height, width)) > share] = 0.0
    gained[0, 0] = gained[-1, -1] = 50.0
    rows, columns = np.nonzero(gained.any(axis=2))
    measured = rng.random((channels, len(rows))).astype(np.float32)
    level = np.zeros((height >> octaves, (width >> octaves) * channels), np.float32)
    recovered = measured + gained[rows, columns].T
    kernels.decode.add_shrunk(rows, columns, measured, recovered, _TAPS[octaves], level)
    expected = gained
    for octave in range(1, octaves + 1):
        expected = pyramid.shrink(expected, (height >> octave, width >> octave))
    np.testing.assert_allclose(level.reshape(expected.shape), expected, atol=1e-4 * expected.max())
