"""Photometry against the limits and tables it cites."""

from __future__ import annotations

import numpy as np
import pytest

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.layout import draw_layout
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.sky import _CLEAR, _OVERCAST, luminance


# UN Regulation No. 112, class B, right-hand traffic: (azimuth, elevation, least cd, most cd).
@pytest.mark.parametrize(
    ("point", "azimuth", "elevation", "least", "most"),
    [
        ("B50L", -3.43, 0.57, 0, 350),
        ("75R", 1.15, -0.57, 10_100, 44_100),
        ("75L", -3.43, -0.57, 0, 10_600),
        ("50L", -3.43, -0.86, 0, 13_200),
        ("50R", 1.72, -0.86, 10_100, 44_100),
        ("50V", 0.0, -0.86, 5_100, 44_100),
        ("25L", -9.0, -1.72, 1_700, 44_100),
        ("25R", 9.0, -1.72, 1_700, 44_100),
        ("zone III", -6.0, 1.5, 0, 625),
    ],
)
def test_low_beam_keeps_regulation_112(point, azimuth, elevation, least, most):
    intensity = float(pm.low_beam_cd(np.array(azimuth), np.array(elevation)))
    assert least <= intensity <= most, point


def test_air_mass_is_one_overhead_and_38_at_the_horizon():
    assert pm.air_mass(90.0) == pytest.approx(1.0, abs=1e-3)
    assert pm.air_mass(0.0) == pytest.approx(38.0, abs=0.3)  # Kasten and Young, table
    assert pm.air_mass(30.0) == pytest.approx(1.995, abs=5e-3)


def test_sun_has_the_known_luminance():
    assert pm.sun_lux(90.0) / pm.SUN_SOLID_ANGLE_SR == pytest.approx(1.6e9, rel=0.1)
    assert pm.sun_lux(-1.0) == 0.0


def test_sky_light_is_continuous_and_rises_with_the_sun():
    heights = np.linspace(-6.0, 90.0, 961)
    for overcast in (False, True):
        lux = np.array([pm.sky_lux(h, overcast) for h in heights])
        assert (np.diff(lux) > 0).all()
        assert lux[0] == pytest.approx(pm.TWILIGHT_END_LX)
        below, above = pm.sky_lux(-1e-9, overcast), pm.sky_lux(1e-9, overcast)
        assert above == pytest.approx(below, rel=1e-3)


@pytest.mark.parametrize("parameters", [_CLEAR, _OVERCAST])
def test_sky_adds_up_to_its_illuminance(parameters):
    lighting = Lighting(draw_layout("day", np.random.default_rng(3)))
    rng = np.random.default_rng(0)
    up = rng.uniform(0, 1, 200_000)  # uniform on the dome
    around = rng.uniform(0, 2 * np.pi, up.size)
    level = np.sqrt(1 - up**2)
    sun = lighting.sun_direction
    cosine = level * np.sin(around) * sun[0] + up * sun[1] + level * np.cos(around) * sun[2]
    sky = luminance(up, np.arccos(np.clip(cosine, -1, 1)), lighting, parameters)
    assert 2 * np.pi * (sky * up).mean() == pytest.approx(lighting.layout.light.sky_lux, rel=0.02)


def test_lit_streets_have_the_luminance_of_their_classes():
    """EN 13201-2: mean road luminance between classes M6 (0.3) and M1 (2.0), for most drawn streets."""
    means = []
    for seed in range(40):
        layout = draw_layout("night", np.random.default_rng(seed))
        if layout.street_lamps:
            s, z = np.meshgrid(np.linspace(layout.road.left, layout.road.right, 15), np.linspace(30, 110, 81))
            means.append(pm.Q0_ROAD * Lighting(layout).street_lux(s, z).mean())
    assert 0.3 < np.median(means) < 2.0
    assert np.mean([0.2 < mean < 3.0 for mean in means]) > 0.9


def test_saturation_follows_iso_12232():
    assert pm.saturation_cd_m2(2.0, 1 / 30, 1600) == pytest.approx(78 * 4 * 30 / (0.65 * 1600))


@pytest.mark.parametrize("name", list(pm.COLOURS))
def test_tints_have_unit_luminance(name):
    assert float(pm.tint(name) @ np.array((0.2126, 0.7152, 0.0722))) == pytest.approx(1.0, abs=1e-5)


def test_tunnel_daylight_falls_inwards():
    lighting = Lighting(draw_layout("tunnel", np.random.default_rng(0)))
    exit_z = lighting.layout.tunnel.exit_z
    share = lighting.tunnel_daylight(np.array([1.0, exit_z - 20, exit_z - 1, exit_z + 1], dtype=np.float32))
    assert (np.diff(share) > 0).all()
    assert share[-1] == 1.0
