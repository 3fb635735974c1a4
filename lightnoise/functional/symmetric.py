"""Convolution of a picture that continues as its own mirror image, with kernels that half a turn leaves as they are.

The mirror images cost nothing: they are what cosine transforms take for granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels as loops
from lightnoise.kernels.radices import LANES
from lightnoise.optics import pyramid
from lightnoise.optics.fourier import plan

Image = NDArray[np.float32]

#: Places between groups, so that sixteen groups do not share cache lines.
_APART = 16

_NO_GAINS = np.empty((0,) * 5, np.float32)

#: Part of a kernel's light by which it may differ from its mirror image and yet count as the same.
_SAME = 1e-6


class Axis:
    """One axis of a picture, mirrored at both ends, and its cosine transform.

    Parameters
    ----------
    size : int
        Cells.
    length : int
        Cells that are transformed, ``size`` or more; prime factors 2, 3 and 5.
    """

    def __init__(self, size: int, length: int) -> None:
        self.size, self.length = size, length
        #: Pairs of frequencies k and ``length`` − k.
        self.pairs = length // 2 + 1

    @cached_property
    def frequencies(self) -> NDArray[np.int64]:
        """Both frequencies of each pair, (pairs, 2)."""
        k = np.arange(self.pairs)
        return np.stack([k, self.length - k], axis=1)

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """The pairs' frequencies in order, filled up to an even number of registers."""
        slots = np.zeros(-(-self.pairs // LANES) * 2 * LANES, np.int64)
        slots[: 2 * self.pairs] = self.frequencies.ravel()
        return slots

    @cached_property
    def doubled(self) -> tuple[NDArray[np.int64], Any]:
        """Where the frequencies of a transform twice as long stand, and its plan."""
        plan_ = plan(2 * self.length)
        return np.argsort(plan_.order), plan_.for_kernels()

    @cached_property
    def for_kernels(self) -> tuple[Any, ...]:
        """What `lightnoise.kernels.symmetric` needs."""
        n, plan_ = self.length, plan(self.length)
        order = np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)[::-1]])
        cells = np.pad(np.arange(self.size), (0, n - self.size), mode="symmetric")[order]
        places = np.argsort(plan_.order)[self.frequencies.T % n]
        angles = np.pi * np.arange(self.pairs) / (2 * n)
        turns = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        return cells, np.ascontiguousarray(places), turns, plan_.for_kernels()


