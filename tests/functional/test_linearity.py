"""Every effect of the lens is linear in the light: that is what tells it from a sprite pasted on lamps."""

import numpy as np
import pytest

import lightnoise as ln

LENS = {
    "moffat": [ln.BloomParams(scatter=0.3, radius_deg=2.0)],
    "scotopic": [ln.BloomParams(scatter=0.3, psf="spencer_scotopic")],
    "harvey": [ln.GlareParams(veil=0.1)],
    "cie": [ln.GlareParams(veil=0.05, veil_psf="cie")],
    "even star": [ln.GlareParams(starburst=0.4, blades=6)],
    "odd star": [ln.GlareParams(starburst=0.4, blades=5, rotation_deg=33.0)],
    "ghosts": [ln.GlareParams(ghosts=0.05)],
    "all": [ln.BloomParams(scatter=0.2), ln.GlareParams(veil=0.05, starburst=0.1, ghosts=0.01)],
}
SIZE = (93, 161)


def lamp(y, x, color):
    light = np.zeros((*SIZE, 3), np.float32)
    light[y : y + 2, x : x + 3] = color
    return light


@pytest.mark.parametrize("name", LENS)
def test_two_lamps_make_the_sum_of_each(name):
    one, other = lamp(30, 40, (500.0, 300.0, 100.0)), lamp(60, 120, (20.0, 30.0, 80.0))
    both = ln.chain_linear(one + other, LENS[name])
    apart = [ln.chain_linear(light, LENS[name]).astype(np.float64) for light in (one, other)]
    np.testing.assert_allclose(both, apart[0] + apart[1], rtol=2e-4, atol=1e-6 * one.max())


@pytest.mark.parametrize("name", LENS)
def test_three_times_the_light_makes_three_times_the_picture(name):
    light = lamp(30, 40, (50.0, 30.0, 10.0)) + np.float32(0.1)
    single, triple = (ln.chain_linear(scale * light, LENS[name]) for scale in (np.float32(1), np.float32(3)))
    np.testing.assert_allclose(triple, 3.0 * single, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", LENS)
def test_black_stays_black(name):
    assert not ln.chain_linear(np.zeros((*SIZE, 3), np.float32), LENS[name]).any()
    assert not ln.chain(np.zeros((*SIZE, 3), np.uint8), LENS[name]).any()


@pytest.mark.parametrize("name", ["moffat", "harvey", "cie"])
def test_channels_do_not_mix_and_are_treated_alike(name):
    light = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32) ** 6 * 50
    out = ln.chain_linear(light, LENS[name])
    for channel in range(3):
        np.testing.assert_allclose(ln.chain_linear(light[..., channel], LENS[name]), out[..., channel], rtol=1e-6)


@pytest.mark.parametrize("name", ["moffat", "harvey", "even star", "ghosts"])
def test_a_mirrored_picture_makes_the_mirrored_picture(name):
    """An even size, whose pyramid is mirror symmetric down to odd levels; an unturned iris."""
    light = np.zeros((64, 128, 3), np.float32)
    light[20:22, 30:34] = (100.0, 50.0, 20.0)
    out = ln.chain_linear(light, LENS[name])
    for flip in (np.flipud, np.fliplr):
        np.testing.assert_allclose(ln.chain_linear(flip(light).copy(), LENS[name]), flip(out), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("blades", [4, 5, 6, 7, 8, 9])
def test_a_lamp_has_n_spikes_for_even_irises_and_2n_for_odd(blades, count_spikes):
    light = np.zeros((401, 401, 3), np.float32)
    light[200, 200] = 1e4
    star = ln.GlareParams(starburst=0.5, blades=blades, rotation_deg=13.0)
    out = ln.chain_linear(light, [star], camera=ln.Camera(frame_width_px=401))
    spikes = count_spikes(out[..., 1].astype(np.float64), 40, 95)
    assert spikes == (blades if blades % 2 == 0 else 2 * blades)


def test_a_round_iris_has_no_spikes(count_spikes):
    light = np.zeros((401, 401, 1), np.float32)
    light[200, 200] = 1e4
    out = ln.chain_linear(light, [ln.GlareParams(starburst=0.5, blades=0)], camera=ln.Camera(frame_width_px=401))
    assert count_spikes(out[..., 0].astype(np.float64), 40, 95) == 0


def test_ghosts_stand_on_the_line_through_the_centre():
    """A lamp right of the centre, at its height: its ghosts lie on the same row, up to the grid."""
    light = np.zeros((180, 320, 3), np.float32)
    light[88:92, 220:224] = 1000.0
    ghosts = ln.chain_linear(light, [ln.GlareParams(ghosts=0.1)])
    ghosts[84:96, 216:228] = 0.0
    assert ghosts.sum() > 0.0
    rows = np.arange(180) - 89.5
    assert np.average(rows, weights=ghosts.sum(axis=(1, 2))) == pytest.approx(0.0, abs=2.0)
