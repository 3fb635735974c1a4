"""From metres to pixels: a rectilinear camera above a flat, bending road.

Pictures are measured in continuous pixel coordinates: pixel (row i, column j) covers [j, j+1] × [i, i+1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.scenes.layout import Layout

Array = NDArray[Any]
NEAR_M = 1.0


@dataclass(frozen=True)
class View:
    """Projection of one layout into one picture size.

    The small camera pitch shifts the horizon by f·tan(pitch) and keeps verticals vertical, as a shifted
    lens does.
    """

    height: int
    width: int
    fy: float
    fx: float
    horizon: float
    camera_height_m: float
    curvature: float
    curvature_rate: float

    @classmethod
    def of(cls, layout: Layout, size: tuple[int, int], camera: Camera) -> View:
        """Return the view of ``layout`` in a picture of ``size`` = (height, width) pixels."""
        height, width = size
        fy, fx = camera.focal_px(width)
        horizon = 0.5 * height - fy * np.tan(layout.pitch_rad)
        road = layout.road
        return cls(height, width, fy, fx, float(horizon), layout.camera_height_m, road.curvature, road.curvature_rate)

    def bend(self, z: Array | float) -> Array:
        """Return the road's sideways shift at distance z, m: a clothoid to third order."""
        far = np.minimum(np.asarray(z, dtype=np.float32), 500.0)
        return np.asarray(far * far * (0.5 * self.curvature + self.curvature_rate * far / 6.0), dtype=np.float32)

    def project(self, points: Array) -> Array:
        """Return pixel coordinates (N, 2) of road points (N, 3) = (s, y, z); z is held at ≥ `NEAR_M`."""
        z = np.maximum(points[:, 2], NEAR_M)
        pixels = np.empty((len(points), 2), dtype=np.float32)
        pixels[:, 0] = 0.5 * self.width + self.fx * (points[:, 0] + self.bend(z)) / z
        pixels[:, 1] = self.horizon + self.fy * (self.camera_height_m - points[:, 1]) / z
        return pixels

    def row_distance(self, rows: Array) -> Array:
        """Return the ground distance z seen at row coordinates below the horizon, m."""
        return np.asarray(self.fy * self.camera_height_m / (rows - self.horizon), dtype=np.float32)

    def across(self, s: float, z: Array | float) -> Array:
        """Return the column coordinate of the road point (s, 0, z)."""
        return np.asarray(0.5 * self.width + self.fx * (s + self.bend(z)) / z, dtype=np.float32)


def clip_near(points: Array) -> Array:
    """Cut a polygon (N, 3) at the plane z = `NEAR_M`; the answer may be empty (Sutherland–Hodgman)."""
    if (points[:, 2] >= NEAR_M).all():
        return points
    kept = []
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        if a[2] >= NEAR_M:
            kept.append(a)
        if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
            kept.append(a + (b - a) * ((NEAR_M - a[2]) / (b[2] - a[2])))
    return np.array(kept, dtype=np.float32).reshape(-1, 3)
