import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import j1
from skimage.draw import polygon

from lightnoise.optics.aperture import Iris, aperture_psf

BLADES = st.sampled_from([0, *range(3, 17)])


@given(blades=BLADES, rotation=st.floats(-360.0, 360.0), scale=st.floats(2.0, 60.0))
@settings(max_examples=40)
def test_every_iris_has_the_area_of_the_round_one(blades, rotation, scale):
    covered = Iris(blades, rotation).coverage(2 * int(0.8 * scale) + 5, scale)
    assert covered.min() >= 0.0
    assert covered.max() <= 1.0 + 1e-12
    assert covered.sum() == pytest.approx(np.pi / 4.0 * scale**2, rel=4e-3)


@pytest.mark.parametrize(("blades", "rotation"), [(3, 0.0), (4, 0.0), (5, 17.0), (6, 30.0), (9, -40.0)])
def test_coverage_against_a_fine_raster(blades, rotation):
    size, scale, fine = 41, 30.0, 32
    iris = Iris(blades, rotation)
    corners = np.radians(rotation) + np.pi * (2 * np.arange(blades) + 1) / blades
    centre = 0.5 * size * fine - 0.5
    rows = centre - fine * scale * iris.circumradius * np.sin(corners)
    columns = centre + fine * scale * iris.circumradius * np.cos(corners)
    raster = np.zeros((size * fine, size * fine))
    raster[polygon(rows, columns, raster.shape)] = 1.0
    expected = raster.reshape(size, fine, size, fine).mean(axis=(1, 3))
    np.testing.assert_allclose(iris.coverage(size, scale), expected, atol=0.05)


@pytest.mark.parametrize(("f_number", "wavelength", "samples"), [(2.0, 550.0, 5), (8.0, 450.0, 8), (1.4, 650.0, 12)])
def test_first_dark_ring_of_a_round_iris(f_number, wavelength, samples):
    cell_um = 1e-3 * wavelength * f_number
    psf = aperture_psf(0, f_number, wavelength, cell_um / samples, size=16 * samples + 1)
    row = psf[psf.shape[0] // 2, psf.shape[1] // 2 :]
    dark = int(np.argmax(np.diff(row) > 0.0))
    # The amplitude crosses zero between the two darkest samples, in a straight line.
    left, middle, right = np.sqrt(row[dark - 1 : dark + 2])
    ring = dark + middle / (middle + right) if right < left else dark - middle / (middle + left)
    assert ring / samples == pytest.approx(1.22, rel=0.03)


def test_round_iris_against_the_airy_pattern():
    psf = aperture_psf(0, 4.0, 500.0, 0.25, size=97)
    x = 0.25 / 2.0 * (np.arange(97) - 48)
    distance = np.pi * np.maximum(np.hypot(*np.meshgrid(x, x)), 1e-9)
    airy = (2.0 * j1(distance) / distance) ** 2
    np.testing.assert_allclose(psf / psf.max(), airy, atol=2e-4)


@pytest.mark.parametrize("blades", [3, 6, 7])
def test_matrix_transform_against_fft(blades):
    size, pitch = 65, 0.3
    cell = 0.55 * 4.0
    psf = aperture_psf(blades, 4.0, 550.0, pitch, size=size, rotation_deg=11.0)
    padded = 2048
    samples = padded * pitch / cell
    pupil = Iris(blades, 11.0).coverage(2 * int(samples * 0.8) + 3, samples)
    power = np.fft.fftshift(np.abs(np.fft.fft2(pupil, (padded, padded))) ** 2)
    middle = slice(padded // 2 - size // 2, padded // 2 + size // 2 + 1)
    expected = power[middle, middle] / power[middle, middle].sum()
    np.testing.assert_allclose(psf, expected, atol=1e-3 * psf.max())


@pytest.mark.parametrize("blades", range(4, 10))
def test_even_irises_make_n_spikes_and_odd_ones_2n(blades, count_spikes):
    psf = aperture_psf(blades, 2.0, 550.0, 0.35, size=257, rotation_deg=7.0)
    assert count_spikes(psf, 50, 125) == (blades if blades % 2 == 0 else 2 * blades)


@given(blades=BLADES, rotation=st.floats(-180.0, 180.0))
@settings(max_examples=15)
def test_psf_is_a_centred_density(blades, rotation):
    psf = aperture_psf(blades, 2.8, 500.0, 0.3, size=33, rotation_deg=rotation)
    assert psf.dtype == np.float64
    assert psf.min() >= 0.0
    assert psf.sum() == pytest.approx(1.0)
    assert psf.argmax() == psf.size // 2
    np.testing.assert_allclose(psf, psf[::-1, ::-1], atol=1e-6 * psf.max())


def test_rotation_turns_anticlockwise():
    still, turned = (aperture_psf(3, 2.0, 550.0, 0.2, size=65, rotation_deg=angle) for angle in (0.0, 90.0))
    np.testing.assert_allclose(turned, np.rot90(still), atol=1e-3 * still.max())
    # An edge that faces up and right spreads light along that diagonal, not the other.
    tilted = aperture_psf(4, 2.0, 550.0, 0.2, size=65, rotation_deg=30.0)
    up_right, down_right = tilted[32 - 10, 32 + 17], tilted[32 + 10, 32 + 17]
    assert up_right > 5.0 * down_right


def test_tilt_moves_the_image_right_and_up():
    # A wavefront that rises by one wave per pupil diameter moves the image by λN: five samples.
    pitch = 0.55 * 2.0 / 5.0
    right = aperture_psf(6, 2.0, 550.0, pitch, size=65, phase=lambda x, y: np.pi * x + 0.0 * y)
    up = aperture_psf(6, 2.0, 550.0, pitch, size=65, phase=lambda x, y: np.pi * y + 0.0 * x)
    assert np.unravel_index(right.argmax(), right.shape) == (32, 37)
    assert np.unravel_index(up.argmax(), up.shape) == (27, 32)


@pytest.mark.parametrize("waves", [0.1, 0.25, 0.5])
def test_defocus_dims_the_centre_by_the_strehl_ratio(waves):
    sharp = aperture_psf(0, 2.0, 550.0, 0.2, size=201)
    soft = aperture_psf(0, 2.0, 550.0, 0.2, size=201, phase=lambda x, y: 2 * np.pi * waves * (x * x + y * y))
    assert soft.max() / sharp.max() == pytest.approx(np.sinc(waves) ** 2, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blades": 2}, r"blades must be 0 \(round\) or in \[3, 32\], got 2"),
        ({"blades": 33}, "blades must be in"),
        ({"f_number": 0.1}, r"f_number must be in \[0.7, 64\], got 0.1"),
        ({"wavelength_nm": 0.0}, "wavelength_nm must be in"),
        ({"pitch_um": 2.0}, "pitch_um must be in"),
        ({"size": 64}, "size must be odd, got 64"),
        ({"rotation_deg": float("nan")}, "rotation_deg must be in"),
    ],
)
def test_bad_values_are_named(change, message):
    values = {"blades": 6, "f_number": 2.0, "wavelength_nm": 550.0, "pitch_um": 0.2} | change
    with pytest.raises(ValueError, match=message):
        aperture_psf(**values)
