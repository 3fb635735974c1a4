"""Highlight recovery: `recover` itself, and the rule it keeps in the pictures that come out of the chain."""

import itertools

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lightnoise as ln
from lightnoise import scenes
from lightnoise.constants import LUMA
from lightnoise.functional import codec
from lightnoise.optics.recovery import recover

HEIGHT, WIDTH = 180, 320
FOCAL = ln.Camera().focal_px(WIDTH)


def night(lamp=(255, 255, 255), radius=3.5, ground=12):
    """A dark street with one clipped lamp at its middle."""
    image = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image[np.hypot(y - 90, x - 160) <= radius] = lamp
    return image


def sky():
    """An overcast day: the upper half clipped, road below."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    image[:90] = 255
    return image


def recovered(image, gain=1000.0):
    return recover(codec.decode(image, "srgb"), gain, *FOCAL)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gain", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("kind", scenes.KINDS)
def test_what_was_measured_comes_out_unchanged(kind, gain, dtype):
    """With next to no scatter the whole path is run, and the picture is the same number for number."""
    image = scenes.render(kind, np.random.default_rng(3), size=(90, 160)).image
    image = image.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    camera = ln.Camera(highlight_gain=gain)
    np.testing.assert_array_equal(ln.bloom(image, ln.BloomParams(scatter=1e-12), camera=camera), image)


@given(
    seed=st.integers(0, 2**32 - 1),
    gain=st.floats(1.0, 1e6),
    channels=st.sampled_from([1, 3]),
    bright=st.floats(0.0, 1.0),
)
@settings(max_examples=40)
def test_only_near_white_gains_and_nothing_loses(seed, gain, channels, bright):
    rng = np.random.default_rng(seed)
    light = np.minimum(rng.random((24, 33, channels)) + bright * (rng.random((24, 33, 1)) < 0.1), 1.0)
    light = light.astype(np.float32)
    before = light.copy()
    after = recover(light, gain, 30.0, 30.0)
    np.testing.assert_array_equal(light, before)
    assert np.isfinite(after).all()
    assert np.all(after >= light)
    assert after.max() <= gain * 1.0001
    grey = light.max(axis=2) <= 0.85
    np.testing.assert_array_equal(after[grey], light[grey])
    clipped = light.min(axis=2) >= 1.0
    assert np.all(np.minimum(after, 1.0)[clipped] == 1.0)


def test_gain_one_is_off():
    light = codec.decode(night(), "srgb")
    assert recover(light, 1.0, *FOCAL) is light


def test_a_picture_with_nothing_near_white_is_as_it_was():
    light = codec.decode(night(lamp=(236, 236, 236)), "srgb")
    assert recover(light, 1000.0, *FOCAL) is light


def test_gain_rises_with_highlight_gain():
    levels = [recovered(night(), gain)[90, 160].max() for gain in (1.0, 3.0, 10.0, 100.0, 1000.0, 1e5)]
    assert np.all(np.diff(levels) > 0.0)
    halos = [
        ln.bloom(night(), ln.BloomParams(scatter=0.1), camera=ln.Camera(highlight_gain=gain)).astype(int)
        for gain in (1.0, 10.0, 100.0, 1000.0)
    ]
    for weak, strong in itertools.pairwise(halos):
        assert np.all(strong >= weak)
        assert strong.sum() > weak.sum()


def test_a_lamp_gains_far_more_than_a_sky():
    lamp = recovered(night())[90, 160]
    overcast = recovered(sky())[20:70, 40:280]
    assert lamp.min() > 50.0
    assert np.median(overcast) < 10.0
    assert lamp.mean() > 20.0 * np.median(overcast)


def test_a_larger_clipped_region_gains_less_per_pixel():
    levels = [recovered(night(radius=radius))[90, 160].mean() for radius in (4.0, 15.0, 40.0, 85.0)]
    assert np.all(np.diff(levels) < 0.0)


def test_an_underexposed_lamp_stays_white_and_grey_turns_darker():
    """Three stops less: the lamp is still clipped; everything else is as dark as without recovery."""
    image = night(ground=40)
    under = ln.GammaParams(exposure_ev=-3.0)
    with_gain = ln.gamma(image, under, camera=ln.Camera(highlight_gain=1000.0))
    without = ln.gamma(image, under, camera=ln.Camera(highlight_gain=1.0))
    np.testing.assert_array_equal(with_gain[90, 160], 255)
    assert without[90, 160].max() < 110
    unclipped = image.max(axis=2) < 255
    np.testing.assert_array_equal(with_gain[unclipped], without[unclipped])
    assert with_gain[0, 0, 0] == round(float(255 * naive.encode(naive.decode(40 / 255) / 8)))


@pytest.mark.parametrize("lamp", [(255, 40, 30), (255, 150, 20), (90, 120, 255), (30, 255, 90)])
def test_a_coloured_lamp_keeps_its_hue(lamp):
    """One channel clipped, the others bound it: the order of the channels and their ratios stay, as of the light."""
    light = codec.decode(np.array(lamp, np.uint8)[None, None], "srgb")[0, 0]
    after = recovered(night(lamp=lamp))[90, 160]
    assert np.argmax(after) == np.argmax(light)
    assert np.argmin(after) == np.argmin(light)
    np.testing.assert_allclose(after / after.max(), light / light.max(), atol=0.35)


def test_a_white_core_takes_the_hue_of_its_glow():
    """A tail lamp: its core is clipped in every channel, the glow about it is red."""
    image = night(lamp=(255, 40, 30), radius=7.0)
    core = night(radius=1.5)
    image[core.min(axis=2) == 255] = 255
    red, green, blue = recovered(image)[90, 160]
    assert red > 3.0 * green
    assert red > 3.0 * blue


def test_recovery_does_not_depend_on_resolution():
    """The same lamp at twice the resolution gets back as much light per solid angle, within a stop."""
    small = recovered(night(radius=5.0))
    large = recover(
        codec.decode(np.kron(night(radius=5.0), np.ones((2, 2, 1), np.uint8)), "srgb"), 1000.0, *(2 * f for f in FOCAL)
    )
    energies = [float((light @ np.array(LUMA)).sum()) * scale for light, scale in ((small, 4.0), (large, 1.0))]
    assert abs(np.log2(energies[0] / energies[1])) < 1.0


def test_neighbouring_pixels_of_a_lamp_gain_alike():
    """No step within a clipped region: from pixel to pixel the gain's logarithm changes little."""
    light = recovered(night(radius=12.0))
    inside = np.log2(light[90, 150:171, 1])
    assert np.abs(np.diff(inside)).max() < 0.5


def test_scattered_light_of_a_scene_is_nearer_the_truth_with_recovery():
    """Bloom of a night's picture against bloom of its true radiance, in the dark: the error in stops shrinks."""
    params, camera = ln.BloomParams(scatter=0.2, radius_deg=2.0), ln.Camera(response="linear")
    errors = {1.0: [], 1000.0: []}
    for seed in range(4):
        scene = scenes.render("night", np.random.default_rng((9, seed)), size=(180, 320))
        true = ln.chain_linear(scene.radiance, [params]).mean()
        for gain, found in errors.items():
            light = recover(codec.decode(scene.image, "srgb"), gain, *camera.focal_px(320))
            found.append(np.log2(ln.chain_linear(light, [params]).mean() / true))
    assert np.median(np.abs(errors[1000.0])) < 0.7 * np.median(np.abs(errors[1.0]))
