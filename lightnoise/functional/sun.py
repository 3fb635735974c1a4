"""A sun added to the picture, in the frame or beside it: a source whose stray light is known in closed form."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.constants import SUN_IRRADIANCE, SUN_RADIUS_DEG
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
from lightnoise.optics.psf import RadialPsf, truncation_deg
from lightnoise.optics.starburst import starburst_at
from lightnoise.params import GlareParams

Image = NDArray[np.float32]
Array = NDArray[np.float64]

#: Angle from the axis beyond which the sun makes no picture: neither spikes nor ghosts.
PICTURE_LIMIT_DEG = 85.0

#: Angle from a light at which stray light ends, degrees: spread functions are given over the image plane.
BEYOND_DEG = 89.0

#: Cells from a sun within which its starburst is interpolated between whole offsets.
NEAR_CELLS = 10


@dataclass(frozen=True)
class Sun:
    """Direction (right, up, forward; unit length) and irradiance in white x steradian."""

    direction: tuple[float, float, float]
    irradiance: float

    @property
    def has_picture(self) -> bool:
        """Whether it stands before the lens, so that its place in the image plane exists."""
        return self.direction[2] > math.cos(math.radians(PICTURE_LIMIT_DEG))

    def offset(self, grid: Grid) -> tuple[float, float]:
        """Return its place in the image plane: cells (down, right) from the frame's centre."""
        right, up, forward = self.direction
        return -grid.focal_y * up / forward, grid.focal_x * right / forward

    def light(self, grid: Grid) -> float:
        """Return its light as a sum over cells, white x cell."""
        return self.irradiance * grid.focal_y * grid.focal_x


def from_params(glare: GlareParams) -> Sun | None:
    """Return the sun that the params add, or None."""
    if not glare.has_sun or glare.sun_azimuth_deg is None or glare.sun_elevation_deg is None:
        return None
    azimuth, elevation = math.radians(glare.sun_azimuth_deg), math.radians(glare.sun_elevation_deg)
    direction = (
        math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
        math.cos(azimuth) * math.cos(elevation),
    )
    return Sun(direction, glare.sun_strength * SUN_IRRADIANCE)


@lru_cache(maxsize=4)
def stray(sun: Sun, budget: Budget, glare: GlareParams, camera: Camera, grid: Grid) -> Image:
    """Return the sun's bloom, veil and starburst on a grid, (h, w, 3) float32 (one channel's worth is the mean).

    It does not depend on the picture, so that it is made once for frames with the same params; it must not be changed.

    Notes
    -----
    A source of irradiance E veils the direction at the angle θ from it with the luminance E·p(θ), p the
    density per steradian (the form of CIE 146:2002, L_veil / E_glare).
    """
    y, x = centre_offsets(grid)
    right, up, forward = sun.direction
    length = np.sqrt((y / grid.focal_y) ** 2 + (x / grid.focal_x) ** 2 + 1.0)
    cosine = (-y / grid.focal_y * up + x / grid.focal_x * right + forward) / length
    theta = np.arccos(np.clip(cosine, -1.0, 1.0))
    parts = [(budget.bloom, budget.bloom_psf), (budget.veil, budget.veil_psf)]
    angles = _angles([psf for _, psf in parts])
    densities = np.zeros(len(angles))
    for weight, psf in parts:
        if weight > 0.0:
            densities += weight * density_per_steradian(psf, angles)
    veil = (sun.irradiance * np.interp(theta, angles, densities)).astype(np.float32)
    out = np.repeat(veil[..., None], 3, axis=2)
    if budget.starburst > 0.0 and sun.has_picture:
        spikes = _spikes(sun, glare, camera, grid)
        out += np.float32(budget.starburst * sun.light(grid)) * cv2.filter2D(spikes, -1, disc_kernel(grid))
    out.flags.writeable = False
    return out


def _angles(psfs: list[RadialPsf]) -> Array:
    """Return angles, lines between which are within 1e-6 of densities, which are powers of the angle up to an end."""
    ends = np.radians([BEYOND_DEG, *(truncation_deg(psf.name) for psf in psfs)])
    knots = np.geomspace(math.radians(SUN_RADIUS_DEG), math.pi, 8192)
    return np.sort(np.concatenate([knots, ends * (1.0 - 1e-9), ends * (1.0 + 1e-9)]))


