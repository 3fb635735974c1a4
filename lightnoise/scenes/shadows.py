"""Where on the ground the sun does not reach, and how dark it is under a car."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import vehicles
from lightnoise.scenes.layout import Layout
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.view import NEAR_M, View, clip_near

Array = NDArray[Any]

_SHIFT = 4


def render_shadows(layout: Layout, view: View, lighting: Lighting, top_row: int) -> tuple[Array, Array]:
    """Return the shares of the sun and of all other light that reach the ground, (H − top_row, W) each."""
    shape = (view.height - top_row, view.width)
    sun, contact = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8)
    for vehicle in layout.vehicles:
        wide = vehicles.half_width(vehicle)
        corners = _box(vehicle.s - wide, vehicle.s + wide, vehicle.z - 0.1, vehicle.z + vehicles.length(vehicle))
        _fill(contact, view, corners, top_row)
        if lighting.sun_height > 0:
            _fill(sun, view, _cast(corners, 1.35, lighting), top_row)
    if lighting.sun_height > 0.02 and layout.light.sun_lux > 0:
        for building in layout.buildings:
            a, b = sorted((building.s, building.s + building.depth_m))
            corners = _box(a, b, building.z, building.z + building.length_m)
            _fill(sun, view, _cast(corners, building.height_m, lighting), top_row)
        for k, tree in enumerate(layout.trees):
            blobs = _crowns(tree.s, tree.z, tree.height_m, k, lighting)
            if float(blobs[..., 2].min()) > NEAR_M:
                fixed = _fixed(view.project(blobs.reshape(-1, 3)), top_row).reshape(len(blobs), -1, 2)
                for blob in fixed:
                    cv2.fillPoly(sun, [blob], 255, lineType=cv2.LINE_AA, shift=_SHIFT)
    blur = max(view.fy * 0.004, 0.4)
    soft = cv2.GaussianBlur(contact, (0, 0), blur, borderType=cv2.BORDER_REFLECT)
    hard = cv2.GaussianBlur(sun, (0, 0), 0.5, borderType=cv2.BORDER_REFLECT)
    scale = np.float32(1 / 255)
    return 1.0 - hard * scale, 1.0 - np.float32(0.82) * (soft * scale)


def _box(s0: float, s1: float, z0: float, z1: float) -> Array:
    return np.array(((s0, 0, z0), (s1, 0, z0), (s1, 0, z1), (s0, 0, z1)), dtype=np.float32)


def _offset(height: float, lighting: Lighting) -> Array:
    """Return how far the shadow of a point ``height`` above the ground falls beside it, at most 80 m."""
    direction = lighting.sun_direction
    reach = -height / max(float(direction[1]), 1e-3)
    offset = np.array((direction[0] * reach, 0.0, direction[2] * reach), dtype=np.float32)
    return offset * np.float32(min(1.0, 80.0 / max(float(np.linalg.norm(offset)), 1e-6)))


def _cast(corners: Array, height: float, lighting: Lighting) -> Array:
    both = np.concatenate([corners, corners + _offset(height, lighting)])
    hull = cv2.convexHull(np.ascontiguousarray(both[:, [0, 2]]))[:, 0]
    return np.stack([hull[:, 0], np.zeros(len(hull)), hull[:, 1]], axis=1).astype(np.float32)


def _crowns(s: float, z: float, height: float, index: int, lighting: Lighting) -> Array:
    """Return a crown's shadow as a clump of ragged blobs, (blobs, corners, 3)."""
    rng = np.random.default_rng(index)
    centre = np.array((s, 0.0, z), dtype=np.float32) + _offset(0.62 * height, lighting)
    stretch = min(1.0 / max(lighting.sun_height, 0.15), 4.0)
    axis = math.atan2(float(lighting.sun_direction[0]), float(lighting.sun_direction[2]))
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = height * rng.uniform(0.07, 0.17, (7, 1)) * rng.uniform(0.75, 1.25, (7, 14))
    middle = rng.normal(0.0, 0.15 * height, (2, 7, 1))
    across = middle[0] + radius * np.cos(turn)
    along = (middle[1] + radius * np.sin(turn)) * stretch
    x = centre[0] + across * math.cos(axis) + along * math.sin(axis)
    z = centre[2] - across * math.sin(axis) + along * math.cos(axis)
    return np.stack([x, np.zeros_like(x), z], axis=2).astype(np.float32)


def _fill(mask: NDArray[np.uint8], view: View, corners: Array, top_row: int) -> None:
    visible = clip_near(corners)
    if len(visible) < 3:
        return
    cv2.fillPoly(mask, [_fixed(view.project(visible), top_row)], 255, lineType=cv2.LINE_AA, shift=_SHIFT)


def _fixed(polygon: Array, top_row: int) -> NDArray[np.int32]:
    """Return OpenCV's fixed-point coordinates, which count from pixel centres."""
    local = polygon - np.array((0.5, top_row + 0.5), dtype=np.float32)
    return np.rint(np.clip(local, -8000, 8000) * (1 << _SHIFT)).astype(np.int32)
