"""The lens: direct light plus stray light, which is made at half resolution and added at full."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.functional import diffraction, reflections
from lightnoise.functional import sun as suns
from lightnoise.functional.budget import Budget, share
from lightnoise.functional.grid import Grid, frame_sizes, grid_of_level
from lightnoise.optics import mixture, pyramid
from lightnoise.params import BloomParams, GlareParams

Image = NDArray[np.float32]

#: Level of the pyramid at which ghosts are drawn: cells of 4 pixels, finer than their blur.
GHOST_LEVEL = 2


@dataclass(frozen=True)
class Scattered:
    """Light behind the lens, in two parts of shape (H, W, C); ``kept`` (C,) is what is left of the direct light."""

    direct: Image
    stray: Image
    kept: Image


def scatter(light: Image, bloom: BloomParams, glare: GlareParams, camera: Camera) -> Scattered:
    """Send light through the lens.

    Parameters
    ----------
    light : ndarray of shape (H, W, C), float32
        Linear scene light, C = 1 or 3.
    bloom : BloomParams
    glare : GlareParams
        Params of a chain's lens effects; the defaults for an absent one.
    camera : Camera

    Returns
    -------
    Scattered

    Raises
    ------
    ValueError
        If the effects together take more than the whole light.
    """
    height, width, channels = light.shape
    budget = share(bloom, glare, camera, height, width)
    frame, half = (grid_of_level(height, width, camera, level) for level in (0, 1))
    levels = pyramid.build(light, frame_sizes(height, width, camera))
    straight, weights = _radial(budget, camera, height, width)
    kept = np.full(channels, budget.direct + straight)

    spikes = diffraction.spikes(glare, camera, half, channels) if budget.starburst > 0.0 else None
    if spikes is not None:
        kept += budget.starburst * spikes.centre
    stray = pyramid.collapse(levels[1:], weights[1:])
    diffracted = diffraction.diffracted(levels[1], budget, spikes, half)
    if diffracted is not None:
        stray += diffracted
    sun = suns.from_params(glare)
    if sun is not None:
        stray += _channels(suns.stray(sun, budget, glare, camera, half), channels)
    if budget.ghosts > 0.0:
        stray += _ghosts(levels, budget, glare, camera, sun, light.shape[:2])
    stray = pyramid.collapse(levels[:1], weights[:1], coarser=stray)

    left = kept.astype(np.float32)
    direct = light * left
    if sun is not None:
        _add_disc(direct, sun, left, frame)
    return Scattered(direct, stray, left)


def _radial(budget: Budget, camera: Camera, height: int, width: int) -> tuple[float, NDArray[np.float64]]:
    """Return the part of bloom and veil that stays in its pixel, and the weights of the pyramid's levels."""
    focal_y, focal_x = camera.focal_px(width)
    direct = 0.0
    weights = np.zeros((len(frame_sizes(height, width, camera)), 2))
    for fraction, psf in ((budget.bloom, budget.bloom_psf), (budget.veil, budget.veil_psf)):
        if fraction > 0.0:
            fitted = mixture.fit(psf, focal_y, focal_x, height, width)
            direct += fraction * fitted.direct
            weights += fraction * fitted.weights
    return direct, weights


def _ghosts(
    levels: list[Image],
    budget: Budget,
    glare: GlareParams,
    camera: Camera,
    sun: suns.Sun | None,
    frame_size: tuple[int, ...],
) -> Image:
    """Return the ghosts, drawn on coarse cells and brought to the first level."""
    height, width = frame_size
    level = min(GHOST_LEVEL, len(levels) - 1)
    grid = grid_of_level(height, width, camera, level)
    channels = levels[level].shape[2]
    point = None
    if sun is not None and sun.has_picture:
        point = np.array([*sun.offset(grid), *[sun.light(grid)] * channels], np.float32)
    drawn = reflections.ghosts(
        levels[level], budget.ghosts, grid, camera.f_number, glare.blades, glare.rotation_deg, point
    )
    if level == 1:
        return drawn
    return pyramid.collapse([np.zeros_like(levels[1])], np.zeros((1, 2)), coarser=drawn)


def _add_disc(direct: Image, sun: suns.Sun, kept: Image, frame: Grid) -> None:
    seen = suns.disc(sun, frame)
    if seen is not None:
        rows, columns, radiance = seen
        direct[rows, columns] += radiance[..., None] * kept


def _channels(image: Image, channels: int) -> Image:
    return image if channels == 3 else image.mean(axis=2, keepdims=True)
