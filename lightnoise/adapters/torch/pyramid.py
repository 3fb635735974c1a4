"""The pyramid's operators on (B, C, h, w): D, U and S of `lightnoise.optics.pyramid`.

Along a short axis they are dense matrices; all coarse levels together are a single pair of them, since on a device many
small operations cost more than a few large ones. Along a long axis they are banded: a sum of few columns, which a
compiler fuses with what stands before and behind. Without one, slices do the same faster where the axis halves exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightnoise.optics import pyramid

Matrix = NDArray[np.float32]

#: Cells along the longer axis, at most, of a level that is coarse.
COARSE = 96

#: Cells along an axis, at most, for which operators are dense matrices, where that is not `COARSE`: processors take
#: arithmetic more lightly than memory.
DENSE = {"cpu": 256}


def is_dense(n: int, device: torch.device) -> bool:
    """Whether an axis of n cells is short enough for dense matrices."""
    return n <= DENSE.get(device.type, COARSE)


@dataclass(frozen=True)
class Band:
    """A banded matrix: row i is Σ over k of ``weights[k, i]`` times column ``index[k, i]``."""

    index: Tensor
    weights: Tensor

    @classmethod
    def of(cls, band: pyramid.Band, device: torch.device) -> Band:
        """Return a matrix of the functional layer's pyramid."""
        index = band.start[:, None] + np.arange(band.weights.shape[1])
        return cls(torch.from_numpy(index.T.astype(np.int64)).to(device), _tensor(band.weights.T, device))

    def __call__(self, x: Tensor, axis: int) -> Tensor:
        """Mix along an axis, 2 or 3."""
        total: Tensor | None = None
        for index, weights in zip(self.index.unbind(), self.weights.unbind(), strict=True):
            part = x.index_select(axis, index) * (weights[:, None] if axis == 2 else weights)
            total = part if total is None else total + part
        assert total is not None
        return total


@dataclass(frozen=True)
class Step:
    """One axis on the way from n cells to the m of the next level.

    Parameters
    ----------
    down, up : Band, or Tensor of shape (m, n) and (n, m)
        D and U.
    smooth : Band, or Tensor of shape (n, n)
        S on the n cells.
    halves : bool
        Whether a long axis's m is n/2, so that slices do.
    """

    down: Band | Tensor
    up: Band | Tensor
    smooth: Band | Tensor
    halves: bool


#: Down the picture and across it.
Octave = tuple[Step, Step]


def octaves(sizes: tuple[tuple[int, int], ...], device: torch.device) -> tuple[Octave, ...]:
    """Return the steps between a run of levels of the given (height, width)."""
    return tuple(
        (step(fine[0], coarse[0], device), step(fine[1], coarse[1], device)) for fine, coarse in pairwise(sizes)
    )


@lru_cache(maxsize=128)
def step(n: int, m: int, device: torch.device) -> Step:
    """Return the step of one axis."""
    dense = is_dense(n, device)

    def matrix(band: pyramid.Band, columns: int) -> Band | Tensor:
        return _tensor(_dense(band, columns), device) if dense else Band.of(band, device)

    return Step(
        down=matrix(pyramid.shrinking(n, m), n),
        up=matrix(pyramid.widening(n, m), m),
        smooth=matrix(pyramid.smoothing(n), n),
        halves=not dense and n == 2 * m,
    )


@dataclass(frozen=True)
class Pyramid:
    """The levels from a frame's first one on.

    Parameters
    ----------
    octaves : tuple of Octave
        From that to the second, … as far as the first coarse one.
    rows, columns : Tensor of shape (n·T, n) and (T·m, m), float32
        What the levels from there on do to the coarse one of n x m cells: U…U·D…D and U…U·S·D…D of each in turn, T
        together, along both axes.
    """

    octaves: tuple[Octave, ...]
    rows: Tensor
    columns: Tensor

    @classmethod
    def of(cls, sizes: tuple[tuple[int, int], ...], device: torch.device) -> Pyramid:
        """Return the operators of levels of the given (height, width)."""
        first = next(number for number, size in enumerate(sizes) if max(size) <= COARSE)
        rows, columns = (_there_and_back(tuple(size[axis] for size in sizes[first:])) for axis in (0, 1))
        return cls(
            octaves(sizes[: first + 1], device),
            _tensor(rows.transpose(1, 0, 2).reshape(-1, rows.shape[2]), device),
            _tensor(columns.transpose(0, 2, 1).reshape(-1, columns.shape[1]), device),
        )


@lru_cache(maxsize=64)
def _there_and_back(lengths: tuple[int, ...]) -> Matrix:
    """Return what each level of an axis, as it is and smoothed, does to the first, (2·levels, n, n)."""
    down = up = np.eye(lengths[0], dtype=np.float32)
    found = []
    for number, n in enumerate(lengths):
        if number:
            before = lengths[number - 1]
            down = _dense(pyramid.shrinking(before, n), before) @ down
            up = up @ _dense(pyramid.widening(before, n), n)
        found += [up @ down, up @ _dense(pyramid.smoothing(n), n) @ down]
    return np.stack(found)


def _tensor(matrix: Matrix, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(matrix)).to(device)


def _dense(band: pyramid.Band, columns: int) -> Matrix:
    rows, taps = band.weights.shape
    dense = np.zeros((rows, columns), np.float32)
    dense[np.arange(rows)[:, None], band.start[:, None] + np.arange(taps)] = band.weights
    return dense


