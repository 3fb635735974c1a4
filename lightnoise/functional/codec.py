"""Encoded pixels to linear light, and back once at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import stringzilla
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.functional.layout import TOPS
from lightnoise.optics import response as curves

Image = NDArray[np.float32]

#: Bits of the steps per octave, and octaves below 1, of the curves that encode light and that decode numbers. What is
#: decoded is steeper, and known less far down.
ENCODE, DECODE = (8, 48), (10, 24)


def decode(color: NDArray[Any], response: str) -> Image:
    """Return linear light, white = 1.0.

    Parameters
    ----------
    color : ndarray of shape (H, W, C), uint8, uint16, or float in [0, 1]
        Encoded pixels.
    response : str
        Camera response, see `lightnoise.optics.response`.

    Returns
    -------
    ndarray of shape (H, W, C), float32
    """
    out = np.empty(color.shape, np.float32)
    if color.dtype not in TOPS:
        curve = _decode_curve(response)
        if curve is None:
            return curves.decode(color, response).astype(np.float32)
        floats = np.ascontiguousarray(color, np.float32)
        kernels.transfer.follow(floats.reshape(-1), *DECODE, curve, out.reshape(-1))
        return out
    codes = color.reshape(-1)
    kernels.transfer.look_up(codes, decode_table(response, TOPS[color.dtype]), out.reshape(-1))
    return out


def encode(light: Image, response: str, gamma: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return linear light as encoded pixels: response, then v^gamma, then rounding to the dtype.

    Light below 0 and above white is clipped here and nowhere before. Floats are computed in float32.
    """
    flat = np.ascontiguousarray(light).reshape(-1)
    table = _encode_curve(response, gamma)
    if dtype in TOPS:
        out = np.empty(light.shape, dtype)
        kernels.transfer.follow_to_codes(flat, *ENCODE, table, np.float32(TOPS[dtype]), out.reshape(-1))
        return out
    floats = np.empty(light.shape, np.float32)
    kernels.transfer.follow(flat, *ENCODE, table, floats.reshape(-1))
    return floats.astype(dtype, copy=False)


def tone(color: NDArray[Any], response: str, gamma: float, exposure_ev: float) -> NDArray[Any]:
    """Return pixels at another exposure and gamma, each from its own value alone: one table look-up for integers."""
    if color.dtype not in TOPS:
        light = decode(color, response)
        light *= np.float32(2.0**exposure_ev)
        return encode(light, response, gamma, color.dtype)
    table = _tone_table(response, gamma, exposure_ev, color.dtype)
    codes = color.reshape(len(color), -1)
    if color.dtype == np.uint8:
        return look_up_bytes(codes, table).reshape(color.shape)
    out = np.empty(color.shape, color.dtype)
    kernels.transfer.look_up(codes.reshape(-1), table, out.reshape(-1))
    return out


