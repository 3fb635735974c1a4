"""Highlight recovery: the energy that clipping cut off, guessed from how a clipped pixel stands in its surround.

A lamp is far brighter than everything around it, at every scale; a clipped sky is bright like its own surround. So
the guess rests on the contrast in stops, −log2 S, between white and the mean luminance S around the pixel, averaged
over surrounds from a quarter of a degree to eight degrees, which a pyramid gives at no cost in radius. No connected
components: the same steps run batched on any device.

The rule: recovery never changes what was measured, min(recover(x), 1) = x. Hue is kept: a clipped pixel takes the
hue of its near surround (the red glow about a tail lamp's white core), and a channel that is well below white bounds
the others. Compressed pictures blur the clipping: in a lamp's core one channel stands at 255 and the next at 250. Such
a near-white channel gets light back for what the lens scatters, but it never comes out brighter than it was measured:
see `hold_measured`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.constants import LUMA
from lightnoise.optics import pyramid

Image = NDArray[np.float32]

#: Surrounds over which the contrast is averaged: width of a pyramid cell, degrees, from … to.
SURROUND_DEG = (0.25, 8.0)

#: Mean contrast in stops at which a pixel gets the whole gain, and how the gain's logarithm grows to there.
FULL_CONTRAST_STOPS = 6.0
CONTRAST_EXPONENT = 1.0

#: Linear light from which on an unclipped channel beside a clipped one is in doubt, and at which it counts as clipped.
DOUBTED = (0.5, 0.85)

#: The level of the pyramid (cells of 4 pixels) at which gain and hue are estimated.
FIELD_LEVEL = 2


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
        The same array if nothing is clipped or the gain is 1, else a new one.
    """
    if highlight_gain <= 1.0 or light.max() < 1.0:
        return light
    height, width = light.shape[:2]
    sizes = pyramid.level_sizes(height, width, round(focal_y / focal_x, 6))
    levels = pyramid.build(light, sizes)[min(FIELD_LEVEL, len(sizes) - 1) :]
    share = _contrast_share(levels, width, focal_x)
    log_gain = (math.log(highlight_gain) * share).astype(np.float32)
    near = levels[0]
    hue = near / np.maximum(near.max(axis=2, keepdims=True), 1e-6)
    out = light.copy()
    low, high = (np.float32(value) for value in DOUBTED)
    kernels.recovery.boost(out, log_gain, hue, low, high, height / near.shape[0], width / near.shape[1])
    return out


def hold_measured(direct: Image, measured: Image, recovered: Image, factor: Image) -> None:
    """Keep unclipped channels that got light back from coming out brighter than they were measured, in place.

    Parameters
    ----------
    direct : ndarray of shape (H, W, C), float32
        Recovered light times ``factor``.
    measured, recovered : ndarray of shape (H, W, C), float32
        Light before and after `recover`.
    factor : ndarray of shape (C,), float32
        What lens and exposure leave of the direct light.
    """
    raised = (measured < 1.0) & (recovered > measured)
    limit = measured * np.maximum(factor, np.float32(1.0))
    np.minimum(direct, limit, out=direct, where=raised)


def _contrast_share(levels: list[Image], width: int, focal_x: float) -> NDArray[np.float64]:
    """Return how much of the gain's logarithm each cell of the first level gets, [0, 1]."""
    weights = np.zeros((len(levels), 2))
    contrast = []
    for i, level in enumerate(levels):
        luma = level @ np.array(LUMA, np.float32) if level.shape[2] == 3 else level[..., 0]
        contrast.append(-np.log2(np.clip(luma, 2.0**-16, 1.0))[..., None].astype(np.float32))
        cell_deg = math.degrees(math.atan(width / level.shape[1] / focal_x))
        low, high = SURROUND_DEG
        # a level counts fully within the range and fades over the octave beside it
        weights[i, 0] = np.clip(1.0 + min(math.log2(cell_deg / low), math.log2(high / cell_deg)), 0.0, 1.0)
    if weights.sum() == 0.0:
        weights[-1, 0] = 1.0
    stops = pyramid.collapse(contrast, weights / weights.sum())[..., 0]
    return np.asarray(np.clip(stops / FULL_CONTRAST_STOPS, 0.0, 1.0) ** CONTRAST_EXPONENT, dtype=np.float64)
