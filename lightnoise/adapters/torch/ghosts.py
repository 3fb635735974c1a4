"""Ghosts on batches, as in `lightnoise.functional.reflections`.

Where ghosts lie and how large they are depends on the lens alone. So each is two small matrices for a whole batch,
which scale a picture about its centre and share every cell's light among its neighbours; only the iris's shape is a
sample's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightnoise.adapters.torch.convolution import spectrum, transform_length
from lightnoise.adapters.torch.placing import column, one_for_all, place
from lightnoise.functional import reflections
from lightnoise.functional.diffraction import Kernel
from lightnoise.functional.grid import Grid
from lightnoise.functional.sun import Sun
from lightnoise.optics.ghosts import Ghost
from lightnoise.params import GlareParams


@dataclass(frozen=True)
class Ghosts:
    """What ghosts do to a picture of h x w cells, on a field of N x M that has room for all of them.

    Parameters
    ----------
    parts : Tensor of shape (B or 1, 1, 1, 1), float32
        Fractions of the light.
    rows, columns : Tensor of shape (G, N, h) and (G, w, M), float32
        Scale a picture about its centre, for each ghost.
    tints : Tensor of shape (G, C, 1, 1), float32
    irises : Tensor of shape (B or 1, G, 1, N, M // 2 + 1), complex64
        Spectra of the iris's shape in each ghost's size.
    sun_rows, sun_columns : Tensor of shape (B or 1, G, 1, N, 1) and (B or 1, G, 1, 1, M), float32, or None
        Where an added sun's ghosts are, times its light.
    top, left, columns_of_field : int
        Where in the field the picture is, and M.
    """

    parts: Tensor
    rows: Tensor
    columns: Tensor
    tints: Tensor
    irises: Tensor
    sun_rows: Tensor | None
    sun_columns: Tensor | None
    pad: int

    @classmethod
    def of(
        cls,
        glares: Sequence[GlareParams],
        suns: Sequence[Sun | None],
        f_number: float,
        grid: Grid,
        channels: int,
        device: torch.device,
    ) -> Ghosts | None:
        """Plan the ghosts of samples; None if there are none."""
        lit = [(glare.blades, glare.rotation_deg) for glare in glares if glare.ghosts > 0.0]
        if not lit:
            return None
        drawn = reflections.drawn_ghosts(f_number, grid.height / grid.focal_y)
        pad = 1 + max(kernel.reach[0] for iris in set(lit) for kernel in _discs(drawn, *iris, grid))
        field = transform_length(grid.height + 2 * pad), transform_length(grid.width + 2 * pad)
        each = [(g.blades, g.rotation_deg) if g.ghosts > 0.0 else lit[0] for g in glares]
        strongest = reflections.strongest_channel(drawn)
        tints = np.stack([reflections.tint_of(ghost, channels) / strongest for ghost in drawn])
        sun_rows, sun_columns = None, None
        if any(sun is not None and sun.has_picture and g.ghosts > 0.0 for sun, g in zip(suns, glares, strict=True)):
            points = [_points(drawn, sun, grid, pad, field) for sun in suns]
            sun_rows = place([rows for rows, _ in points], device)[:, :, None, :, None]
            sun_columns = place([columns for _, columns in points], device)[:, :, None, None, :]
        return cls(
            column([glare.ghosts for glare in glares], device),
            _scalings(f_number, grid, grid.height, pad, field[0], device),
            _scalings(f_number, grid, grid.width, pad, field[1], device).transpose(1, 2).contiguous(),
            place(tints, device)[:, :, None, None],
            one_for_all(each, lambda iris: _iris_spectra(f_number, *iris, grid, field, device)),
            sun_rows,
            sun_columns,
            pad,
        )


def ghosts(light: Tensor, plan: Ghosts) -> Tensor:
    """Return the ghosts of a picture of light (B, C, h, w)."""
    height, width = light.shape[2:]
    total: Tensor | None = None
    for number in range(len(plan.tints)):
        image = plan.rows[number] @ light @ plan.columns[number]
        if plan.sun_rows is not None and plan.sun_columns is not None:
            image = image + plan.sun_rows[:, number] * plan.sun_columns[:, number]
        part = torch.fft.rfft2(image * plan.tints[number]) * plan.irises[:, number]
        total = part if total is None else total + part
    assert total is not None
    drawn = torch.fft.irfft2(total, s=(plan.rows.shape[1], plan.columns.shape[2]))
    return drawn.narrow(2, plan.pad, height).narrow(3, plan.pad, width).clamp(min=0.0) * plan.parts


@lru_cache(maxsize=64)
def _discs(drawn: tuple[Ghost, ...], blades: int, rotation_deg: float, grid: Grid) -> list[Kernel]:
    return [
        reflections.iris_disc(ghost.radius * grid.focal_x, blades, rotation_deg + (180.0 if ghost.inverted else 0.0))
        for ghost in drawn
    ]


@lru_cache(maxsize=32)
def _iris_spectra(
    f_number: float, blades: int, rotation_deg: float, grid: Grid, field: tuple[int, int], device: torch.device
) -> Tensor:
    """Return the spectra of each ghost's disc, (G, 1, N, M // 2 + 1)."""
    drawn = reflections.drawn_ghosts(f_number, grid.height / grid.focal_y)
    spectra = [spectrum(kernel.values[..., 0], field) for kernel in _discs(drawn, blades, rotation_deg, grid)]
    return torch.from_numpy(np.stack(spectra)[:, None]).to(device)


@lru_cache(maxsize=32)
def _scalings(f_number: float, grid: Grid, n: int, pad: int, length: int, device: torch.device) -> Tensor:
    """Return for each ghost the matrix that brings n cells to the field's, (G, length, n)."""
    drawn = reflections.drawn_ghosts(f_number, grid.height / grid.focal_y)
    offsets = np.arange(n) - 0.5 * (n - 1)
    matrices = [_shared(ghost.magnification * offsets + 0.5 * (n - 1) + pad, length).T for ghost in drawn]
    return torch.from_numpy(np.stack(matrices)).contiguous().to(device)


def _points(
    drawn: tuple[Ghost, ...], sun: Sun | None, grid: Grid, pad: int, field: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a sun's light by row, and its share by column, for each ghost: (G, N) and (G, M)."""
    if sun is None or not sun.has_picture:
        return tuple(np.zeros((len(drawn), n), np.float32) for n in field)  # type: ignore[return-value]
    magnifications = np.array([ghost.magnification for ghost in drawn])
    down, right = sun.offset(grid)
    rows = _shared(magnifications * down + 0.5 * (grid.height - 1) + pad, field[0])
    return rows * np.float32(sun.light(grid)), _shared(magnifications * right + 0.5 * (grid.width - 1) + pad, field[1])


def _shared(places: NDArray[np.floating[Any]], length: int) -> NDArray[np.float32]:
    """Share one unit for each place between the two cells beside it, (n, length); what falls outside is lost."""
    first = np.floor(places).astype(np.int64)
    beyond = (places - first).astype(np.float32)
    out = np.zeros((len(places), length), np.float32)
    for cell, share in ((first, 1.0 - beyond), (first + 1, beyond)):
        inside = np.flatnonzero((cell >= 0) & (cell < length))
        out[inside, cell[inside]] = share[inside]
    return out
