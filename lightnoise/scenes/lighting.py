"""How much light falls on what: sun, sky, street lamps and the car's own headlamps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.layout import Layout

Array = NDArray[Any]

_HEADLAMP_HEIGHT_M = 0.65
#: Light of the road and its surroundings thrown back up, share of the horizontal illuminance: an estimate.
_BOUNCE = 0.12
#: Vertical over horizontal illuminance beside a lit street: an estimate (EN 13201-2 asks for 0.5 on
#: footways).
_ON_WALLS = 0.3
#: Retroreflection of signs, class RA1 white, cd·lx⁻¹·m⁻² (EN 12899-1, table 9).
_SIGN_RETRO = 50.0


class Lighting:
    """Illuminance in lx (RGB at the light's colour) anywhere in a layout."""

    def __init__(self, layout: Layout) -> None:
        light = layout.light
        elevation, azimuth = math.radians(light.sun_elevation_deg), math.radians(light.sun_azimuth_deg)
        self.layout = layout
        self._beam: dict[tuple[float, float, float], float] = {}  # faces of one object share their place
        self.sun_direction = np.array(
            (
                math.sin(azimuth) * math.cos(elevation),
                math.sin(elevation),
                math.cos(azimuth) * math.cos(elevation),
            ),
            dtype=np.float32,
        )
        low = float(np.clip((18.0 - light.sun_elevation_deg) / 18.0, 0.0, 1.0))
        self.sun = pm.unit_luminance((1 - low) * pm.tint("sun") + low * pm.tint("low_sun")) * np.float32(light.sun_lux)
        blue = pm.unit_luminance(pm.tint("sky") + 0.9 * pm.tint("neutral"))
        self.sky = (pm.tint("neutral") if light.overcast else blue) * np.float32(light.sky_lux)
        self.street_tint = pm.tint(light.street_colour)
        self.ambient = self.street_tint * np.float32(light.ambient_lux)
        self.head_tint = pm.tint(light.headlamp_colour)
        self._lamps = np.array(
            [(lamp.s, lamp.z, lamp.height_m**2, lamp.flux_klm) for lamp in layout.street_lamps],
            dtype=np.float32,
        ).reshape(-1, 4)
        if layout.tunnel is not None:
            tunnel = layout.tunnel
            self.street_tint = pm.tint(tunnel.colour)
            self.ambient = self.street_tint * np.float32(0.8 * tunnel.road_cd_m2 / pm.Q0_ROAD)
        self._haze = self._air()

    @property
    def sun_height(self) -> float:
        """Sine of the sun's elevation, 0 below the horizon."""
        return max(float(self.sun_direction[1]), 0.0)

    def haze(self) -> Array:
        """Return the luminance of the air far away, cd/m²."""
        return self._haze

    def _air(self) -> Array:
        if self.layout.tunnel is not None:
            return self.ambient * np.float32(0.02)
        horizon = self.sky + 0.12 * self.sun * self.sun_height
        return np.asarray(horizon / np.pi * 1.1 + self.street_tint * self.layout.light.city_glow, dtype=np.float32)

    def on(self, normal: tuple[float, float, float], at: Array, lit: float = 1.0) -> Array:
        """Return the illuminance of a face with this outward normal at the point (s, y, z), shape (3,).

        ``lit`` is the share of the face that the sun reaches.
        """
        n = np.array(normal, dtype=np.float32)
        up = float(n[1])
        daylight_in = self.tunnel_daylight(float(at[2]))
        total = self.sky * (0.5 + 0.5 * up) * daylight_in
        total = total + self.sun * max(float(n @ self.sun_direction), 0.0) * lit * daylight_in
        total = total + (self.sky + self.sun * self.sun_height) * (_BOUNCE * (0.5 - 0.5 * up)) * daylight_in
        total = total + self.ambient * (0.7 + 0.3 * up) * (1.0 - daylight_in if self.layout.tunnel else 1.0)
        if self.layout.light.headlamps:
            total = total + self.head_tint * self._headlamp_lux(at, n)
        if self.layout.street_lamps and self.layout.light.sky_lux < 30.0:
            total = total + self.street_tint * (_ON_WALLS * self.street_lux(at[0], at[2]))
        return np.asarray(total, dtype=np.float32)

    def shade(
        self,
        albedo: tuple[float, float, float] | Array,
        normal: tuple[float, float, float],
        at: Array,
        lit: float = 1.0,
    ) -> Array:
        """Return a matt face's radiance, cd/m² as RGB, with the haze before it."""
        radiance = np.asarray(albedo, dtype=np.float32) * self.on(normal, at, lit) / np.float32(np.pi)
        return self.through_air(radiance, float(at[2]))

    def retro(self, at: Array, albedo: Array) -> Array:
        """Return what a retroreflecting sign sends back to the car's headlamps, cd/m² as RGB."""
        if not self.layout.light.headlamps:
            return np.zeros_like(albedo)
        lux = self._headlamp_lux(at, np.array((0.0, 0.0, -1.0), dtype=np.float32))
        return np.asarray(albedo * self.head_tint * np.float32(_SIGN_RETRO * lux / 0.65), dtype=np.float32)

    def through_air(self, radiance: Array, z: float) -> Array:
        """Return radiance as seen through z metres of hazy air (Koschmieder's law)."""
        clear = np.float32(math.exp(-self.layout.light.haze_per_m * max(z, 0.0)))
        return np.asarray(radiance * clear + self.haze() * (1 - clear), dtype=np.float32)

    def tunnel_daylight(self, z: float | Array) -> float:
        """Return the share of the outdoor light that reaches z: 1 outside, falling quickly into a tunnel."""
        tunnel = self.layout.tunnel
        if tunnel is None:
            return 1.0
        inside = np.maximum(tunnel.exit_z - np.asarray(z, dtype=np.float32), 0.0)
        # Form factor of the portal seen from the floor, about (H/2d)² far in; saturates at the mouth.
        share = np.where(inside > 0, 0.5 / (1.0 + (inside / (0.5 * tunnel.height_m)) ** 2) ** 1.25, 1.0)
        return share if share.ndim else float(share)  # type: ignore[return-value]

    def street_lux(self, s: Array | float, z: Array | float) -> Array:
        """Return the horizontal illuminance of all street lamps at ground points (s, z), lx.

        195 cd/klm straight down with a batwing that lifts the sides: constant intensity up to 60°, then
        falling.
        """
        s, z = np.asarray(s, dtype=np.float32), np.asarray(z, dtype=np.float32)
        if s.ndim == 0 and z.ndim == 0:
            return self._pools(s - self._lamps[:, 0], z - self._lamps[:, 1], self._lamps[:, 2], self._lamps[:, 3]).sum()
        lux = np.zeros(np.broadcast(s, z).shape, dtype=np.float32)
        for lamp_s, lamp_z, square, flux in self._lamps:
            lux += self._pools(s - lamp_s, z - lamp_z, square, flux)
        return lux

    @staticmethod
    def _pools(ds: Array, dz: Array, square: Array, flux: Array) -> Array:
        cosine2 = square / (square + ds * ds + dz * dz)
        return np.asarray((195.0 * flux / square) * cosine2 * np.sqrt(cosine2) * np.minimum(1.0, 5.0 * cosine2))

    def headlamp_normal_lux(self, x: Array, y: Array | float, z: Array) -> Array:
        """Return the light of both own headlamps on a plane facing them at camera-frame points, lx."""
        d2 = x * x + z * z
        azimuth = np.degrees(np.arctan2(x, z))
        elevation = np.degrees(np.arctan2(y - _HEADLAMP_HEIGHT_M, np.sqrt(d2)))
        return np.asarray(2.0 * pm.low_beam_cd(azimuth, elevation) / np.maximum(d2, 4.0), dtype=np.float32)

    def _headlamp_lux(self, at: Array, normal: Array) -> float:
        x, y, z = (float(v) for v in at)
        facing = -(normal[0] * x + normal[2] * z) / max(math.hypot(x, z), 1e-3)
        if facing <= 0.0:
            return 0.0
        if (x, y, z) not in self._beam:
            self._beam[x, y, z] = float(self.headlamp_normal_lux(np.array(x), y, np.array(z)))
        return float(facing * self._beam[x, y, z])
