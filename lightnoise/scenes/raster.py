"""Compiled loops of the scenes: polygon filling with antialiasing, and development to 8 bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.kernels.jit import kernel

Array = NDArray[Any]

_MOST_CROSSINGS = 256


@kernel
def fill_polygons(
    pixels: Array,
    corners: Array,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    top: Array,
    bottom: Array,
) -> None:
    """Paint polygons over each other, each with a vertical gradient.

    Parameters
    ----------
    pixels : ndarray of float32, shape (3, H, W)
        Changed in place.
    corners : ndarray of float32, shape (N, 2)
        (x, y) of all polygons, one after another.
    starts, ends : ndarray of int64, shape (M,)
        Where each polygon's corners begin and end.
    top, bottom : ndarray of float32, shape (M, 3)
        Colour at its upper and lower end.
    """
    height, width = pixels.shape[1], pixels.shape[2]
    share = np.zeros(width, dtype=np.float32)
    for k in range(len(starts)):
        polygon = corners[starts[k] : ends[k]]
        x_low, y_low, x_high, y_high = _box(polygon)
        x0, x1 = max(math.floor(x_low), 0), min(math.ceil(x_high), width)
        y0, y1 = max(math.floor(y_low), 0), min(math.ceil(y_high), height)
        if x1 <= x0 or y1 <= y0:
            continue
        lines = _lines_per_row(y_high - y_low)
        for y in range(y0, y1):
            share[x0:x1] = 0.0
            _cover_row(polygon, y, lines, x0, x1, share)
            t = min(max((y + 0.5 - y_low) / max(y_high - y_low, 1e-3), 0.0), 1.0)
            for c in range(3):
                colour = np.float32(top[k, c] + t * (bottom[k, c] - top[k, c]))
                for x in range(x0, x1):
                    pixels[c, y, x] += share[x] * (colour - pixels[c, y, x])


@kernel
def cover_polygon(polygon: Array, x0: int, y0: int, share: Array) -> None:
    """Write the share of each pixel that a polygon covers into ``share``, whose corner stands at (x0, y0)."""
    shifted = polygon - np.array((x0, y0), dtype=np.float32)
    _, y_low, _, y_high = _box(shifted)
    lines = _lines_per_row(y_high - y_low)
    for y in range(share.shape[0]):
        _cover_row(shifted, y, lines, 0, share.shape[1], share[y])


@kernel
def _lines_per_row(extent: float) -> int:
    return 4 if extent > 24.0 else (8 if extent > 4.0 else 16)


@kernel
def _box(polygon: Array) -> tuple[float, float, float, float]:
    x_low = x_high = polygon[0, 0]
    y_low = y_high = polygon[0, 1]
    for i in range(1, len(polygon)):
        x_low, x_high = min(x_low, polygon[i, 0]), max(x_high, polygon[i, 0])
        y_low, y_high = min(y_low, polygon[i, 1]), max(y_high, polygon[i, 1])
    return x_low, y_low, x_high, y_high


@kernel
def _cover_row(polygon: Array, y: int, lines: int, x0: int, x1: int, share: Array) -> None:
    """Add one row's coverage: exact along each of ``lines`` scan lines, by the even-odd rule."""
    crossings = np.empty(_MOST_CROSSINGS, dtype=np.float64)
    weight = 1.0 / lines
    for line in range(lines):
        level = y + (line + 0.5) * weight
        m = 0
        ax, ay = polygon[-1, 0], polygon[-1, 1]
        for i in range(len(polygon)):
            bx, by = polygon[i, 0], polygon[i, 1]
            if (ay <= level) != (by <= level) and m < _MOST_CROSSINGS:
                x = ax + (bx - ax) * (level - ay) / (by - ay)
                j = m
                while j > 0 and crossings[j - 1] > x:
                    crossings[j] = crossings[j - 1]
                    j -= 1
                crossings[j] = x
                m += 1
            ax, ay = bx, by
        for pair in range(0, m - 1, 2):
            left, right = max(crossings[pair], x0), min(crossings[pair + 1], x1)
            if right <= left:
                continue
            first, last = math.floor(left), math.floor(right)
            if first == last:
                share[first] += weight * (right - left)
                continue
            share[first] += weight * (first + 1 - left)
            for x in range(first + 1, last):
                share[x] += weight
            if last < x1:
                share[last] += weight * (right - last)


@kernel
def develop(
    light: Array,
    scale: float,
    codes: NDArray[np.uint8],
    thresholds: NDArray[np.float32],
    radiance: Array,
    image: NDArray[np.uint8],
) -> None:
    """Turn luminance planes (3, H, W) into radiance × ``scale`` and 8-bit codes, (H, W, 3) each.

    ``codes`` holds the code at the lower edge of equal bins over [0, 1], ``thresholds`` the light at which
    each code ends.
    """
    bins = len(codes) - 1
    for y in range(light.shape[1]):
        for x in range(light.shape[2]):
            for c in range(3):
                value = np.float32(max(light[c, y, x], np.float32(0.0)) * np.float32(scale))
                radiance[y, x, c] = value
                clipped = min(value, np.float32(1.0))
                code = int(codes[int(clipped * bins)])
                while clipped >= thresholds[code]:
                    code += 1
                image[y, x, c] = code
