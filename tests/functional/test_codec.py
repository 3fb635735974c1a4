"""Look-up of bytes and of floats: every way gives what the formula gives."""

import numpy as np
import pytest

from lightnoise.functional import codec
from lightnoise.optics import response as curves


@pytest.mark.parametrize("permutes", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (64, 192)])
def test_bytes_go_through_the_table(permutes, size, monkeypatch):
    monkeypatch.setattr(codec, "_permutes_bytes", lambda: permutes)
    codes = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    table = np.random.default_rng(1).permutation(256).astype(np.uint8)
    kept = codes.copy()
    np.testing.assert_array_equal(codec.look_up_bytes(codes, table), table[codes])
    np.testing.assert_array_equal(codes, kept)


NUMBERS = np.concatenate(
    [[0.0, 1e-30, 2.0**-48, 2.0**-24, 1.0], np.geomspace(1e-12, 1.0, 20001), np.linspace(0, 1, 4097)]
)


@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "power:5", "power:0.4", "scurve:0.5", "scurve:1"])
def test_floats_are_decoded_by_their_curve(response):
    numbers = NUMBERS.astype(np.float32)
    exact = curves.decode(numbers.astype(float), response)
    found = codec.decode(numbers[:, None, None], response)[:, 0, 0]
    np.testing.assert_allclose(found, exact, rtol=0.0, atol=3e-6)
    if response in ("srgb", "power:2.2"):
        np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-12)
    assert found[numbers == 1.0].tolist() == [1.0] * 3
    assert found[0] == np.float32(exact[0])


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "scurve:0.5"])
def test_light_is_encoded_by_its_curve(response, gamma):
    numbers = NUMBERS.astype(np.float32)
    exact = curves.encode(numbers.astype(float), response) ** gamma
    found = codec.encode(numbers[:, None, None], response, gamma, np.dtype(np.float32))[:, 0, 0]
    np.testing.assert_allclose(found, exact, rtol=3e-6, atol=2e-6)
    words = codec.encode(numbers[:, None, None], response, gamma, np.dtype(np.uint16))[:, 0, 0]
    assert np.abs(words - 65535.0 * exact).max() <= 0.7
    outside = np.array([-1.0, -1e-9, 1.0001, 1e6], np.float32)[:, None, None]
    assert codec.encode(outside, response, gamma, np.dtype(np.float32)).ravel().tolist() == [0.0, 0.0, 1.0, 1.0]
