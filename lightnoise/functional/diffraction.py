"""Starburst and lenticular halo: kernels that are no sum of Gaussians, convolved by FFT on coarse cells."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels as loops
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
class Gain:
    """A real spectrum: what the real and the imaginary part of each frequency are multiplied with.

    OpenCV packs real and imaginary parts beside each other along the rows, but one below the other in the first and the
    last column; the zeroth and the highest frequency have a real part alone.

    Parameters
    ----------
    ends : ndarray of shape (2, H), float32
        For each number of the packed first and last column.
    inner : ndarray of shape (H, W / 2 − 1), float32
        For each pair between them.
    """

    ends: Image
    inner: Image

    @classmethod
    def of(cls, packed: Image) -> Gain:
        """Take the real parts out of a packed spectrum."""
        ends = packed[:, [0, -1]].T.copy()
        ends[:, 2:-1:2] = ends[:, 1:-1:2]
        return cls(ends, np.ascontiguousarray(packed[:, 1:-1:2]))

    @classmethod
    def sum_of(cls, parts: list[tuple[float, Gain]]) -> Gain:
        """Return Σ weight·gain."""
        ends, inner = (
            reduce(operator.add, [np.float32(weight) * getattr(gain, name) for weight, gain in parts])
            for name in ("ends", "inner")
        )
        return cls(ends, inner)


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
        self._gains: dict[tuple[int, int, int], Gain] = {}

    def spectrum(self, channel: int, size: tuple[int, int]) -> Image:
        """Return one channel's spectrum on a field of that size, in OpenCV's packed form."""
        key = (channel, *size)
        if key not in self._spectra:
            self._spectra[key] = self._transform(channel, size)
        return self._spectra[key]

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether it looks the same turned by half a turn, so that its spectra are real."""
        turned = self.values[::-1, ::-1]
        return bool(np.abs(self.values - turned).max() <= 1e-6 * self.values.max())

    def add_filtered(self, field: Image, channel: int, weight: float, total: Image) -> None:
        """Add a field's packed spectrum, of even size, times the kernel's and a weight to another, in place."""
        size = field.shape[0], field.shape[1]
        if self.is_symmetric:
            gain = self.gain(channel, size)
            loops.fields.add_scaled(field, gain.ends, gain.inner, np.float32(weight), total)
        else:
            cv2.scaleAdd(cv2.mulSpectrums(field, self.spectrum(channel, size), 0), weight, total, dst=total)

    def gain(self, channel: int, size: tuple[int, int]) -> Gain:
        """Return what a field's packed spectrum is to be multiplied with; only for symmetric kernels and even sizes."""
        key = (channel, *size)
        if key not in self._gains:
            self._gains[key] = Gain.of(self._transform(channel, size))
        return self._gains[key]

    def _transform(self, channel: int, size: tuple[int, int]) -> Image:
        reach_y, reach_x = self.reach
        values = self.values[..., channel]
        field = np.zeros(size, np.float32)  # centred on the first cell, about which the field is periodic
        field[: reach_y + 1, : reach_x + 1] = values[reach_y:, reach_x:]
        field[: reach_y + 1, size[1] - reach_x :] = values[reach_y:, :reach_x]
        field[size[0] - reach_y :, : reach_x + 1] = values[:reach_y, reach_x:]
        field[size[0] - reach_y :, size[1] - reach_x :] = values[:reach_y, :reach_x]
        return np.asarray(cv2.dft(field, dst=field), np.float32)


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


def add_convolved(light: Image, kernels: list[tuple[float, Kernel]], out: Image) -> None:
    """Add Σ weight·(kernel ∗ light) to ``out`` in place, with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light, out : ndarray of shape (h, w, C), float32
    kernels : list of (weight, Kernel)
        Symmetric ones: they look the same turned by half a turn.
    """
    height, width = light.shape[:2]
    reach_y = max(kernel.reach[0] for _, kernel in kernels)
    reach_x = max(kernel.reach[1] for _, kernel in kernels)
    size = even_dft_size(height + 2 * reach_y), even_dft_size(width + 2 * reach_x)
    fields = np.empty((light.shape[2], *size), np.float32)
    rows, columns = (
        _reflected(n, before, length) for n, before, length in ((height, reach_y, size[0]), (width, reach_x, size[1]))
    )
    loops.fields.spread_out(light, rows, columns, reach_y, reach_x, fields)
    for c, field in enumerate(fields):
        cv2.dft(field, dst=field)
        parts = [(weight, kernel.gain(c, size)) for weight, kernel in kernels]
        weight, gain = parts[0] if len(parts) == 1 else (1.0, Gain.sum_of(parts))
        loops.fields.scale(field, gain.ends, gain.inner, np.float32(weight / field.size))
        cv2.dft(field, dst=field, flags=cv2.DFT_INVERSE)
    # rounding may leave a little less than no light, which is cut off
    loops.fields.add_together(fields, reach_y, reach_x, out)


@lru_cache(maxsize=64)
def _reflected(n: int, before: int, length: int) -> NDArray[np.int64]:
    """Return the cell of n that stands at each of ``length``, the first being that many before, by reflection."""
    return np.pad(np.arange(n), (before, length - n - before), mode="symmetric")


def even_dft_size(least: int) -> int:
    """Return a size that is fast to transform and even."""
    return 2 * cv2.getOptimalDFTSize((least + 1) // 2)


def add_diffracted(light: Image, budget: Budget, spikes: Spikes | None, grid: Grid, stray: Image) -> None:
    """Add the light of spikes and halo on a grid to stray light, in place, if there is any."""
    kernels: list[tuple[float, Kernel]] = []
    if spikes is not None and budget.starburst > 0.0:
        kernels.append((budget.starburst, spikes.around))
    if budget.halo > 0.0:
        kernels.append((budget.halo, halo_kernel(grid.focal_y, grid.focal_x, light.shape[2])))
    if kernels:
        add_convolved(light, kernels, stray)
