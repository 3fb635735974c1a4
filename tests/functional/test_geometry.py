"""The same params mean the same optics at every resolution and pixel shape."""

import cv2
import numpy as np
import pytest

import lightnoise as ln

EFFECTS = {
    "bloom": [ln.BloomParams(scatter=0.3, radius_deg=1.0)],
    "wide bloom": [ln.BloomParams(scatter=0.3, radius_deg=8.0, falloff=-2.4)],
    "mesopic": [ln.BloomParams(scatter=0.5, psf="spencer_mesopic")],
    "harvey": [ln.GlareParams(veil=0.1)],
    "cie": [ln.GlareParams(veil=0.05, veil_psf="cie")],
    "starburst": [ln.GlareParams(starburst=0.3, blades=5, rotation_deg=20.0)],
    "ghosts": [ln.GlareParams(ghosts=0.02)],
    "sun": [ln.GlareParams(veil=0.03, starburst=0.1, sun_azimuth_deg=12.0, sun_elevation_deg=6.0)],
    "sun outside": [ln.GlareParams(veil=0.05, starburst=0.1, sun_azimuth_deg=40.0, sun_elevation_deg=6.0)],
}


def street(height, width):
    """Lamps on dim ground; each lamp is a square of a 90th of the height."""
    light = np.full((height, width, 3), 0.02, np.float32)
    light[: height // 2] = 0.01
    side = height // 90
    for y, x, color in ((0.3, 0.2, (200, 150, 80)), (0.45, 0.6, (300, 300, 300)), (0.7, 0.85, (100, 20, 10))):
        light[
            int(y * 90) * side : int(y * 90 + 2) * side, int(x * 160) * width // 160 : int(x * 160 + 2) * width // 160
        ] = color
    return light


def area(light, size):
    return cv2.resize(light, size[::-1], interpolation=cv2.INTER_AREA)


def compare(one, other, median, worst):
    """Relative differences, a hundredth of the mean set as floor."""
    floor = 0.01 * other.mean()
    error = np.abs(one - other) / (other + floor)
    assert np.median(error) < median
    assert np.quantile(error, 0.99) < worst


@pytest.mark.parametrize("name", EFFECTS)
def test_half_the_resolution_gives_the_same_picture(name):
    """720p against 360p, both brought to 180p; most of a pixel's light is the scene's own only at the lamps."""
    large, small = (ln.chain_linear(street(h, w), EFFECTS[name]) for h, w in ((720, 1280), (360, 640)))
    compare(area(small, (180, 320)), area(large, (180, 320)), median=0.03, worst=0.2 if name == "ghosts" else 0.12)


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize(("size", "aspect"), [((360, 360), 16 / 9), ((240, 640), 2 / 3)], ids=["narrow", "low"])
def test_squashed_frames_give_the_squashed_picture(name, size, aspect):
    light = street(360, 640)
    whole = ln.chain_linear(light, EFFECTS[name])
    squashed = ln.chain_linear(area(light, size), EFFECTS[name], camera=ln.Camera(pixel_aspect=aspect))
    compare(area(squashed, (120, 180)), area(whole, (120, 180)), median=0.04, worst=0.15)


def test_a_narrower_view_makes_the_spread_larger_in_pixels():
    light = np.zeros((181, 321, 1), np.float32)
    light[90, 160] = 1.0
    radii = []
    for fov in (90.0, 45.0):
        out = ln.chain_linear(light, [ln.BloomParams(scatter=1.0, radius_deg=2.0)], camera=ln.Camera(fov_deg=fov))[
            ..., 0
        ]
        y, x = np.mgrid[:181, :321]
        order = np.argsort(np.hypot(y - 90, x - 160), axis=None)
        within = np.cumsum(out.ravel()[order])
        radii.append(np.hypot(y - 90, x - 160).ravel()[order][np.searchsorted(within, 0.5)])
    focal = [160.5 / np.tan(np.radians(0.5 * fov)) for fov in (90.0, 45.0)]
    np.testing.assert_allclose(radii, np.array(focal) * np.tan(np.radians(2.0)), rtol=0.1)
