"""A Gaussian pyramid whose operators keep constants and energy exactly, at every image size.

Level ℓ + 1 is made from level ℓ along each axis by D = A·S: S is the binomial [1 4 6 4 1]/16 with half-sample
symmetric reflection at the borders, A averages areas from n to about n/2 cells that tile the frame, also when n
is odd. The way back is the transpose, U = (n/m)·Dᵀ = (n/m)·S·Aᵀ. Rows of D and of U sum to 1, so constants stay
constant; the operators U…U·D…D and U…U·S·D…D are symmetric, so their columns sum to 1 too and no light is lost at
a border. They are nearly Gaussian, of σ = 0.91 and 1.35 cells: half an octave apart, and since the way up passes
through S anyway, the second costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels

Image = NDArray[np.float32]

Entries = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Band:
    """A banded matrix: row i has ``weights[i]`` at the columns ``start[i]``, ``start[i] + 1``, …"""

    start: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def from_entries(cls, entries: Entries, rows: int, columns: int) -> Band:
        """Store the matrix whose entries (row, column, value) may repeat and are then added."""
        row, column, value = entries
        first = np.full(rows, columns)
        last = np.zeros(rows, dtype=np.int64)
        np.minimum.at(first, row, column)
        np.maximum.at(last, row, column)
        taps = int((last - first).max()) + 1
        start = np.minimum(first, columns - taps)
        weights = np.zeros((rows, taps))
        np.add.at(weights, (row, column - start[row]), value)
        return cls(start.astype(np.int32), weights.astype(np.float32))


def smoothed(entries: Entries, n: int) -> Entries:
    """Return the entries of M·S from those of M: S is [1 2 1]/4 twice along n samples, reflected at the borders."""
    row, column, value = entries
    for _ in range(2):
        column = np.concatenate([column, np.maximum(column - 1, 0), np.minimum(column + 1, n - 1)])
        row = np.tile(row, 3)
        value = np.concatenate([0.5 * value, 0.25 * value, 0.25 * value])
    return row, column, value


def identity(n: int) -> Entries:
    """Return the entries of the identity."""
    return np.arange(n), np.arange(n), np.ones(n)


def area(n: int, m: int) -> Entries:
    """Return the entries of A: means of n cells over m ≤ n equal cells that cover the same length."""
    ratio = n / m
    reach = int(np.ceil(ratio)) + 1
    row = np.repeat(np.arange(m), reach)
    column = (np.floor(np.arange(m) * ratio + 1e-9).astype(np.int64)[:, None] + np.arange(reach)).ravel()
    overlap = np.minimum((row + 1) * ratio, column + 1.0) - np.maximum(row * ratio, column)
    keep = (overlap > 1e-9) & (column < n)
    return row[keep], column[keep], overlap[keep] / ratio


@lru_cache(maxsize=256)
def smoothing(n: int) -> Band:
    """Return S on an axis of n cells."""
    return Band.from_entries(smoothed(identity(n), n), n, n)


@lru_cache(maxsize=256)
def shrinking(n: int, m: int) -> Band:
    """Return D = A·S from n cells to m."""
    return Band.from_entries(smoothed(area(n, m), n), m, n)


@lru_cache(maxsize=256)
def widening(n: int, m: int) -> Band:
    """Return U = (n/m)·Dᵀ from m cells to n."""
    row, column, value = smoothed(area(n, m), n)
    return Band.from_entries((column, row, value * (n / m)), n, m)


@lru_cache(maxsize=64)
def level_sizes(height: int, width: int, pixel_aspect: float = 1.0) -> tuple[tuple[int, int], ...]:
    """Return the levels' (height, width), the image first, a single cell last.

    Squashed pixels (``pixel_aspect`` = width / height ≠ 1) become square in angle on the way to level 1, so that
    a spread which is round in angle is elliptical in the picture.
    """
    shrink_y = max(2.0, pixel_aspect) if pixel_aspect >= 1.0 else max(1.0, 2.0 * pixel_aspect)
    shrink_x = max(2.0, 1.0 / pixel_aspect) if pixel_aspect < 1.0 else max(1.0, 2.0 / pixel_aspect)
    sizes = [(height, width), (max(1, round(height / shrink_y)), max(1, round(width / shrink_x)))]
    octave = 1
    while max(sizes[-1]) > 1:
        cells = 2.0**octave  # rounded from the first level, not from the last, so that cells stay nearly square
        sizes.append((max(1, int(sizes[1][0] / cells + 0.5)), max(1, int(sizes[1][1] / cells + 0.5))))
        octave += 1
    return tuple(sizes)


#: Places of a point, at most, over which `transfer` averages what becomes of it.
PLACES = 128


@lru_cache(maxsize=64)
def transfer(sizes: tuple[int, ...]) -> NDArray[np.float64]:
    """Return how much of each cosine along an axis is left of it on the way to each level and back.

    Parameters
    ----------
    sizes : tuple of int
        Cells of the axis on each level.

    Returns
    -------
    ndarray of shape (levels, 2, sizes[0]), float64
        Of cos(πk(i + ½)/n) for k = 0 … n − 1; as it is, and smoothed by S on the level. It is the spectrum of what a
        point spreads, averaged over its place within a level's cell; on levels whose cells spread it to the borders,
        what comes back of each cosine at its own frequency.
    """
    n = sizes[0]
    waves = _cosines(n).astype(np.float32)
    count = max(1, min(PLACES, n // 4))
    count -= count % 16 if count > 16 else 0  # whole cells of several levels
    first = (n - count) // 2
    points = np.eye(n, count, -first, dtype=np.float32)
    series = np.cos(np.pi / n * np.outer(np.arange(n), np.arange(min(first, n - first - count) + 1)))
    out = np.empty((len(sizes), 2, n))
    for level, smooth, spread in there_and_back(points, sizes):
        size = sizes[level]
        if level > 0 and not smooth:
            waves = mix(waves, shrinking(sizes[level - 1], size))
        if spread[0].any() or spread[-1].any():
            # U is the transpose of D, but for its factor: the way there and back is a scalar product
            held = mix(waves, smoothing(size)) if smooth else waves
            out[level, smooth] = n / size * np.einsum("ik,ik->k", waves, held, dtype=np.float64)
        else:
            half = centred_mean(spread, first)[series.shape[1] - 1 :]
            half[1:] *= 2.0
            out[level, smooth] = series @ half
    return out


def _cosines(n: int) -> NDArray[np.float64]:
    """Return cosines of unit length as columns, (n, n)."""
    waves = np.cos(np.pi / n * np.outer(np.arange(n) + 0.5, np.arange(n))) * math.sqrt(2.0 / n)
    waves[:, 0] *= math.sqrt(0.5)
    return waves


def there_and_back(columns: Image, sizes: tuple[int, ...]) -> Iterator[tuple[int, int, Image]]:
    """Yield for each level what 1-D signals, one per column, become on the way there and back.

    With the level's number, 0 as they are and 1 smoothed by S there.
    """
    for level, size in enumerate(sizes):
        if level > 0:
            columns = mix(columns, shrinking(sizes[level - 1], size))
        for smooth in (0, 1):
            back = mix(columns, smoothing(size)) if smooth else columns
            for finer in range(level - 1, -1, -1):
                back = mix(back, widening(sizes[finer], sizes[finer + 1]))
            yield level, smooth, back


def centred_mean(columns: Image, first: int) -> NDArray[np.float64]:
    """Shift what points have become, the first from row ``first``, to the middle, and average; symmetric."""
    n, phases = columns.shape
    reach = min(first, n - first - phases)
    shifted = [columns[first + p - reach : first + p + reach + 1, p] for p in range(phases)]
    mean = np.stack(shifted).mean(axis=0, dtype=np.float64)
    return np.asarray(0.5 * (mean + mean[::-1]))


def mix(columns: Image, band: Band) -> Image:
    """Apply a banded matrix to many 1-D signals, one per column."""
    out = np.empty((len(band.start), columns.shape[1]), np.float32)
    kernels.band.along_rows(columns, band.start, band.weights, out)
    return out


def build(image: Image, sizes: tuple[tuple[int, int], ...]) -> list[Image]:
    """Return the pyramid: the image itself, then every smaller level.

    Parameters
    ----------
    image : ndarray of shape (H, W, C), float32
        Linear light.
    sizes : tuple of (int, int)
        From `level_sizes`.
    """
    levels = [image]
    for size in sizes[1:]:
        levels.append(shrink(levels[-1], size))
    return levels


def shrink(level: Image, size: tuple[int, int]) -> Image:
    """Return the next level, of the given size: D along both axes."""
    height, width, channels = level.shape
    if _halves(height, width, *size):
        out = np.empty((*size, channels), np.float32)
        kernels.octave.halve(level.reshape(height, -1), channels, out.reshape(size[0], -1))
        return out
    if _is_double(width, size[1]):
        rows = _along_rows(level, shrinking(height, size[0]))
        out = np.empty((*size, channels), np.float32)
        kernels.octave.halve_rows(rows, channels, out.reshape(size[0], -1))
        return out
    return apply(level, shrinking(height, size[0]), shrinking(width, size[1]))


def enlarge(level: Image, size: tuple[int, int]) -> Image:
    """Return a level at the size of the one before it: U along both axes."""
    (height, width), channels = size, level.shape[2]
    if _halves(height, width, *level.shape[:2]):
        out = np.empty((height, width, channels), np.float32)
        kernels.octave.widen(level.reshape(len(level), -1), channels, out.reshape(height, -1))
        return out
    if _is_double(width, level.shape[1]):
        rows = _along_rows(level, widening(height, level.shape[0]))
        out = np.empty((height, width, channels), np.float32)
        kernels.octave.widen_rows(rows, channels, out.reshape(height, -1))
        return out
    return apply(level, widening(height, level.shape[0]), widening(width, level.shape[1]))


def collapse(levels: list[Image], weights: NDArray[np.float64], coarser: Image | None = None) -> Image:
    """Return Σ over levels ℓ of U…U·(``weights[ℓ, 0]`` + ``weights[ℓ, 1]``·S)·level ℓ, at the first level's size.

    Parameters
    ----------
    levels : list of ndarray of shape (h, w, C), float32
        A run of levels, each the next of the one before.
    weights : ndarray of shape (len(levels), 2)
        For each level: as it is, and smoothed by S.
    coarser : ndarray of shape (h', w', C), float32, optional
        What the levels past the last one given have been collapsed to.
    """
    result = coarser
    for level, (plain, smooth) in reversed(list(zip(levels, weights.tolist(), strict=True))):
        size = level.shape[:2]
        result = np.zeros_like(level) if result is None else enlarge(result, size)
        if plain != 0.0 or smooth != 0.0:
            _add(level, np.float32(plain), np.float32(smooth), result)
    assert result is not None
    return result


def _add(level: Image, plain: np.float32, smooth: np.float32, out: Image) -> None:
    """Add (plain + smooth·S)·level to out, in place."""
    height, width, channels = level.shape
    if smooth == 0.0 or min(height, width) >= 2:
        flat = level.reshape(height, -1)
        kernels.octave.add_level(flat, channels, plain, smooth, out.reshape(height, -1))
    else:
        out += plain * level + smooth * apply(level, smoothing(height), smoothing(width))


def _halves(height: int, width: int, half_height: int, half_width: int) -> bool:
    """Whether one level is exactly twice the next, and large enough to reflect, so that the fused loops serve."""
    return _is_double(height, half_height) and _is_double(width, half_width)


def _is_double(n: int, half: int) -> bool:
    return n == 2 * half and half >= 2


def apply(image: Image, vertical: Band, horizontal: Band) -> Image:
    """Apply one matrix to the rows and one to the columns of an (h, w, C) image."""
    channels = image.shape[2]
    rows = _along_rows(image, vertical)
    out = np.empty((len(rows), len(horizontal.start), channels), np.float32)
    kernels.band.along_columns(rows, channels, horizontal.start, horizontal.weights, out.reshape(len(rows), -1))
    return out


def _along_rows(image: Image, vertical: Band) -> Image:
    """Mix the rows of an (h, w, C) image: (h', w·C)."""
    rows = np.empty((len(vertical.start), image[0].size), np.float32)
    kernels.band.along_rows(image.reshape(len(image), -1), vertical.start, vertical.weights, rows)
    return rows
