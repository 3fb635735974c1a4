"""Small bright things: where they are, and how they reach the picture with all their energy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes.canvas import coverage
from lightnoise.scenes.view import NEAR_M, View

Array = NDArray[Any]

#: Blur of a sharp lens and its pixel grid, standard deviation in pixels, given to every lamp.
LENS_SIGMA_PX = 0.6
_FINE = 8


@dataclass(frozen=True)
class Emitter:
    """A flat lamp: its outline (N, 3) in road coordinates, or centre and radius of a disc facing the
    camera."""

    points: Array
    radius_m: float
    luminance: Array
    label: str


@dataclass(frozen=True)
class Lamp:
    """A lamp in the picture.

    Parameters
    ----------
    x, y : float
        Centre, continuous pixel coordinates (the centre of the first pixel is 0.5).
    radius_px : float
        Radius of the disc of the same area; the lens blurs it by `LENS_SIGMA_PX` more.
    energy : tuple of 3 float
        Sum of the lamp's own radiance over its pixels inside the picture, white × px².
    label : str
        "head", "tail", "stop", "street", "signal", "tunnel" or "sun".
    """

    x: float
    y: float
    radius_px: float
    energy: tuple[float, float, float]
    label: str


def splat(pixels: Array, view: View, emitter: Emitter, hidden: list[tuple[float, Array]]) -> Lamp | None:
    """Add one emitter to ``pixels`` (3, H, W) in place; None where it is behind something or outside.

    The energy is luminance × projected area in pixels, whatever the lamp's size: its kernel sums to one.
    """
    found = outline(view, emitter)
    if found is None:
        return None
    polygon, area, z = found
    x, y = (float(v) for v in polygon.mean(axis=0))
    if not (0.0 <= x < view.width and 0.0 <= y < view.height):
        return None
    for depth, hull in hidden:
        if depth < z - 0.8 and cv2.pointPolygonTest(hull, (x, y), False) >= 0:
            return None
    row, column, kernel = _kernel(polygon, area)
    y0, x0 = max(row, 0), max(column, 0)
    y1, x1 = min(row + kernel.shape[0], view.height), min(column + kernel.shape[1], view.width)
    if y1 <= y0 or x1 <= x0:
        return None
    power = (emitter.luminance * np.float32(area))[:, None, None]
    light = kernel[y0 - row : y1 - row, x0 - column : x1 - column] * power
    pixels[:, y0:y1, x0:x1] += light
    energy = light.sum(axis=(1, 2), dtype=np.float64)
    return Lamp(x, y, math.sqrt(area / math.pi), (float(energy[0]), float(energy[1]), float(energy[2])), emitter.label)


def streak(pixels: Array, view: View, emitter: Emitter, top_row: int, hidden: list[tuple[float, Array]]) -> None:
    """Add the emitter's reflection in a wet road to ``pixels``, the rows of the picture from ``top_row`` on.

    Waves of slope σ tilt the mirror: along the line of sight this moves the image by far more rows than
    columns, so a lamp becomes a vertical streak about its mirror image (C. Cox, W. Munk, J. Opt. Soc. Am.
    44 (1954) 838). Its shape here, log-normal in the distance from the horizon, is a stand-in; its total
    energy is the lamp's.
    """
    found = outline(view, emitter)
    if found is None:
        return
    polygon, area, z = found
    x, y = (float(v) for v in polygon.mean(axis=0))
    for depth, hull in hidden:
        if depth < z - 0.8 and cv2.pointPolygonTest(hull, (x, y), False) >= 0:
            return
    contact = view.horizon + view.fy * view.camera_height_m / z
    mirror = 2.0 * contact - y - view.horizon
    if mirror <= 0.5 or not -0.2 * view.width < x < 1.2 * view.width:
        return
    rows = np.arange(top_row, top_row + pixels.shape[1], dtype=np.float32)[:, None] + 0.5 - view.horizon
    rows = np.maximum(rows, 0.25)
    along = np.exp(-(np.log(rows / mirror) ** 2) / (2 * 0.5**2)) / (rows * (0.5 * math.sqrt(2 * math.pi)))
    half = 0.8 * LENS_SIGMA_PX + 0.5 * math.sqrt(area / math.pi) + 0.045 * rows
    reach = int(4.0 * float(half.max())) + 2
    x0, x1 = max(int(x) - reach, 0), min(int(x) + reach + 1, view.width)
    if x1 <= x0:
        return
    columns = np.arange(x0, x1, dtype=np.float32)[None, :] + 0.5 - x
    across = np.exp(-0.5 * (columns / half) ** 2) / (half * math.sqrt(2 * math.pi))
    pixels[:, :, x0:x1] += (along * across) * (emitter.luminance * np.float32(area))[:, None, None]


def outline(view: View, emitter: Emitter) -> tuple[Array, float, float] | None:
    """Return the emitter's outline in pixels, its area there in px², and its distance; None if too near."""
    z = float(emitter.points[:, 2].min())
    if z < NEAR_M:
        return None
    polygon = view.project(emitter.points)
    if emitter.radius_m > 0:
        rx, ry = view.fx * emitter.radius_m / z, view.fy * emitter.radius_m / z
        turn = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
        polygon = (polygon[0] + np.stack([rx * np.cos(turn), ry * np.sin(turn)], axis=1)).astype(np.float32)
        return polygon, math.pi * rx * ry, z
    x, y = polygon[:, 0].astype(np.float64), polygon[:, 1].astype(np.float64)
    area = 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
    return polygon, area, z


def _kernel(polygon: Array, area: float) -> tuple[int, int, Array]:
    """Return the first row, the first column, and the blurred outline with sum 1."""
    margin = math.ceil(4 * LENS_SIGMA_PX) + 1
    low = np.floor(polygon.min(axis=0)).astype(int) - margin
    high = np.ceil(polygon.max(axis=0)).astype(int) + margin
    width, height = int(high[0] - low[0]), int(high[1] - low[1])
    kernel: Array
    if max(np.ptp(polygon[:, 0]), np.ptp(polygon[:, 1])) < 2.5 or area < 1.0:
        centre = polygon.mean(axis=0) - low
        spread = polygon.std(axis=0) / math.sqrt(2.0)  # a filled disc's deviation is its rim's / sqrt(2)
        kernel = np.outer(
            _integrated_gaussian(height, float(centre[1]), math.hypot(LENS_SIGMA_PX, float(spread[1]))),
            _integrated_gaussian(width, float(centre[0]), math.hypot(LENS_SIGMA_PX, float(spread[0]))),
        )
    else:
        window = coverage(polygon - low.astype(np.float32), height, width)
        share = np.zeros((height, width), dtype=np.float32)
        if window is not None:
            share[window[0], window[1]] = window[2]
        kernel = cv2.GaussianBlur(share, (0, 0), LENS_SIGMA_PX, borderType=cv2.BORDER_CONSTANT)
    return int(low[1]), int(low[0]), np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _integrated_gaussian(n: int, centre: float, sigma: float) -> NDArray[np.float64]:
    """Return a Gaussian integrated over each of n pixels."""
    edges = [math.erf((k - centre) / (sigma * math.sqrt(2.0))) for k in range(n + 1)]
    return 0.5 * np.diff(edges)
