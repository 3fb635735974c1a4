"""8-bit pictures of even size take a shorter way than others: the same picture within one shade."""

import numpy as np
import pytest

import lightnoise as ln
from lightnoise import scenes
from lightnoise.functional import codec

SIZE = (180, 320)
CASES = {
    "bloom": [ln.BloomParams(scatter=0.1, radius_deg=2.0)],
    "wide": [ln.BloomParams(scatter=0.6, radius_deg=15.0, falloff=-2.4)],
    "small": [ln.BloomParams(scatter=0.3, radius_deg=0.05)],
    "mesopic": [ln.BloomParams(scatter=0.3, psf="spencer_mesopic")],
    "harvey": [ln.GlareParams(veil=0.1)],
    "cie": [ln.GlareParams(veil=0.03, veil_psf="cie")],
    "starburst": [ln.GlareParams(starburst=0.4, blades=7, rotation_deg=5.0)],
    "ghosts": [ln.GlareParams(ghosts=0.01)],
    "sun": [ln.GlareParams(veil=0.03, starburst=0.1, sun_azimuth_deg=12.0, sun_elevation_deg=6.0)],
    "sun at the border": [ln.GlareParams(veil=0.03, sun_azimuth_deg=29.9, sun_elevation_deg=0.0)],
    "tone": [ln.BloomParams(scatter=0.1, radius_deg=2.0), ln.GammaParams(gamma=0.7, exposure_ev=1.5)],
    "dark": [ln.GlareParams(veil=0.05), ln.GammaParams(gamma=2.5, exposure_ev=-3.0)],
    "noise alone": [ln.GammaParams(exposure_ev=-2.0, gamma=1.1, shot=5e-3, read=1e-4, noise_seed=5)],
    "noise": [ln.BloomParams(scatter=0.1, radius_deg=2.0), ln.GammaParams(shot=5e-3, read=1e-4, noise_seed=77)],
}


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(3)
    found = {kind: scenes.render(kind, rng, size=SIZE).image for kind in ("night", "dusk")}
    corners = found["night"].copy()
    corners[:3, :3] = corners[-2:, -4:] = corners[0, 150] = corners[90, 0] = 255
    corners[-1, 200] = (255, 180, 90)
    grey = np.ascontiguousarray(found["night"][..., 1])
    return found | {"lamps at borders": corners, "grey": grey, "white": np.full((16, 24, 3), 255, np.uint8)}


def assert_within_rounding(out, fine):
    """Half a shade of rounding and what a step of stray light may add; on the mean, rounding alone (1/4)."""
    error = np.abs(out - fine)
    assert error.max() <= 0.5 + codec.WORD_ERROR + 0.01
    assert error.mean() < 0.28


@pytest.mark.parametrize("kind", ["dusk", "lamps at borders", "grey", "white"])
@pytest.mark.parametrize("gain", [1.0, 1000.0])
@pytest.mark.parametrize("name", CASES)
def test_both_ways_give_the_same_picture(name, gain, kind, pictures):
    """Against the same picture in 16 bits, and against the way that also makes the damage map."""
    image, params, camera = pictures[kind], CASES[name], ln.Camera(highlight_gain=gain)
    out = ln.chain(image, params, camera=camera)
    fine = ln.chain(image.astype(np.uint16) * np.uint16(257), params, camera=camera) / 257.0
    assert_within_rounding(out, fine)
    with_map, _ = ln.chain(image, params, camera=camera, return_damage=True)
    differing = out != with_map
    assert np.abs(out.astype(int) - with_map).max() <= 1
    assert differing.mean() < 0.1
    assert abs(out.mean() - with_map.mean()) < 0.02


@pytest.mark.parametrize("response", ["linear", "power:2.2", "scurve:0.5"])
def test_both_ways_agree_for_every_response(response, pictures):
    camera = ln.Camera(response=response)
    for name in ("tone", "dark", "noise", "noise alone"):
        out = ln.chain(pictures["night"], CASES[name], camera=camera)
        fine = ln.chain(pictures["night"].astype(np.uint16) * np.uint16(257), CASES[name], camera=camera) / 257.0
        assert_within_rounding(out, fine)


def test_both_ways_clip_at_the_full_well():
    """Noise on light between white and a deep full well stays above white in both."""
    image = np.repeat(np.tile(np.arange(100, 228, dtype=np.uint8), (64, 1))[..., None], 3, axis=2)
    params = [ln.BloomParams(scatter=0.1, radius_deg=10.0), ln.GammaParams(exposure_ev=2.0, shot=0.02, noise_seed=3)]
    camera = ln.Camera(full_well=8.0)
    out = ln.chain(image, params, camera=camera)
    fine = ln.chain(image.astype(np.uint16) * np.uint16(257), params, camera=camera) / 257.0
    assert_within_rounding(out, fine)


@pytest.mark.parametrize("size", [(8, 8), (8, 64), (10, 14), (34, 66), (2, 2), (7, 8), (9, 9)], ids=str)
@pytest.mark.parametrize("name", ["wide", "starburst", "sun", "noise"])
def test_both_ways_agree_at_every_size(name, size):
    image = np.random.default_rng(5).integers(0, 256, (*size, 3)).astype(np.uint8)
    out = ln.chain(image, CASES[name])
    fine = ln.chain(image.astype(np.uint16) * np.uint16(257), CASES[name]) / 257.0
    assert_within_rounding(out, fine)


@pytest.mark.parametrize("response", ["srgb", "power:2.2"])
@pytest.mark.parametrize("exposure_ev", [0.0, 4.0, 8.0])
@pytest.mark.parametrize("gamma", [0.6, 1.0, 1.4])
def test_the_darkest_codes_keep_their_light(response, exposure_ev, gamma):
    """Where 16 bits of light would show as steps: next to black, raised by steep curves and long exposures."""
    image = np.random.default_rng(1).integers(0, 4, (128, 160, 3)).astype(np.uint8)
    image[40:44, 60:66] = 255
    params = [ln.BloomParams(scatter=0.5, radius_deg=3.0), ln.GammaParams(gamma=gamma, exposure_ev=exposure_ev)]
    camera = ln.Camera(response=response)
    out = ln.chain(image, params, camera=camera)
    fine = ln.chain(image.astype(np.uint16) * np.uint16(257), params, camera=camera) / 257.0
    assert_within_rounding(out, fine)
    assert abs((out - fine).mean()) < 0.12
