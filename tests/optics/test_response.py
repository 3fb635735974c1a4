import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightnoise.optics.response import check_response, decode, encode

RESPONSES = ["srgb", "linear", "power:2.2", "power:0.45", "scurve:0.5", "scurve:1", "scurve:0.001"]


def test_srgb_is_the_standards_formula():
    """IEC 61966-2-1, number by number; 0.5 encodes 21.4 % of the light."""
    encoded = np.concatenate([np.linspace(0.0, 1.0, 1001), np.linspace(0.0403, 0.0406, 31)])  # and about the knee
    np.testing.assert_allclose(decode(encoded), naive.decode(encoded), rtol=1e-12)
    linear = np.concatenate([encoded, np.linspace(0.0031, 0.0032, 31)])
    np.testing.assert_allclose(encode(linear), naive.encode(linear), rtol=1e-12)
    assert decode(np.array(0.5)) == pytest.approx(0.21404114)


def test_srgb_against_another_library():
    color = pytest.importorskip("skimage.color")
    encoded = np.linspace(0.0, 1.0, 256).reshape(-1, 1, 1).repeat(3, axis=2)
    luminance = color.rgb2xyz(encoded)[:, 0, 1]
    np.testing.assert_allclose(decode(encoded[:, 0, 0]), luminance, atol=1e-6)


def test_power_is_an_exponent():
    np.testing.assert_allclose(decode(np.array([0.25, 0.5]), "power:2"), [0.0625, 0.25])
    np.testing.assert_allclose(encode(np.array([0.0625, 0.25]), "power:2"), [0.25, 0.5])


@pytest.mark.parametrize("strength", [0.001, 0.3, 0.5, 1.0])
def test_s_curve_by_bisection(strength):
    """The inverse is a closed form; here the forward curve is solved by halving."""
    for v in np.linspace(0.0, 1.0, 41):
        low, high = 0.0, 1.0
        for _ in range(60):
            u = 0.5 * (low + high)
            low, high = (u, high) if (1 - strength) * u + strength * (3 - 2 * u) * u * u < v else (low, u)
        expected = naive.srgb_to_linear(0.5 * (low + high))
        assert decode(np.array(v), f"scurve:{strength}") == pytest.approx(expected, abs=2e-7)


def test_full_smoothstep_is_the_papers_inverse():
    """½ − sin(asin(1 − 2v)/3), Brooks et al. 2019."""
    v = np.linspace(0.0, 1.0, 101)
    u = 0.5 - np.sin(np.arcsin(1.0 - 2.0 * v) / 3.0)
    np.testing.assert_allclose(decode(v, "scurve:1"), naive.decode(u), atol=1e-7)


@pytest.mark.parametrize("response", RESPONSES)
@given(v=st.floats(0.0, 1.0))
def test_there_and_back(response, v):
    assert encode(decode(np.array(v), response), response) == pytest.approx(v, abs=2e-6)


@pytest.mark.parametrize("response", RESPONSES)
def test_curves_rise_from_black_to_white(response):
    linear = decode(np.linspace(0.0, 1.0, 4097), response)
    assert linear[0] == pytest.approx(0.0, abs=1e-12)
    assert linear[-1] == pytest.approx(1.0, abs=1e-12)
    assert np.all(np.diff(linear) > 0.0)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("top", [255, 65535])
def test_every_code_value_survives(response, top):
    codes = np.arange(top + 1)
    linear = decode(codes / top, response).astype(np.float32)
    np.testing.assert_array_equal(np.floor(encode(linear, response) * top + 0.5), codes)


def test_input_is_left_alone():
    v = np.array([0.1, 0.9])
    for response in RESPONSES:
        assert decode(v, response) is not v
        assert encode(v, response) is not v
    np.testing.assert_array_equal(v, [0.1, 0.9])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gamma", "response must be 'srgb', 'linear', 'power:<g>' or 'scurve:<c>'; got 'gamma'"),
        ("power", "response 'power' needs a number"),
        ("power:", "response 'power' needs a number"),
        ("srgb:2", "response must be"),
        ("power:x", r"response 'power' needs a number in \[0.2, 5\], .*'power:2.2'; got 'power:x'"),
        ("power:9", r"needs a number in \[0.2, 5\]"),
        ("power:nan", r"needs a number in \[0.2, 5\]"),
        ("scurve:0", r"needs a number in \[0.001, 1\]"),
        (None, "response must be"),
    ],
)
def test_unknown_responses_are_named(name, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        check_response(name)
