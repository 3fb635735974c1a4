"""The lens on batches, as in `lightnoise.functional.lens`: direct light plus stray light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lightnoise.adapters.torch import pyramid, sun
from lightnoise.adapters.torch.diffraction import Diffraction, diffracted
from lightnoise.adapters.torch.ghosts import Ghosts, ghosts
from lightnoise.adapters.torch.luminance import luminance
from lightnoise.adapters.torch.patches import Patch, Patches
from lightnoise.adapters.torch.placing import place
from lightnoise.adapters.torch.pyramid import Octave, Pyramid
from lightnoise.camera import Camera
from lightnoise.functional import lens, reflections
from lightnoise.functional import sun as suns
from lightnoise.functional.grid import Grid, grid_of_level
from lightnoise.params import BloomParams, GlareParams

_UNSEEN = float(lens.UNSEEN)


@dataclass(frozen=True)
class Lens:
    """What the lens does to every sample.

    Parameters
    ----------
    kept : Tensor of shape (B or 1, C, 1, 1), float32
        Part of the direct light that is left.
    weights : Tensor of shape (B or 1, levels, 2), float32
        Light of the pyramid's levels from the first one on, as they are and smoothed.
    own : Tensor of shape (B or 1, 1, 1, 1), float32, or None
        Part that a blur of a single pixel takes.
    pyramid : Pyramid
    shaped : int
        Place among the levels, the first one being 0, of that on which light with a shape of its own is drawn.
    diffraction : Diffraction or None
    ghosts : tuple of Ghosts
        Those of each level on which any are drawn.
    sun : Tensor of shape (B or 1, C, h, w), float32, or None
        Stray light of an added sun, on that level.
    disc : Patches or None
        The sun itself.
    """

    kept: Tensor
    weights: Tensor
    own: Tensor | None
    pyramid: Pyramid
    shaped: int
    diffraction: Diffraction | None
    ghosts: tuple[Ghosts, ...]
    sun: Tensor | None
    disc: Patches | None

    @classmethod
    def of(
        cls,
        samples: Sequence[tuple[BloomParams, GlareParams]],
        camera: Camera,
        height: int,
        width: int,
        channels: int,
        device: torch.device,
    ) -> Lens:
        """Plan the lens for each sample's bloom and glare."""
        plans = [lens.plan(bloom, glare, camera, height, width, channels) for bloom, glare in samples]
        one = plans[0]  # grids and levels are the same for all
        budgets = [plan.budget for plan in plans]
        glares = [glare for _, glare in samples]
        lights = [suns.from_params(glare) for glare in glares]
        weights = np.stack([plan.collapsed for plan in plans])
        own = weights[:, 0, 1]
        return cls(
            kept=place([plan.kept for plan in plans], device)[:, :, None, None],
            weights=place(weights[:, 1:], device),
            own=place(own, device).view(-1, 1, 1, 1) if own.any() else None,
            pyramid=_pyramid(one.sizes[1:], device),
            shaped=one.shaped - 1,
            diffraction=Diffraction.of(
                budgets, glares, camera, one.grid, [plan.levels for plan in plans], channels, device
            ),
            ghosts=_ghosts(glares, lights, one, channels, device),
            sun=sun.stray(lights, budgets, glares, camera, one.grid, channels, device),
            disc=Patches.of([_disc(light, one.frame) for light in lights], (height, width), device),
        )


def stray_light(light: Tensor, first: Octave, plan: Lens) -> Tensor:
    """Return the stray light of a frame (B, C, H, W); ``first`` leads to its pyramid's first level."""
    levels = pyramid.build(pyramid.shrink(light, first), plan.pyramid.octaves)
    drawn = [plan.sun] if plan.sun is not None else []
    if plan.diffraction is not None:
        drawn.append(diffracted(levels[plan.shaped], plan.diffraction))
    extra = {plan.shaped: sum(drawn[1:], drawn[0])} if drawn else {}
    for part in plan.ghosts:
        level = plan.shaped + part.octave
        made = ghosts(levels[level], part)
        extra[level] = extra[level] + made if level in extra else made
    wide = pyramid.enlarge(pyramid.collapse(levels, plan.weights, plan.pyramid, extra), first)
    return wide if plan.own is None else wide + pyramid.smooth(light * plan.own, first)


def stray_share(light: Tensor, stray: Tensor, plan: Lens) -> Tensor:
    """Return the stray light's part of the luminance of each pixel, (B, 1, H, W) in [0, 1]."""
    direct = light * plan.kept
    if plan.disc is not None:
        direct = plan.disc.add(direct, plan.kept)
    scattered = luminance(stray)
    return scattered / (scattered + luminance(direct) + _UNSEEN)


def _ghosts(
    glares: Sequence[GlareParams],
    lights: Sequence[suns.Sun | None],
    plan: lens.Plan,
    channels: int,
    device: torch.device,
) -> tuple[Ghosts, ...]:
    if not any(glare.ghosts > 0.0 for glare in glares):
        return ()
    f_number, grid, size = plan.camera.f_number, plan.grid, (plan.frame.height, plan.frame.width)
    by_octave = reflections.ghosts_by_octave(f_number, grid)
    strongest = reflections.strongest_channel(reflections.drawn_ghosts(f_number, grid.height / grid.focal_y))
    made = []
    for octave, drawn in by_octave.items():
        grid = grid_of_level(*size, plan.camera, plan.shaped + octave)
        made.append(Ghosts.of(glares, lights, drawn, strongest, octave, grid, channels, device))
    return tuple(made)


@lru_cache(maxsize=16)
def _pyramid(sizes: tuple[tuple[int, int], ...], device: torch.device) -> Pyramid:
    return Pyramid.of(sizes, device)


def _disc(light: suns.Sun | None, frame: Grid) -> Patch | None:
    found = suns.disc(light, frame) if light is not None else None
    return None if found is None else (found[0], found[1], found[2][..., None])
