"""The fast way for 8-bit pictures: no array of the frame's size between the decoding and the encoding pass.

The same steps as in `lightnoise.functional.chain`, and the same result within one shade: the frame is decoded straight
into the first level of the pyramid or, where the lens scatters nothing as finely, into the second; stray light is made
there, and one pass mixes, exposes and encodes. Both passes are in 16 bits where those suffice. Near-white pixels, the
only ones that recovery changes, are few and are put in singly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.camera import Camera
from lightnoise.functional import codec, lens, sensor
from lightnoise.functional import sun as suns
from lightnoise.optics import pyramid
from lightnoise.optics.luminance import luminance, luminance_weights
from lightnoise.optics.recovery import NEAR_WHITE, Bright, guess, guess_sizes, raised
from lightnoise.params import GammaParams

Image = NDArray[np.float32]
Codes = NDArray[np.uint8]

#: Largest exposure, stops, at which light in words shows no steps.
LARGEST_EXPOSURE_EV = 4.0

_D = np.array([1.0, 5.0, 10.0, 10.0, 5.0, 1.0]) / 32.0
#: Weights of the pixels about a cell of level 1, D, and of level 2, D twice.
_TAPS = {
    1: _D.astype(np.float32),
    2: np.convolve(np.kron(_D, [1.0, 0.0])[:-1], _D).astype(np.float32),
}


def _cells_about(taps: Image, factor: int) -> Image:
    """Return the weights of the five cells about a pixel, (factor, 5), for each pixel in a cell: U is factor·Dᵀ."""
    before = (len(taps) - factor) // 2
    weights = np.zeros((factor, 5), np.float32)
    for pixel in range(factor):
        for cell in range(5):
            tap = pixel - factor * (cell - 2) + before
            if 0 <= tap < len(taps):
                weights[pixel, cell] = factor * taps[tap]
    return weights


#: Weights of the cells of level 1, U, and of level 2, U twice, about a pixel.
_CELLS = {level: _cells_about(taps, 2**level) for level, taps in _TAPS.items()}


def serves(color: NDArray[Any], camera: Camera) -> bool:
    """Whether a picture can go the fast way: 8 bits, even sides, square pixels, no charge that spills."""
    height, width = color.shape[:2]
    even = height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8
    return color.dtype == np.uint8 and even and camera.pixel_aspect == 1.0 and camera.column_blooming == 0.0


def makes(plan: lens.Plan) -> bool:
    """Whether `render` makes a plan's stray light; where the frame itself has a part in it, only without a sun."""
    return plan.finest > 0 or suns.from_params(plan.glare) is None


def render(color: Codes, plan: lens.Plan, gamma: GammaParams, with_share: bool) -> tuple[Codes, Image | None]:
    """Return the picture with lens effects and gamma, and on request the stray light's share of each pixel (H, W)."""
    height, width, channels = color.shape
    camera, codes = plan.camera, color.reshape(height, -1)
    table = codec.decode_table(camera.response)
    level = 2 if plan.finest >= 2 and _quarters(height, width) else 1
    in_words = codec.words_suffice(camera.response, gamma.gamma) and gamma.exposure_ev <= LARGEST_EXPOSURE_EV
    light, bright = _decode(codes, channels, level, table, camera, in_words)
    stray = lens.stray_light(light, level, plan)
    factor = stray.kept * _exposure(gamma)
    out = np.empty_like(codes)
    _develop(codes, table, factor, stray.own, stray.light, bright, gamma, camera, out)
    picture = out.reshape(color.shape)
    if stray.disc is not None:
        _put_disc(picture, stray.disc, color, bright, table, factor, stray.light, gamma, camera)
    return picture, _share(color, table, bright, stray) if with_share else None


def expose(color: Codes, gamma: GammaParams, camera: Camera) -> Codes:
    """Return the picture with gamma alone: by a look-up with recovered lamps put in singly, or developed with noise."""
    if gamma.has_noise:
        return _expose_noisily(color, gamma, camera)
    out = codec.tone(color, camera.response, gamma.gamma, gamma.exposure_ev)
    if gamma.exposure_ev < 0.0:
        bright = _near_white_pixels(color, codec.decode_table(camera.response), camera)
        direct = bright.direct(np.full(color.shape[2], _exposure(gamma)))
        out[bright.rows, bright.columns] = codec.encode(direct.T, camera.response, gamma.gamma, out.dtype)
    return out


