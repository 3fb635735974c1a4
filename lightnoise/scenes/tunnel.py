"""The bore of a tunnel: walls and ceiling around the road, rows of lamps, and the bright exit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes.lamps import Emitter
from lightnoise.scenes.layout import Tunnel
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.textures import noise_tile, sample
from lightnoise.scenes.view import View

Array = NDArray[Any]

_FAR_M = 2000.0


def paint_bore(pixels: Array, view: View, lighting: Lighting, tunnel: Tunnel) -> None:
    """Paint walls and ceiling over the outdoor picture ``pixels`` (3, H, W), up to the exit, in place."""
    layout = lighting.layout
    # Rays through the pixel centres: x = dx·z, y = camera height + dy·z.
    dx = ((np.arange(view.width, dtype=np.float32) + 0.5 - 0.5 * view.width) / view.fx)[None, :]
    dy = ((view.horizon - np.arange(view.height, dtype=np.float32) - 0.5) / view.fy)[:, None]
    left, right = _wall(dx, tunnel.left, view.curvature), _wall(dx, tunnel.right, view.curvature)
    wall_z = np.minimum(left, right)
    ceiling_z = np.where(dy > 1e-4, (tunnel.height_m - view.camera_height_m) / np.maximum(dy, 1e-4), _FAR_M)
    floor_z = np.where(dy < -1e-4, view.camera_height_m / np.maximum(-dy, 1e-4), _FAR_M)
    wall_z, ceiling_z = (
        np.broadcast_to(wall_z, pixels.shape[1:]),
        np.broadcast_to(ceiling_z, pixels.shape[1:]),
    )
    z = np.minimum(wall_z, ceiling_z)
    # Antialiased edges: compare distances in units of their change per pixel, about z/f relative.
    is_wall = _step((ceiling_z - wall_z) / (0.5 * (ceiling_z + wall_z)), view)
    shell = _step((tunnel.exit_z - z) / tunnel.exit_z, view) * _step((floor_z - z) / z, view)

    u0, v0 = layout.texture
    height = view.camera_height_m + dy * z
    across = dx * z
    fade = np.clip(1.5 - z / (0.12 * view.fx), 0.0, 1.0)
    girth = height + across  # both walls and the ceiling unrolled
    soot = sample(noise_tile(True), u0 + z * 11.0, v0 + girth * 4.0)
    grain = sample(noise_tile(), u0 + z * 16.0, v0 + girth * 5.0) * fade
    panel = (np.mod(z, 6.0) < 0.06 + z * z / (view.fx * 4.0)) * np.clip(0.6 * 6.0 * view.fx / (z * z), 0.0, 0.25)
    dado = np.clip((height - 0.9) / 0.15, 0.0, 1.0)
    wall = tunnel.wall_albedo * (0.62 + 0.38 * dado) * (1.0 + 0.10 * soot + 0.07 * grain) * (1.0 - panel)
    ceiling = 0.16 * (1.0 + 0.10 * soot + 0.05 * grain)

    lux = tunnel.road_cd_m2 / 0.07
    # Between two luminaires the walls are darker; the ceiling only gets light thrown back by road and walls.
    ripple = 1.0 + 0.35 * np.cos((z + tunnel.lamp_phase_m) * (2 * np.pi / tunnel.lamp_period_m)) * np.clip(
        1.5 - z * z / (tunnel.lamp_period_m * view.fx), 0.0, 1.0
    )
    wall_lux = lux * 0.75 * ripple * (0.8 + 0.35 * np.exp(-(((height / tunnel.height_m) - 0.55) ** 2) / 0.08))
    lamps_only = is_wall * wall * wall_lux + (1.0 - is_wall) * ceiling * (lux * 0.35)
    daylight = np.asarray(lighting.tunnel_daylight(np.minimum(z, tunnel.exit_z - 0.01)), dtype=np.float32)
    inside = lighting.sky + lighting.sun * lighting.sun_height * 0.25
    albedo = is_wall * wall + (1.0 - is_wall) * ceiling * 0.5
    outdoors = 0.35 * daylight * albedo
    for plane, lamp, day in zip(pixels, lighting.street_tint / np.pi, inside / np.pi, strict=True):
        plane += shell * (np.float32(lamp) * lamps_only + np.float32(day) * outdoors - plane)


def lamps(tunnel: Tunnel, lighting: Lighting) -> list[Emitter]:
    """Return the luminaires under the ceiling, 1.2 m long and 0.25 m wide, facing down."""
    emitters = []
    level = lighting.street_tint * np.float32(tunnel.lamp_cd_m2)
    for row in tunnel.lamp_rows:
        first = tunnel.lamp_period_m - tunnel.lamp_phase_m % tunnel.lamp_period_m
        for z in np.arange(first, min(tunnel.exit_z, 260.0), tunnel.lamp_period_m):
            y = tunnel.height_m - 0.15
            a, b, near, far = row - 0.125, row + 0.125, float(z) + 1.5, float(z) + 2.7
            points = np.array(((a, y, near), (b, y, near), (b, y, far), (a, y, far)), dtype=np.float32)
            emitters.append(Emitter(points, 0.0, level, "tunnel"))
    return emitters


def _wall(dx: Array, offset: float, curvature: float) -> Array:
    """Return where the ray x = dx·z meets the wall x = offset + curvature·z²/2, first time ahead."""
    if abs(curvature) < 1e-7:
        return np.where(dx * offset > 1e-6, offset / np.where(np.abs(dx) > 1e-6, dx, 1e-6), _FAR_M).astype(np.float32)
    root = dx * dx - 2.0 * curvature * offset
    square = np.sqrt(np.maximum(root, 0.0))
    best = np.full_like(dx, _FAR_M)
    for sign in (-1.0, 1.0):
        z = (dx + sign * square) / curvature
        best = np.where((root >= 0) & (z > 1e-3), np.minimum(best, z), best)
    return np.asarray(best, dtype=np.float32)


def _step(relative: Array, view: View) -> Array:
    """Return a soft step over about one pixel for a relative difference of distances."""
    return np.clip(0.5 + relative * np.float32(0.08 * math.sqrt(view.fx * view.fy)), 0.0, 1.0)
