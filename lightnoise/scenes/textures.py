"""Procedural textures: noise tiles, tree sprites and façades. The library is built once per process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm

Array = NDArray[Any]

SPRITES = 9
_TILE = 512


@lru_cache(maxsize=2)
def noise_tile(fractal: bool = False) -> Array:
    """Return a square tile of noise that repeats without a seam, mean 0, standard deviation 1.

    Band-limited around 4 texels per period, or ``fractal`` with a 1/f^1.8 amplitude spectrum.
    """
    rng = np.random.default_rng(20)
    fy, fx = np.meshgrid(np.fft.fftfreq(_TILE), np.fft.rfftfreq(_TILE), indexing="ij")
    frequency = np.hypot(fy, fx)
    if fractal:
        shape = np.where(frequency > 0, np.maximum(frequency, 2.0 / _TILE) ** -1.8, 0.0)
    else:
        shape = np.exp(-((np.log2(np.maximum(frequency, 1e-6)) + 2.0) ** 2) / 0.6)
    tile = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((_TILE, _TILE))) * shape, (_TILE, _TILE))
    return ((tile - tile.mean()) / tile.std()).astype(np.float32)


def sample(tile: Array, u: Array, v: Array) -> Array:
    """Return the tile at texel coordinates (u across, v down), wrapped around, by bilinear interpolation."""
    turns = np.float32(1.0 / _TILE)
    u, v = (t - np.floor(t * turns) * np.float32(_TILE) for t in (u, v))
    shape = np.broadcast_shapes(u.shape, v.shape)
    across, down = (np.ascontiguousarray(np.broadcast_to(t, shape), dtype=np.float32) for t in (u, v))
    return np.asarray(cv2.remap(tile, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


@lru_cache(maxsize=SPRITES)
def tree_sprite(index: int) -> tuple[Array, ...]:
    """Return one of the library's plants: shading around 1 and coverage, lit from the upper left.

    0–3 broadleaf trees and 4 a conifer, shape (192, 192, 2); 5 a bush, (96, 192, 2); 6–8 clumps of trees with
    undergrowth, (192, 384, 2). The same plant follows at 1/2, 1/4 and 1/8 of the size.
    """
    levels = [_plant(index)]
    for _ in range(3):
        h, w = levels[-1].shape[:2]
        levels.append(np.asarray(cv2.resize(levels[-1], (w // 2, h // 2), interpolation=cv2.INTER_AREA)))
    return tuple(levels)


def _plant(index: int) -> Array:
    if index < 5:
        return _tree(index)
    if index == 5:
        return np.ascontiguousarray(cv2.resize(_crown_only(3), (192, 96), interpolation=cv2.INTER_AREA))
    rng = np.random.default_rng(7000 + index)
    clump: Array = np.zeros((192, 384, 2), dtype=np.float32)
    for _ in range(9):
        size = int(rng.integers(110, 190))
        plant = cv2.resize(_tree(int(rng.integers(0, 5))), (size, size), interpolation=cv2.INTER_AREA)
        _over(clump, plant, int(rng.integers(0, 384 - size)), 192 - size)
    for x in range(0, 384, 24):
        w, h = int(rng.integers(60, 110)), int(rng.integers(28, 60))
        plant = cv2.resize(_crown_only(int(rng.integers(0, 4))), (w, h), interpolation=cv2.INTER_AREA)
        _over(clump, plant * np.array((0.85, 1.0), dtype=np.float32), min(max(x - w // 2, 0), 384 - w), 192 - h)
    return clump


def _crown_only(index: int) -> Array:
    return _tree(index)[10:125, 15:177]


def _over(target: Array, plant: Array, x: int, y: int) -> None:
    window = target[y : y + plant.shape[0], x : x + plant.shape[1]]
    alpha = plant[..., 1]
    window[..., 0] += alpha * (plant[..., 0] - window[..., 0])
    window[..., 1] += alpha * (1.0 - window[..., 1])


@lru_cache(maxsize=8)
def _tree(index: int) -> Array:
    rng = np.random.default_rng(7000 + index)
    size = 384
    shade = np.zeros((size, size), dtype=np.uint8)
    cover = np.zeros((size, size), dtype=np.uint8)
    conifer = index == 4
    centre_x = 192
    trunk = rng.integers(6, 11)
    boughs = [(rng.uniform(75, 309), rng.uniform(60, 245), rng.uniform(28, 66)) for _ in range(13)]
    lines = [((centre_x, size), (centre_x, 150), int(trunk))]
    if not conifer:
        lines += [((centre_x, 275), (int(x), int(y)), int(trunk // 2)) for x, y, _ in boughs]
    for start, end, width in lines:
        for image, value in ((shade, 60.0), (cover, 255.0)):
            cv2.line(image, start, end, value, width, cv2.LINE_AA)
    leaves = []
    for _ in range(4500):
        if conifer:
            y = size * rng.beta(2.2, 1.3) * 0.92 + 6
            x = 192 + rng.normal(0, 0.5) * (y * 0.30 + 4)
            local = 0.0
        else:
            bx, by, br = boughs[int(rng.integers(len(boughs)))]
            angle, reach = rng.uniform(0, 2 * np.pi), br * rng.uniform(0, 1) ** 0.55
            x, y = bx + reach * np.cos(angle), by + 0.8 * reach * np.sin(angle)
            local = (by - y) / br - 0.4 * (x - bx) / br  # each bough has its own lit top
        depth = rng.uniform(0, 1)
        light = 88 + 45 * (1 - y / size) - 25 * (x - 192) / 192 + 42 * local + 55 * (depth - 0.5) + rng.normal(0, 20)
        leaves.append((depth, x, y, rng.uniform(1.8, 6.0), light))
    for _, x, y, radius, light in sorted(leaves):
        at, axes = (round(x * 16), round(y * 16)), (int(radius * 16), int(radius * 7))
        turn = rng.uniform(0.0, 180.0)
        for image, value in ((shade, float(np.clip(light, 22, 250))), (cover, 255.0)):
            cv2.ellipse(image, at, axes, turn, 0, 360, value, -1, cv2.LINE_AA, 4)
    both = np.stack([shade.astype(np.float32) / 125.0, cover.astype(np.float32) / 255.0], axis=2)
    return np.asarray(cv2.resize(both, (size // 2, size // 2), interpolation=cv2.INTER_AREA))


def facade(
    seed: int, floors: int, bays: int, lit_share: float, paint: tuple[float, float, float], *, fine: bool
) -> tuple[Array, Array]:
    """Return a house front, (h, w, 3) each: diffuse albedo, and the light of its windows, cd/m².

    ``lit_share`` is the share of windows with light behind them; shops have twice as many. A façade that
    is not ``fine`` has half the texels each way.
    """
    rng = np.random.default_rng(seed)
    k = 1 if fine else 2
    tall, wide = 20 // k, 18 // k  # texels per floor and bay
    top, bottom, left, right = rng.integers((3, 14, 3, 12), (6, 17, 6, 15)) // k
    pane = np.zeros((floors, tall, bays, wide), dtype=bool)
    pane[:-1, top:bottom, :, left:right] = True
    pane[-1, 4 // k : 18 // k, :, 1 : wide - 1] = True  # shop windows
    glass = rng.uniform(0.02, 0.07, (floors, 1, bays, 1)).astype(np.float32)
    lit = (
        rng.random((floors, 1, bays, 1))
        < np.where(np.arange(floors) == floors - 1, min(2 * lit_share, 0.7), lit_share)[:, None, None, None]
    )
    level = rng.uniform(0.12, 1.0, (floors, 1, bays, 1)) * pm.WINDOW_CD_M2
    level[-1] *= pm.SHOP_CD_M2 / pm.WINDOW_CD_M2
    # Goods, furniture and curtains: bright above, broken below.
    blobs = cv2.resize(rng.standard_normal((4 * floors, 5 * bays), dtype=np.float32), (wide * bays, tall * floors))
    inside = np.exp(0.6 * blobs.reshape(floors, tall, bays, wide))
    inside *= np.linspace(1.2, 0.3, tall, dtype=np.float32)[:, None, None]
    wall = 1.0 + 0.05 * (
        noise_tile()[: floors * tall, : bays * wide] + noise_tile(True)[: floors * tall, : bays * wide]
    )
    wall = wall.reshape(floors, tall, bays, wide)
    wall[:, 0] *= 0.8
    albedo = np.where(pane, glass, wall)[..., None] * np.where(
        pane[..., None], np.float32(1.0), np.array(paint, dtype=np.float32)
    )
    warm = rng.uniform(0.35, 1.0, (floors, 1, bays, 1))
    colour = np.stack([np.ones_like(warm), 0.50 + 0.35 * warm, 0.15 + 0.6 * warm], axis=-1)
    glow = (inside * pane * (lit * level).astype(np.float32))[..., None] * colour.astype(np.float32)
    albedo[-1, 1 : 1 + 3 // k] = rng.uniform(0.05, 0.4, 3)
    if lit_share > 0.02 and rng.random() < 0.4:  # a shop's sign
        glow[-1, 1 : 1 + 3 // k] = pm.SHOP_CD_M2 * rng.uniform(0.0, 1.0, 3) ** 2
    shape = (floors * tall, bays * wide, 3)
    return albedo.reshape(shape), glow.reshape(shape)


def lettering(seed: int, paint: tuple[float, float, float]) -> Array:
    """Return a sign's face, albedo (48, 80, 3): a border and lines of letter-like blocks."""
    rng = np.random.default_rng(seed)
    face = np.empty((48, 80, 3), dtype=np.float32)
    face[:] = paint
    ink = 0.65 if sum(paint) < 0.9 else 0.03
    cv2.rectangle(face, (2, 2), (77, 45), (ink,) * 3, 1)
    for line in range(int(rng.integers(2, 4))):
        x, y = 8 + int(rng.integers(0, 8)), 8 + 13 * line
        while x < 66 - int(rng.integers(0, 20)):
            w = int(rng.integers(3, 6))
            cv2.rectangle(face, (x, y), (x + w - 2, y + 7), (ink,) * 3, 1 if rng.random() < 0.6 else -1)
            x += w + (1 if rng.random() < 0.85 else 4)
    return face