def _expose_noisily(color: Codes, gamma: GammaParams, camera: Camera) -> Codes:
    table = codec.decode_table(camera.response)
    bright = _near_white_pixels(color, table, camera)
    codes = color.reshape(len(color), -1)
    out = np.empty_like(codes)
    _develop(codes, table, np.full(color.shape[2], _exposure(gamma)), 0.0, None, bright, gamma, camera, out)
    return out.reshape(color.shape)


def _exposure(gamma: GammaParams) -> np.float32:
    """Return what light is multiplied by."""
    return np.float32(2.0**gamma.exposure_ev)


def _near_white_pixels(color: Codes, table: Image, camera: Camera) -> Bright:
    """Return the pixels that recovery changes, found on the coarsest level that is possible."""
    height, width, channels = color.shape
    if camera.highlight_gain <= 1.0 or color.max() < _near_white(camera.response):
        return Bright.none(channels)
    codes = color.reshape(height, -1)
    return _decode(codes, channels, 2 if _quarters(height, width) else 1, table, camera, True)[1]


def _quarters(height: int, width: int) -> bool:
    """Whether a frame halves exactly twice, and is large enough for what reaches over its borders."""
    return height % 4 == 0 and width % 4 == 0 and min(height, width) >= 16


def _decode(
    codes: Codes, channels: int, level: int, table: Image, camera: Camera, in_words: bool
) -> tuple[Image, Bright]:
    """Return the light on the pyramid's first or second level, recovered, and the pixels that recovery changed."""
    height, width = len(codes), codes.shape[1] // channels
    if in_words:
        light = np.empty((height >> level, width >> level, channels), np.float32)
        row_largest = np.empty(height, np.uint8)
        decode = kernels.decode.decode_halve if level == 1 else kernels.decode.decode_quarter
        decode(codes, channels, codec.word_planes(camera.response), light.reshape(len(light), -1), row_largest)
    else:
        light, row_largest = codec.decode(codes.reshape(height, width, channels), camera.response), codes.max(axis=1)
        for octave in range(1, level + 1):
            light = pyramid.shrink(light, (height >> octave, width >> octave))
    flat = light.reshape(len(light), -1)
    threshold = _near_white(camera.response) if camera.highlight_gain > 1.0 else 256
    rows, columns, measured = _bright_pixels(codes, channels, threshold, table, row_largest)
    if len(rows) == 0:
        return light, Bright(rows, columns, measured, measured)
    sizes = guess_sizes(height // 2, width // 2)
    near = light if level == 2 else pyramid.shrink(light, sizes[0])
    found = guess(near, sizes, camera.highlight_gain, camera.focal_px(width)[1] * sizes[0][1] / width)
    recovered = raised(measured, rows, columns, found, height, width)
    kernels.decode.add_shrunk(rows, columns, measured, recovered, _TAPS[level], flat)
    return light, Bright(rows, columns, measured, recovered)


@lru_cache(maxsize=32)
def _near_white(response: str) -> int:
    """Return the least code that recovery may change, 256 if none."""
    return int(np.searchsorted(codec.decode_table(response), np.float32(NEAR_WHITE), side="right"))


def _bright_pixels(
    codes: Codes, channels: int, threshold: int, table: Image, row_largest: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64], Image]:
    """Return the rows, the columns and the light of pixels with a code ≥ ``threshold``."""
    size = codes.size // 8 if threshold <= row_largest.max() else 0  # untouched memory costs nothing
    while True:
        rows, columns = np.empty(size, np.int64), np.empty(size, np.int64)
        light = np.empty((channels, size), np.float32)
        if size == 0:
            return rows, columns, light
        count = kernels.decode.near_white(
            codes, row_largest, channels, np.uint8(threshold), table, rows, columns, light
        )
        if count <= size:
            return rows[:count], columns[:count], np.ascontiguousarray(light[:, :count])
        size = count


def _level_of(level: Image, color: Codes) -> int:
    """Return which level of the pyramid of a picture an array is, 1 or 2."""
    return 1 if 2 * level.shape[0] == color.shape[0] else 2


