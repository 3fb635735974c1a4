"""The sensor: full wells, column blooming, shot and read noise."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.camera import Camera
from lightnoise.params import GammaParams

Image = NDArray[np.float32]

#: 2^NORMAL_BITS quantiles of the normal distribution, at most 16 bits; the outermost is at 4 standard deviations. With
#: more the table would fall out of a processor's nearest memory.
NORMAL_BITS = 14


def spill(light: Image, camera: Camera) -> None:
    """Let full wells spill along their columns, in place, if the camera blooms."""
    if camera.column_blooming > 0.0:
        kernels.sensor.spill_columns(light, np.float32(camera.full_well), np.float32(camera.column_blooming))


def add_noise(light: Image, params: GammaParams) -> None:
    """Add noise of variance shot·x + read to a frame (H, W, C) in place; the seed and the place name a draw."""
    kernels.sensor.add_noise(light.reshape(len(light), -1), *for_kernels(params))


def add_noise_at(
    light: Image, rows: NDArray[np.int64], columns: NDArray[np.int64], width: int, params: GammaParams
) -> None:
    """Do the same to single pixels (n, C) of a frame that is ``width`` pixels wide."""
    channels = light.shape[1]
    kernels.sensor.add_noise_at(light, rows, columns * channels, width * channels, *for_kernels(params))


def for_kernels(params: GammaParams) -> tuple[Any, ...]:
    """Return shot, read, seed, the table of normal numbers, empty for no noise, and the shift that draws from it."""
    table = normal_table() if params.has_noise else np.empty(0, np.float32)
    return np.float32(params.shot), np.float32(params.read), np.uint32(params.noise_seed), table, 32 - NORMAL_BITS


@lru_cache(maxsize=1)
def normal_table() -> Image:
    """Return the midpoint quantiles of the standard normal distribution, scaled to variance 1."""
    from scipy.special import ndtri

    n = 1 << NORMAL_BITS
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    return (quantiles / np.sqrt(np.mean(quantiles**2))).astype(np.float32)
