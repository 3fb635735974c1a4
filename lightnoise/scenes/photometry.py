"""Luminances, intensities and illuminances of road scenes, each with its source.

Everything here was fixed from the sources named beside it, before any highlight recovery or severity was
tuned on the scenes. A comment that says "estimate" marks a number that no source gives; such numbers were set
by hand so that the scene looks right, never so that a method scores well.

Units are SI: cd/m² (luminance), cd (intensity), lx (illuminance), m, degrees where the name says so.

References
----------
.. [IES] IESNA Lighting Handbook, 9th ed. (2000), ch. 8, daylight availability, after Gillette, Pierpoint and
   Treado, J. Illum. Eng. Soc. 13 (1984) 323: direct sun 127.5 klx·exp(−c·m); sky A + B·sin(h)^C.
.. [KY] F. Kasten, A. T. Young, Appl. Opt. 28 (1989) 4735: relative air mass.
.. [R112] UN Regulation No. 112, headlamps with an asymmetrical passing beam, class B, table of section 6.2.
.. [R7] UN Regulation No. 7: position lamps 4–17 cd to the rear, stop lamps S1 60–185 cd.
.. [R87] UN Regulation No. 87: daytime running lamps 400–1200 cd.
.. [EN1436] EN 1436: road marking performance, classes of retroreflection R_L (dry R2 ≥ 100, R4 ≥ 200,
   R5 ≥ 300 mcd·m⁻²·lx⁻¹; wet RW2 ≥ 35).
.. [EN13201] EN 13201-2: road luminance classes M1 2.0, M2 1.5, M3 1.0, M4 0.75, M5 0.5, M6 0.3 cd/m²;
   glare class G4: at most 500, 100 and 10 cd/klm at 70°, 80° and 90° from the nadir.
.. [CIE144] CIE 144:2001, road surface class R3: mean luminance coefficient q0 = 0.07 cd·m⁻²·lx⁻¹.
.. [EN12368] EN 12368: signal heads, 200 or 300 mm, 200–800 cd on the axis.
.. [CIE88] CIE 88:2004, tunnels: interior zone 1–10 cd/m² by traffic and stopping distance; exit zone rises
   to 5 ×.
.. [ISO12232] ISO 12232:2019: saturation exposure H = 78/S lx·s; H = 0.65·L·t/N².
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Sun outside the atmosphere on a facing plane, lx [IES].
SUN_EXTRATERRESTRIAL_LX = 127_500.0
#: Solid angle of the sun's disc (radius 0.2665°), sr. At air mass 1 the luminance is then 1.5e9 cd/m².
SUN_SOLID_ANGLE_SR = 2.0 * math.pi * (1.0 - math.cos(math.radians(0.2665)))
#: Optical extinction c per air mass [IES]: clear 0.21; partly cloudy 0.80.
EXTINCTION_CLEAR = 0.21
#: Civil twilight's end, sun at −6°, horizontal illuminance 3.4 lx (Explanatory Supplement to the Astronomical
#: Almanac, table of twilight illuminance).
TWILIGHT_END_LX = 3.4

#: Diffuse albedo of materials. Asphalt worn 0.10–0.15, new 0.05; concrete 0.25–0.35; grass 0.1–0.2 (T. R.
#: Oke, Boundary Layer Climates, table 1.1: asphalt 0.05–0.20, concrete 0.10–0.35, grass 0.16–0.26 over the
#: solar spectrum; grass reflects about 0.08 of visible light).
ALBEDO_ASPHALT = (0.075, 0.15)
ALBEDO_CONCRETE = (0.22, 0.30)
ALBEDO_GRASS = 0.09
#: White marking: luminance factor β ≥ 0.40 (B3) to 0.60 (B5); yellow ≥ 0.20 (B1) to 0.40 (B3) [EN1436].
ALBEDO_WHITE_MARKING = 0.55
ALBEDO_YELLOW_MARKING = 0.33

#: Luminance per vertical illuminance by the car's own headlamps, cd·m⁻²·lx⁻¹: markings [EN1436];
#: road and verge are estimates (dry asphalt is usually put at 5–30 mcd·m⁻²·lx⁻¹).
RETRO_MARKING = 0.20
RETRO_MARKING_WET = 0.045
RETRO_ROAD = 0.015
RETRO_ROAD_WET = 0.004
RETRO_VERGE = 0.018

#: Luminance coefficient of road surfaces under street lighting [CIE144].
Q0_ROAD = 0.07
#: Flux of one street luminaire, klm (LED and sodium, 100–150 W), and its glowing area, m²: estimates, chosen
#: so that roads come out in classes M5 to M1 [EN13201].
STREET_FLUX_KLM = (8.0, 16.0)
STREET_AREA_M2 = 0.05

#: Passing beam towards oncoming eyes: B50L ≤ 350 cd, zone III ≤ 625 cd [R112]. In traffic, pitch, load and
#: dirt lift the cut-off now and then, hence the wider upper end (estimate).
ONCOMING_CD = (250.0, 2500.0)
HEADLAMP_RADIUS_M = 0.075
#: Lamps to the rear and front [R7], [R87], and signals [EN12368].
TAIL_CD = (4.0, 12.0)
STOP_CD = (60.0, 185.0)
RUNNING_CD = (400.0, 900.0)
SIGNAL_CD = (200.0, 500.0)
SIGNAL_RADIUS_M = 0.10

#: Tunnel: road luminance of the interior zone [CIE88]; luminance of the luminaires, estimate.
TUNNEL_ROAD_CD_M2 = (3.0, 8.0)
TUNNEL_LUMINAIRE_CD_M2 = (6e3, 2.5e4)

#: Night sky over a city, 0.002–0.1 cd/m² (P. Cinzano et al., MNRAS 328 (2001) 689: natural 2.5e-4; bright
#: inner cities are some hundred times that), near the horizon several times more (estimate).
CITY_SKY_CD_M2 = (0.004, 0.06)
#: Rooms behind windows at night (curtains, 50 lx) and shop fronts (500 lx on goods of albedo 0.2): the
#: brightest, cd/m², estimates.
WINDOW_CD_M2 = 6.0
SHOP_CD_M2 = 30.0

#: Colours of light, linear sRGB before scaling to unit luminance. Planckian colours at 2000, 3200, 4000
#: and 5700 K after a camera's partial white balance: estimates.
COLOURS = {
    "sun": (1.0, 0.96, 0.88),
    "low_sun": (1.0, 0.66, 0.32),
    "sky": (0.62, 0.78, 1.0),
    "sodium": (1.0, 0.55, 0.13),
    "led": (1.0, 0.92, 0.78),
    "halogen": (1.0, 0.82, 0.55),
    "xenon": (0.92, 0.97, 1.0),
    "red": (1.0, 0.004, 0.003),
    "amber": (1.0, 0.42, 0.02),
    "green": (0.05, 1.0, 0.55),
    "neutral": (1.0, 1.0, 1.0),
}

#: Mid-grey of automatic exposure: 18 % of white.
METER_KEY = 0.18


def unit_luminance(colour: tuple[float, float, float] | Array) -> Array:
    """Return a linear RGB colour scaled so that its luminance (ITU-R BT.709) is 1."""
    rgb = np.asarray(colour, dtype=np.float32)
    return (rgb / float(rgb @ np.array((0.2126, 0.7152, 0.0722), dtype=np.float32))).astype(np.float32)


def tint(name: str) -> Array:
    """Return one of `COLOURS` at unit luminance, float32 (3,)."""
    return unit_luminance(COLOURS[name])


def air_mass(elevation_deg: float) -> float:
    """Return the relative air mass towards an elevation ≥ 0° ([KY], eq. 3)."""
    h = max(elevation_deg, 0.0)
    return 1.0 / (math.sin(math.radians(h)) + 0.50572 * (h + 6.07995) ** -1.6364)


def sun_lux(elevation_deg: float) -> float:
    """Return the direct sun on a facing plane, lx ([IES], clear); 0 once the disc has set."""
    if elevation_deg < -0.27:
        return 0.0
    return SUN_EXTRATERRESTRIAL_LX * math.exp(-EXTINCTION_CLEAR * air_mass(elevation_deg))


def sky_lux(elevation_deg: float, overcast: bool = False) -> float:
    """Return the sky's light on a horizontal plane, lx.

    [IES] by day: clear 800 + 15 500·sin(h)^½, overcast 300 + 21 000·sin(h). Below the horizon, log-linear
    between that value at 0° and `TWILIGHT_END_LX` at −6°.
    """
    at_zero = 300.0 if overcast else 800.0
    if elevation_deg <= 0.0:
        return float(at_zero * (TWILIGHT_END_LX / at_zero) ** (-elevation_deg / 6.0))
    sine = math.sin(math.radians(elevation_deg))
    return at_zero + (21_000.0 * sine if overcast else 15_500.0 * math.sqrt(sine))


def low_beam_cd(azimuth_deg: Array, elevation_deg: Array) -> Array:
    """Return the intensity of one passing-beam headlamp for right-hand traffic, cd.

    Parameters
    ----------
    azimuth_deg, elevation_deg : ndarray of float32
        Direction from the lamp, right and up positive.

    Returns
    -------
    ndarray of float32

    Notes
    -----
    A smooth stand-in within [R112] class B: B50L (0.57° up, 3.43° left) ≤ 350 cd; 75R (0.57° down,
    1.15° right) ≥ 10 100 cd; 50R (0.86° down, 1.72° right) ≥ 10 100 cd; 25L/25R (1.72° down, 9° aside) ≥ 1
    700 cd. The cut-off lies 0.57° below the horizon on the left and climbs at 15° on the right.
    """
    azimuth = np.asarray(azimuth_deg, dtype=np.float32)
    elevation = np.asarray(elevation_deg, dtype=np.float32)
    cutoff = -0.57 + math.tan(math.radians(15.0)) * np.minimum(np.maximum(azimuth + 0.6, 0.0), 4.0)
    below = 1.0 / (1.0 + np.exp(np.minimum((elevation - cutoff) / 0.12, 30.0)))
    drop = np.maximum(cutoff - elevation, 0.0)
    core = 17_000.0 * np.exp(-(((azimuth - 0.5) / 6.0) ** 2) - drop / 2.2)
    spread = 4_500.0 * np.exp(-((azimuth / 24.0) ** 2) - drop / 7.0)
    stray = 250.0 * np.exp(-((azimuth / 25.0) ** 2))
    return np.asarray(stray + below * (core + spread), dtype=np.float32)


def street_cd_per_klm(nadir_deg: float) -> float:
    """Return a street luminaire's intensity towards an angle from its nadir, cd/klm.

    Half the ceilings of glare class G4 [EN13201]: about 250 at 70°, 50 at 80°, 5 at 90°, log-linear
    between.
    """
    return float(np.exp(np.interp(nadir_deg, [0.0, 60.0, 70.0, 80.0, 90.0], np.log([180.0, 300.0, 250.0, 50.0, 5.0]))))


def saturation_cd_m2(f_number: float, seconds: float, iso: float) -> float:
    """Return the luminance that saturates a camera, cd/m² [ISO12232]: 78·N²/(0.65·S·t)."""
    return 78.0 * f_number**2 / (0.65 * iso * seconds)
