"""ISO 9358: a black disc of diameter 0.1 H in a uniform white field reads back the veiling-glare index."""

import numpy as np
import pytest

import lightnoise as ln
from lightnoise.optics.psf import RadialPsf


def chart(height, width):
    y, x = np.mgrid[:height, :width]
    light = np.ones((height, width, 1), np.float32)
    light[np.hypot(y - 0.5 * (height - 1), x - 0.5 * (width - 1)) <= 0.05 * height] = 0.0
    return light


def reading(light, params, camera):
    out = ln.chain_linear(light, [params], camera=camera)[..., 0]
    height, width = out.shape
    return float(out[(height - 1) // 2 : height // 2 + 1, (width - 1) // 2 : width // 2 + 1].mean())


@pytest.mark.parametrize("size", [(720, 1280), (360, 640), (361, 643), (480, 640)], ids=str)
@pytest.mark.parametrize("fov_deg", [40.0, 60.0, 90.0])
@pytest.mark.parametrize(("veil_psf", "veils"), [("harvey", (0.01, 0.05, 0.1, 0.2)), ("cie", (0.01, 0.05, 0.1))])
def test_the_chart_reads_back_the_index(veil_psf, veils, fov_deg, size):
    """Within 5 %. The CIE's peaked eye cannot veil by more than about 0.1: nearly all its light stays in the disc."""
    light, camera = chart(*size), ln.Camera(fov_deg=fov_deg)
    read = [reading(light, ln.GlareParams(veil=v, veil_psf=veil_psf), camera) for v in veils]
    np.testing.assert_allclose(read, veils, rtol=0.05)


def test_the_chart_through_pixels():
    """The same in 8 bits: sRGB in, sRGB out, within 5 % or half a code."""
    image = (255 * chart(360, 640)).astype(np.uint8)
    for veil in (0.05, 0.1, 0.2):
        out = ln.glare(image, ln.GlareParams(veil=veil), camera=ln.Camera(response="linear", highlight_gain=1.0))
        assert out[180, 320, 0] / 255.0 == pytest.approx(veil, rel=0.05, abs=0.5 / 255)


def test_a_pixel_aspect_does_not_change_the_index():
    y, x = np.mgrid[:360, :360]
    light = np.ones((360, 360, 1), np.float32)
    light[np.hypot(y - 179.5, (x - 179.5) * 16 / 9) <= 18] = 0.0
    camera = ln.Camera(pixel_aspect=16 / 9)
    assert reading(light, ln.GlareParams(veil=0.1), camera) == pytest.approx(0.1, rel=0.05)


def test_the_veil_adds_its_own_light_to_that_of_the_bloom():
    """Bloom alone raises the disc; bloom and veil together raise it by the sum of both."""
    light, camera = chart(180, 320), ln.Camera()
    bloom, glare = ln.BloomParams(scatter=0.2, radius_deg=2.0), ln.GlareParams(veil=0.1)
    dark = [
        float(ln.chain_linear(light, params, camera=camera)[90, 160, 0])
        for params in ([bloom], [glare], [bloom, glare])
    ]
    assert dark[0] + dark[1] == pytest.approx(dark[2], rel=1e-3)


@pytest.mark.parametrize("veil_psf", ["harvey", "cie"])
def test_more_veil_than_light_is_refused(veil_psf):
    with pytest.raises(ValueError, match=r"veil weight [\d.]+ \(veil 0.9 .*\) = [\d.]+ > 1"):
        ln.chain_linear(chart(90, 160), [ln.GlareParams(veil=0.9, veil_psf=veil_psf)], camera=ln.Camera(fov_deg=140.0))


def test_weight_makes_up_for_the_light_within_the_disc():
    """An even veil would weigh v; the part that falls back into the disc is added, by hand: v / (1 − E)."""
    height, width, fov = 360, 640, 60.0
    rho = 0.05 * height / (0.5 * width / np.tan(np.radians(0.5 * fov)))
    weight = 0.1 / (1.0 - RadialPsf("harvey").encircled(rho))
    light = np.zeros((height, width, 1), np.float32)
    light[180, 320] = 1.0
    out = ln.chain_linear(light, [ln.GlareParams(veil=0.1)])
    assert 1.0 - out[180, 320, 0] == pytest.approx(weight, rel=0.01)
