import math

import numpy as np
import psf_accuracy
import pytest

from lightnoise import Camera, scenes
from lightnoise.functional import codec
from lightnoise.optics import mixture
from lightnoise.optics.psf import RadialPsf
from lightnoise.optics.recovery import recover


def name(psf):
    return f"{psf.name} {psf.radius_deg:g} {psf.falloff:g}" if isinstance(psf, RadialPsf) else None


PSFS = [
    *(RadialPsf("moffat", radius, falloff) for falloff in (-2.3, -3.0, -4.0) for radius in (0.1, 1.0, 20.0)),
    *(RadialPsf(name) for name in ("spencer_photopic", "spencer_scotopic", "harvey", "cie")),
]
HEIGHT, WIDTH = 180, 320
FOCAL = Camera().focal_px(WIDTH)


@pytest.mark.parametrize("psf", PSFS, ids=name)
def test_weights_share_out_the_whole_light(psf):
    fitted = mixture.fit(psf, *FOCAL, HEIGHT, WIDTH)
    assert fitted.direct >= 0.0
    assert fitted.weights.min() >= 0.0
    assert fitted.direct + fitted.weights.sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("psf", PSFS, ids=name)
@pytest.mark.parametrize("place", [(90, 160), (0, 0), (179, 200)])
def test_the_image_of_a_point_sums_to_one(psf, place):
    light = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    light[place] = 1.0
    lit = psf_accuracy.pyramid_spread(light, psf, *FOCAL)
    assert lit.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("psf", PSFS, ids=name)
def test_the_light_around_a_point_is_where_the_psf_puts_it(psf):
    """Light within squares about a source, mean of several places, against reference convolution (1.5 %)."""
    kernel = psf_accuracy.reference_kernel(psf, *FOCAL, HEIGHT, WIDTH)
    fast, exact = np.zeros(6), np.zeros(6)
    for y, x in ((88, 157), (91, 160), (93, 166), (90, 163)):
        light = np.zeros((HEIGHT, WIDTH, 1), np.float32)
        light[y, x] = 1.0
        for total, lit in (
            (fast, psf_accuracy.pyramid_spread(light, psf, *FOCAL)),
            (exact, psf_accuracy.convolve_reflected(light, kernel)),
        ):
            total += [0.25 * lit[y - r : y + r + 1, x - r : x + r + 1].sum() for r in (0, 2, 5, 12, 30, 80)]
    np.testing.assert_allclose(fast[1:], exact[1:], atol=0.015)


def test_squashed_pixels_give_an_elliptical_spread():
    """Twice the focal length down: the spread is twice as tall as wide, in pixels."""
    psf = RadialPsf("moffat", 2.0, -4.0)
    light = np.zeros((257, 257, 1), np.float32)
    light[128, 128] = 1.0
    lit = psf_accuracy.pyramid_spread(light, psf, 400.0, 200.0)[..., 0]
    quarter = lit[128:, 128:]
    tall, wide = (np.interp(-0.1 * quarter.max(), -profile, np.arange(129)) for profile in (quarter[:, 0], quarter[0]))
    assert tall / wide == pytest.approx(2.0, rel=0.1)


@pytest.fixture(scope="module")
def night():
    """The green light of an embedded night with its lamps recovered, (360, 640, 1)."""
    camera = Camera()
    [scene] = (one for one in scenes.default_set(n_per_kind=1, size=(360, 640)) if one.kind == "night")
    light = codec.decode(scene.image, camera.response)
    light = recover(light, camera.highlight_gain, *camera.focal_px(640))
    assert light.max() > 50.0  # there is a lamp to get wrong
    return np.ascontiguousarray(light[..., 1:2])


