"""The lens: direct light plus stray light, which is made at half resolution, or less, and added at full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.functional import diffraction, reflections
from lightnoise.functional import sun as suns
from lightnoise.functional.budget import Budget, share
from lightnoise.functional.grid import Grid, frame_sizes, grid_of_level, shaped_level
from lightnoise.functional.symmetric import LevelsKernel, add_convolved, fit_mirrored
from lightnoise.optics import mixture, pyramid
from lightnoise.optics.luminance import luminance
from lightnoise.params import BloomParams, GlareParams

Image = NDArray[np.float32]

#: Light that no 8-bit picture shows: half a shade of sRGB above black. It keeps black pixels from counting as
#: destroyed by stray light that nobody can see.
UNSEEN = np.float32(0.5 / 255.0 / 12.92)


@dataclass(frozen=True)
class Plan:
    """What the lens does to every frame of one shape under the same params.

    Parameters
    ----------
    glare : GlareParams
    camera : Camera
    budget : Budget
        Where the light goes.
    sizes : tuple of (int, int)
        Of the pyramid's levels, the frame first.
    kept : ndarray of shape (C,), float64
        Part of the direct light that is left.
    weights : ndarray of shape (levels, 2)
        Of the pyramid's levels, see `pyramid.collapse`.
    finest : int
        The finest level that has a part in the stray light; 0 is the frame itself.
    shaped : int
        The level on which light with a shape of its own is drawn.
    frame, grid : Grid
        The frame itself, and that level.
    levels : LevelsKernel or None
        The weights from that level on as a kernel, if it is convolved with those of spikes and halo.
    """

    glare: GlareParams
    camera: Camera
    budget: Budget
    sizes: tuple[tuple[int, int], ...]
    kept: NDArray[np.float64]
    weights: NDArray[np.float64]
    finest: int
    shaped: int
    frame: Grid
    grid: Grid
    levels: LevelsKernel | None

    @property
    def collapsed(self) -> NDArray[np.float64]:
        """The weights of the levels without those that are convolved."""
        weights = self.weights.copy()
        if self.levels is not None:
            weights[self.shaped :] = 0.0
        return weights


@lru_cache(maxsize=4096)
def plan(bloom: BloomParams, glare: GlareParams, camera: Camera, height: int, width: int, channels: int) -> Plan:
    """Return the plan for frames of a shape; see `scatter` for what it raises."""
    budget = share(bloom, glare, camera, height, width)
    straight, weights = _radial_weights(budget, camera, height, width)
    scattering = np.flatnonzero(weights.any(axis=1))
    shaped = shaped_level(height, width, camera)
    frame, grid = (grid_of_level(height, width, camera, level) for level in (0, shaped))
    kept = np.full(channels, budget.direct + straight)
    if budget.ghosts > 0.0:
        kept += budget.ghosts - reflections.taken(budget.ghosts, frame, camera.f_number, channels)
    if budget.starburst > 0.0:
        kept += budget.starburst * diffraction.spikes(glare, camera, grid, channels).centre
    sizes = frame_sizes(height, width, camera)
    kernels = diffraction.kernels_of(glare, camera, budget, grid, channels)
    levels = None
    if kernels and fit_mirrored(grid.height, grid.width, kernels):
        levels = LevelsKernel(sizes[shaped:], tuple((plain, smooth) for plain, smooth in weights[shaped:].tolist()))
    return Plan(
        glare,
        camera,
        budget,
        sizes,
        kept,
        weights,
        min(int(scattering[0]), shaped) if len(scattering) else shaped,
        shaped,
        frame,
        grid,
        levels,
    )


@dataclass(frozen=True)
class Stray:
    """What the lens makes of a frame's light.

    Parameters
    ----------
    light : ndarray of shape (h, w, C), float32
        Stray light: of `stray_light` on the level that it was made from, of `scatter` on the frame.
    kept : ndarray of shape (C,), float32
        Part of the direct light that is left.
    own : float
        Part that a blur of a single pixel takes, for spread functions about as small as a pixel; 0 on the frame, where
        ``light`` has it.
    disc : tuple of (slice, slice, ndarray) or None
        An added sun's rows, columns and radiance in the frame.
    """

    light: Image
    kept: Image
    own: float
    disc: tuple[slice, slice, Image] | None


def scatter(light: Image, bloom: BloomParams, glare: GlareParams, camera: Camera) -> Stray:
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
    Stray

    Raises
    ------
    ValueError
        If the effects together take more than the whole light.
    """
    planned = plan(bloom, glare, camera, *light.shape)
    made = stray_light(pyramid.shrink(light, planned.sizes[1]), 1, planned)
    stray = pyramid.collapse([light], np.array([[0.0, made.own]]), coarser=made.light)
    return replace(made, light=stray, own=0.0)


