"""The road and the land beside it, per pixel: materials filtered by their footprint, then lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.layout import Layout, Line
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.textures import noise_tile, sample
from lightnoise.scenes.view import View

Array = NDArray[Any]

_GRASS = (0.80, 1.08, 0.42)
_WHITE = (1.0, 1.0, 0.97)
_YELLOW = (1.35, 1.0, 0.22)
_COARSE = 8


@dataclass(frozen=True)
class Ground:
    """All pixels below the horizon, from row ``top``: road coordinates and footprints."""

    top: int
    z: Array
    z_near: Array
    z_far: Array
    s: Array
    pixel_m: Array
    s_px: Array

    @classmethod
    def of(cls, view: View) -> Ground:
        """Intersect the rows below the horizon with the ground."""
        top = int(np.clip(np.ceil(view.horizon - 0.25), 0, view.height - 1))
        rows = np.arange(top, view.height, dtype=np.float32)[:, None]
        z = view.row_distance(np.maximum(rows + 0.5, view.horizon + 0.25))
        z_far = view.row_distance(np.maximum(rows, view.horizon + 0.1))
        z_near = view.row_distance(rows + 1.0)
        columns = np.arange(view.width, dtype=np.float32) + 0.5 - 0.5 * view.width
        pixel_m = z / np.float32(view.fx)
        s = columns * pixel_m - view.bend(z)
        return cls(top, z, z_near, z_far, s, pixel_m, s / pixel_m)

    def band(self, low: float, high: float) -> Array:
        """Return the share of each pixel between two road offsets (exact box filter across the road)."""
        a, b = low / self.pixel_m, high / self.pixel_m
        share = np.minimum(self.s_px, b - 0.5)
        share -= np.maximum(self.s_px, a + 0.5)
        share += 1.0
        return np.maximum(np.minimum(share, np.minimum(b - a, 1.0), out=share), 0.0, out=share)

    def rows_between(self, near: float, far: float) -> Array:
        """Return the share of each row between two distances, shape (h, 1)."""
        inside = np.minimum(self.z_far, far) - np.maximum(self.z_near, near)
        return np.clip(inside / (self.z_far - self.z_near), 0.0, 1.0)

    def dashes(self, mark: float, period: float, phase: float) -> Array:
        """Return the painted share of each row of a dashed line (exact box filter along the road)."""

        def painted(z: Array) -> Array:
            turns = np.floor((z + phase) / period)
            return np.asarray(turns * mark + np.minimum(z + phase - turns * period, mark))

        return (painted(self.z_far) - painted(self.z_near)) / (self.z_far - self.z_near)


@dataclass(frozen=True)
class Surface:
    """The ground's diffuse albedo (3, h, w), and its retroreflection, paved share and film of water (h,
    w)."""

    albedo: Array
    retro: Array
    paved: Array
    film: Array


def surface(layout: Layout, ground: Ground) -> Surface:
    """Return the ground's materials, antialiased."""
    road = layout.road
    u0, v0 = layout.texture
    wet = road.wetness > 0
    grain = _grain(ground, u0, v0)
    broad = sample(noise_tile(True), u0 + ground.s * 7.0, v0 + ground.z * 2.2)
    paved = ground.band(road.left - road.shoulder_left, road.right + road.shoulder_right)
    if road.opposite is not None:
        paved = np.maximum(paved, ground.band(*road.opposite))
    lanes = ground.band(road.left, road.right)

    # Tyres polish two tracks per lane; oil darkens the middle of a concrete one.
    width = road.lanes[1] - road.lanes[0] if len(road.lanes) > 1 else 2.0 * (road.right - road.lanes[0])
    turn = np.cos((ground.s - road.lanes[0]) * np.float32(2.0 * np.pi / width))
    sharp = np.clip(1.0 - 1.5 * ground.pixel_m, 0.0, 1.0)
    if road.concrete:
        tracks = -0.16 * np.clip(turn, 0.0, 1.0) ** 2 * (1.0 + 0.5 * broad)
    else:
        tracks = -0.09 * (2.0 * turn * turn - 1.0) * (1.0 + 0.3 * broad)
    tone = 1.0 + 0.75 * grain + 0.055 * broad + lanes * sharp * tracks - 0.12 * (paved - lanes)
    for s, z, w, length, change in road.patches:
        share = ground.rows_between(z, z + length)
        rows = np.flatnonzero(share[:, 0])
        if len(rows):
            window = slice(int(rows[0]), int(rows[-1]) + 1)
            tone[window] += change * share[window] * ground.band(s, s + w)[window]
    if road.concrete:
        joints = ground.dashes(0.03, 4.6, 1.0)
        seams = sum(ground.band(line.s - 0.28, line.s - 0.24) for line in road.lines)
        tone *= 1.0 - 0.6 * np.clip(joints * lanes + seams, 0.0, 1.0)
    else:
        for s, z, w, _, change in road.patches[:3]:  # tar over cracks, wandering along the road
            row = noise_tile()[int(abs(change) * 1000) % 512]
            knots = np.arange(512, dtype=np.float32)
            wander = 0.07 * np.interp(ground.z * 5.0 % 512, knots, row) + 0.25 * np.interp(ground.z % 512, knots, row)
            wander = wander.astype(np.float32)
            distance = np.abs(ground.s - s - wander) / ground.pixel_m
            line = np.clip(0.5 + (0.012 + 0.008 * w) / ground.pixel_m - distance, 0.0, 1.0)
            tone *= 1.0 - 0.4 * line * np.minimum(1.0, 0.05 / ground.pixel_m) * lanes * ground.rows_between(z, z + 9.0)

    warm = np.array((1.04, 1.0, 0.92) if road.concrete else (1.0, 1.0, 1.0), dtype=np.float32)
    road_albedo = road.albedo * np.maximum(tone, 0.2)
    verge = (0.20 if road.walkway else pm.ALBEDO_GRASS) * np.maximum(1.0 + 1.6 * grain + 0.16 * broad, 0.25)
    verge_tint = np.array((1.04, 1.0, 0.93) if road.walkway else _GRASS, dtype=np.float32)
    road_albedo *= paved
    verge *= 1.0 - paved
    albedo = np.stack([a * road_albedo + b * verge for a, b in zip(warm, verge_tint, strict=True)])
    retro = (pm.RETRO_ROAD_WET if wet else pm.RETRO_ROAD) * (paved * tone)
    retro += pm.RETRO_VERGE * (1.0 - paved) * (1.0 + 1.5 * grain)
    for line in road.lines:
        paint = _paint(line, ground, broad, grain)
        colour = np.array(_YELLOW if line.yellow else _WHITE, dtype=np.float32)
        level = pm.ALBEDO_YELLOW_MARKING if line.yellow else pm.ALBEDO_WHITE_MARKING
        columns = np.flatnonzero(paint.any(axis=0))
        if len(columns) == 0:
            continue
        window = slice(int(columns[0]), int(columns[-1]) + 1)
        share = paint[:, window]
        albedo[:, :, window] += share * ((level * colour)[:, None, None] - albedo[:, :, window])
        glass = (pm.RETRO_MARKING_WET if wet else pm.RETRO_MARKING) * (0.6 if line.yellow else 1.0)
        retro[:, window] += share * (glass - retro[:, window])
    film = paved * np.clip(road.wetness * (0.75 + 0.3 * broad + 0.8 * grain), 0.0, 1.0) if wet else paved * 0.0
    return Surface(albedo, retro, paved, film)


