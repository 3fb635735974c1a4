"""Highlight recovery: the energy that clipping cut off, guessed from how a clipped pixel stands in its surround.

A lamp is far brighter than everything around it, at every scale; a clipped sky is bright like its own surround. So
the guess rests on the contrast in stops, −log2 S, between white and the mean luminance S around the pixel, averaged
over surrounds of one to eight degrees, which a pyramid gives at no cost in radius. No connected components: the same
steps run batched on any device.

The rule: recovery never changes what was measured. A value below white keeps its brightness in the picture. But
clipping is blurred, by the codec and by the curve's shoulder: in a lamp's core one channel stands at 255, the next at
250. Such near-white values get light back for what the lens scatters, smoothly more the nearer they are to white; what
comes out directly is held at what was measured (`hold_measured`), so that min(recover(x), 1) = x in every picture.

Hue is kept: a clipped pixel takes the hue of its near surround (the red glow about a tail lamp's white core), and a
channel that is well below white bounds the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.constants import LUMA
from lightnoise.optics import pyramid

Image = NDArray[np.float32]
Index = NDArray[np.int64]

#: Surrounds over which the contrast is averaged: width of a pyramid cell, degrees, from … to.
SURROUND_DEG = (1.0, 8.0)

#: Mean contrast in stops at which a pixel gets the whole gain, and how the gain's logarithm grows to there.
FULL_CONTRAST_STOPS = 3.5
CONTRAST_EXPONENT = 2.0

#: Width of the cell, degrees, in which a lamp's own size is judged: 4 pixels of a 1280-pixel frame of 60°.
SIZE_DEG = 0.2

#: Mean luminance of a lamp's own cell and its neighbours at which it is large enough for the whole gain, and the
#: exponent below: a far brighter point would have bled over more pixels.
FULL_SIZE = 0.6
SIZE_EXPONENT = 1.0

#: Linear light below which a channel is believed, and above which it is near white.
BELIEVED, NEAR_WHITE = 0.5, 0.85


@dataclass(frozen=True)
class Guess:
    """How much light clipped pixels get back, by place, on cells of about 4 pixels.

    Parameters
    ----------
    log_gain : ndarray of shape (h, w), float32
        Logarithm of the gain of a clipped pixel.
    hue : ndarray of shape (h, w, C), float32
        Colour of the surround, largest channel 1.
    """

    log_gain: Image
    hue: Image


def guess(half: Image, highlight_gain: float, focal_x: float) -> Guess:
    """Guess the gain of clipped pixels from a picture at half resolution.

    Parameters
    ----------
    half : ndarray of shape (h, w, C), float32
        Linear light, clipped: the pyramid's first level.
    highlight_gain : float
        Largest gain, ≥ 1.
    focal_x : float
        Horizontal focal length in cells of ``half``, which gives surrounds their size.

    Returns
    -------
    Guess
    """
    height, width = half.shape[:2]
    sizes = pyramid.level_sizes(height, width)
    levels = pyramid.build(half, sizes)[1:]
    share = _contrast_share(levels, width, focal_x)
    near = levels[0]
    largest = near[..., 0] if near.shape[2] == 1 else np.maximum(np.maximum(near[..., 0], near[..., 1]), near[..., 2])
    return Guess(
        (math.log(highlight_gain) * share).astype(np.float32),
        np.asarray(near / np.maximum(largest, np.float32(1e-6))[..., None], np.float32),
    )


def raised(pixels: Image, rows: Index, columns: Index, guess: Guess, height: int, width: int) -> Image:
    """Return near-white pixels with the light they get back.

    Parameters
    ----------
    pixels : ndarray of shape (n, C), float32
        Linear light in [0, 1], some channel above `NEAR_WHITE`.
    rows, columns : ndarray of shape (n,), int64
        Where they are in the frame.
    guess : Guess
    height, width : int
        Size of the frame.

    Returns
    -------
    ndarray of shape (n, C), float32
    """
    out = pixels.copy()
    cells = guess.log_gain.shape
    kernels.recovery.raise_pixels(
        out,
        rows,
        columns,
        guess.log_gain,
        guess.hue,
        np.float32(BELIEVED),
        np.float32(NEAR_WHITE),
        height / cells[0],
        width / cells[1],
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
    if highlight_gain <= 1.0:
        return light
    rows, columns = np.nonzero(light.max(axis=2) > NEAR_WHITE)
    if len(rows) == 0:
        return light
    height, width = light.shape[:2]
    half = pyramid.shrink(light, pyramid.level_sizes(height, width, round(focal_y / focal_x, 6))[1])
    found = guess(half, highlight_gain, focal_x * half.shape[1] / width)
    out = light.copy()
    out[rows, columns] = raised(light[rows, columns], rows, columns, found, height, width)
    return out


def hold_measured(direct: Image, measured: Image, recovered: Image, factor: Image) -> None:
    """Keep unclipped channels that got light back from coming out brighter than they were measured, in place.

    Parameters
    ----------
    direct : ndarray of shape (..., C), float32
        Recovered light times ``factor``.
    measured, recovered : ndarray of shape (..., C), float32
        Light before and after `recover`.
    factor : ndarray of shape (C,), float32
        What lens and exposure leave of the direct light.
    """
    doubted = (measured < 1.0) & (recovered > measured)
    limit = measured * np.maximum(factor, np.float32(1.0))
    np.minimum(direct, limit, out=direct, where=doubted)


def _contrast_share(levels: list[Image], width: int, focal_x: float) -> NDArray[np.float64]:
    """Return how much of the gain's logarithm each cell of the first level gets, [0, 1]."""
    octaves = np.array([math.log2(math.degrees(math.atan(width / level.shape[1] / focal_x))) for level in levels])
    low, high = np.log2(SURROUND_DEG)
    # a level counts fully within the range and fades over the octave beside it
    surround = np.clip(1.0 + np.minimum(octaves - low, high - octaves), 0.0, 1.0)
    own = np.clip(1.0 - np.abs(octaves - math.log2(SIZE_DEG)), 0.0, 1.0)
    luminance = [_luminance(level)[..., None] for level in levels]
    contrast = [-np.log2(np.clip(level, 2.0**-16, 1.0)) for level in luminance]
    stops = _mean(contrast, surround)
    size = _mean(luminance, own)
    gentle = np.clip(stops / FULL_CONTRAST_STOPS, 0.0, 1.0) ** CONTRAST_EXPONENT
    return np.asarray(gentle * np.clip(size / FULL_SIZE, 0.0, 1.0) ** SIZE_EXPONENT)


def _mean(levels: list[Image], weights: NDArray[np.float64]) -> Image:
    """Return the weighted mean of levels at the first one's size; the first alone where all weights are 0."""
    if not weights.any():
        return levels[0][..., 0]
    last = int(np.flatnonzero(weights)[-1]) + 1
    shares = np.stack([weights[:last], np.zeros(last)], axis=1) / weights.sum()
    return pyramid.collapse(levels[:last], shares)[..., 0]


def _luminance(level: Image) -> Image:
    if level.shape[2] == 1:
        return level[..., 0]
    red, green, blue = (np.float32(weight) for weight in LUMA)
    return red * level[..., 0] + green * level[..., 1] + blue * level[..., 2]
