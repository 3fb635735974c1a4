from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightnoise as ln
from lightnoise.adapters.drawing import add_damage, draw, of_frame

SHAPE = (72, 128, 3)
fractions = st.floats(0.0, 1.0, width=32)


def test_a_draw_depends_on_the_number_and_its_owner_alone():
    transform = ln.preset("low_sun")
    assert draw(transform, 5, "Bloom", SHAPE) == draw(transform, 5, "Bloom", SHAPE)
    assert draw(transform, 5, "Bloom", SHAPE) != draw(transform, 6, "Bloom", SHAPE)
    assert draw(transform, 5, "Bloom", SHAPE) != draw(transform, 5, "Glare", SHAPE)


def test_frames_share_light_but_not_noise():
    params = [ln.BloomParams(scatter=0.1), ln.GammaParams(exposure_ev=-1, shot=0.01, noise_seed=2**32 - 1)]
    assert of_frame(params, 0) == params
    assert of_frame(params, 2) == [params[0], replace(params[1], noise_seed=1)]


def test_without_noise_every_frame_is_alike():
    params = [ln.GammaParams(exposure_ev=1.0)]
    assert of_frame(params, 3) == params


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 - 2])
def test_neighbouring_seeds_give_unrelated_noise(seed):
    grey = np.full((64, 64, 3), 0.5, np.float32)
    params = [ln.GammaParams(shot=0.01, noise_seed=seed)]
    first, second = (ln.chain(grey, of_frame(params, number)).ravel() for number in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / np.sqrt(first.size)


@given(st.lists(fractions, min_size=1, max_size=4))
def test_damage_adds_up_to_what_no_effect_left_direct(parts):
    total = None
    for part in parts:
        total = add_damage(total, np.full((1, 2), part, np.float32))
    direct = np.prod([1.0 - part for part in parts])
    np.testing.assert_allclose(total, 1.0 - direct, atol=1e-6)
    assert total.dtype == np.float32


def test_damage_keeps_the_shape_and_dtype_it_was_handed():
    total = add_damage(np.zeros((4, 6, 1), np.float64), np.ones((4, 6), np.float32))
    assert (total.shape, total.dtype, total.min()) == ((4, 6, 1), np.float64, 1.0)


@pytest.mark.parametrize(
    ("before", "error", "message"),
    [
        (np.zeros((4, 6), np.uint8), TypeError, "must be a float array, zeros at first; got uint8"),
        ([[0.0]], TypeError, "must be a float array, zeros at first; got list"),
        (np.zeros((6, 4), np.float32), ValueError, r"must have the image's size \(4, 6\), got \(6, 4\)"),
    ],
)
def test_a_wrong_damage_map_is_refused(before, error, message):
    with pytest.raises(error, match=message):
        add_damage(before, np.ones((4, 6), np.float32))
