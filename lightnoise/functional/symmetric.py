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
            shape = (self.values.shape[2], _groups(down), along.pairs, 2, LANES)
            even = np.empty(shape, np.float32)
            odd = _NO_GAINS if self._is_mirrored else np.empty(shape, np.float32)
            nothing = np.empty((0,) * 4, np.float32)
            for c, rows in enumerate(np.moveaxis(self.values[self.reach[0] :], 2, 0)):
                _make_gains(rows, down, along, even[c], odd[c] if odd.size else nothing)
            self._gains[key] = even, odd
        return self._gains[key]

    @cached_property
    def _is_mirrored(self) -> bool:
        lower = self.values[self.reach[0] :]
        return cv2.norm(lower, cv2.flip(lower, 1), cv2.NORM_L1) <= _SAME * cv2.norm(lower, cv2.NORM_L1)


def _make_gains(lower: Image, down: Axis, along: Axis, even: Image, odd: Image) -> None:
    """Store the gains of a kernel whose lower half, (R + 1, 2·R + 1), is given."""
    count, reach, size = len(lower), lower.shape[1] // 2, 2 * along.length
    packed = np.zeros((count, 2 * LANES * (2 * even.shape[1] // LANES + 2)), np.float32)
    # centred on the first cell, about which the field is periodic; one place is kept free
    packed[:, 1 : reach + 2] = lower[:, reach:]
    packed[:, 1 + size - reach : 1 + size] = lower[:, :reach]
    cells = packed[:, 1 : 1 + size]
    cv2.dft(cells, dst=cells, flags=cv2.DFT_ROWS)
    packed[:, 0], packed[:, 1] = packed[:, 1], 0.0  # of frequency 0 there is no imaginary part
    plan_ = plan(2 * down.length)
    slots = np.zeros(len(even) * LANES, np.int64)
    slots[: 2 * down.pairs] = down.frequencies.ravel()
    places = np.argsort(plan_.order)
    loops.symmetric.gains_of(packed, slots, places, plan_.for_kernels(), along.length, even, odd)
    if odd.size:  # of frequency 0 there are no sines
        odd[:, 0] = 0.0


def _groups(down: Axis) -> int:
    """Return how many registers hold all frequencies of the pairs, an even number."""
    return 2 * -(-down.pairs // LANES)


@dataclass(frozen=True)
class LevelsKernel:
    """What the pyramid's levels spread, as a kernel: without what depends on a pixel's place within a level's cell.

    Serves where the picture is as long as the axes are, see `fit_mirrored`.

    Parameters
    ----------
    sizes : tuple of (int, int)
        Of the levels, that of the picture first.
    weights : tuple of (float, float)
        Of each level: as it is, and smoothed; see `pyramid.collapse`.
    """

    sizes: tuple[tuple[int, int], ...]
    weights: tuple[tuple[float, ...], ...]

    @property
    def reach(self) -> tuple[int, int]:
        """Nothing is needed beyond the borders: cosine transforms mirror without end."""
        return 0, 0

    def gains(self, down: Axis, along: Axis) -> tuple[Image, Image]:
        """Return the gains, the same for all channels: (1, groups, pairs, 2, 16), and no odd ones."""
        slots = np.zeros(_groups(down) * LANES, np.int64)
        slots[: 2 * down.pairs] = down.frequencies.ravel()
        left, right = (pyramid.transfer(tuple(size[axis] for size in self.sizes)) for axis in (0, 1))
        # the highest frequency, which no cosine has, is taken for the zeroth
        weighted = (np.array(self.weights)[..., None] * left)[..., slots % down.length]
        groups = weighted.reshape(-1, _groups(down), LANES).transpose(1, 0, 2).astype(np.float32)
        waves = right[..., along.frequencies.ravel() % along.length].reshape(groups.shape[1], -1)
        even = waves.T.astype(np.float32) @ groups
        return even.reshape(1, -1, along.pairs, 2, LANES), _NO_GAINS


#: A kernel and the part of the light that it has.
Weighted = tuple[float, SymmetricKernel | LevelsKernel]


def fit_mirrored(height: int, width: int, kernels: Sequence[Weighted]) -> bool:
    """Whether a picture is transformed without anything added at its ends."""
    down, along = _axes(height, width, kernels)
    return (down.length, along.length) == (height, width)


def _axes(height: int, width: int, kernels: Sequence[Weighted]) -> tuple[Axis, Axis]:
    reach = [max(kernel.reach[i] for _, kernel in kernels) for i in (0, 1)]
    return axis_of(height, reach[0]), axis_of(width, reach[1])


def add_convolved(light: Image, kernels: tuple[Weighted, ...], out: Image) -> None:
    """Add Σ weight·(kernel ∗ light) to ``out`` in place, with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light, out : ndarray of shape (h, w, C), float32
    kernels : tuple of (weight, SymmetricKernel or LevelsKernel)
        At least one of the former.
    """
    height, width, channels = light.shape
    down, along = _axes(height, width, kernels)
    even, odd = _sum_of(kernels, down, along)
    held = -(-width * channels // (2 * LANES)) * 2 * LANES + _APART
    turned = np.empty((len(even[0]), held, LANES), np.float32)
    others = np.empty_like(turned) if odd.size else np.empty((0, 0, 0), np.float32)
    loops.symmetric.columns_to_cosines(light.reshape(height, -1), down.for_kernels, turned)
    loops.symmetric.weigh_rows(turned, width, along.for_kernels, even, odd, others)
    loops.symmetric.columns_from_cosines(turned, others, down.for_kernels, out.reshape(height, -1))


@lru_cache(maxsize=8)
def _sum_of(kernels: tuple[Weighted, ...], down: Axis, along: Axis) -> tuple[Image, Image]:
    """Return the sum of kernels' gains, as `lightnoise.kernels.symmetric` needs them."""
    # each transform doubles light, and what is transformed back is as many times too large as it is long
    scale = 1.0 / (4.0 * down.length * along.length)
    sums: list[Image] = [_NO_GAINS, _NO_GAINS]
    for weight, kernel in kernels:
        for i, gains in enumerate(kernel.gains(down, along)):
            if gains.size:
                weighed = gains * np.float32(weight * scale)
                sums[i] = weighed + sums[i] if sums[i].size else weighed
    return sums[0], sums[1]


@lru_cache(maxsize=64)
def axis_of(size: int, reach: int) -> Axis:
    """Return the axis of so many cells for kernels that reach that far: as long, or longer by what they reach."""
    fast = cv2.getOptimalDFTSize(size) == size and reach < size
    return Axis(size, size if fast else cv2.getOptimalDFTSize(size + reach))
