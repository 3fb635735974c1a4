"""Starburst and lenticular halo: kernels that are no sum of Gaussians, convolved by FFT at half resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.constants import LUMA
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
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
    around: Image


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
    return Spikes(centre, kernel)


@lru_cache(maxsize=8)
def halo_kernel(focal_y: float, focal_x: float, channels: int) -> Image:
    """Return Spencer's ring as a kernel on a grid, sum 1 per channel."""
    reach = int(np.ceil(np.tan(np.radians(HALO_END_DEG)) * max(focal_y, focal_x)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    theta = np.arctan(np.hypot(y / focal_y, x / focal_x))
    rings = [spencer_halo(theta, wavelength) * np.cos(theta) ** 3 for wavelength in HALO_WAVELENGTHS_NM]
    kernel = np.stack([ring / ring.sum() for ring in rings], axis=2)
    if channels == 1:
        kernel = (kernel @ np.array(LUMA))[..., None]
    return kernel.astype(np.float32)


def convolve(light: Image, kernels: list[tuple[float, Image]]) -> Image:
    """Return Σ weight·(kernel ∗ light) with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light : ndarray of shape (h, w, C), float32
    kernels : list of (weight, kernel)
        Kernels of odd size (2·Ry + 1, 2·Rx + 1, C), centred.
    """
    from scipy import fft

    height, width, channels = light.shape
    reach_y = max(kernel.shape[0] // 2 for _, kernel in kernels)
    reach_x = max(kernel.shape[1] // 2 for _, kernel in kernels)
    padded = np.pad(light, ((reach_y, reach_y), (reach_x, reach_x), (0, 0)), mode="symmetric")
    size = tuple(fft.next_fast_len(n, real=True) for n in padded.shape[:2])
    out = np.empty_like(light)
    for c in range(channels):
        transfer: NDArray[Any] = sum(w * _transfer(k, c, size) for w, k in kernels)  # type: ignore[assignment]
        spectrum = fft.rfft2(padded[..., c], size)
        spectrum *= transfer
        whole = fft.irfft2(spectrum, size)
        out[..., c] = whole[reach_y : reach_y + height, reach_x : reach_x + width]
    return out


def _transfer(kernel: Image, channel: int, size: tuple[int, ...]) -> NDArray[np.complex64]:
    from scipy import fft

    rows, columns = kernel.shape[:2]
    whole = np.zeros(size, np.float32)
    whole[:rows, :columns] = kernel[..., channel]
    centred = np.roll(whole, (-(rows // 2), -(columns // 2)), axis=(0, 1))
    return np.asarray(fft.rfft2(centred))


def diffracted(light: Image, budget: Budget, spikes: Spikes | None, grid: Grid) -> Image | None:
    """Return the light of spikes and halo on a grid, or None where there is neither."""
    kernels: list[tuple[float, Image]] = []
    if spikes is not None and budget.starburst > 0.0:
        kernels.append((budget.starburst, spikes.around))
    if budget.halo > 0.0:
        kernels.append((budget.halo, halo_kernel(grid.focal_y, grid.focal_x, light.shape[2])))
    return convolve(light, kernels) if kernels else None
