"""The sky: gradient, glow around the sun, clouds; at night the glow of a city.

References
----------
ISO 15469:2004 / CIE S 011:2003, Spatial distribution of daylight: sky type 12 (standard clear sky) and type 1
(standard overcast sky), relative luminance f(χ)·φ(Z) with the parameters a to e of table 1.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.textures import noise_tile, sample
from lightnoise.scenes.view import View

Array = NDArray[Any]

#: Parameters (a, b, c, d, e) of ISO 15469, table 1.
_CLEAR = (-1.0, -0.32, 10.0, -3.0, 0.45)
_OVERCAST = (4.0, -0.70, 0.0, -1.0, 0.0)
#: Colours of the sky, linear RGB before scaling: estimates.
_DAY_ZENITH = (0.22, 0.42, 0.95)
_DAY_HORIZON = (0.78, 0.90, 1.0)
_DUSK_ZENITH = (0.24, 0.36, 0.78)
_DUSK_AWAY = (0.66, 0.67, 0.80)
_DUSK_GLOW = (1.0, 0.52, 0.20)
#: Luminance of a bright cloud is (cloud albedo share of the sun + sky)/π: an estimate.
_CLOUD_SUN = 0.28


def render_sky(view: View, lighting: Lighting, rows: int, *, clouds: bool = True) -> Array:
    """Return the radiance of the top ``rows`` rows, cd/m², shape (3, rows, W); the sun's disc is a lamp.

    By day the distribution is ISO 15469's, scaled so that the whole sky gives the illuminance of
    `photometry`; the colours of dusk and the shapes of clouds are estimates.
    """
    light = lighting.layout.light
    # The sky is smooth: half the resolution is enough.
    height, width = max((rows + 1) // 2, 1), max((view.width + 1) // 2, 1)
    dy = (view.horizon - (np.arange(height, dtype=np.float32)[:, None] * 2.0 + 1.0)) / view.fy
    dx = (np.arange(width, dtype=np.float32)[None, :] * 2.0 + 1.0 - 0.5 * view.width) / view.fx
    norm = np.sqrt(1.0 + dx * dx + dy * dy)
    sine = np.clip(dy / norm, 0.0, 1.0)
    if light.sky_lux < 1.0:
        sky = _night(sine, lighting)
    else:
        sun = lighting.sun_direction
        angle = np.arccos(np.clip((dx * sun[0] + dy * sun[1] + sun[2]) / norm, -1.0, 1.0))
        dusk = float(np.clip((7.0 - light.sun_elevation_deg) / 6.0, 0.0, 1.0))
        if light.overcast:
            sky = _planes((0.96, 1.0, 1.05)) * luminance(sine, angle, lighting, _OVERCAST)
        else:
            sky = _clear(sine, angle, lighting, dusk)
        if clouds:
            _add_clouds(sky, lighting, dx, dy, angle, dusk)
    return np.stack([cv2.resize(plane, (width * 2, height * 2))[:rows, : view.width] for plane in sky])


def luminance(sine: Array, angle: Array, lighting: Lighting, parameters: tuple[float, ...]) -> Array:
    """Return the sky's luminance, cd/m² (ISO 15469, eq. 1–3).

    Parameters
    ----------
    sine : ndarray of float32
        Sine of the elevation, [0, 1].
    angle : ndarray of float32
        Angle from the sun, rad.
    lighting : Lighting
        Gives the illuminance on the ground that the whole sky must add up to, and the sun's place.
    parameters : tuple of 5 float
        a, b, c, d, e.
    """
    a, b, c, d, e = parameters

    def relative(sine: Array, angle: Array) -> Array:
        gradation = 1.0 + a * np.exp(b / np.maximum(sine, 0.01))
        return np.asarray(
            gradation * (1.0 + c * (np.exp(d * angle) - np.exp(0.5 * np.pi * d)) + e * np.cos(angle) ** 2),
            dtype=np.float32,
        )

    # Illuminance of the relative sky on the ground, by a sum over the dome.
    up = ((np.arange(24, dtype=np.float32) + 0.5) / 24)[:, None]
    around = ((np.arange(48, dtype=np.float32) + 0.5) * (2 * np.pi / 48))[None, :]
    level = np.sqrt(1.0 - up * up)
    sun = lighting.sun_direction
    cosine = level * np.sin(around) * sun[0] + up * sun[1] + level * np.cos(around) * sun[2]
    dome = relative(up, np.arccos(np.clip(cosine, -1.0, 1.0)))
    total = float((dome * up).sum()) * 2 * np.pi / dome.size
    return relative(sine, angle) * np.float32(lighting.layout.light.sky_lux / total)


def _planes(colour: tuple[float, float, float]) -> Array:
    return pm.unit_luminance(colour)[:, None, None]


def _clear(sine: Array, angle: Array, lighting: Lighting, dusk: float) -> Array:
    low = np.exp(-sine * 4.4)
    # The aureole is white: it takes the place of the blue.
    white = np.clip(1.6 * np.exp(-angle / 0.24), 0.0, 1.0)
    blue = (1.0 - white) * (1.0 - low)
    day = np.asarray(_planes(_DAY_ZENITH) * blue + _planes(_DAY_HORIZON) * ((1.0 - white) * low) + white)
    day *= luminance(sine, angle, lighting, _CLEAR)
    if dusk == 0.0:
        return day
    mean = np.float32(lighting.layout.light.sky_lux / np.pi)
    glow = np.exp(-angle / 0.45 - sine * 3.2)
    band = np.exp(-sine * 6.0)
    sky = _planes(_DUSK_ZENITH) * (0.55 * (1 - band)) + _planes(_DUSK_AWAY) * (1.15 * band)
    sky = sky + _planes(_DUSK_GLOW) * (4.0 * glow) + _planes((1.0, 0.75, 0.42)) * (7.0 * np.exp(-angle / 0.09))
    return np.asarray((1 - dusk) * day + (dusk * mean) * sky, dtype=np.float32)


def _add_clouds(sky: Array, lighting: Lighting, dx: Array, dy: Array, angle: Array, dusk: float) -> None:
    """Lay a cloud deck, seen in perspective, over the sky in place."""
    layout = lighting.layout
    light = layout.light
    depth = 1.0 / (np.maximum(dy, 0.02) + 0.12)
    noise = sample(noise_tile(True), layout.texture[0] + 55.0 * dx * depth, layout.texture[1] + 75.0 * depth)
    if light.overcast:
        sky *= 1.0 + 0.13 * noise
        return
    mean = np.float32(light.sky_lux / np.pi)
    fade = np.clip(dy / 0.06, 0.0, 1.0)
    cover = 0.9 * np.clip((noise - 1.6 + 2.6 * layout.cloud_cover) * 1.1, 0.0, 1.0) * fade
    thick = np.clip(noise * 0.35 + 0.4, 0.0, 1.0)
    lit = (light.sun_lux * _CLOUD_SUN * (1.0 - 0.6 * dusk) + light.sky_lux) / np.pi
    bright = np.float32(lit) * (1.15 - 0.6 * thick) + mean * 2.5 * np.exp(-angle / 0.31)
    if dusk > 0:
        bright = bright * (1.0 - dusk * (0.45 - 0.8 * np.exp(-angle / 0.52)))
    colour = (1 - dusk) * pm.tint("neutral") + dusk * pm.unit_luminance((1.0, 0.70, 0.54))
    for plane, value in zip(sky, colour, strict=True):
        plane += cover * (bright * value - plane)


def _night(sine: Array, lighting: Lighting) -> Array:
    glow = lighting.layout.light.city_glow * (0.25 + 1.5 * np.exp(-sine * 6.4))
    colour = pm.unit_luminance(0.5 * lighting.street_tint + 0.5 * pm.tint("sky"))
    return np.asarray(colour[:, None, None] * glow, dtype=np.float32)