def look_up_bytes(codes: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``table[codes]`` of a contiguous (H, W) array, by what is fastest on the processor."""
    if not _permutes_bytes():
        return np.asarray(cv2.LUT(codes, table))
    out = np.empty_like(codes)
    stringzilla.translate(codes.data, table.tobytes(), out=out)
    return out


@lru_cache(maxsize=1)
def _permutes_bytes() -> bool:
    """Whether the processor permutes bytes in 512-bit registers: StringZilla then is faster than a plain table."""
    return not {"skylake", "ice"}.isdisjoint(stringzilla.__capabilities__)


@lru_cache(maxsize=64)
def _tone_table(response: str, gamma: float, exposure_ev: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    top = TOPS[dtype]
    light = curves.decode(np.arange(top + 1) / top, response) * 2.0**exposure_ev
    curve = curves.encode(np.minimum(light, 1.0), response) ** gamma
    return np.floor(curve * top + 0.5).astype(dtype)


@lru_cache(maxsize=32)
def decode_table(response: str, top: int = 255) -> Image:
    """Return the linear light of every code 0 … top, float32."""
    return curves.decode(np.arange(top + 1) / top, response).astype(np.float32)


@lru_cache(maxsize=32)
def word_planes(response: str) -> NDArray[np.uint8]:
    """Return the linear light of every 8-bit code in words, 65535 = white, for `lightnoise.kernels.permute`."""
    return planes_of(decode_table(response))


def planes_of(light: Image, rounding: float = 0.5) -> NDArray[np.uint8]:
    """Return light (256,) in words, clipped at white: the lower bytes of all, then the upper ones."""
    words = np.minimum(light * np.float32(65535.0) + np.float32(rounding), 65535.0)
    return _byte_planes(words.astype(np.uint16))


@lru_cache(maxsize=32)
def dimmed_planes(response: str, factor: tuple[float, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return the words of every 8-bit code times the largest factor, and the channels' factors by that, times 65536.

    As `lightnoise.kernels.permute.shade_row` needs them.
    """
    factors, largest = np.array(factor, np.float32), np.float32(max(factor))
    light = decode_table(response) * largest
    if (factors == largest).all():
        return planes_of(light), np.empty((2, 0), np.uint16)
    ratios = np.minimum(factors * (65536.0 / largest), 65535.0).astype(np.uint16)
    return planes_of(light, 1.0), kernels.permute.repeated(ratios)  # a product with a ratio is rounded down


def _byte_planes(words: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.concatenate([words & 255, words >> 8]).astype(np.uint8)


@lru_cache(maxsize=64)
def _encode_curve(response: str, gamma: float) -> Image:
    points = kernels.transfer.curve_points(*ENCODE)
    return (curves.encode(points, response) ** gamma).astype(np.float32)


#: Largest error that the lines of a decoding curve may make, a fifth of a step of 16 bits.
LINE_ERROR = 3e-6


@lru_cache(maxsize=8)
def _decode_curve(response: str) -> Image | None:
    """Return the light at the points of a curve, None for a response that bends too much between them."""
    points = kernels.transfer.curve_points(*DECODE)
    light = curves.decode(points, response)
    between = curves.decode(0.5 * (points[1:] + points[:-1]), response)
    off = np.abs(between - 0.5 * (light[1:] + light[:-1])).max()
    return light.astype(np.float32) if off <= LINE_ERROR else None


@dataclass(frozen=True)
class Shades:
    """8-bit shades by the bits of a float32: ``table[(bits >> SHADE_SHIFT) - base]``, for light in [0, 1]."""

    table: NDArray[np.uint8]
    base: int

    def for_kernels(self) -> tuple[NDArray[np.uint8], np.int32, np.int32]:
        """Return the table, its base and its shift."""
        return self.table, np.int32(self.base), np.int32(SHADE_SHIFT)


#: 2^9 steps of light per octave: a step is 0.1 % of the light, a tenth of a shade.
SHADE_SHIFT = 23 - 9


@lru_cache(maxsize=64)
def shade_table(response: str, gamma: float) -> Shades:
    """Return the shades of linear light under a response and a gamma."""
    darkest = curves.decode(np.array([(0.5 / 255.0) ** (1.0 / gamma)]), response)[0]
    lowest = int(np.array(max(0.5 * darkest, 1e-37), np.float32).view(np.int32)) >> SHADE_SHIFT
    white = int(np.array(1.0, np.float32).view(np.int32)) >> SHADE_SHIFT
    light = (np.arange(lowest, white + 1, dtype=np.int32) << SHADE_SHIFT).view(np.float32)
    shades = curves.encode(np.minimum(light, 1.0).astype(np.float64), response) ** gamma
    return Shades(np.floor(shades * 255.0 + 0.5).astype(np.uint8), lowest)


#: Largest error that words of light may make in a picture beyond rounding, shades of 8 bits; by how many words, at
#: most, direct and stray light together may be off.
WORD_ERROR, WORDS_OFF = 0.45, 1.5


#: Points of a line at which its curve is evaluated.
_POINTS = 16


@lru_cache(maxsize=64)
def word_shades(response: str, gamma: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the knots of words' shades and the shade of every word, or None where words are too coarse.

    See `lightnoise.kernels.permute.shade_of_word`. Lines between the knots are as much above the curve as below it.
    """

    at, *encoded = _encoded_words(response)
    short, long, exact, off = (255.0 * values**gamma for values in encoded)
    lines = [_lines(curve) for curve in (short, long)]
    knots = np.concatenate([lines[0][0], lines[1][0], lines[0][1], lines[1][1]])
    if knots.min() < 0.0 or knots.max() > 65535.0:
        return None
    rounded = _byte_planes(np.floor(knots + 0.5).astype(np.uint16))
    shades = np.empty(65536, np.uint8)
    kernels.permute.fill_shades(rounded, shades)
    # what a picture is off: by its own rounding half a shade
    error = np.abs(shades[at] - exact).max() - 0.5 + (off - exact).max()
    return (rounded, shades) if error <= WORD_ERROR else None


@lru_cache(maxsize=8)
def _encoded_words(response: str) -> tuple[NDArray[Any], ...]:
    """Return words, and light encoded: in points of the short lines, of the long ones, in the words, and a bit off."""
    dark = kernels.permute.DARK
    short, long = (np.linspace(0.0, end, 64 * _POINTS + 1) for end in (dark, 65536))
    words = np.minimum(np.concatenate([short, long[long > dark]]), 65535.0)
    light = (np.minimum(of / 65535.0, 1.0) for of in (short, long, words, words + WORDS_OFF))
    return words.astype(np.int64), *(curves.encode(of, response) for of in light)


#: Most shades that the first word above black may be worth where stray light, of which words are a few parts, is made
#: in words.
FIRST_WORD = 0.7


@lru_cache(maxsize=64)
def words_suffice(response: str, gamma: float) -> bool:
    """Whether stray light may be made in words under a response and a gamma; mixing and encoding ask for more."""
    return bool(255.0 * curves.encode(np.array([1.0 / 65535.0]), response)[0] ** gamma <= FIRST_WORD)


def _lines(curve: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the start of each line along a curve with the half for rounding, and its rise, in 1/256."""
    ends, points = curve[::_POINTS].copy(), np.lib.stride_tricks.sliding_window_view(curve, _POINTS + 1)[::_POINTS]
    off = points - (ends[:-1, None] + np.diff(ends)[:, None] * (np.arange(_POINTS + 1) / _POINTS))
    half = 0.5 * (off.max(axis=1) + off.min(axis=1))
    ends += 0.5 * (np.append(half, half[-1]) + np.append(half[0], half))
    ends[0] = curve[0]  # no light is the darkest shade
    return 256.0 * ends[:-1] + 128.0, 256.0 * np.diff(ends)
