"""A sun added to the picture, in the frame or beside it: a source whose stray light is known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.constants import SUN_IRRADIANCE, SUN_RADIUS_DEG
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
from lightnoise.optics.psf import RadialPsf
from lightnoise.optics.starburst import starburst_at
from lightnoise.params import GlareParams

Image = NDArray[np.float32]
Array = NDArray[np.float64]

#: Angle from the axis beyond which the sun makes no picture: neither spikes nor ghosts.
PICTURE_LIMIT_DEG = 85.0


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


def stray(sun: Sun, budget: Budget, glare: GlareParams, camera: Camera, grid: Grid) -> Image:
    """Return the sun's bloom, veil and starburst on a grid, (h, w, 3) float32 (one channel's worth is the mean).

    Notes
    -----
    A source of irradiance E veils the direction at the angle θ from it with the luminance E·p(θ), p the
    density per steradian (the form of CIE 146:2002, L_veil / E_glare).
    """
    y, x = _offsets(grid)
    right, up, forward = sun.direction
    length = np.sqrt((y / grid.focal_y) ** 2 + (x / grid.focal_x) ** 2 + 1.0)
    cosine = (-y / grid.focal_y * up + x / grid.focal_x * right + forward) / length
    theta = np.maximum(np.arccos(np.clip(cosine, -1.0, 1.0)), math.radians(SUN_RADIUS_DEG))
    veil = np.zeros(theta.shape)
    for weight, psf in ((budget.bloom, budget.bloom_psf), (budget.veil, budget.veil_psf)):
        if weight > 0.0:
            veil += weight * sun.irradiance * _per_steradian(psf, theta)
    out = np.repeat(veil[..., None], 3, axis=2).astype(np.float32)
    if budget.starburst > 0.0 and sun.has_picture:
        dy, dx = sun.offset(grid)
        spikes = starburst_at(
            y - dy,
            x - dx,
            glare.blades,
            camera.f_number,
            grid.pitch_um,
            rotation_deg=glare.rotation_deg,
            pixel_aspect=grid.cell_aspect,
        )
        out += np.float32(budget.starburst * sun.light(grid)) * cv2.filter2D(spikes, -1, _disc_kernel(grid))
    return out


def disc(sun: Sun, frame: Grid) -> tuple[slice, slice, Image] | None:
    """Return where the frame shows the sun's disc and its radiance there, antialiased; None if it does not."""
    if not sun.has_picture:
        return None
    dy, dx = sun.offset(frame)
    y0, x0 = dy + 0.5 * (frame.height - 1), dx + 0.5 * (frame.width - 1)
    radius_x = math.tan(math.radians(SUN_RADIUS_DEG)) * frame.focal_x
    reach = math.ceil(radius_x * max(1.0, frame.cell_aspect)) + 2
    y = np.arange(math.floor(y0) - reach, math.floor(y0) + reach + 2)
    x = np.arange(math.floor(x0) - reach, math.floor(x0) + reach + 2)
    edge = max(radius_x + 0.5, 1.0)  # a sun smaller than a pixel still lights one
    cover = np.clip(edge - np.hypot((y - y0)[:, None] / frame.cell_aspect, x - x0), 0.0, 1.0)
    radiance = (cover * (sun.light(frame) / cover.sum())).astype(np.float32)
    inside_y, inside_x = (y >= 0) & (y < frame.height), (x >= 0) & (x < frame.width)
    if not (inside_y.any() and inside_x.any()):
        return None
    rows = slice(int(y[inside_y][0]), int(y[inside_y][-1]) + 1)
    columns = slice(int(x[inside_x][0]), int(x[inside_x][-1]) + 1)
    return rows, columns, radiance[np.ix_(inside_y, inside_x)]


def _disc_kernel(grid: Grid) -> Image:
    """Return the sun's disc on a grid, sum 1: its spikes are as wide as itself."""
    radius = math.tan(math.radians(SUN_RADIUS_DEG)) * grid.focal_x
    reach = math.ceil(radius * max(1.0, grid.cell_aspect))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cover = np.clip(radius + 0.5 - np.hypot(y / grid.cell_aspect, x), 0.0, 1.0)
    return np.asarray(cover / cover.sum(), dtype=np.float32)


def _offsets(grid: Grid) -> tuple[Array, Array]:
    y = np.arange(grid.height, dtype=np.float64) - 0.5 * (grid.height - 1)
    x = np.arange(grid.width, dtype=np.float64) - 0.5 * (grid.width - 1)
    return y[:, None], x[None, :]


def _per_steradian(psf: RadialPsf, theta: Array) -> Array:
    """Return a density over the plane as one per steradian, 0 beyond 89°."""
    near = np.minimum(theta, math.radians(89.0))
    return np.where(theta < math.radians(89.0), psf.density(np.tan(near)) / np.cos(near) ** 3, 0.0)