def disc(sun: Sun, frame: Grid) -> tuple[slice, slice, Image] | None:
    """Return where the frame shows the sun's disc and its radiance there, antialiased; None if it does not."""
    if not sun.has_picture:
        return None
    dy, dx = sun.offset(frame)
    y0, x0 = dy + 0.5 * (frame.height - 1), dx + 0.5 * (frame.width - 1)
    radius_x = max(math.tan(math.radians(SUN_RADIUS_DEG)) * frame.focal_x, 0.5)  # a small sun still lights a pixel
    reach = math.ceil(radius_x * max(1.0, frame.cell_aspect)) + 2
    y = np.arange(math.floor(y0) - reach, math.floor(y0) + reach + 2)
    x = np.arange(math.floor(x0) - reach, math.floor(x0) + reach + 2)
    cover = _cover((y - y0)[:, None], x - x0, radius_x, frame.cell_aspect)
    radiance = (cover * (sun.light(frame) / cover.sum())).astype(np.float32)
    inside_y, inside_x = (y >= 0) & (y < frame.height), (x >= 0) & (x < frame.width)
    if not (inside_y.any() and inside_x.any()):
        return None
    rows = slice(int(y[inside_y][0]), int(y[inside_y][-1]) + 1)
    columns = slice(int(x[inside_x][0]), int(x[inside_x][-1]) + 1)
    return rows, columns, radiance[np.ix_(inside_y, inside_x)]


def _spikes(sun: Sun, glare: GlareParams, camera: Camera, grid: Grid) -> Image:
    """Return a point's starburst at the sun's place, (h, w, 3), in parts of its light."""
    dy, dx = sun.offset(grid)
    y, x = (offsets - place for offsets, place in zip(centre_offsets(grid), (dy, dx), strict=True))
    rows, columns = (np.flatnonzero(np.abs(offsets.ravel()) < NEAR_CELLS) for offsets in (y, x))
    out = np.empty((grid.height, grid.width, 3), np.float32)
    # above and below the cells that are close to the sun, and beside them
    top, bottom = (rows[0], rows[-1] + 1) if len(rows) and len(columns) else (grid.height, grid.height)
    left, right = (columns[0], columns[-1] + 1) if len(columns) else (0, 0)
    middle = slice(top, bottom)
    for down, across in (
        (slice(0, top), slice(None)),
        (slice(bottom, None), slice(None)),
        (middle, slice(0, left)),
        (middle, slice(right, None)),
    ):
        if out[down, across].size:
            out[down, across] = starburst_at(
                y[down],
                x[:, across],
                glare.blades,
                camera.f_number,
                grid.pitch_um,
                rotation_deg=glare.rotation_deg,
                pixel_aspect=grid.cell_aspect,
            )
    if len(rows) and len(columns):  # close to the sun the pattern is costly: read from whole offsets, linearly
        near = near_spikes(glare.blades, camera.f_number, grid.pitch_um, glare.rotation_deg, grid.cell_aspect)
        box = out[middle, left:right]
        box[...] = 0.0
        for (i, share_y), (k, share_x) in itertools.product(
            linear_shares(y[rows[0], 0]), linear_shares(x[0, columns[0]])
        ):
            box += np.float32(share_y * share_x) * near[i : i + len(rows), k : k + len(columns)]
    return out


def linear_shares(offset: float) -> list[tuple[int, float]]:
    """Return the two indices of `near_spikes` that an offset lies between, each with its share."""
    place = offset + NEAR_CELLS + 1
    low = math.floor(place)
    return [(low, 1.0 - (place - low)), (low + 1, place - low)]


@lru_cache(maxsize=16)
def near_spikes(blades: int, f_number: float, pitch_um: float, rotation_deg: float, aspect: float) -> Image:
    """Return the starburst at whole offsets up to `NEAR_CELLS` + 1 cells."""
    offsets = np.arange(-NEAR_CELLS - 1.0, NEAR_CELLS + 2.0)
    return starburst_at(
        offsets[:, None], offsets, blades, f_number, pitch_um, rotation_deg=rotation_deg, pixel_aspect=aspect
    )


def disc_kernel(grid: Grid) -> Image:
    """Return the sun's disc on a grid, sum 1: its spikes are as wide as itself."""
    radius = math.tan(math.radians(SUN_RADIUS_DEG)) * grid.focal_x
    reach = math.ceil(radius * max(1.0, grid.cell_aspect))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cover = _cover(y, x, radius, grid.cell_aspect)
    return np.asarray(cover / cover.sum(), dtype=np.float32)


def _cover(y: NDArray[np.floating[Any]], x: NDArray[np.floating[Any]], radius: float, aspect: float) -> Array:
    """Return how much of the cells at offsets from a disc's centre it covers; radius in widths of a cell."""
    return np.asarray(np.clip(radius + 0.5 - np.hypot(y / aspect, x), 0.0, 1.0))


def centre_offsets(grid: Grid) -> tuple[Array, Array]:
    """Return the cells' offsets from the frame's centre, in cells: down (h, 1) and right (1, w)."""
    y = np.arange(grid.height, dtype=np.float64) - 0.5 * (grid.height - 1)
    x = np.arange(grid.width, dtype=np.float64) - 0.5 * (grid.width - 1)
    return y[:, None], x[None, :]


def density_per_steradian(psf: RadialPsf, theta: Array) -> Array:
    """Return a density over the plane as one per steradian, 0 beyond `BEYOND_DEG`."""
    near = np.minimum(theta, math.radians(BEYOND_DEG))
    return np.where(theta < math.radians(BEYOND_DEG), psf.density(np.tan(near)) / np.cos(near) ** 3, 0.0)
