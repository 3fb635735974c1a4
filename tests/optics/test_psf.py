import math

import numpy as np
import pytest

from lightnoise.functional.diffraction import halo_kernel
from lightnoise.optics import psf as psfs
from lightnoise.optics.mixture import light_per_pixel
from lightnoise.optics.psf import RadialPsf

MOFFATS = [RadialPsf("moffat", radius, falloff) for falloff in (-2.3, -3.0, -4.0) for radius in (0.1, 1.0, 20.0)]
OTHERS = [RadialPsf(name) for name in (*psfs.SPENCER_WEIGHTS, "harvey", "cie")]
ALL = [*MOFFATS, *OTHERS]


def name(psf):
    return f"{psf.name} {psf.radius_deg:g} {psf.falloff:g}"


def light_within(psf, low, high, points=20001):
    """Midpoint rule in ln ρ over the plane, independent of the module's own integrals."""
    edges = np.exp(np.linspace(math.log(low), math.log(high), points))
    middle = np.sqrt(edges[1:] * edges[:-1])
    return float(np.sum(psf.density(middle) * math.pi * (edges[1:] ** 2 - edges[:-1] ** 2)))


@pytest.mark.parametrize("psf", ALL, ids=name)
def test_density_integrates_to_one_over_the_plane(psf):
    total = light_within(psf, 1e-9, 1e6)
    if psf.name == "moffat":  # the skirt beyond 1e6 focal lengths, in closed form
        total += 1.0 - psf.encircled(1e6)
    assert total == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("psf", ALL, ids=name)
@pytest.mark.parametrize("focal", [(350.0, 350.0), (1108.0, 1108.0), (980.0, 554.0)])
def test_pixels_and_what_lies_beyond_add_up_to_one(psf, focal):
    """Pixels near the source are integrated, those farther off sampled at their centre: as pictures are made."""
    focal_y, focal_x = focal
    near, reach = 8, 240
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    pixels = psf.density(np.hypot(y / focal_y, x / focal_x)) / (focal_y * focal_x)
    core = slice(reach - near, reach + near + 1)
    rows, columns = (grid.ravel() for grid in (y[core, core], x[core, core]))
    pixels[core, core] = light_per_pixel(psf, rows, columns, focal_y, focal_x).reshape(2 * near + 1, -1)
    # beyond the square of pixels: 1 − the light within it, ray by ray from the source
    half_y, half_x = (reach + 0.5) / focal_y, (reach + 0.5) / focal_x
    angles = (np.arange(720) + 0.5) * (math.pi / 1440.0)
    edges = np.minimum(half_y / np.sin(angles), half_x / np.cos(angles))
    inside = float(np.mean([psf.encircled(edge) for edge in edges]))
    assert pixels.sum() + 1.0 - inside == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("psf", ALL, ids=name)
def test_encircled_is_the_integral_of_the_density(psf):
    for rho in (1e-3, 0.02, 0.3, 1.5):
        assert psf.encircled(rho) == pytest.approx(light_within(psf, 1e-9, rho), abs=1e-4)
    assert psf.encircled(1e9) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("psf", ALL, ids=name)
def test_light_falls_with_the_angle(psf):
    density = psf.density(np.linspace(0.0, 3.0, 3001))
    assert np.all(np.diff(density) <= 0.0)
    assert np.all(density >= 0.0)


@pytest.mark.parametrize("radius", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("falloff", [-2.3, -3.0, -4.0])
def test_moffat_has_half_its_light_within_the_radius_and_the_falloff_outside(radius, falloff):
    psf = RadialPsf("moffat", radius, falloff)
    edge = math.tan(math.radians(radius))
    assert light_within(psf, 1e-9, edge) == pytest.approx(0.5, abs=1e-4)
    far = psf.density(np.array([1e3, 2e3]) * edge)
    assert math.log2(far[1] / far[0]) == pytest.approx(falloff, abs=1e-3)


def test_published_formulas():
    """Values worked out by hand from the papers."""
    degree = math.radians(1.0)
    photopic = 0.384 * 0.0 + 0.478 * 20.91 / 1.02**3 + 0.138 * 72.37 / 1.02**2
    assert psfs.per_steradian("spencer_photopic", np.array(degree)) == pytest.approx(photopic, rel=1e-9)
    scotopic_core = 0.282 * 2.61e6 + 0.478 * 20.91 / 0.02**3 + 0.207 * 72.37 / 0.02**2
    assert psfs.per_steradian("spencer_scotopic", np.array(0.0)) == pytest.approx(scotopic_core, rel=1e-9)
    assert psfs.spencer_halo(np.radians(3.0), 568.0) == pytest.approx(436.9)
    # CIE 146:2002, 25 years, p = 0.5, 10°: 10/1000 + (5/100 + 0.05/10)(1 + 0.4^4) + 0.00125
    assert psfs.cie_general(np.array(10.0), 25.0, 0.5) == pytest.approx(0.01 + 0.055 * 1.0256 + 0.00125)


@pytest.mark.parametrize("component", range(4))
def test_spencer_components_integrate_to_one_over_the_hemisphere(component):
    """The paper's own normalisation, which shows that its constants were copied right."""

    def light(theta):
        degrees = np.degrees(theta)
        return [
            2.61e6 * np.exp(-((degrees / 0.02) ** 2)),
            20.91 / (degrees + 0.02) ** 3,
            72.37 / (degrees + 0.02) ** 2,
            psfs.spencer_halo(theta, 568.0),
        ][component]

    assert psfs.sphere_integral(light, math.pi / 2) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", list(psfs.SPENCER_WEIGHTS))
def test_spencer_weights_add_up_to_one(name):
    assert sum(psfs.SPENCER_WEIGHTS[name]) == pytest.approx(1.0)


def test_harvey_veil_has_the_light_that_its_source_states():
    """4 % within 1° and 42 % within 17°, counted over the hemisphere."""
    whole = psfs.sphere_integral(lambda theta: psfs.per_steradian("harvey", theta), math.pi / 2)
    for degrees, share in ((1.0, 0.04), (17.0, 0.42)):
        part = psfs.sphere_integral(lambda theta: psfs.per_steradian("harvey", theta), math.radians(degrees))
        assert part / whole == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("name", ["harvey", "cie"])
def test_veils_end_at_the_truncation_angle(name):
    psf = RadialPsf(name)
    edge = math.tan(math.radians(psfs.TRUNCATION_DEG))
    assert psf.density(np.array([0.999 * edge, 1.001 * edge]))[0] > 0.0
    assert psf.density(np.array([0.999 * edge, 1.001 * edge]))[1] == 0.0


@pytest.mark.parametrize("channels", [1, 3])
def test_halo_is_a_ring_of_sum_one_that_is_wider_in_red(channels):
    focal = 554.0
    kernel = halo_kernel(focal, focal, channels).values.astype(np.float64)
    np.testing.assert_allclose(kernel.sum(axis=(0, 1)), 1.0, atol=1e-3)
    reach = kernel.shape[0] // 2
    profile = np.degrees(np.arctan(np.arange(reach + 1) / focal))[np.argmax(kernel[reach, reach:], axis=0)]
    np.testing.assert_allclose(profile, np.array(psfs.HALO_WAVELENGTHS_NM)[-channels:] / 568.0 * 3.0 if channels == 3
                               else 2.9, atol=0.15)  # fmt: skip


def test_unknown_psf_is_an_error():
    with pytest.raises(ValueError, match="no radial PSF is called 'airy'"):
        RadialPsf("airy").density(np.zeros(1))