class SymmetricKernel:
    """A convolution kernel that looks the same turned by half a turn, and keeps its spectra.

    Parameters
    ----------
    values : ndarray of shape (2·Ry + 1, 2·Rx + 1, C), float32
        Centred.
    """

    def __init__(self, values: Image) -> None:
        self.values = values
        self.reach = values.shape[0] // 2, values.shape[1] // 2
        self._gains: dict[tuple[int, int], tuple[Image, Image]] = {}

    def gains(self, down: Axis, along: Axis) -> tuple[Image, Image]:
        """Return the spectrum's parts that are even and odd in both frequencies, (C, groups, pairs, 2, 16) each.

        A kernel that is its own mirror image has no odd part: size 0.
        """
        key = (down.length, along.length)
        if key not in self._gains:
            self._gains[key] = self._transform(down, along)
        return self._gains[key]

    def _transform(self, down: Axis, along: Axis) -> tuple[Image, Image]:
        lower = np.moveaxis(self.values[self.reach[0] :], 2, 0)
        (channels, count, _), reach, size = lower.shape, self.reach[1], 2 * along.length
        # room for one place more before and, behind, for whole blocks of two registers
        packed = np.zeros((channels, count, 2 * LANES * (size // (2 * LANES) + 2)), np.float32)
        # centred on the first cell, about which the field is periodic
        packed[..., 1 : reach + 2] = lower[..., reach:]
        packed[..., 1 + size - reach : 1 + size] = lower[..., :reach]
        cells = packed.reshape(channels * count, -1)[:, 1 : 1 + size]
        cv2.dft(cells, dst=cells, flags=cv2.DFT_ROWS)
        packed[..., 0], packed[..., 1] = packed[..., 1], 0.0  # of frequency 0 there is no imaginary part
        even = np.empty((channels, len(down.slots) // LANES, along.pairs, 2, LANES), np.float32)
        odd = _NO_GAINS if self._is_mirrored else np.empty_like(even)
        columns, tiles = np.empty((2 * down.length, 2, LANES), np.float32), np.empty((8, LANES, LANES), np.float32)
        loops.symmetric.gains_of(packed, down.slots, *down.doubled, along.length, columns, tiles, even, odd)
        if odd.size:
            odd[:, :, 0] = 0.0  # of frequency 0 there are no sines
        return even, odd

    @cached_property
    def _is_mirrored(self) -> bool:
        lower = self.values[self.reach[0] :]
        return cv2.norm(lower, cv2.flip(lower, 1), cv2.NORM_L1) <= _SAME * cv2.norm(lower, cv2.NORM_L1)


@dataclass(frozen=True)
class LevelsKernel:
    """What the pyramid's levels spread, as a kernel: without what depends on a pixel's place within a level's cell.

    Serves where axes are as long as the picture, see `fit_mirrored`.

    Parameters
    ----------
    sizes : tuple of (int, int)
        Of the levels, that of the picture first.
    weights : tuple of (float, float)
        Of each level: as it is, and smoothed; see `pyramid.collapse`.
    """

    sizes: tuple[tuple[int, int], ...]
    weights: tuple[tuple[float, ...], ...]


@lru_cache(maxsize=32)
def _gains_of_levels(levels: LevelsKernel, down: Axis, along: Axis) -> Image:
    """Return the gains, the same for all channels: (groups, pairs, 2, 16)."""
    left, right = (pyramid.transfer(tuple(size[axis] for size in levels.sizes)) for axis in (0, 1))
    # the highest frequency, which no cosine has, is taken for the zeroth
    weighted = (np.array(levels.weights)[..., None] * left)[..., down.slots % down.length]
    groups = weighted.reshape(-1, len(down.slots) // LANES, LANES).transpose(1, 0, 2)
    waves = right[..., along.frequencies.ravel() % along.length].reshape(groups.shape[1], -1)
    # in double precision, where the order of sums, which processors differ in, shows in no picture
    even: Image = (waves.T @ groups).astype(np.float32)
    return even.reshape(len(groups), along.pairs, 2, LANES)


#: A kernel and the part of the light that it has.
Weighted = tuple[float, SymmetricKernel]


def fit_mirrored(height: int, width: int, kernels: Sequence[Weighted]) -> bool:
    """Whether a picture is transformed without anything added at its ends."""
    down, along = _axes(height, width, kernels)
    return (down.length, along.length) == (height, width)


def add_convolved(light: Image, kernels: Sequence[Weighted], levels: LevelsKernel | None, out: Image) -> None:
    """Add Σ weight·(kernel ∗ light) to ``out`` in place, with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light, out : ndarray of shape (h, w, C), float32
    kernels : sequence of (weight, SymmetricKernel)
        At least one.
    levels : LevelsKernel or None
        One more kernel, only if the others `fit_mirrored`.
    """
    height, width, channels = light.shape
    down, along = _axes(height, width, kernels)
    (weight, first), *more = kernels
    even, odd = first.gains(down, along)
    if more:
        even, odd, weight = *_sum_of(tuple(kernels), down, along), 1.0
    common = _gains_of_levels(levels, down, along) if levels is not None else _no_gains(even.shape[1:])
    held = -(-width * channels // (2 * LANES)) * 2 * LANES + _APART
    turned = np.empty((len(common), held, LANES), np.float32)
    others = np.empty_like(turned) if odd.size else np.empty((0, 0, 0), np.float32)
    # each transform doubles light, and what is transformed back is as many times too large as it is long
    scale = 1.0 / (4.0 * down.length * along.length)
    weights = np.array([weight * scale, scale], np.float32)
    pairs = np.zeros((len(down.slots), 2, LANES), np.float32)
    scratch = np.empty((down.length, 2, LANES), np.float32), pairs, np.zeros((height, 2 * LANES), np.float32)
    two = np.empty((2 * along.length, 2, LANES), np.float32)
    loops.symmetric.columns_to_cosines(light.reshape(height, -1), down.for_kernels, scratch, turned)
    loops.symmetric.weigh_rows(turned, width, along.for_kernels, even, odd, common, weights, two, others)
    loops.symmetric.columns_from_cosines(turned, others, down.for_kernels, scratch, out.reshape(height, -1))


def _axes(height: int, width: int, kernels: Sequence[Weighted]) -> tuple[Axis, Axis]:
    reach = [max(kernel.reach[i] for _, kernel in kernels) for i in (0, 1)]
    return axis_of(height, reach[0]), axis_of(width, reach[1])


@lru_cache(maxsize=4)
def _sum_of(kernels: tuple[Weighted, ...], down: Axis, along: Axis) -> tuple[Image, Image]:
    """Return Σ weight·gains."""
    sums = []
    for parts in zip(*(kernel.gains(down, along) for _, kernel in kernels), strict=True):
        present = [np.float32(weight) * part for (weight, _), part in zip(kernels, parts, strict=True) if part.size]
        sums.append(np.sum(present, axis=0) if present else _NO_GAINS)
    return sums[0], sums[1]


@lru_cache(maxsize=4)
def _no_gains(shape: tuple[int, ...]) -> Image:
    return np.zeros(shape, np.float32)


@lru_cache(maxsize=64)
def axis_of(size: int, reach: int) -> Axis:
    """Return the axis of so many cells for kernels that reach that far: as long, or longer by what they reach."""
    fast = cv2.getOptimalDFTSize(size) == size and reach < size
    return Axis(size, size if fast else cv2.getOptimalDFTSize(size + reach))
