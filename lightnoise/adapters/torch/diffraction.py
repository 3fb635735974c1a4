"""Starbursts and halos on batches, and what is convolved with them, as in `lightnoise.functional.lens`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lightnoise.adapters.torch.convolution import Field, convolve, spectrum
from lightnoise.adapters.torch.placing import column, one_for_all, place
from lightnoise.camera import Camera
from lightnoise.functional import diffraction
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
from lightnoise.functional.symmetric import LevelsKernel, SymmetricKernel
from lightnoise.optics.pyramid import transfer
from lightnoise.params import GlareParams


@dataclass(frozen=True)
class Diffraction:
    """Kernels and how much light each sample sends through them.

    Parameters
    ----------
    field : Field
    transfers : tuple of Tensor of shape (B or 1, C, rows, columns // 2 + 1), float32
        Spectra of the starbursts, of the halo, and of the pyramid's levels where those are convolved too. They are
        real, since the kernels look the same upside down.
    parts : tuple of Tensor of shape (B or 1, 1, 1, 1), float32
        Fractions of the light.
    """

    field: Field
    transfers: tuple[Tensor, ...]
    parts: tuple[Tensor, ...]

    @classmethod
    def of(
        cls,
        budgets: Sequence[Budget],
        glares: Sequence[GlareParams],
        camera: Camera,
        grid: Grid,
        levels: Sequence[LevelsKernel | None],
        channels: int,
        device: torch.device,
    ) -> Diffraction | None:
        """Plan the diffraction of samples; None if there is none. ``levels`` are those that are convolved with it."""
        bursts = [budget.starburst for budget in budgets]
        halos = [budget.halo for budget in budgets]
        reach = (0, 0)
        irises = [(glare.blades, glare.rotation_deg) for glare in glares if glare.starburst > 0.0]
        if irises:
            reach = _spikes(*irises[0], camera, grid, channels).reach
        if any(halos):
            ring = diffraction.halo_kernel(grid.focal_y, grid.focal_x, channels).reach
            reach = max(reach[0], ring[0]), max(reach[1], ring[1])
        if reach == (0, 0):
            return None
        size, together = (grid.height, grid.width), any(levels)
        field = Field.mirrored(size, device) if together else Field.of(size, reach, device)
        transfers, parts = [], []
        if irises:
            each = [(g.blades, g.rotation_deg) if g.starburst > 0.0 else irises[0] for g in glares]
            transfers.append(
                one_for_all(each, lambda iris: _burst_spectrum(*iris, camera, grid, channels, field.size, device))
            )
            parts.append(column(bursts, device))
        if any(halos):
            transfers.append(_halo_spectrum(grid.focal_y, grid.focal_x, channels, field.size, device)[None])
            parts.append(column(halos, device))
        if together:
            transfers.append(_levels_spectra(levels, device))
            parts.append(column([1.0], device))
        return cls(field, tuple(transfers), tuple(parts))


def diffracted(light: Tensor, plan: Diffraction) -> Tensor:
    """Return the light of spikes and halos."""
    transfer = plan.transfers[0] * plan.parts[0]
    for more, part in zip(plan.transfers[1:], plan.parts[1:], strict=True):
        transfer = transfer + more * part
    return convolve(light, transfer, plan.field)


def _spikes(blades: int, rotation_deg: float, camera: Camera, grid: Grid, channels: int) -> SymmetricKernel:
    iris = GlareParams(starburst=1.0, blades=blades, rotation_deg=rotation_deg)
    return diffraction.spikes(iris, camera, grid, channels).around


@lru_cache(maxsize=64)
def _burst_spectrum(
    blades: int,
    rotation_deg: float,
    camera: Camera,
    grid: Grid,
    channels: int,
    size: tuple[int, int],
    device: torch.device,
) -> Tensor:
    kernel = _spikes(blades, rotation_deg, camera, grid, channels)
    return _real_spectrum(kernel, size).to(device)


@lru_cache(maxsize=16)
def _halo_spectrum(
    focal_y: float, focal_x: float, channels: int, size: tuple[int, int], device: torch.device
) -> Tensor:
    return _real_spectrum(diffraction.halo_kernel(focal_y, focal_x, channels), size).to(device)


def _levels_spectra(levels: Sequence[LevelsKernel | None], device: torch.device) -> Tensor:
    """Return the spectra (B or 1, 1, 2h, w + 1) on pictures and their mirror images; there is at least one kernel."""
    down, along = _factors(next(kernel.sizes for kernel in levels if kernel is not None), device)

    def spectrum_of(kernel: LevelsKernel | None) -> Tensor:
        weights = np.ravel(kernel.weights) if kernel is not None else np.zeros(len(down))
        return ((place(weights, device)[:, None] * down).T @ along)[None]

    return one_for_all(levels, spectrum_of)


@lru_cache(maxsize=16)
def _factors(sizes: tuple[tuple[int, int], ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return what each level, as it is and smoothed, leaves of the frequencies down (n, 2h) and along (n, w + 1)."""
    down, along = (transfer(tuple(size[axis] for size in sizes)) for axis in (0, 1))
    down, along = down.reshape(-1, down.shape[2]), along.reshape(-1, along.shape[2])
    none = np.zeros((len(down), 1))  # the highest frequency is not in a picture with mirror images
    both = np.concatenate([down, none, down[:, :0:-1]], axis=1), np.concatenate([along, none], axis=1)
    return place(both[0], device), place(both[1], device)


def _real_spectrum(kernel: SymmetricKernel, size: tuple[int, int]) -> Tensor:
    return torch.from_numpy(spectrum(kernel.values.transpose(2, 0, 1), size).real.copy())
