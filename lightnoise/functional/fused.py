"""The fast way for 8-bit pictures: no array of the frame's size between the decoding and the encoding pass.

The same steps as in `lightnoise.functional.chain`, and the same result within one shade: the frame is decoded straight
into the pyramid's first level, stray light is made there, and one pass mixes, exposes and encodes. Near-white pixels,
the only ones that recovery changes, are few and are put in singly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.camera import Camera
from lightnoise.functional import codec, lens, sensor
from lightnoise.optics import pyramid
from lightnoise.optics.recovery import NEAR_WHITE, guess, hold_measured, raised
from lightnoise.params import BloomParams, GammaParams, GlareParams

Image = NDArray[np.float32]
Codes = NDArray[np.uint8]


def serves(color: NDArray[Any], camera: Camera) -> bool:
    """Whether a picture can go the fast way: 8 bits, even sides, square pixels, no charge that spills."""
    height, width = color.shape[:2]
    even = height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8
    return color.dtype == np.uint8 and even and camera.pixel_aspect == 1.0 and camera.column_blooming == 0.0


def render(
    color: Codes, bloom: BloomParams, glare: GlareParams, gamma: GammaParams, camera: Camera, with_share: bool
) -> tuple[Codes, Image | None] | None:
    """Return the picture with lens effects and gamma, and on request the stray light's share of each pixel (H, W).

    None where a spread function is as small as a pixel.
    """
    height, width, channels = color.shape
    codes = np.ascontiguousarray(color).reshape(height, -1)
    table = codec.decode_table(camera.response)
    half = np.empty((height // 2, width // 2, channels), np.float32)
    kernels.develop.decode_halve(codes, channels, table, half.reshape(height // 2, -1))

    bright = _Bright(color, codes, table, camera.highlight_gain)
    if bright.count:
        found = guess(half, camera.highlight_gain, camera.focal_px(width)[1] / 2.0)
        bright.light = raised(bright.measured, bright.rows, bright.columns, found, height, width)
        gained = bright.light - bright.measured
        kernels.develop.add_halved(bright.rows, bright.columns, gained, channels, half.reshape(height // 2, -1))
    stray = lens.stray_light(half, bloom, glare, camera, height, width)
    if stray.own > 0.0:
        return None
    exposure = np.float32(2.0**gamma.exposure_ev)
    factor = stray.kept * exposure
    spread = stray.half
    if exposure != 1.0:
        spread = spread * exposure
    out = np.empty_like(color)
    _develop(codes, channels, table, factor, spread, gamma, camera, out.reshape(height, -1))
    if bright.count:
        direct = bright.light * factor
        hold_measured(direct, bright.measured, bright.light, factor)
        _put(out, bright.rows, bright.columns, direct, spread, gamma, camera)
    if stray.disc is not None:
        _put_disc(out, stray.disc, color, bright, table, factor, spread, gamma, camera)
    return out, _share(color, table, bright, stray) if with_share else None


class _Bright:
    """The near-white pixels of a frame: where they are, their light as measured and as recovered."""

    def __init__(self, color: Codes, codes: Codes, table: Image, highlight_gain: float) -> None:
        threshold = int(np.searchsorted(table, np.float32(NEAR_WHITE), side="right"))
        self.count = 0
        self.rows = self.columns = np.empty(0, np.int64)
        if highlight_gain > 1.0 and threshold < 256:
            row_largest = codes.max(axis=1)
            size = codes.size // 64
            while True:
                rows, columns = np.empty(size, np.int64), np.empty(size, np.int64)
                self.count = kernels.develop.near_white(
                    codes, row_largest, color.shape[2], np.uint8(threshold), rows, columns
                )
                if self.count <= size:
                    break
                size = self.count
            self.rows, self.columns = rows[: self.count], columns[: self.count]
        self.measured = table[color[self.rows, self.columns]]
        self.light = self.measured


def _share(color: Codes, table: Image, bright: _Bright, stray: lens.Stray) -> Image:
    direct = table[color] * stray.kept
    direct[bright.rows, bright.columns] = bright.light * stray.kept
    if stray.disc is not None:
        rows, columns, radiance = stray.disc
        direct[rows, columns] += radiance[..., None] * stray.kept
    wide = pyramid.collapse([np.zeros_like(direct)], np.zeros((1, 2)), coarser=stray.half)
    return lens.stray_share(direct, wide)


def _develop(
    codes: Codes,
    channels: int,
    table: Image,
    factor: Image,
    stray: Image,
    gamma: GammaParams,
    camera: Camera,
    out: Codes,
) -> None:
    shades = codec.shade_table(camera.response, gamma.gamma)
    row = np.empty(codes.shape[1], np.float32)
    kernels.develop.develop(
        codes,
        channels,
        table,
        np.tile(factor, codes.shape[1] // channels),
        stray.reshape(stray.shape[0], -1),
        shades.table,
        shades.base,
        codec.SHADE_SHIFT,
        np.float32(camera.full_well),
        np.float32(gamma.shot),
        np.float32(gamma.read),
        np.uint32(gamma.noise_seed),
        sensor.normal_table() if gamma.has_noise else np.zeros(1, np.float32),
        32 - sensor.NORMAL_BITS,
        row,
        row.view(np.int32),
        out,
    )


def _put(
    out: Codes,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    direct: Image,
    stray: Image,
    gamma: GammaParams,
    camera: Camera,
) -> None:
    """Encode single pixels from their direct light (n, C) and the frame's stray light."""
    channels = out.shape[2]
    light = np.empty_like(direct)
    kernels.develop.stray_at(stray.reshape(stray.shape[0], -1), channels, rows, columns, light)
    light += direct
    if gamma.has_noise:
        np.minimum(light, np.float32(camera.full_well), out=light)
        first = (rows * out.shape[1] + columns) * channels
        sensor.add_noise_at(light, first[:, None] + np.arange(channels), gamma)
    out[rows, columns] = codec.encode(light, camera.response, gamma.gamma, out.dtype)


def _put_disc(
    out: Codes,
    disc: tuple[slice, slice, Image],
    color: Codes,
    bright: _Bright,
    table: Image,
    factor: Image,
    stray: Image,
    gamma: GammaParams,
    camera: Camera,
) -> None:
    """Add the sun's disc over what was recovered beneath it."""
    rows, columns, radiance = disc
    light = table[color[rows, columns]]
    inside = (
        (bright.rows >= rows.start)
        & (bright.rows < rows.stop)
        & (bright.columns >= columns.start)
        & (bright.columns < columns.stop)
    )
    light[bright.rows[inside] - rows.start, bright.columns[inside] - columns.start] = bright.light[inside]
    covered = np.nonzero(radiance > 0.0)
    direct = (light[covered] + radiance[covered][:, None]) * factor
    _put(out, covered[0] + rows.start, covered[1] + columns.start, direct, stray, gamma, camera)
