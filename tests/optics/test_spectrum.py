import numpy as np
import pytest

from lightnoise.optics.spectrum import WAVELENGTHS_NM, rgb_weights, xyz_matching


@pytest.mark.parametrize(
    ("wavelength_nm", "xyz"),
    [  # CIE 1931 2° observer, CIE 15:2004 table T.4
        (450.0, (0.3362, 0.0380, 1.7721)),
        (500.0, (0.0049, 0.3230, 0.2720)),
        (550.0, (0.4334, 0.9950, 0.0087)),
        (600.0, (1.0622, 0.6310, 0.0008)),
        (650.0, (0.2835, 0.1070, 0.0000)),
    ],
)
def test_matching_functions_follow_the_tables(wavelength_nm, xyz):
    np.testing.assert_allclose(xyz_matching(np.array(wavelength_nm)), xyz, atol=0.025)


def test_white_stays_white():
    weights = rgb_weights()
    assert weights.shape == (31, 3)
    assert weights.min() >= 0.0
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, atol=1e-12)


def test_channels_peak_in_their_colours():
    red, green, blue = WAVELENGTHS_NM[rgb_weights().argmax(axis=0)]
    assert 590 <= red <= 620
    assert 530 <= green <= 560
    assert 440 <= blue <= 460


def test_weights_cannot_be_spoilt():
    with pytest.raises(ValueError, match="read-only"):
        rgb_weights()[0, 0] = 1.0
