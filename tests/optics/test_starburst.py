import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise.optics.aperture import Iris
from lightnoise.optics.spectrum import WAVELENGTHS_NM, rgb_weights
from lightnoise.optics.starburst import starburst_at, starburst_kernel


def kernel_by_fft(blades, f_number, pitch_um, radius_px, rotation_deg, per_pixel, padded):
    """Slow twin: one FFT per wavelength of the sampled iris, summed over each pixel's samples."""
    side = 2 * radius_px + 1
    centre, half = padded // 2, side * per_pixel // 2
    window = slice(centre - half, centre + half + 1)
    # The iris is sampled by areas, which dims its transform: undo that.
    dimming = np.sinc((np.arange(padded) - centre) / padded) ** 2
    iris = Iris(blades, rotation_deg)
    kernel = np.zeros((side, side, 3))
    for wavelength, weights in zip(1e-3 * WAVELENGTHS_NM, rgb_weights(), strict=True):
        per_diameter = padded * pitch_um / per_pixel / (wavelength * f_number)
        pupil = iris.coverage(2 * int(per_diameter * iris.circumradius) + 3, per_diameter)
        power = np.abs(np.fft.fft2(pupil, (padded, padded))) ** 2
        power = np.fft.fftshift(power / (pupil.sum() * padded**2)) / np.outer(dimming, dimming)
        pixels = power[window, window].reshape(side, per_pixel, side, per_pixel).sum(axis=(1, 3))
        kernel += pixels[..., None] * weights
    return kernel


def rings(radius):
    row, column = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.hypot(row, column)


@pytest.mark.parametrize(("blades", "f_number"), [(6, 8.0), (5, 5.6), (7, 4.0), (0, 4.0)])
def test_kernel_against_fft(blades, f_number):
    """On both sides of 25 λN: 18 pixels at f/4, 26 at f/5.6, 37 at f/8."""
    radius = 30
    kernel = starburst_kernel(blades, f_number, 3.0, radius_px=radius, rotation_deg=10.0)
    slow = kernel_by_fft(blades, f_number, 3.0, radius, 10.0, per_pixel=9, padded=960)
    centre = starburst_at(0.0, 0.0, blades, f_number, 3.0, rotation_deg=10.0)
    np.testing.assert_allclose(centre, slow[radius, radius], rtol=0.01)
    beyond = 1.0 - slow.sum(axis=(0, 1))
    np.testing.assert_allclose(kernel[radius, radius], slow[radius, radius] + beyond, rtol=0.01)
    distance = rings(radius)
    for inner, outer in [(0.5, 1.5), (1.5, 3), (3, 6), (6, 12), (12, 20), (20, 30)]:
        ring = (distance >= inner) & (distance < outer)
        np.testing.assert_allclose(kernel[ring].sum(axis=0), slow[ring].sum(axis=0), rtol=0.03)
        assert np.abs(kernel - slow)[ring].sum() < 0.04 * slow[ring].sum()


@given(
    blades=st.sampled_from([0, *range(3, 13)]),
    f_number=st.floats(0.7, 22.0),
    pitch=st.floats(1.0, 3000.0),
    rotation=st.floats(-360.0, 360.0),
    aspect=st.floats(0.3, 3.0),
)
@settings(max_examples=20)
def test_kernel_is_a_density(blades, f_number, pitch, rotation, aspect):
    kernel = starburst_kernel(blades, f_number, pitch, radius_px=12, rotation_deg=rotation, pixel_aspect=aspect)
    assert kernel.shape == (25, 25, 3)
    assert kernel.dtype == np.float32
    assert kernel.min() > 0.0
    np.testing.assert_allclose(kernel.sum(axis=(0, 1), dtype=np.float64), 1.0, atol=1e-6)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], rtol=1e-4)


@pytest.mark.parametrize(("blades", "f_number", "pitch"), [(6, 2.0, 3.0), (7, 8.0, 3.0), (0, 2.0, 3.0), (5, 2.0, 12.0)])
def test_centre_and_spikes_add_up_without_help(blades, f_number, pitch):
    """Energy is conserved by the formulas, not by the centre that is set to the rest."""
    radius = 200
    kernel = starburst_kernel(blades, f_number, pitch, radius_px=radius).astype(np.float64)
    centre = starburst_at(0.0, 0.0, blades, f_number, pitch)
    total = centre + kernel.sum(axis=(0, 1)) - kernel[radius, radius]
    cells = 1e-3 * WAVELENGTHS_NM * f_number @ rgb_weights()
    iris = Iris(blades)
    perimeter = blades * iris.side if blades else np.pi
    # Encircled energy of a convex iris: 1 − perimeter·λN / (2π²·area·r), here up to the square's shape.
    beyond = perimeter * cells / (2.0 * np.pi**2 * Iris.area * radius * pitch)
    np.testing.assert_allclose(1.0 - total, 0.92 * beyond, atol=1.5e-3)


def test_light_outside_the_centre_is_in_proportion_to_the_wavelength():
    light = starburst_at(0.0, 300.0, 6, 2.0, 3.0)
    mean_wavelength = WAVELENGTHS_NM @ rgb_weights()
    np.testing.assert_allclose(light / light[1], mean_wavelength / mean_wavelength[1], rtol=0.1)
    assert light[0] > light[1] > light[2]


