"""Light in words: look-ups in registers, the pyramid's octaves, and shades by straight lines."""

import hashlib
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from subroutines import entry

from lightnoise.functional import codec
from lightnoise.kernels import octave, parity, permute, words
from lightnoise.optics import response as curves

look_up_words, shade_row, shade_of_word = map(entry, (permute.look_up_words, permute.shade_row, permute.shade_of_word))
split, join = entry(parity.split), entry(parity.join)

WIDTHS = st.integers(1, 300)


def planes_of(table):
    return np.concatenate([table & 255, table >> 8]).astype(np.uint8)


@given(width=WIDTHS, seed=st.integers(0, 1000))
def test_words_are_looked_up(width, seed):
    rng = np.random.default_rng(seed)
    codes, table = rng.integers(0, 256, (3, width)).astype(np.uint8), rng.integers(0, 65536, 256).astype(np.uint16)
    out = np.zeros((4, width), np.uint16)
    largest = look_up_words(codes, 1, planes_of(table), out, 2)
    assert largest == codes[1].max()
    assert (out[2] == table[codes[1]]).all()
    assert not out[[0, 1, 3]].any()


@given(width=WIDTHS, seed=st.integers(0, 1000), scaled=st.booleans(), gamma=st.sampled_from([0.95, 1.0, 2.2]))
def test_rows_are_shaded(width, seed, scaled, gamma):
    """Against the definition: shade of min(word·ratio/65536 + stray, white), stray the mean of three rows."""
    rng = np.random.default_rng(seed)
    knots, shades = codec.word_shades("srgb", gamma)
    codes, table = rng.integers(0, 256, (2, width)).astype(np.uint8), rng.integers(0, 65536, 256).astype(np.uint16)
    rows = (65536 * rng.random((4, width)) ** 4).astype(np.uint16)
    about = tuple(np.uint64(row) for row in rng.integers(0, 4, 3))
    of_channels = rng.integers(0, 65536, 3).astype(np.uint16)
    ratios = permute.repeated(of_channels) if scaled else np.empty((2, 0), np.uint16)
    out = np.zeros((2, width), np.uint8)
    shade_row(codes, 1, planes_of(table), ratios, rows, about, knots, shades, out)
    light = table[codes[1]].astype(np.int64)
    if scaled:
        light = light * np.resize(of_channels, width) // 65536
    far, here, near = (rows[row].astype(np.int64) for row in about)
    stray = far
    for other in (near, here, near, here):
        stray = (stray + other + 1) // 2
    expected = [shade_of_word(np.uint16(word), knots) for word in np.minimum(light + stray, 65535)]
    assert (out[1] == expected).all()
    assert not out[0].any()


@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "scurve:0.5"])
@pytest.mark.parametrize("gamma", [0.9, 1.0, 1.4, 3.0])
def test_shades_of_words_are_right_or_not_offered(response, gamma):
    found = codec.word_shades(response, gamma)
    if found is None:  # too steep; the usual curve never is
        assert (response, gamma >= 0.9) != ("srgb", True)
        return
    exact = 255.0 * curves.encode(np.arange(65536) / 65535.0, response) ** gamma
    assert np.abs(found[1] - exact).max() <= 0.5 + codec.WORD_ERROR
    assert (np.diff(found[1].astype(int)) >= 0).all()
    assert found[1][0] == 0
    assert found[1][-1] == 255


def test_steep_curves_are_not_for_words():
    assert codec.word_shades("srgb", 0.5) is None


@given(width=st.integers(1, 150), channels=st.sampled_from([1, 3]), dtype=st.sampled_from([np.float32, np.uint16]))
def test_pixels_are_taken_apart_and_joined(width, channels, dtype):
    row = np.random.default_rng(width).integers(0, 60000, 2 * width * channels).astype(dtype)
    even, odd = np.zeros((2, (width + 2) * channels), dtype)
    split(row, channels, even, odd)
    pairs = row.reshape(width, 2, channels)
    for got, parts, beyond in ((even, pairs[:, 0], pairs[:, 1]), (odd, pairs[:, 1], pairs[:, 0])):
        assert (got.reshape(-1, channels) == np.concatenate([beyond[:1], parts, beyond[-1:]])).all()
    joined = np.zeros((3, len(row)), dtype)
    inner = slice(channels, -channels)
    join(even[inner].copy(), odd[inner].copy(), channels, joined, 1)
    assert (joined[1] == row).all()
    assert not joined[[0, 2]].any()


@numba.njit
def halve_words(rows, channels, out):
    height, width = rows.shape
    row = np.empty(width, np.uint16)
    even, odd = np.empty((2, width // 2 + 2 * channels), np.uint16)
    for i in range(height // 2):
        words.halve_to(rows, i, height, channels, row, even, odd, out, np.uint64(i))


@numba.njit
def widen_words(coarser, channels, out):
    height, size = coarser.shape
    row = np.empty(size + 2 * channels, np.uint16)
    for y in range(out.shape[0]):
        words.mix_three(coarser, words.rows_for(y, height, height), row, np.uint64(channels))
        words.widen_row(row, channels, out, np.uint64(y))


@pytest.mark.parametrize("channels", [1, 3])
def test_octaves_in_words_are_those_in_floats(channels):
    """Means of two round up by a quarter of a word each; chains of them stay within three words."""
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 65536, (36, 50 * channels)).astype(np.uint16)
    for in_words, in_floats, light, shape in (
        (halve_words, octave.halve, fine, (18, 25 * channels)),
        (widen_words, octave.widen, fine, (72, 100 * channels)),
    ):
        got, expected = np.empty(shape, np.uint16), np.empty(shape, np.float32)
        in_words(light, channels, got)
        in_floats(light.astype(np.float32), channels, expected)
        error = got - expected.astype(np.float64)
        assert error.min() > -1.0
        assert error.max() < 3.0
        assert 0.0 < error.mean() < 1.5


@given(word=st.integers(0, 65535))
def test_a_picture_of_one_light_stays_as_it_is(word):
    flat = np.full((16, 24), word, np.uint16)
    smaller, larger = np.empty((8, 12), np.uint16), np.empty((32, 48), np.uint16)
    halve_words(flat, 3, smaller)
    widen_words(flat, 3, larger)
    assert (smaller == word).all()
    assert (larger == word).all()


PICTURE = """
import hashlib
import numpy as np
import lightnoise as ln
rng = np.random.default_rng(0)
image = (255 * rng.random((64, 212, 3)) ** 3).astype(np.uint8)
image[20:24, 30:40] = 255
params = [ln.BloomParams(scatter=0.2, radius_deg=2.0), ln.GlareParams(starburst=0.1), ln.GammaParams(exposure_ev=0.5)]
print(hashlib.sha256(ln.chain(image, params)).hexdigest())
"""


def test_a_processor_without_wide_registers_makes_the_same_picture(tmp_path):
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    script = PICTURE + "from lightnoise.kernels import permute\nprint(permute.HAS_PERMUTES)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | plain, capture_output=True, text=True, check=True
    )
    there, has_permutes = done.stdout.split()
    assert has_permutes == "False"
    here = subprocess.run([sys.executable, "-c", PICTURE], capture_output=True, text=True, check=True).stdout.strip()
    assert len(here) == len(hashlib.sha256(b"").hexdigest())
    assert there == here
