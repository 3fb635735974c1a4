"""The sensor: full wells, column blooming, shot and read noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.camera import Camera
from lightnoise.params import GammaParams

Image = NDArray[np.float32]

#: 2^NORMAL_BITS quantiles of the normal distribution; the outermost is at 4.2 standard deviations.
NORMAL_BITS = 16


def spill(light: Image, camera: Camera) -> None:
    """Let full wells spill along their columns, in place, if the camera blooms."""
    if camera.column_blooming > 0.0:
        kernels.sensor.spill_columns(light, np.float32(camera.full_well), np.float32(camera.column_blooming))


def add_noise(light: Image, params: GammaParams) -> None:
    """Add noise of variance shot·x + read in place; each sample's draw is named by its number and the seed."""
    flat = light.reshape(-1)
    add_noise_at(flat, np.arange(flat.size), params)


def add_noise_at(light: Image, numbers: NDArray[np.int64], params: GammaParams) -> None:
    """Add noise in place to samples whose numbers in their frame are given; see `add_noise`."""
    kernels.sensor.add_noise(
        light.reshape(-1),
        numbers.reshape(-1),
        np.float32(params.shot),
        np.float32(params.read),
        np.uint32(params.noise_seed),
        normal_table(),
        32 - NORMAL_BITS,
    )


@lru_cache(maxsize=1)
def normal_table() -> Image:
    """Return the midpoint quantiles of the standard normal distribution, scaled to variance 1."""
    from scipy.special import ndtri

    n = 1 << NORMAL_BITS
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    return (quantiles / np.sqrt(np.mean(quantiles**2))).astype(np.float32)
