"""Ghosts: dim, defocused pictures of the lights, thrown back and forth between lens surfaces."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.constants import LUMA
from lightnoise.functional.convolution import Kernel, Superposition
from lightnoise.functional.grid import Grid
from lightnoise.functional.sun import Sun
from lightnoise.optics import pyramid
from lightnoise.optics.ghosts import Ghost, ghost_disc, ghost_table

Image = NDArray[np.float32]

#: Ghosts that are drawn: the brightest per area. The rest are so wide that they merge with the veil.
DRAWN = 10

#: Least radius of a disc, and least length of the picture's longer side, cells, on a coarser grid; and how many octaves
#: coarser that may be. By two, a disc's edge would look soft.
LEAST_RADIUS, LEAST_SIZE, COARSEST = 8.0, 64, 1

#: Largest ghost drawn, radius as a part of the frame's height.
LARGEST = 0.3


def ghosts(
    levels: list[Image],
    grids: list[Grid],
    fraction: float,
    f_number: float,
    blades: int,
    rotation_deg: float,
    sun: Sun | None,
) -> Image:
    """Return the ghosts of a picture of light.

    Parameters
    ----------
    levels : list of ndarray of shape (h, w, C), float32
        Linear light on the pyramid's levels from the one on which light with a shape of its own is drawn.
    grids : list of Grid
        Their grids.
    fraction : float
        Part of the light that the drawn ghosts have together, in the channel where they are strongest.
    f_number, blades, rotation_deg
        The iris.
    sun : Sun, optional
        An added sun that has ghosts too.

    Returns
    -------
    ndarray of shape (h, w, C), float32
        On the first of the levels.
    """
    drawn = drawn_ghosts(f_number, grids[0].height / grids[0].focal_y)
    scale = fraction / strongest_channel(drawn)
    by_octave = ghosts_by_octave(f_number, grids[0])
    result: Image | None = None
    for octave in range(max(by_octave), -1, -1):
        light, grid = levels[octave], grids[octave]
        if result is not None:
            result = pyramid.enlarge(result, light.shape[:2])
        if octave in by_octave:
            point = None
            if sun is not None and sun.has_picture:
                point = np.array([*sun.offset(grid), *[sun.light(grid)] * light.shape[2]], np.float32)
            made = _draw(light, by_octave[octave], scale, grid, blades, rotation_deg, point)
            result = made if result is None else result + made
    assert result is not None
    return result


def _draw(
    light: Image,
    drawn: tuple[Ghost, ...],
    scale: float,
    grid: Grid,
    blades: int,
    rotation_deg: float,
    sun: Image | None,
) -> Image:
    """Draw ghosts on one grid; ``sun`` (2 + C,) is an added light's offset from the centre, cells, and its light."""
    height, width, channels = light.shape
    discs = discs_of(drawn, grid, blades, rotation_deg)
    pad = max(disc.reach[0] for disc in discs) + 1
    drawing = Superposition(height + 2 * pad, width + 2 * pad, channels)
    centre = 0.5 * np.array([height - 1, width - 1]) + pad
    for ghost, disc in zip(drawn, discs, strict=True):
        image = drawing.blank()
        kernels.ghosting.splat(light, ghost.magnification, pad, image)
        if sun is not None:
            _add_point(image, ghost.magnification * sun[:2] + centre, sun[2:])
        drawing.add(disc, tint_of(ghost, channels) * scale)
    return drawing.picture(pad, height, width)


def discs_of(drawn: tuple[Ghost, ...], grid: Grid, blades: int, rotation_deg: float) -> list[Kernel]:
    """Return the discs of ghosts on a grid."""
    return [
        iris_disc(ghost.radius * grid.focal_x, blades, rotation_deg + (180.0 if ghost.inverted else 0.0))
        for ghost in drawn
    ]


@lru_cache(maxsize=64)
def ghosts_by_octave(f_number: float, grid: Grid) -> dict[int, tuple[Ghost, ...]]:
    """Return the ghosts that are drawn as many octaves coarser than ``grid`` as they stay discs there."""
    found: dict[int, tuple[Ghost, ...]] = {}
    coarsest = min(max(0, math.floor(math.log2(max(grid.height, grid.width) / LEAST_SIZE))), COARSEST)
    for ghost in drawn_ghosts(f_number, grid.height / grid.focal_y):
        octaves = math.floor(math.log2(max(ghost.radius * grid.focal_x / LEAST_RADIUS, 1.0)))
        octave = min(octaves, coarsest)
        found[octave] = (*found.get(octave, ()), ghost)
    return found


def taken(fraction: float, grid: Grid, f_number: float, channels: int) -> NDArray[np.float64]:
    """Return what `ghosts` takes from the light of each channel, (channels,)."""
    drawn = drawn_ghosts(f_number, grid.height / grid.focal_y)
    parts: NDArray[np.float64] = np.sum([tint_of(ghost, channels) for ghost in drawn], axis=0)
    return fraction * parts / strongest_channel(drawn)


def tint_of(ghost: Ghost, channels: int) -> NDArray[np.float64]:
    """Return the part of each channel's light that a ghost reflects, (channels,)."""
    return np.array(ghost.reflectance if channels == 3 else [np.dot(LUMA, ghost.reflectance)])


def strongest_channel(drawn: tuple[Ghost, ...]) -> float:
    """Return what ghosts reflect together in the channel where that is most."""
    return float(np.sum([ghost.reflectance for ghost in drawn], axis=0).max())


def _add_point(image: Image, place: NDArray[np.float64], light: Image) -> None:
    """Add light (C,) to the four cells of an image (C, H, W) about a place."""
    y, x = (math.floor(v) for v in place)
    fy, fx = place[0] - y, place[1] - x
    for dy, dx, share in (
        (0, 0, (1 - fy) * (1 - fx)),
        (0, 1, (1 - fy) * fx),
        (1, 0, fy * (1 - fx)),
        (1, 1, fy * fx),
    ):
        if 0 <= y + dy < image.shape[1] and 0 <= x + dx < image.shape[2]:
            image[:, y + dy, x + dx] += np.float32(share) * light


@lru_cache(maxsize=16)
def drawn_ghosts(f_number: float, frame_height: float) -> tuple[Ghost, ...]:
    """Return the ghosts that are drawn in a frame of that height (in focal lengths), brightest per area first."""
    fitting = [ghost for ghost in ghost_table(f_number) if ghost.radius <= LARGEST * frame_height]
    return tuple((fitting or list(ghost_table(f_number)))[:DRAWN])


@lru_cache(maxsize=32)  # three frames' worth: each keeps a spectrum as large as the field it was drawn on
def iris_disc(radius_px: float, blades: int, rotation_deg: float) -> Kernel:
    """Return a ghost's disc, the iris's shape, as a kernel of sum 1; radius in cells."""
    return Kernel(ghost_disc(max(radius_px, 0.5), blades, rotation_deg))