def _share(color: Codes, table: Image, bright: Bright, stray: lens.Stray) -> Image:
    """Return the stray light's part of the luminance of each pixel, (H, W)."""
    height, width = color.shape[:2]
    weights = luminance_weights(color.shape[2])
    half = luminance(stray.light)[..., None]
    if _level_of(half, color) == 2:
        half = pyramid.enlarge(half, (height // 2, width // 2))
    if stray.own > 0.0:
        scene = _luminance(color, table, weights, bright)[..., None]
        wide = pyramid.collapse([scene], np.array([[0.0, stray.own]]), coarser=half)
    else:
        wide = pyramid.enlarge(half, (height, width))
    direct = _luminance(color, table, weights * stray.kept, bright)
    return lens.share_of(direct, wide[..., 0], stray)


def _luminance(color: Codes, table: Image, weights: Image, bright: Bright) -> Image:
    """Return Σ weights (C,) · channels of a picture's light, recovered, (H, W)."""
    out = np.empty(color.shape[:2], np.float32)
    kernels.damage.sum_of_tables(color, weights[:, None] * table, out)
    out[bright.rows, bright.columns] = weights @ bright.light
    return out


def _develop(
    codes: Codes,
    table: Image,
    factor: Image,
    own: float,
    stray: Image | None,
    bright: Bright,
    gamma: GammaParams,
    camera: Camera,
    out: Codes,
) -> None:
    """Mix, expose and encode: direct light times ``factor``, ``own`` times the frame smoothed, and stray light.

    The latter two are yet to be exposed. Without stray light there is to be noise, and ``own`` is to be 0.
    """
    channels, exposure = len(factor), _exposure(gamma)
    flat_stray, weights = np.empty((0, 0), np.float32), _CELLS[1]
    if stray is not None:
        flat_stray, weights = stray.reshape(len(stray), -1), _CELLS[_level_of(stray, codes)]
    recovered = bright.by_row(len(codes), factor)
    shades = codec.shade_table(camera.response, gamma.gamma).for_kernels()
    word_shades = codec.word_shades(camera.response, gamma.gamma)
    if gamma.exposure_ev > LARGEST_EXPOSURE_EV:
        word_shades = None
    if gamma.has_noise or own > 0.0 or word_shades is None:
        noise = np.float32(camera.full_well), *sensor.for_kernels(gamma)
        words, per_word = (np.empty(0, np.uint8),) * 3, 1.0
        if word_shades is not None:
            words, per_word = (codec.word_planes(camera.response), *word_shades), 1.0 / 65535.0
        repeated = np.tile(factor * np.float32(per_word), codes.shape[1] // channels)
        own_part = np.float32(own * exposure)
        if exposure != 1.0:
            flat_stray = flat_stray * exposure
        kernels.develop.develop(
            codes, channels, table, repeated, own_part, flat_stray, weights, noise, recovered, shades, words, out
        )
        return
    planes, ratios = codec.dimmed_planes(camera.response, tuple(factor.tolist()))
    unit = np.float32(65535.0) * exposure
    kernels.develop_words.develop(
        codes, channels, planes, ratios, flat_stray, unit, weights, recovered, shades, word_shades, out
    )


def _put_disc(
    out: Codes,
    disc: tuple[slice, slice, Image],
    color: Codes,
    bright: Bright,
    table: Image,
    factor: Image,
    stray: Image,
    gamma: GammaParams,
    camera: Camera,
) -> None:
    """Encode the sun's disc over what is beneath, pixel by pixel."""
    rows, columns, radiance = disc
    beneath = table[color[rows, columns]] * factor
    inside = (
        (bright.rows >= rows.start)
        & (bright.rows < rows.stop)
        & (bright.columns >= columns.start)
        & (bright.columns < columns.stop)
    )
    measured, recovered = (np.ascontiguousarray(of[:, inside]) for of in (bright.measured, bright.light))
    near = Bright(bright.rows[inside], bright.columns[inside], measured, recovered)
    beneath[near.rows - rows.start, near.columns - columns.start] = near.direct(factor).T
    covered = np.nonzero(radiance > 0.0)
    y, x = covered[0] + rows.start, covered[1] + columns.start
    channels = out.shape[2]
    light = np.empty((len(y), channels), np.float32)
    kernels.develop.stray_at(stray.reshape(len(stray), -1), channels, _CELLS[_level_of(stray, out)], y, x, light)
    light *= _exposure(gamma)
    light += beneath[covered] + radiance[covered][:, None] * factor
    if gamma.has_noise:
        np.minimum(light, np.float32(camera.full_well), out=light)
        sensor.add_noise_at(light, y, x, out.shape[1], gamma)
    out[y, x] = codec.encode(light, camera.response, gamma.gamma, out.dtype)
