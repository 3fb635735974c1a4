"""Starburst and lenticular halo: kernels that are no sum of Gaussians, convolved by FFT on coarse cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.constants import LUMA
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
from lightnoise.functional.symmetric import SymmetricKernel, Weighted
from lightnoise.optics.psf import HALO_WAVELENGTHS_NM, spencer_halo
from lightnoise.optics.starburst import starburst_kernel
from lightnoise.params import GlareParams

Image = NDArray[np.float32]

#: Reach of starbursts as a part of the frame's width; what a lamp sends farther stays with its direct light.
REACH = 0.25

#: Where Spencer's ring has ended, degrees: five of its widths beyond its radius in red.
HALO_END_DEG = 4.5


@dataclass(frozen=True)
class Spikes:
    """A starburst kernel on a grid: ``centre`` (3,) is the light within the cell itself, kept out of ``around``."""

    centre: NDArray[np.float64]
    around: SymmetricKernel


def spikes(glare: GlareParams, camera: Camera, grid: Grid, channels: int) -> Spikes:
    """Return the starburst that a camera's iris makes on a grid, for 1 or 3 channels."""
    return _spikes(
        glare.blades,
        camera.f_number,
        glare.rotation_deg,
        grid.pitch_um,
        grid.cell_aspect,
        max(1, round(REACH * grid.width)),
        channels,
    )


@lru_cache(maxsize=32)
def _spikes(
    blades: int,
    f_number: float,
    rotation_deg: float,
    pitch_um: float,
    aspect: float,
    radius: int,
    channels: int,
) -> Spikes:
    kernel = starburst_kernel(
        blades, f_number, pitch_um, radius_px=radius, rotation_deg=rotation_deg, pixel_aspect=aspect
    )
    if channels == 1:
        kernel = (kernel @ np.array(LUMA, np.float32))[..., None]
    centre = kernel[radius, radius].astype(np.float64)
    kernel[radius, radius] = 0.0
    return Spikes(centre, SymmetricKernel(kernel))


@lru_cache(maxsize=8)
def halo_kernel(focal_y: float, focal_x: float, channels: int) -> SymmetricKernel:
    """Return Spencer's ring as a kernel on a grid, sum 1 per channel."""
    reach = int(np.ceil(np.tan(np.radians(HALO_END_DEG)) * max(focal_y, focal_x)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    theta = np.arctan(np.hypot(y / focal_y, x / focal_x))
    rings = [spencer_halo(theta, wavelength) * np.cos(theta) ** 3 for wavelength in HALO_WAVELENGTHS_NM]
    kernel = np.stack([ring / ring.sum() for ring in rings], axis=2)
    if channels == 1:
        kernel = (kernel @ np.array(LUMA))[..., None]
    return SymmetricKernel(kernel.astype(np.float32))


def kernels_of(glare: GlareParams, camera: Camera, budget: Budget, grid: Grid, channels: int) -> list[Weighted]:
    """Return the kernels of spikes and halo on a grid, with their parts of the light; none if there are neither."""
    kernels: list[Weighted] = []
    if budget.starburst > 0.0:
        kernels.append((budget.starburst, spikes(glare, camera, grid, channels).around))
    if budget.halo > 0.0:
        kernels.append((budget.halo, halo_kernel(grid.focal_y, grid.focal_x, channels)))
    return kernels
