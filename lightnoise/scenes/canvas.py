"""Painting antialiased polygons and textures onto linear light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import raster
from lightnoise.scenes.view import View, clip_near

Array = NDArray[Any]

_MIRROR = np.array((1.0, -1.0, 1.0), dtype=np.float32)
_ZERO = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class Face:
    """A flat piece of an object in road coordinates.

    Parameters
    ----------
    points : ndarray of float32, shape (N, 3)
        Outline, metres (s, y, z). With a texture: its corners top left, top right, bottom right, bottom left.
    top, bottom : ndarray of float32, shape (3,)
        Radiance at the upper and lower end of the outline, cd/m².
    texture : tuple of ndarray of float32, shape (h, w, 2) or (h, w, 3)
        Two channels: shading that multiplies ``top`` and ``bottom``, and coverage. Three: radiance instead
        of them. Several entries are the same texture at falling sizes. Empty: none.
    """

    points: Array
    top: Array
    bottom: Array
    texture: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Item:
    """An object, ready to paint: its faces in painting order, laid end to end.

    Parameters
    ----------
    z : float
        Distance by which objects are sorted, m.
    points : ndarray of float32, shape (N, 3)
        Corners of all faces.
    ends : ndarray of int64, shape (M,)
        Where each face's corners end.
    top, bottom : ndarray of float32, shape (M, 3)
        Radiance of each face.
    textures : tuple of (int, tuple of ndarray)
        Numbers of the textured faces, rising, and their textures.
    solid : bool
        Whether it hides lamps behind it.
    """

    z: float
    points: Array
    ends: Array
    top: Array
    bottom: Array
    textures: tuple[tuple[int, tuple[Array, ...]], ...] = ()
    solid: bool = False

    @classmethod
    def of(cls, z: float, faces: Sequence[Face], *, solid: bool = False) -> Item:
        """Lay faces end to end; parts behind the camera are cut off."""
        cut = [(face, points) for face in faces if len(points := clip_near(face.points)) >= 3]
        if not cut:
            nothing = np.zeros((0, 3), dtype=np.float32)
            return cls(z, nothing, np.zeros(0, dtype=np.int64), nothing, nothing)
        return cls(
            z,
            np.concatenate([points for _, points in cut]),
            np.cumsum([len(points) for _, points in cut]),
            np.array([face.top for face, _ in cut], dtype=np.float32),
            np.array([face.bottom for face, _ in cut], dtype=np.float32),
            tuple((k, face.texture) for k, (face, _) in enumerate(cut) if face.texture),
            solid,
        )


def coverage(polygon: Array, height: int, width: int) -> tuple[slice, slice, Array] | None:
    """Return a polygon's window of the picture and its share of each pixel there; None if outside."""
    low, high = np.floor(polygon.min(axis=0)), np.ceil(polygon.max(axis=0))
    x0, y0, x1, y1 = (
        max(int(low[0]), 0),
        max(int(low[1]), 0),
        min(int(high[0]), width),
        min(int(high[1]), height),
    )
    if x1 <= x0 or y1 <= y0:
        return None
    share = np.zeros((y1 - y0, x1 - x0), dtype=np.float32)
    raster.cover_polygon(polygon, x0, y0, share)
    return slice(y0, y1), slice(x0, x1), share


def paint(pixels: Array, view: View, item: Item, *, mirrored: bool = False, top_row: int = 0) -> Array | None:
    """Paint one item onto ``pixels`` in place.

    Parameters
    ----------
    pixels : ndarray of float32, shape (3, H, W)
        Linear light, cd/m²; colours stand apart, which NumPy adds up faster.
    view : View
    item : Item
    mirrored : bool
        Paint the item's mirror image in the road instead.
    top_row : int
        Row of the picture that ``pixels`` begins with.

    Returns
    -------
    ndarray of float32, shape (N, 2), or None
        All projected corners, for the test of which lamps are hidden; None if the item is outside the
        picture.
    """
    if len(item.ends) == 0:
        return None
    points = item.points * _MIRROR if mirrored else item.points
    corners = view.project(points)
    corners[:, 1] -= top_row
    height, width = pixels.shape[1:]
    (left, above), (right, below) = corners.min(axis=0), corners.max(axis=0)
    if right < 0 or left > width or below < 0 or above > height:
        return None
    top, bottom = (item.bottom, item.top) if mirrored else (item.top, item.bottom)
    starts = np.concatenate([_ZERO, item.ends[:-1]])
    first = 0
    for k, texture in item.textures:
        if k > first:
            raster.fill_polygons(pixels, corners, starts[first:k], item.ends[first:k], top[first:k], bottom[first:k])
        _paste(pixels, corners[starts[k] : item.ends[k]], texture, top[k], bottom[k])
        first = k + 1
    if first < len(starts):
        raster.fill_polygons(pixels, corners, starts[first:], item.ends[first:], top[first:], bottom[first:])
    return corners


def _paste(pixels: Array, polygon: Array, texture: tuple[Array, ...], top: Array, bottom: Array) -> None:
    window = coverage(polygon, pixels.shape[1], pixels.shape[2])
    if window is None:
        return
    rows, columns, alpha = window
    target = pixels[:, rows, columns]
    colour = _warp(texture, polygon, rows, columns)
    if colour.shape[2] == 2:
        low, high = float(polygon[:, 1].min()), float(polygon[:, 1].max())
        t = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5 - low) / max(high - low, 1e-3))[:, None]
        shading, cover = cv2.split(colour)
        alpha = alpha * cover
        for plane, a, b in zip(target, top, bottom, strict=True):
            plane += alpha * (shading * (a + t * (b - a)) - plane)
        return
    for plane, radiance in zip(target, cv2.split(colour), strict=True):
        plane += alpha * (radiance - plane)


def _warp(levels: tuple[Array, ...], polygon: Array, rows: slice, columns: slice) -> Array:
    """Return the texture seen in a window; it is shrunk by area first, against aliasing."""
    edge = np.linalg.norm(polygon - np.roll(polygon, -1, axis=0), axis=1)
    w = int(np.clip(np.ceil(max(edge[0], edge[2])), 2, levels[0].shape[1]))
    h = int(np.clip(np.ceil(max(edge[1], edge[3])), 2, levels[0].shape[0]))
    texture = next(level for level in reversed(levels) if level.shape[0] >= h and level.shape[1] >= w)
    small = cv2.resize(texture, (w, h), interpolation=cv2.INTER_AREA)
    source = np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]], dtype=np.float32)
    target = (polygon - (columns.start, rows.start) - 0.5).astype(np.float32)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    matrix = cv2.getPerspectiveTransform(source, target)
    return np.asarray(cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