def shrink(level: Tensor, octave: Octave) -> Tensor:
    """Return the next level: D along both axes."""
    for axis, one in zip((2, 3), octave, strict=True):
        level = _halve(level, axis) if _by_slices(one) else _mix(level, one.down, axis)
    return level


def enlarge(level: Tensor, octave: Octave) -> Tensor:
    """Return a level at the size of the one before it: U along both axes."""
    for axis, one in zip((3, 2), reversed(octave), strict=True):
        level = _double(level, axis) if _by_slices(one) else _mix(level, one.up, axis)
    return level


def smooth(level: Tensor, octave: Octave) -> Tensor:
    """Apply S along both axes of a level; ``octave`` leads from it to the next."""
    for axis, one in zip((2, 3), octave, strict=True):
        level = _smooth(level, axis) if _by_slices(one) else _mix(level, one.smooth, axis)
    return level


def _by_slices(one: Step) -> bool:
    return one.halves and not torch.compiler.is_compiling()


def _mix(x: Tensor, matrix: Band | Tensor, axis: int) -> Tensor:
    if isinstance(matrix, Band):
        return matrix(x, axis)
    return matrix @ x if axis == 2 else x @ matrix.T


def build(level: Tensor, steps: tuple[Octave, ...]) -> list[Tensor]:
    """Return a level and all that follow."""
    levels = [level]
    for octave in steps:
        levels.append(shrink(levels[-1], octave))
    return levels


def collapse(levels: list[Tensor], weights: Tensor, plan: Pyramid, extra: dict[int, Tensor]) -> Tensor:
    """Return Σ over levels ℓ of U…U·(``weights[:, ℓ, 0]`` + ``weights[:, ℓ, 1]``·S)·level ℓ, at the first one's size.

    Parameters
    ----------
    levels : list of Tensor of shape (B, C, h, w)
        The first level to the first coarse one.
    weights : Tensor of shape (B or 1, L, 2)
        Of all levels.
    plan : Pyramid
    extra : dict of int to Tensor
        What else there is on some of the levels.
    """
    last = len(levels) - 1
    result = _coarse(levels[last], weights[:, last:].flatten(1), plan)
    for number in range(last, -1, -1):
        if number < last:
            level = levels[number]
            plain, soft = (weights[:, number, j].view(-1, 1, 1, 1) for j in (0, 1))
            octave = plan.octaves[number]
            result = enlarge(result, octave).add_(smooth(level * soft, octave)).addcmul_(level, plain)
        if number in extra:
            result = result + extra[number]
    return result


def _coarse(level: Tensor, weights: Tensor, plan: Pyramid) -> Tensor:
    """Return what all coarse levels together do to the first of them; ``weights`` (B or 1, T)."""
    batch, channels, height, width = level.shape
    rows = (plan.rows @ level).view(batch, channels, height, -1, width) * weights[:, None, None, :, None]
    return rows.flatten(3) @ plan.columns


def _halve(x: Tensor, axis: int) -> Tensor:
    """Mix by [1 5 10 10 5 1]/32 to half as many.

    With p = e + 5o and q = 5e + o of the even and odd cells, cell i is p[i − 1] + 5/3·(p[i] + q[i]) + q[i + 1], and
    reflection puts q[0] before the first p and the last p behind the last q.
    """
    m = x.shape[axis] // 2
    even, odd = _every_second(x, 0, axis), _every_second(x, 1, axis)
    p, q = torch.add(even, odd, alpha=5.0), torch.add(odd, even, alpha=5.0)
    before = torch.cat([q.narrow(axis, 0, 1), p.narrow(axis, 0, m - 1)], axis)
    after = torch.cat([q.narrow(axis, 1, m - 1), p.narrow(axis, m - 1, 1)], axis)
    return before.add_(after).add_(p.add_(q), alpha=5.0 / 3.0).mul_(1.0 / 32.0)


def _double(x: Tensor, axis: int) -> Tensor:
    """Mix by [5 10 1]/16 and [1 10 5]/16 to twice as many."""
    n = x.shape[axis]
    x = x * (1.0 / 16.0)
    before = torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, n - 1)], axis)
    after = torch.cat([x.narrow(axis, 1, n - 1), x.narrow(axis, n - 1, 1)], axis)
    even = torch.add(after, before, alpha=5.0).add_(x, alpha=10.0)
    odd = torch.add(before, after, alpha=5.0).add_(x, alpha=10.0)
    return torch.stack([even, odd], axis + 1).flatten(axis, axis + 1)


def _smooth(x: Tensor, axis: int) -> Tensor:
    """Mix by [1 4 6 4 1]/16, reflected at the ends."""
    n = x.shape[axis]
    x = x * (1.0 / 16.0)
    first, second = x.narrow(axis, 0, 1), x.narrow(axis, 1, 1)
    last, second_last = x.narrow(axis, n - 1, 1), x.narrow(axis, n - 2, 1)
    padded = torch.cat([second, first, x, last, second_last], axis)
    far = padded.narrow(axis, 0, n) + padded.narrow(axis, 4, n)
    near = padded.narrow(axis, 1, n) + padded.narrow(axis, 3, n)
    return far.add_(near, alpha=4.0).add_(x, alpha=6.0)


def _every_second(x: Tensor, first: int, axis: int) -> Tensor:
    return x[:, :, first::2] if axis == 2 else x[..., first::2]
