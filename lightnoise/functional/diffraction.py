"""Starburst and lenticular halo: kernels that are no sum of Gaussians, convolved by FFT on coarse cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
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


class Kernel:
    """A convolution kernel that keeps its spectra.

    Parameters
    ----------
    values : ndarray of shape (2·Ry + 1, 2·Rx + 1, C), float32
        Centred.
    """

    def __init__(self, values: Image) -> None:
        self.values = values
        self.reach = values.shape[0] // 2, values.shape[1] // 2
        self._spectra: dict[tuple[int, int, int], Image] = {}

    def spectrum(self, channel: int, size: tuple[int, int]) -> Image:
        """Return one channel's spectrum on a field of that size, in OpenCV's packed form."""
        key = (channel, *size)
        if key not in self._spectra:
            rows, columns = self.values.shape[:2]
            field = np.zeros(size, np.float32)
            field[:rows, :columns] = self.values[..., channel]
            centred = np.roll(field, (-self.reach[0], -self.reach[1]), axis=(0, 1))
            self._spectra[key] = np.asarray(cv2.dft(centred), np.float32)
        return self._spectra[key]


@dataclass(frozen=True)
class Spikes:
    """A starburst kernel on a grid: ``centre`` (3,) is the light within the cell itself, kept out of ``around``."""

    centre: NDArray[np.float64]
    around: Kernel


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
    return Spikes(centre, Kernel(kernel))


@lru_cache(maxsize=8)
def halo_kernel(focal_y: float, focal_x: float, channels: int) -> Kernel:
    """Return Spencer's ring as a kernel on a grid, sum 1 per channel."""
    reach = int(np.ceil(np.tan(np.radians(HALO_END_DEG)) * max(focal_y, focal_x)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    theta = np.arctan(np.hypot(y / focal_y, x / focal_x))
    rings = [spencer_halo(theta, wavelength) * np.cos(theta) ** 3 for wavelength in HALO_WAVELENGTHS_NM]
    kernel = np.stack([ring / ring.sum() for ring in rings], axis=2)
    if channels == 1:
        kernel = (kernel @ np.array(LUMA))[..., None]
    return Kernel(kernel.astype(np.float32))


def convolve(light: Image, kernels: list[tuple[float, Kernel]]) -> Image:
    """Return Σ weight·(kernel ∗ light) with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light : ndarray of shape (h, w, C), float32
    kernels : list of (weight, Kernel)
    """
    height, width, channels = light.shape
    reach_y = max(kernel.reach[0] for _, kernel in kernels)
    reach_x = max(kernel.reach[1] for _, kernel in kernels)
    size = cv2.getOptimalDFTSize(height + 2 * reach_y), cv2.getOptimalDFTSize(width + 2 * reach_x)
    after_y, after_x = size[0] - height - reach_y, size[1] - width - reach_x
    out = np.empty_like(light)
    for c in range(channels):
        padded = cv2.copyMakeBorder(light[..., c], reach_y, after_y, reach_x, after_x, cv2.BORDER_REFLECT)
        transfer = sum(np.float32(weight) * kernel.spectrum(c, size) for weight, kernel in kernels)
        spectrum = cv2.mulSpectrums(cv2.dft(padded), np.asarray(transfer), 0)
        whole = cv2.dft(spectrum, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
        # rounding may leave a little less than no light
        np.maximum(whole[reach_y : reach_y + height, reach_x : reach_x + width], 0.0, out=out[..., c])
    return out


def diffracted(light: Image, budget: Budget, spikes: Spikes | None, grid: Grid) -> Image | None:
    """Return the light of spikes and halo on a grid, or None where there is neither."""
    kernels: list[tuple[float, Kernel]] = []
    if spikes is not None and budget.starburst > 0.0:
        kernels.append((budget.starburst, spikes.around))
    if budget.halo > 0.0:
        kernels.append((budget.halo, halo_kernel(grid.focal_y, grid.focal_x, light.shape[2])))
    return convolve(light, kernels) if kernels else None