def lit(surface: Surface, ground: Ground, view: View, lighting: Lighting, sun: Array, contact: Array) -> Array:
    """Return the ground's radiance, cd/m², shape (3, h, w).

    Parameters
    ----------
    surface, ground, view, lighting
        What, where, seen from where, and under which light.
    sun : ndarray of float32, shape (h, w)
        Share of the sun that reaches the ground: 0 in cast shadows.
    contact : ndarray of float32, shape (h, w)
        Share of all other light: low under cars.
    """
    layout, light = lighting.layout, lighting.layout.light
    daylight = np.asarray(lighting.tunnel_daylight(ground.z), dtype=np.float32)
    lux = _planes(lighting.sky) * (daylight * contact / np.float32(np.pi))
    if light.sun_lux > 0:
        outside = daylight if layout.tunnel is None else (daylight >= 1.0)
        lux += _planes(lighting.sun) * (np.float32(lighting.sun_height / np.pi) * outside * sun * contact)
    coarse = (slice(None), slice(None, None, _COARSE))
    lamp = np.zeros((ground.z.shape[0], (ground.s.shape[1] + _COARSE - 1) // _COARSE, 3), dtype=np.float32)
    lamp += lighting.ambient * ((1.0 - daylight)[..., None] if layout.tunnel is not None else np.float32(1.0))
    if layout.street_lamps and light.sky_lux < 30.0:
        lamp += lighting.street_lux(ground.s[coarse], ground.z)[..., None] * lighting.street_tint
    if lamp.any():
        # Lamps shine along the road at glancing angles, where asphalt is brighter than its albedo says.
        glancing = 1.0 + np.float32(np.pi * pm.Q0_ROAD / 0.11 - 1.0) * surface.paved
        lux += _fine(lamp, ground.s.shape).transpose(2, 0, 1) * (glancing * contact / np.float32(np.pi))
    radiance = surface.albedo * lux
    if light.headlamps:
        x = ground.s[coarse] + view.bend(ground.z)
        beam = _fine(lighting.headlamp_normal_lux(x, 0.0, ground.z), ground.s.shape) * surface.retro
        beam *= 3.0 / np.maximum(surface.albedo.sum(axis=0), 1e-4)
        radiance += _planes(lighting.head_tint) * (surface.albedo * beam)
    clear = np.exp(-light.haze_per_m * ground.z)
    radiance *= clear
    radiance += _planes(lighting.haze()) * (1.0 - clear)
    return np.asarray(radiance, dtype=np.float32)


def _planes(colour: Array) -> Array:
    return colour[:, None, None]


def _fine(coarse: Array, shape: tuple[int, ...]) -> Array:
    """Stretch every `_COARSE`-th column back to all of them, each at its own place."""
    columns = np.arange(shape[1], dtype=np.float32) / _COARSE
    rows = np.arange(shape[0], dtype=np.float32)
    u, v = np.meshgrid(columns, rows)
    return np.asarray(cv2.remap(coarse, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _grain(ground: Ground, u0: float, v0: float) -> Array:
    """Return stones and stains: octaves of noise, each faded out where a pixel's footprint outgrows it."""
    grain = np.zeros_like(ground.s)
    depth = ground.z_far - ground.z_near
    for k, (period, strength) in enumerate(((0.03, 0.11), (0.11, 0.10), (0.45, 0.07), (1.9, 0.05))):
        stretch = 3.0 if k > 1 else 1.5
        footprint = np.maximum(ground.pixel_m, depth / stretch) / period
        weight = strength * np.clip(1.25 - footprint, 0.0, 1.0)
        first = int(np.argmax(weight[:, 0] > 0)) if (weight > 0).any() else len(weight)
        if first < len(weight):
            texels = 4.0 / period
            u = u0 + 37.0 * k + ground.s[first:] * np.float32(texels)
            v = v0 + 91.0 * k + ground.z[first:] * np.float32(texels / stretch)
            grain[first:] += weight[first:] * sample(noise_tile(), u, v)
    return grain


def _paint(line: Line, ground: Ground, broad: Array, grain: Array) -> Array:
    share = ground.band(line.s - 0.5 * line.width_m, line.s + 0.5 * line.width_m)
    if line.dash_m is not None:
        share = share * ground.dashes(line.dash_m[0], line.dash_m[1], line.phase_m)
    worn = np.clip(1.0 - line.wear * (0.75 + 0.5 * broad - 4.0 * grain), 0.25, 1.0)
    return np.asarray(share * worn)
