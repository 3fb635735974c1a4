"""Highlight recovery: the energy that clipping cut off, guessed from how a clipped pixel stands in its surround.

A lamp is far brighter than everything around it, at every scale; a clipped sky is bright like its own surround. So
the guess rests on the contrast in stops, −log2 S, between white and the mean luminance S around the pixel, averaged
over surrounds of one to eight degrees, which a pyramid gives at no cost in radius. No connected components: the same
steps run batched on any device.

The rule: recovery never changes what was measured. A value below white keeps its brightness in the picture. But
clipping is blurred, by the codec and by the curve's shoulder: in a lamp's core one channel stands at 255, the next at
250. Such near-white values get light back for what the lens scatters, smoothly more the nearer they are to white; what
comes out directly is held at what was measured (`direct_light`), so that min(recover(x), 1) = x in every picture.

Hue is kept: a clipped pixel takes the hue of its near surround (the red glow about a tail lamp's white core), and a
channel that is well below white bounds the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.optics import pyramid
from lightnoise.optics.luminance import luminance

Image = NDArray[np.float32]
Index = NDArray[np.int64]
Pixels = tuple[Index, Index]

#: Surrounds over which the contrast is averaged: width of a pyramid cell, degrees, from … to.
SURROUND_DEG = (1.0, 8.0)

#: Mean contrast in stops at which a pixel gets the whole gain; the gain's logarithm grows with its square to there.
FULL_CONTRAST_STOPS = 3.5

#: Width of the cell, degrees, in which a lamp's own size is judged: 4 pixels of a 1280-pixel frame of 60°.
SIZE_DEG = 0.2

#: Mean luminance of a lamp's own cell and its neighbours at which it is large enough for the whole gain; below, the
#: gain's logarithm is proportional to it: a far brighter point would have bled over more pixels.
FULL_SIZE = 0.6

#: Linear light below which a channel is believed, and above which it is near white.
BELIEVED, NEAR_WHITE = 0.5, 0.85


@dataclass(frozen=True)
class Guess:
    """How much light clipped pixels get back, by place, on cells of about 4 pixels.

    Parameters
    ----------
    log_gain : ndarray of shape (h, w), float32
        Logarithm of the gain of a clipped pixel.
    surround : ndarray of shape (h, w, C), float32
        Linear light of the surround, which gives the hue.
    """

    log_gain: Image
    surround: Image


@dataclass(frozen=True)
class Bright:
    """The near-white pixels of a frame: where they are, (n,), their light as measured and as recovered, (C, n)."""

    rows: Index
    columns: Index
    measured: Image
    light: Image

    @classmethod
    def none(cls, channels: int) -> Bright:
        """Return no pixels."""
        nowhere, no_light = np.empty(0, np.int64), np.empty((channels, 0), np.float32)
        return cls(nowhere, nowhere, no_light, no_light)

    def direct(self, factor: Image) -> Image:
        """Return what comes out of their light, (C, n), of which ``factor`` (C,) is left."""
        return direct_light(self.measured, self.light, factor)

    def by_row(self, height: int, factor: Image) -> tuple[Any, ...]:
        """Return what `lightnoise.kernels.develop` puts over the picture."""
        starts = np.zeros(height + 1, np.int64)
        np.cumsum(np.bincount(self.rows, minlength=height), out=starts[1:])
        return starts, self.columns, self.direct(factor), self.light


def guess(near: Image, sizes: tuple[tuple[int, int], ...], highlight_gain: float, focal_x: float) -> Guess:
    """Guess the gain of clipped pixels from a picture at a quarter of its resolution.

    Parameters
    ----------
    near : ndarray of shape (h, w, C), float32
        Linear light, clipped: the pyramid's second level.
    sizes : tuple of (int, int)
        Of the pyramid's levels from there on, see `guess_sizes`.
    highlight_gain : float
        Largest gain, ≥ 1.
    focal_x : float
        Horizontal focal length in cells of ``near``, which gives surrounds their size.

    Returns
    -------
    Guess
    """
    return Guess(_contrast_gain(luminance(near), sizes, focal_x, math.log(highlight_gain)), near)


def guess_sizes(half_height: int, half_width: int) -> tuple[tuple[int, int], ...]:
    """Return the sizes of the levels that `guess` works on, from that of the picture at half resolution."""
    return pyramid.level_sizes(half_height, half_width)[1:]


def raised(pixels: Image, rows: Index, columns: Index, guess: Guess, height: int, width: int) -> Image:
    """Return near-white pixels with the light they get back.

    Parameters
    ----------
    pixels : ndarray of shape (C, n), float32
        Linear light in [0, 1], some channel above `NEAR_WHITE`.
    rows, columns : ndarray of shape (n,), int64
        Where they are in the frame, row by row.
    guess : Guess
    height, width : int
        Size of the frame.

    Returns
    -------
    ndarray of shape (C, n), float32
    """
    out = np.array(pixels, order="C")
    cells = guess.log_gain.shape
    kernels.recovery.raise_pixels(
        out,
        rows,
        columns,
        guess.log_gain,
        guess.surround,
        np.float32(BELIEVED),
        np.float32(NEAR_WHITE),
        cells[0] / height,
        cells[1] / width,
    )
    return out


def recover(light: Image, highlight_gain: float, focal_y: float, focal_x: float) -> Image:
    """Return the light with its clipped channels raised, up to ``highlight_gain``.

    Parameters
    ----------
    light : ndarray of shape (H, W, C), float32
        Linear light in [0, 1]; channels at 1 are clipped.
    highlight_gain : float
        Largest gain, ≥ 1.
    focal_y, focal_x : float
        Focal lengths in pixels, which give surrounds their size.

    Returns
    -------
    ndarray of shape (H, W, C), float32
        The same array if nothing is near white or the gain is 1, else a new one.
    """
    bright = recovered_pixels(light, highlight_gain, focal_y, focal_x)
    if len(bright.rows) == 0:
        return light
    out = light.copy()
    out[bright.rows, bright.columns] = bright.light.T
    return out


def recovered_pixels(light: Image, highlight_gain: float, focal_y: float, focal_x: float) -> Bright:
    """Return the pixels that `recover` may change."""
    height, width, channels = light.shape
    if highlight_gain <= 1.0:
        return Bright.none(channels)
    rows, columns = near_white(light)
    if len(rows) == 0:
        return Bright.none(channels)
    half = pyramid.shrink(light, pyramid.level_sizes(height, width, round(focal_y / focal_x, 6))[1])
    sizes = guess_sizes(*half.shape[:2])
    found = guess(pyramid.shrink(half, sizes[0]), sizes, highlight_gain, focal_x * sizes[0][1] / width)
    measured = np.ascontiguousarray(light[rows, columns].T)
    return Bright(rows, columns, measured, raised(measured, rows, columns, found, height, width))


def near_white(light: Image) -> Pixels:
    """Return the rows and the columns of the pixels that `recover` may change, (n,) each."""
    # samples first, then pixels: a maximum over channels takes far longer
    pixels = np.flatnonzero(light > np.float32(NEAR_WHITE)) // light.shape[2]
    rows, columns = np.divmod(pixels[np.diff(pixels, prepend=-1) > 0], light.shape[1])
    return rows, columns


def direct_light(measured: Image, recovered: Image, factor: Image) -> Image:
    """Return what comes out of recovered pixels directly: no brighter than measured, where they were not clipped.

    Parameters
    ----------
    measured, recovered : ndarray of shape (C, n), float32
        Light before and after `recover`.
    factor : ndarray of shape (C,), float32
        What lens and exposure leave of it.

    Returns
    -------
    ndarray of shape (C, n), float32
    """
    out = np.empty_like(recovered)
    kernels.recovery.direct(measured, recovered, factor, out)
    return out


def _contrast_gain(lightness: Image, sizes: tuple[tuple[int, int], ...], focal_x: float, log_gain: float) -> Image:
    """Return how much of the gain's logarithm each cell of the first level gets, (h, w) in [0, log_gain].

    ``lightness`` (h, w) is that level, ``sizes`` are the levels from there on, ``focal_x`` is in its cells.
    """
    surround, own = shares(sizes, focal_x)
    levels = pyramid.build(lightness[..., None], sizes[: max(len(surround), len(own))])
    contrast = [_contrast(level) if share > 0.0 else level for level, share in zip(levels, surround, strict=False)]
    out = np.empty_like(lightness)
    kernels.recovery.gain_of(
        _mean(contrast, surround).reshape(-1),
        _mean(levels, own).reshape(-1),
        np.float32(log_gain),
        np.float32(1.0 / FULL_CONTRAST_STOPS),
        np.float32(1.0 / FULL_SIZE),
        out.reshape(-1),
    )
    return out


def _contrast(lightness: Image) -> Image:
    """Return how many stops luminances are below white, at most 16."""
    out = np.empty_like(lightness)
    kernels.recovery.contrast_of(lightness.reshape(-1), out.reshape(-1))
    return out


@lru_cache(maxsize=64)
def shares(sizes: tuple[tuple[int, int], ...], focal_x: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return levels' shares of a mean, by how wide their cells are: as surrounds, and for a lamp's own size.

    Up to the last one that counts. ``focal_x`` is in cells of the first of the sizes.
    """
    cell_deg = [math.degrees(math.atan(sizes[0][1] / size[1] / focal_x)) for size in sizes]
    octaves = np.log2(cell_deg)
    low, high = np.log2(SURROUND_DEG)
    # a level counts fully within the range and fades over the octave beside it
    surround = np.clip(1.0 + np.minimum(octaves - low, high - octaves), 0.0, 1.0)
    own = np.clip(1.0 - np.abs(octaves - math.log2(SIZE_DEG)), 0.0, 1.0)
    return _normalised(surround), _normalised(own)


def _normalised(weights: NDArray[np.float64]) -> tuple[float, ...]:
    """Return weights up to the last one that counts, of sum 1; where none does, all weight is the first one's."""
    last = int(np.flatnonzero(weights)[-1]) if weights.any() else 0
    return tuple((weights[: last + 1] / weights.sum()).tolist()) if last > 0 else (1.0,)


def _mean(levels: list[Image], shares: tuple[float, ...]) -> Image:
    """Return the mean of levels with those shares, at the first one's size."""
    if len(shares) == 1:
        return levels[0]
    return pyramid.collapse(levels[: len(shares)], np.array([(share, 0.0) for share in shares]))
