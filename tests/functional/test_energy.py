"""The lens moves light and neither makes nor loses any (issue: 0.5 %)."""

import numpy as np
import pytest

import lightnoise as ln

EFFECTS = {
    "moffat": [ln.BloomParams(scatter=0.5, radius_deg=1.0)],
    "wide": [ln.BloomParams(scatter=1.0, radius_deg=20.0, falloff=-2.3)],
    "photopic": [ln.BloomParams(scatter=0.4, psf="spencer_photopic")],
    "scotopic": [ln.BloomParams(scatter=0.4, psf="spencer_scotopic")],
    "harvey": [ln.GlareParams(veil=0.3)],
    "cie": [ln.GlareParams(veil=0.05, veil_psf="cie")],
    "starburst": [ln.GlareParams(starburst=0.5, blades=5, rotation_deg=10.0)],
    "together": [ln.BloomParams(scatter=0.2), ln.GlareParams(veil=0.05, starburst=0.2)],
}
SIZES = [(361, 643), (1, 1), (1, 7), (5, 3), (16, 16), (90, 160), (37, 101)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", EFFECTS)
def test_light_is_conserved_with_lamps_at_every_border(name, size, lamps):
    for channels in (1, 3):
        light = lamps(*size, channels)
        out = ln.chain_linear(light, EFFECTS[name])
        total = light.sum(axis=(0, 1), dtype=np.float64)
        np.testing.assert_allclose(out.sum(axis=(0, 1), dtype=np.float64), total, rtol=5e-4)
        assert out.min() >= -1e-5 * light.max()


@pytest.mark.parametrize("place", [(0, 0), (0, 300), (179, 319), (90, 0), (90, 160), (178, 158)])
@pytest.mark.parametrize("name", EFFECTS)
def test_one_lamp_sums_to_one_wherever_it_stands(name, place):
    light = np.zeros((180, 320, 3), np.float32)
    light[place] = 1.0
    out = ln.chain_linear(light, EFFECTS[name])
    np.testing.assert_allclose(out.sum(axis=(0, 1), dtype=np.float64), 1.0, atol=1e-3)
    assert out[place].min() >= 0.95 * out.max()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (45, 80), (61, 143)], ids=str)
@pytest.mark.parametrize("name", EFFECTS)
def test_constants_stay_constant(name, size):
    flat = np.broadcast_to(np.float32([0.2, 0.5, 0.9]), (*size, 3))
    np.testing.assert_allclose(ln.chain_linear(flat, EFFECTS[name]), flat, rtol=1e-5)


@pytest.mark.parametrize("shape", [(31, 47), (31, 47, 1), (31, 47, 3)])
def test_shapes_with_one_channel_are_the_same_light(shape, lamps):
    light = lamps(31, 47, 1).repeat(3, axis=2)
    light = light[..., 0] if len(shape) == 2 else light[..., : shape[2]]
    out = ln.chain_linear(light, EFFECTS["together"])
    assert out.shape == shape
    assert out.dtype == np.float32
    assert out.sum(dtype=np.float64) == pytest.approx(light.sum(dtype=np.float64), rel=5e-4)


def test_ghosts_take_their_fraction_and_give_at_most_that_back():
    """Most of the light of a lamp near the middle makes ghosts within the frame; none makes more than its fraction."""
    light = np.zeros((180, 320, 3), np.float32)
    light[80:83, 150:153] = 100.0
    out = ln.chain_linear(light, [ln.GlareParams(ghosts=0.1)])
    balance = out.sum(axis=(0, 1), dtype=np.float64) / light.sum(axis=(0, 1), dtype=np.float64)
    assert np.all(balance >= 0.9)
    assert np.all(balance <= 1.005)
    lamp = out[80:83, 150:153].mean(axis=(0, 1))
    assert lamp.min() == pytest.approx(90.0, rel=0.01)  # the strongest tint takes the whole fraction
    assert lamp.max() < 100.0


def test_one_stop_doubles_linear_light(lamps):
    light = lamps(20, 30, ground=0.1)
    for stops in (-3.0, 1.0, 2.0):
        out = ln.chain_linear(light, [ln.GammaParams(exposure_ev=stops)])
        np.testing.assert_array_equal(out, light * np.float32(2.0**stops))
    through_lens = [ln.BloomParams(scatter=0.3), ln.GlareParams(veil=0.03)]
    np.testing.assert_allclose(
        ln.chain_linear(light, [*through_lens, ln.GammaParams(exposure_ev=1.0)]),
        2.0 * ln.chain_linear(light, through_lens),
        rtol=1e-6,
    )


@pytest.mark.parametrize("lens", [[], [ln.BloomParams(scatter=1e-9)]], ids=["by table", "through the lens"])
def test_one_stop_doubles_the_light_of_a_picture(lens):
    image = np.linspace(0.0, 0.499, 300, dtype=np.float32).reshape(10, 30)
    out = ln.chain(image, [*lens, ln.GammaParams(exposure_ev=1.0)], camera=ln.Camera(response="linear"))
    np.testing.assert_allclose(out, 2.0 * image, atol=2e-6)
