import numpy as np
import pytest

import lightnoise as ln
from lightnoise import scenes
from lightnoise.presets import describe

NAMES = {
    "oncoming_headlights",
    "low_sun",
    "sun_outside_frame",
    "tunnel_exit",
    "wet_night_street",
    "dirty_windscreen",
    "underexposed_night",
    "burnt_out_noon",
}


def test_the_promised_presets_exist():
    assert set(ln.PRESETS) >= NAMES


@pytest.fixture(scope="module")
def pictures():
    return {kind: scenes.render(kind, np.random.default_rng(2), size=(90, 160)).image for kind in ("day", "night")}


@pytest.mark.parametrize("name", ln.PRESETS)
def test_every_draw_is_valid_and_changes_the_picture(name, pictures):
    transform = ln.preset(name)
    for seed in range(200):
        params = transform.sample(np.random.default_rng(seed), (90, 160, 3))
        assert params
        assert not all(one.is_identity for one in params)
        assert len({one.effect for one in params}) == len(params)
    for picture in pictures.values():
        for seed in range(2):
            out = transform(picture, rng=np.random.default_rng(seed))
            assert out.shape == picture.shape
            assert np.abs(out.astype(int) - picture).mean() > 0.5


@pytest.mark.parametrize("name", ln.PRESETS)
@pytest.mark.parametrize("fov_deg", [30.0, 120.0])
@pytest.mark.parametrize("size", [(45, 80), (80, 45)], ids=str)
def test_the_light_budget_holds_for_every_camera(name, fov_deg, size):
    """Ends of every range at once: no frame and no draw may ask for more light than there is."""
    image, camera = np.full((*size, 3), 80, np.uint8), ln.Camera(fov_deg=fov_deg)
    transform = ln.preset(name)
    members = getattr(transform, "transforms", [transform])
    ends = {}
    for member in members:
        values = {field: value[1] if isinstance(value, tuple) else value for field, value in member.ranges.items()}
        ends[member.params_type.effect] = member.params_type(**values)
    ln.chain(image, ends.values(), camera=camera)


@pytest.mark.parametrize("name", ln.PRESETS)
def test_a_preset_says_what_it_depicts(name):
    text = describe(name)
    assert len(text) > 20
    assert text.endswith(".")
    assert "\n" not in text


def test_each_call_makes_a_new_transform():
    assert ln.preset("low_sun") is not ln.preset("low_sun")
    assert ln.preset("low_sun") == ln.preset("low_sun")
    assert ln.preset("low_sun") != ln.preset("tunnel_exit")


def test_a_sun_preset_has_a_sun_in_or_outside_the_frame():
    half_width, half_height = 30.0, np.degrees(np.arctan(np.tan(np.radians(30.0)) * 9 / 16))
    for name, inside in (("low_sun", True), ("sun_outside_frame", False)):
        for seed in range(100):
            params = ln.preset(name).sample(np.random.default_rng(seed), (720, 1280, 3))
            [glare] = [one for one in params if one.effect == "glare"]
            azimuth, elevation = np.radians(glare.sun_azimuth_deg), np.radians(glare.sun_elevation_deg)
            up = np.degrees(np.arctan(np.tan(elevation) / np.cos(azimuth)))
            assert (abs(glare.sun_azimuth_deg) < half_width and abs(up) < half_height) == inside


@pytest.mark.parametrize("name", ["fog", "", None, 3])
def test_unknown_presets_are_named(name):
    with pytest.raises(ValueError, match="preset must be one of oncoming_headlights, low_sun"):
        ln.preset(name)
