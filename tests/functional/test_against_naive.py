"""The chain against its slow twin: dense matrices, formulas, plain loops, float64."""

import naive
import numpy as np
import pytest

import lightnoise as ln

CASES = {
    "bloom": (ln.BloomParams(scatter=0.3, radius_deg=2.0), ln.GlareParams(), ln.GammaParams()),
    "wide": (ln.BloomParams(scatter=0.8, radius_deg=15.0, falloff=-2.4), ln.GlareParams(), ln.GammaParams()),
    "veil": (ln.BloomParams(), ln.GlareParams(veil=0.1), ln.GammaParams()),
    "cie": (ln.BloomParams(), ln.GlareParams(veil=0.04, veil_psf="cie"), ln.GammaParams()),
    "tone": (ln.BloomParams(scatter=0.1), ln.GlareParams(veil=0.05), ln.GammaParams(gamma=1.3, exposure_ev=0.7)),
    "noise": (
        ln.BloomParams(scatter=0.1),
        ln.GlareParams(),
        ln.GammaParams(exposure_ev=-0.5, shot=2e-3, read=1e-4, noise_seed=6),
    ),
}
SIZES = [(1, 1), (5, 3), (23, 37), (45, 64)]
CAMERA = ln.Camera(highlight_gain=1.0, full_well=1e6)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_linear_light(name, size):
    bloom, glare, gamma = CASES[name]
    gamma = ln.GammaParams(exposure_ev=gamma.exposure_ev, shot=gamma.shot, read=gamma.read, noise_seed=gamma.noise_seed)
    light = np.random.default_rng(0).random((*size, 3)).astype(np.float32) ** 8 * 100
    fast = ln.chain_linear(light, [bloom, glare, gamma], camera=CAMERA)
    np.testing.assert_allclose(fast, naive.chain_linear(light, bloom, glare, gamma, CAMERA), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_pixels(name, size):
    """Half a code of rounding, and a thousandth for float32."""
    image = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    fast = ln.chain(image, CASES[name], camera=CAMERA)
    np.testing.assert_allclose(fast, naive.chain(image, *CASES[name], CAMERA), atol=0.51)