@pytest.mark.parametrize("blades", range(4, 10))
def test_even_irises_make_n_spikes_and_odd_ones_2n(blades, count_spikes):
    kernel = starburst_kernel(blades, 2.0, 3.0, radius_px=150, rotation_deg=13.0)[..., 1].astype(np.float64)
    assert count_spikes(kernel, 40, 145) == (blades if blades % 2 == 0 else 2 * blades)


def test_spike_dims_with_the_square_of_the_distance_and_keeps_its_width():
    across = np.arange(-40.0, 41.0)
    near, far = (starburst_at(across, np.full(81, distance), 6, 2.0, 3.0)[:, 1] for distance in (200.0, 800.0))
    assert near.sum() / far.sum() == pytest.approx(16.0, rel=0.02)
    np.testing.assert_allclose(near[30:51] / near.max(), far[30:51] / far.max(), atol=0.01)


@pytest.mark.parametrize("pitch", [2.0, 10.0, 200.0])
@pytest.mark.parametrize("blades", [0, 5, 6])
def test_a_large_pixel_gets_what_small_ones_in_its_place_get(blades, pitch):
    row, column = np.mgrid[0:6, -5:6].astype(float)
    row[0] += 0.7  # off the point itself, where light changes from one small pixel to the next by far more
    large = starburst_at(row, column, blades, 2.0, 4.0 * pitch, rotation_deg=20.0)
    parts = np.arange(4) - 1.5
    small = starburst_at(
        4 * row[..., None, None] + parts[:, None],
        4 * column[..., None, None] + parts,
        blades,
        2.0,
        pitch,
        rotation_deg=20.0,
    )
    np.testing.assert_allclose(large, small.sum(axis=(2, 3)), rtol=0.05, atol=0.005 * large[1:].max())


def test_wide_pixels_are_pairs_of_square_ones():
    row, column = np.mgrid[-10:11, -10:11].astype(float)
    wide = starburst_at(row, column, 6, 2.0, 6.0, pixel_aspect=2.0, rotation_deg=25.0)
    pairs = sum(starburst_at(row, 2 * column + side, 6, 2.0, 3.0, rotation_deg=25.0) for side in (-0.5, 0.5))
    np.testing.assert_allclose(wide, pairs, rtol=0.03, atol=1e-4 * pairs.max())


def test_kernel_is_the_field_of_a_point():
    row, column = np.mgrid[-9:10, -9:10].astype(float)
    kernel = starburst_kernel(7, 2.8, 3.0, radius_px=9, rotation_deg=40.0)
    field = starburst_at(row, column, 7, 2.8, 3.0, rotation_deg=40.0)
    kernel[9, 9] = field[9, 9] = 0.0
    np.testing.assert_allclose(kernel, field, rtol=1e-4, atol=1e-9)


def test_rotation_turns_anticlockwise():
    still, turned = (starburst_kernel(5, 2.0, 3.0, radius_px=60, rotation_deg=angle) for angle in (0.0, 90.0))
    np.testing.assert_allclose(turned, np.rot90(still), rtol=1e-3, atol=1e-9)
    up_right = starburst_at(-50.0, 86.6, 4, 2.0, 3.0, rotation_deg=30.0)
    down_right = starburst_at(50.0, 86.6, 4, 2.0, 3.0, rotation_deg=30.0)
    assert up_right[1] > 100.0 * down_right[1]


@pytest.mark.parametrize(("near_px", "tolerance"), [(0.0, 0.03), (12.0, 0.03), (30.0, 0.03), (60.0, 0.03)])
def test_a_disc_is_the_mean_of_its_points(near_px, tolerance):
    radius = 5.0
    seeds = np.arange(3000)
    spread, angle = radius * np.sqrt((seeds + 0.5) / 3000), seeds * np.pi * (3.0 - np.sqrt(5.0))
    down, right = spread * np.sin(angle), spread * np.cos(angle)
    row, column = np.mgrid[near_px : near_px + 40 : 5, -30:31:5].astype(float)
    points = starburst_at(row[..., None] - down, column[..., None] - right, 6, 2.0, 3.0)
    mean = points.mean(axis=2, dtype=np.float64)
    disc = starburst_at(row, column, 6, 2.0, 3.0, source_radius_px=radius)
    assert np.abs(disc - mean).max() < tolerance * mean.max()
    assert disc.sum() == pytest.approx(mean.sum(), rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blades": 1}, "blades must be 0"),
        ({"f_number": 100.0}, r"f_number must be in \[0.7, 64\], got 100.0"),
        ({"pitch_um": 0.0}, "pitch_um must be in"),
        ({"radius_px": 0}, "radius_px must be in"),
        ({"pixel_aspect": 0.0}, "pixel_aspect must be in"),
    ],
)
def test_bad_values_are_named(change, message):
    values = {"blades": 6, "f_number": 2.0, "pitch_um": 3.0, "radius_px": 4} | change
    with pytest.raises(ValueError, match=message):
        starburst_kernel(**values)