@pytest.mark.parametrize(
    ("psf", "limit"),
    [
        (RadialPsf("moffat", 1.0, -2.3), 1.5),
        (RadialPsf("moffat", 1.0, -3.0), 1.5),
        (RadialPsf("moffat", 3.0, -3.0), 1.5),
        (RadialPsf("moffat", 10.0, -4.0), 1.5),
        (RadialPsf("harvey"), 1.5),
        # half the light within three pixels, and the eye's peak: the levels' half-octave steps show
        (RadialPsf("moffat", 0.3, -3.0), 3.0),
        (RadialPsf("cie"), 4.5),
    ],
    ids=name,
)
def test_pyramid_against_fft_convolution(night, psf, limit):
    """99.9 % of a night's pixels within so many code values of float64 convolution, a fifth of the light spread."""
    errors = psf_accuracy.code_errors(night, psf, Camera(), scatter=0.2)
    assert np.quantile(errors, 0.999) <= limit


def test_reference_convolution_is_the_direct_sum():
    """The oracle itself, on a picture small enough to sum over all reflected copies by hand."""
    psf = RadialPsf("moffat", 3.0, -3.0)
    focal, height, width = 40.0, 6, 9
    light = np.random.default_rng(3).random((height, width, 1))
    fast = psf_accuracy.convolve_reflected(light, psf_accuracy.reference_kernel(psf, focal, focal, height, width))
    reach = 1
    whole = np.pad(light[..., 0], ((2 * reach * height,) * 2, (2 * reach * width,) * 2), mode="symmetric")
    slow = np.zeros((height, width))
    beyond = 1.0
    for y in range(-2 * reach * height, 2 * reach * height + 1):
        for x in range(-2 * reach * width, 2 * reach * width + 1):
            part = mixture.light_per_pixel(psf, np.array([y]), np.array([x]), focal, focal)[0]
            row, column = 2 * reach * height + y, 2 * reach * width + x
            slow += part * whole[row : row + height, column : column + width]
            beyond -= part
    slow += beyond * light.mean()
    np.testing.assert_allclose(fast[..., 0], slow, rtol=5e-3)


@pytest.mark.parametrize("offset", [(0, 0), (0, 1), (1, 1), (3, 2)])
@pytest.mark.parametrize("focal", [(500.0, 500.0), (800.0, 500.0)])
@pytest.mark.parametrize(
    "psf", [RadialPsf("moffat", 0.1, -3.0), RadialPsf("spencer_photopic"), RadialPsf("cie")], ids=name
)
def test_pixel_integral_is_the_mean_of_many_samples(psf, focal, offset):
    """Against a grid graded towards the source, which even Spencer's core does not slip through."""
    focal_y, focal_x = focal

    def edges(centre):
        steps = np.concatenate([[0.0], np.geomspace(1e-5, 0.5, 1500)])
        around_zero = np.concatenate([-steps[:0:-1], steps])
        return around_zero if centre == 0 else np.linspace(centre - 0.5, centre + 0.5, 801)

    y, x = edges(offset[0]), edges(offset[1])
    middle_y, middle_x = 0.5 * (y[1:] + y[:-1]), 0.5 * (x[1:] + x[:-1])
    rho = np.hypot((middle_y / focal_y)[:, None], (middle_x / focal_x)[None, :])
    slow = float(np.diff(y) @ psf.density(rho) @ np.diff(x)) / (focal_y * focal_x)
    y, x = (np.array([part]) for part in offset)
    assert mixture.light_per_pixel(psf, y, x, focal_y, focal_x)[0] == pytest.approx(slow, rel=2e-3)


def test_the_fit_says_how_good_it_is():
    """Its error counts samples far beyond the frame too; what the picture is off by is tested above."""
    assert mixture.fit(RadialPsf("moffat", 1.0, -3.0), 1108.5, 1108.5, 720, 1280).error < 0.07
    assert mixture.fit(RadialPsf("harvey"), 1108.5, 1108.5, 720, 1280).error < 0.12
    assert math.isfinite(mixture.fit(RadialPsf("cie"), 300.0, 300.0, 1, 1).error)
