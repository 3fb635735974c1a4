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
from lightnoise.functional.grid import Grid
from lightnoise.functional.sun import Sun
from lightnoise.optics.ghosts import Ghost
from lightnoise.params import GlareParams


@dataclass(frozen=True)
class Ghosts:
    """What those ghosts that are drawn on one grid do to a picture of h x w cells, on a field of N x M around it.

    Parameters
    ----------
    octave : int
        How many octaves coarser than the shaped level the grid is.
    parts : Tensor of shape (B or 1, 1, 1, 1), float32
        Fractions of the light.
    rows, columns : Tensor of shape (G, N, h) and (G, w, M), float32
        Scale a picture about its centre, for each ghost.
    tints : Tensor of shape (G, C, 1, 1), float32
    irises : Tensor of shape (B or 1, G, 1, N, M // 2 + 1), complex64
        Spectra of the iris's shape in each ghost's size.
    sun_rows, sun_columns : Tensor of shape (B or 1, G, 1, N, 1) and (B or 1, G, 1, 1, M), float32, or None
        Where an added sun's ghosts are, times its light.
    pad : int
        Cells of the field before the picture along either axis.
    """

    octave: int
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
        drawn: tuple[Ghost, ...],
        strongest: float,
        octave: int,
        grid: Grid,
        channels: int,
        device: torch.device,
    ) -> Ghosts:
        """Plan ghosts of samples, some of which have any; ``strongest`` is `strongest_channel` of all ghosts."""
        lit = [(glare.blades, glare.rotation_deg) for glare in glares if glare.ghosts > 0.0]
        pad = 1 + max(kernel.reach[0] for iris in set(lit) for kernel in reflections.discs_of(drawn, grid, *iris))
        field = transform_length(grid.height + 2 * pad), transform_length(grid.width + 2 * pad)
        each = [(g.blades, g.rotation_deg) if g.ghosts > 0.0 else lit[0] for g in glares]
        tints = np.stack([reflections.tint_of(ghost, channels) / strongest for ghost in drawn])
        sun_rows, sun_columns = None, None
        if any(sun is not None and sun.has_picture and g.ghosts > 0.0 for sun, g in zip(suns, glares, strict=True)):
            points = [_points(drawn, sun, grid, pad, field) for sun in suns]
            sun_rows = place([rows for rows, _ in points], device)[:, :, None, :, None]
            sun_columns = place([columns for _, columns in points], device)[:, :, None, None, :]
        return cls(
            octave,
            column([glare.ghosts for glare in glares], device),
            _scalings(drawn, grid.height, pad, field[0], device),
            _scalings(drawn, grid.width, pad, field[1], device).transpose(1, 2).contiguous(),
            place(tints, device)[:, :, None, None],
            one_for_all(each, lambda iris: _iris_spectra(drawn, *iris, grid, field, device)),
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


@lru_cache(maxsize=32)
def _iris_spectra(
    drawn: tuple[Ghost, ...],
    blades: int,
    rotation_deg: float,
    grid: Grid,
    field: tuple[int, int],
    device: torch.device,
) -> Tensor:
    """Return the spectra of each ghost's disc, (G, 1, N, M // 2 + 1)."""
    discs = reflections.discs_of(drawn, grid, blades, rotation_deg)
    spectra = [spectrum(disc.values, field) for disc in discs]
    return torch.from_numpy(np.stack(spectra)[:, None]).to(device)


@lru_cache(maxsize=32)
def _scalings(drawn: tuple[Ghost, ...], n: int, pad: int, length: int, device: torch.device) -> Tensor:
    """Return for each ghost the matrix that brings n cells to the field's, (G, length, n)."""
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