def dim(light: Image, factor: Image) -> None:
    """Multiply the channels of contiguous light (H, W, C) by factors (C,), in place."""
    rows = light.reshape(len(light), -1)
    rows *= np.tile(factor, light.shape[1])  # far faster than to repeat three numbers


def add(light: Image, stray: Stray, exposure: np.float32) -> None:
    """Add a frame's stray light and what is left of an added sun, exposed, in place; the stray light is used up."""
    if stray.disc is not None:
        rows, columns, radiance = stray.disc
        light[rows, columns] += radiance[..., None] * (stray.kept * exposure)
    if exposure != 1.0:
        np.multiply(stray.light, exposure, out=stray.light)
    light += stray.light


def stray_light(light: Image, level: int, plan: Plan) -> Stray:
    """Make the stray light of a frame from its pyramid's ``level``, 1 up to the finest of the plan; see `scatter`."""
    channels, budget, shaped = light.shape[2], plan.budget, plan.shaped
    drawn = shaped + 1 + (reflections.COARSEST if budget.ghosts > 0.0 else 0)
    levels = pyramid.build(light, plan.sizes[level:drawn])
    fine, coarse = levels[: shaped - level], levels[shaped - level :]
    kernels = diffraction.kernels_of(plan.glare, plan.camera, budget, plan.grid, channels)
    if plan.levels is not None:
        stray = np.zeros_like(coarse[0])
    else:
        stray = pyramid.collapse(pyramid.build(coarse[0], plan.sizes[shaped:]), plan.weights[shaped:])
    if kernels:
        add_convolved(coarse[0], kernels, plan.levels, stray)
    sun = suns.from_params(plan.glare)
    if sun is not None:
        stray += _channels(suns.stray(sun, budget, plan.glare, plan.camera, plan.grid), channels)
    if budget.ghosts > 0.0:
        size = plan.frame.height, plan.frame.width
        grids = [grid_of_level(*size, plan.camera, shaped + octave) for octave in range(len(coarse))]
        iris = plan.camera.f_number, plan.glare.blades, plan.glare.rotation_deg
        stray += reflections.ghosts(coarse, grids, budget.ghosts, *iris, sun)
    if fine:
        stray = pyramid.collapse(fine, plan.weights[level:shaped], coarser=stray)
    disc = suns.disc(sun, plan.frame) if sun is not None else None
    return Stray(stray, plan.kept.astype(np.float32), float(plan.weights[0, 1]), disc)


def stray_share(light: Image, stray: Stray) -> Image:
    """Return the stray light's part of the luminance of each pixel, (H, W) in [0, 1], from a frame's light."""
    return share_of(luminance(light, stray.kept), luminance(stray.light), stray)


def share_of(direct: Image, wide: Image, stray: Stray) -> Image:
    """Do what `stray_share` does from luminances (H, W), of stray light and of direct light; the latter is used up."""
    if stray.disc is not None:
        rows, columns, radiance = stray.disc
        direct[rows, columns] += radiance * luminance(stray.kept[None, None])[0, 0]
    direct += wide
    direct += UNSEEN
    return np.divide(wide, direct, out=direct)


def _radial_weights(budget: Budget, camera: Camera, height: int, width: int) -> tuple[float, NDArray[np.float64]]:
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


def _channels(image: Image, channels: int) -> Image:
    return image if channels == 3 else image.mean(axis=2, keepdims=True)
