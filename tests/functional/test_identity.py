"""Params that do nothing change nothing, bit for bit, and small ones change little."""

import itertools

import numpy as np
import pytest

import lightnoise as ln

IDENTITIES = {
    "empty": [],
    "bloom": [ln.BloomParams(scatter=0.0, radius_deg=3.0)],
    "scotopic": [ln.BloomParams(psf="spencer_scotopic")],
    "glare": [ln.GlareParams(veil=0.0, starburst=0.0, blades=7, rotation_deg=20.0)],
    "dark sun": [ln.GlareParams(sun_azimuth_deg=0.0, sun_elevation_deg=0.0, sun_strength=0.0)],
    "gamma": [ln.GammaParams(gamma=1.0, exposure_ev=0.0, noise_seed=9)],
    "all": [ln.GammaParams(), ln.BloomParams(), ln.GlareParams()],
}

#: Next to nothing, so that the whole path is run.
TINY = {
    "bloom": ln.BloomParams(scatter=1e-13),
    "scotopic": ln.BloomParams(scatter=1e-13, psf="spencer_scotopic"),
    "harvey": ln.GlareParams(veil=1e-13),
    "cie": ln.GlareParams(veil=1e-13, veil_psf="cie"),
    "starburst": ln.GlareParams(starburst=1e-13),
    "ghosts": ln.GlareParams(ghosts=1e-13),
    "exposure": ln.GammaParams(exposure_ev=1e-13),
    "gamma": ln.GammaParams(gamma=1.0 + 1e-13),
    "shot": ln.GammaParams(shot=1e-26),
    "read": ln.GammaParams(read=1e-26),
}


def picture(dtype, shape=(32, 48, 3)):
    """Every code of a ramp, and clipped lamps."""
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1.0
    values = np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)
    values[4:8, 10:14] = 1.0
    values[20, 30] = (1.0, 0.6, 0.2)
    return (np.round(values * top) if top > 1.0 else values).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("gain", [1.0, 37.0, 1000.0, 1e6])
@pytest.mark.parametrize("name", IDENTITIES)
def test_identity_params_change_no_bit(name, gain, dtype):
    image, camera = picture(dtype), ln.Camera(highlight_gain=gain, column_blooming=0.5)
    out, damage = ln.chain(image, IDENTITIES[name], camera=camera, return_damage=True)
    assert out is not image
    assert out.dtype == image.dtype
    np.testing.assert_array_equal(out, image)
    np.testing.assert_array_equal(damage, np.zeros((32, 48), np.float32))
    if dtype == np.float32:
        np.testing.assert_array_equal(ln.chain_linear(image, IDENTITIES[name], camera=camera), image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gain", [1.0, 1000.0])
@pytest.mark.parametrize("name", TINY)
def test_next_to_nothing_runs_the_whole_path_and_changes_no_code(name, gain, dtype):
    image = picture(dtype)
    out, damage = ln.chain(image, [TINY[name]], camera=ln.Camera(highlight_gain=gain), return_damage=True)
    np.testing.assert_array_equal(out, image)
    assert damage.max() <= 1e-6


@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "scurve:0.5"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_code_comes_back_from_every_response(response, dtype):
    codes = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(16, -1)
    out = ln.bloom(codes, ln.BloomParams(scatter=1e-13), camera=ln.Camera(response=response))
    np.testing.assert_array_equal(out, codes)


@pytest.mark.parametrize(
    "of",
    [
        lambda f: ln.BloomParams(scatter=f),
        lambda f: ln.GlareParams(veil=f),
        lambda f: ln.GlareParams(starburst=f),
        lambda f: ln.GlareParams(ghosts=f),
        lambda f: ln.GlareParams(sun_azimuth_deg=40.0, sun_elevation_deg=0.0, veil=0.01 * f, sun_strength=f),
    ],
    ids=["bloom", "veil", "starburst", "ghosts", "sun"],
)
def test_the_effect_shrinks_in_proportion_to_the_fraction(of, lamps):
    light = lamps(45, 80, ground=0.1)
    changes = [np.abs(ln.chain_linear(light, [of(f)]) - light).sum(dtype=np.float64) for f in (0.1, 0.01, 1e-3)]
    assert changes[2] < 0.02 * changes[0]
    assert changes[0] > changes[1] > changes[2] > 0.0


def test_the_order_of_the_list_does_not_matter():
    params = [ln.BloomParams(scatter=0.2), ln.GlareParams(veil=0.05), ln.GammaParams(exposure_ev=0.5, shot=1e-3)]
    image = picture(np.uint8)
    first = ln.chain(image, params)
    for order in itertools.permutations(params):
        np.testing.assert_array_equal(ln.chain(image, order), first)
    assert not np.array_equal(first, image)


def test_one_effect_alone_is_a_chain_of_one():
    image = picture(np.uint8)
    bloom, glare, gamma = ln.BloomParams(scatter=0.2), ln.GlareParams(veil=0.05), ln.GammaParams(gamma=1.5)
    np.testing.assert_array_equal(ln.bloom(image, bloom), ln.chain(image, [bloom]))
    np.testing.assert_array_equal(ln.glare(image, glare), ln.chain(image, [glare]))
    np.testing.assert_array_equal(ln.gamma(image, gamma), ln.chain(image, [gamma]))
