"""The map of where the picture was destroyed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lightnoise as ln

LINEAR = ln.Camera(response="linear", highlight_gain=1.0)


def damage_of(image, params, camera=None):
    out, damage = ln.chain(image, params, camera=camera, return_damage=True)
    np.testing.assert_array_equal(out, ln.chain(image, params, camera=camera))
    assert damage.shape == image.shape[:2]
    assert damage.dtype == np.float32
    return out, damage


def test_newly_white_and_newly_black_are_lost():
    image = np.array([[0, 1, 200, 250, 255]], np.uint8)
    out, damage = damage_of(image, [ln.GammaParams(exposure_ev=2.0)])
    np.testing.assert_array_equal(out[0, 2:], 255)
    np.testing.assert_array_equal(damage, [[0, 0, 1, 1, 0]])
    out, damage = damage_of(image, [ln.GammaParams(exposure_ev=-8.0)], LINEAR)
    np.testing.assert_array_equal(out[0, :2], 0)
    np.testing.assert_array_equal(damage[0, :2], [0, 1])


def test_one_channel_at_white_is_not_yet_lost():
    image = np.array([[[200, 60, 60], [200, 200, 200]]], np.uint8)
    _, damage = damage_of(image, [ln.GammaParams(exposure_ev=1.0)])
    np.testing.assert_array_equal(damage, [[0, 1]])


def test_an_even_field_is_damaged_by_the_stray_share():
    """Nothing moves on balance, but the share of the light that is stray is what was scattered."""
    image = np.full((60, 80, 3), 0.25, np.float32)
    for scatter in (0.05, 0.4):
        _, damage = damage_of(image, [ln.BloomParams(scatter=scatter, radius_deg=5.0)], LINEAR)
        np.testing.assert_allclose(damage, scatter, rtol=0.01)
    both = [ln.BloomParams(scatter=0.2, radius_deg=5.0), ln.GlareParams(starburst=0.1, blades=6)]
    assert 0.2 < damage_of(image, both, LINEAR)[1].mean() < 0.3


def test_stray_share_by_hand():
    """A bright lamp beside a dim street: stray / (direct + stray) luminance, from what chain_linear shows."""
    image = np.full((45, 80, 3), (0.02, 0.04, 0.06), np.float32)
    image[20:23, 40:43] = (0.9, 0.8, 0.7)
    scatter = 0.3
    params = [ln.BloomParams(scatter=scatter, radius_deg=5.0)]
    out = ln.chain_linear(image, params).astype(np.float64)
    luma = np.array([0.2126, 0.7152, 0.0722])
    direct = (1.0 - scatter) * image.astype(np.float64) @ luma
    _, damage = damage_of(image, params, LINEAR)
    np.testing.assert_allclose(damage, 1.0 - direct / (out @ luma), atol=0.005)
    assert damage[21, 41] < damage[21, 44]


@given(
    seed=st.integers(0, 2**32 - 1),
    scatter=st.floats(0.0, 0.5),
    veil=st.floats(0.0, 0.2),
    ev=st.floats(-8.0, 8.0),
    gamma=st.floats(0.2, 5.0),
)
@settings(max_examples=25)
def test_damage_is_a_share(seed, scatter, veil, ev, gamma):
    image = np.random.default_rng(seed).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    params = [
        ln.BloomParams(scatter=scatter),
        ln.GlareParams(veil=veil),
        ln.GammaParams(gamma=gamma, exposure_ev=ev, shot=1e-3),
    ]
    out, damage = damage_of(image, params)
    assert damage.min() >= 0.0
    assert damage.max() <= 1.0
    newly = ((out == 255).all(axis=2) & ~(image == 255).all(axis=2)) | (
        (out == 0).all(axis=2) & ~(image == 0).all(axis=2)
    )
    np.testing.assert_array_equal(damage[newly], 1.0)


def test_more_scatter_damages_more():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    means = [damage_of(image, [ln.BloomParams(scatter=s)])[1].mean() for s in (0.02, 0.1, 0.3, 0.6)]
    assert np.all(np.diff(means) > 0.0)


@pytest.mark.parametrize("function", [ln.bloom, ln.glare, ln.gamma])
def test_each_function_returns_it(function):
    params = {
        ln.bloom: ln.BloomParams(scatter=0.2),
        ln.glare: ln.GlareParams(veil=0.1),
        ln.gamma: ln.GammaParams(exposure_ev=3.0),
    }
    image = np.full((8, 9), 120, np.uint8)
    out, damage = function(image, params[function], return_damage=True)
    assert out.shape == damage.shape == (8, 9)
    assert damage.max() > 0.0
