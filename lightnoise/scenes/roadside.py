"""What stands beside and above the road: trees, houses, poles, signs, signals, barriers, the skyline."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.canvas import Face, Item
from lightnoise.scenes.lamps import Emitter
from lightnoise.scenes.layout import Barrier, Board, Building, Layout, Signal, StreetLamp, Tree
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.textures import facade, lettering, noise_tile, tree_sprite
from lightnoise.scenes.view import View

Array = NDArray[Any]

_TO_CAMERA = (0.0, 0.0, -1.0)
_LEAF = (0.042, 0.064, 0.020)
_STEEL = (0.22, 0.22, 0.23)


def build(layout: Layout, lighting: Lighting) -> tuple[list[Item], list[Emitter]]:
    """Return all roadside objects and their lamps."""
    items: list[Item] = []
    emitters: list[Emitter] = []
    for tree in layout.trees:
        items.append(_tree(tree, lighting))
    for building in layout.buildings:
        items += _building(building, lighting)
    for lamp in layout.street_lamps:
        items.append(_pole(lamp, lighting))
        if lighting.layout.light.sky_lux < 30.0:
            emitters.append(_luminaire(lamp, lighting))
    for board in layout.boards:
        items.append(_board(board, layout, lighting))
    for signal in layout.signals:
        item, emitter = _signal(signal, lighting)
        items.append(item)
        emitters.append(emitter)
    items += _signal_masts(layout, lighting)
    for barrier in layout.barriers:
        items += _barrier(barrier, lighting)
    return items, emitters


def skyline(layout: Layout, view: View, lighting: Lighting) -> Item | None:
    """Return the far trees or roofs that close the horizon, as one outline some hundred metres away."""
    if layout.tunnel is not None and layout.tunnel.exit_z > 150.0:
        return None
    z = 600.0
    knots = np.array(layout.skyline, dtype=np.float32)
    angle = np.linspace(-0.95, 0.95, 500)
    profile = np.interp(angle, np.linspace(-1.0, 1.0, len(knots)), knots)
    row = noise_tile()[int(layout.texture[0]) % 512]
    fine = np.interp(np.arange(500) * 1.9, np.arange(1024), np.tile(row, 2))
    if layout.place == "urban":
        height = np.repeat(profile[::12], 12)[:500] * 26.0 + 6.0
    else:
        height = profile * 22.0 + 7.0 + 1.3 * fine
    x = np.tan(angle) * z - float(view.bend(z))
    top = np.stack([x, height, np.full(500, z)], axis=1)
    points = np.concatenate([top, [[x[-1], -3.0, z], [x[0], -3.0, z]]]).astype(np.float32)
    colour = lighting.shade(_LEAF if layout.place != "urban" else (0.16, 0.15, 0.15), _TO_CAMERA, points[0])
    return Item.of(z, (Face(points, colour, colour * np.float32(0.9)),), solid=True)


def _point(s: float, y: float, z: float) -> Array:
    return np.array((s, y, z), dtype=np.float32)


def _upright(s0: float, s1: float, y0: float, y1: float, z: float) -> Array:
    """Return a rectangle facing the camera: top left, top right, bottom right, bottom left."""
    return np.array(((s0, y1, z), (s1, y1, z), (s1, y0, z), (s0, y0, z)), dtype=np.float32)


def _tree(tree: Tree, lighting: Lighting) -> Item:
    sprite = tree_sprite(tree.sprite)
    at = _point(tree.s, 0.6 * tree.height_m, tree.z)
    # A crown is lit from above and around.
    light = lighting.shade(_LEAF, (0.0, 0.5, -0.87), at) * np.float32(tree.shade)
    top = bottom = light
    if lighting.layout.light.sky_lux < 1.0:
        # Own headlamps and street lamps stay below: the crown fades upwards into the night.
        top, bottom = light * np.float32(0.2), light * np.float32(1.2)
    half = 0.5 * tree.height_m * sprite[0].shape[1] / sprite[0].shape[0] * (-1.0 if tree.mirrored else 1.0)
    points = _upright(tree.s - half, tree.s + half, 0.0, tree.height_m, tree.z)
    return Item.of(tree.z, (Face(points, top, bottom, texture=sprite),), solid=True)


def _building(building: Building, lighting: Lighting) -> list[Item]:
    floors = max(round(building.height_m / 3.2), 1)
    bays = max(round(max(building.length_m, abs(building.depth_m)) / 2.8), 1)
    albedo, glow = facade(building.texture, floors, bays, building.lit_share, building.paint, fine=building.z < 40.0)
    outer, end = building.s + building.depth_m, building.z + building.length_m
    flank = np.array(
        (
            (building.s, building.height_m, building.z),
            (building.s, building.height_m, end),
            (building.s, 0.0, end),
            (building.s, 0.0, building.z),
        ),
        dtype=np.float32,
    )
    front = _upright(min(building.s, outer), max(building.s, outer), 0.0, building.height_m, building.z)
    night = lighting.layout.light.sky_lux < 1.0
    fade = np.linspace(0.15 if night else 1.0, 1.1 if night else 1.0, albedo.shape[0], dtype=np.float32)[:, None, None]
    inside = glow if lighting.layout.light.sky_lux < 1500.0 else np.float32(0.0)
    items = []
    # What stands beside the flank stands before it: the flank is sorted by its far end.
    for points, normal, width, z in (
        (flank, (-math.copysign(1.0, building.s), 0.0, 0.0), building.length_m, end),
        (front, _TO_CAMERA, abs(building.depth_m), building.z),
    ):
        at = _point(
            float(points[:, 0].mean()),
            2.0,
            building.z + (0.3 * building.length_m if points is flank else 0.0),
        )
        share = max(round(albedo.shape[1] * width / max(building.length_m, abs(building.depth_m))), 1)
        light = lighting.on(normal, at) / np.float32(np.pi) * fade
        radiance = lighting.through_air((albedo * light + inside)[:, :share], float(at[2]))
        items.append(Item.of(z, (Face(points, radiance[0, 0], radiance[0, 0], texture=(radiance,)),), solid=True))
    return items


def _pole(lamp: StreetLamp, lighting: Lighting) -> Item:
    colour = lighting.shade(_STEEL, _TO_CAMERA, _point(lamp.pole_s, 2.0, lamp.z))
    dark = colour * np.float32(0.5)
    toward = math.copysign(1.0, lamp.s - lamp.pole_s)
    mast = _upright(lamp.pole_s - 0.075, lamp.pole_s + 0.075, 0.0, lamp.height_m - 0.3, lamp.z)
    arm = np.array(
        (
            (lamp.pole_s - 0.05, lamp.height_m - 0.42, lamp.z),
            (lamp.s - 0.3 * toward, lamp.height_m + 0.02, lamp.z),
            (lamp.s - 0.3 * toward, lamp.height_m + 0.11, lamp.z),
            (lamp.pole_s - 0.05, lamp.height_m - 0.28, lamp.z),
        ),
        dtype=np.float32,
    )
    head = _upright(lamp.s - 0.35, lamp.s + 0.35, lamp.height_m + 0.02, lamp.height_m + 0.14, lamp.z)
    return Item.of(lamp.z, (Face(mast, dark, colour), Face(arm, dark, dark), Face(head, dark, dark)))


def _luminaire(lamp: StreetLamp, lighting: Lighting) -> Emitter:
    distance = max(lamp.z, 1.0)
    nadir = math.degrees(math.atan2(math.hypot(lamp.s, distance), lamp.height_m - lighting.layout.camera_height_m))
    intensity = lamp.flux_klm * pm.street_cd_per_klm(nadir)
    half = 0.28
    height = pm.STREET_AREA_M2 / (2 * half)
    points = _upright(lamp.s - half, lamp.s + half, lamp.height_m - height, lamp.height_m, lamp.z)
    level = lighting.street_tint * np.float32(intensity / pm.STREET_AREA_M2)
    return Emitter(points, 0.0, level, "street")


def _board(board: Board, layout: Layout, lighting: Lighting) -> Item:
    at = _point(board.s, board.y, board.z)
    face = lettering(board.text, board.paint)
    texture = lighting.shade(face, _TO_CAMERA, at) + lighting.retro(at, face)
    half_w, half_h = 0.5 * board.width_m, 0.5 * board.height_m
    steel = lighting.shade(_STEEL, _TO_CAMERA, at)
    plate = Face(
        _upright(board.s - half_w, board.s + half_w, board.y - half_h, board.y + half_h, board.z),
        steel,
        steel,
        texture=(texture.astype(np.float32),),
    )
    if not board.gantry:
        post = _upright(board.s - 0.04, board.s + 0.04, 0.0, board.y, board.z)
        return Item.of(board.z, (Face(post, steel, steel), plate), solid=True)
    left = layout.road.left - layout.road.shoulder_left - 0.4
    right = layout.road.right + layout.road.shoulder_right + 0.8
    beams = [_upright(left, right, y, y + 0.16, board.z + 0.1) for y in (6.3, 7.4)]
    posts = [_upright(s - 0.2, s + 0.2, 0.0, 7.6, board.z + 0.1) for s in (left, right)]
    n = int((right - left) / 1.1)
    braces = []
    for k in range(n):
        a, b = left + k * (right - left) / n, left + (k + 1) * (right - left) / n
        low, high = (6.3, 7.5) if k % 2 else (7.5, 6.3)
        braces.append(
            np.array(
                ((a, low, board.z), (b, high, board.z), (b + 0.08, high, board.z), (a + 0.08, low, board.z)),
                dtype=np.float32,
            )
        )
    frame = [Face(points, steel, steel * np.float32(0.7)) for points in (*beams, *braces, *posts)]
    return Item.of(board.z, (*frame, plate))


def _signal(signal: Signal, lighting: Lighting) -> tuple[Item, Emitter]:
    black = lighting.shade((0.015, 0.015, 0.015), _TO_CAMERA, _point(signal.s, signal.y, signal.z))
    box = _upright(signal.s - 0.18, signal.s + 0.18, signal.y - 0.5, signal.y + 0.5, signal.z + 0.05)
    faces = [Face(box, black, black)]
    for y in (-0.31, 0.0, 0.31):
        lens = _upright(signal.s - 0.1, signal.s + 0.1, signal.y + y - 0.1, signal.y + y + 0.1, signal.z)
        faces.append(Face(lens, black * np.float32(2.0), black))
    y = signal.y + {"red": 0.31, "amber": 0.0, "green": -0.31}[signal.colour]
    level = pm.tint(signal.colour) * np.float32(signal.intensity_cd / (math.pi * pm.SIGNAL_RADIUS_M**2))
    emitter = Emitter(_point(signal.s, y, signal.z - 0.02)[None], pm.SIGNAL_RADIUS_M, level, "signal")
    return Item.of(signal.z, tuple(faces)), emitter


def _signal_masts(layout: Layout, lighting: Lighting) -> list[Item]:
    if not layout.signals:
        return []
    z = layout.signals[0].z + 0.2
    pole = max(signal.s for signal in layout.signals)
    first = min(signal.s for signal in layout.signals)
    colour = lighting.shade(_STEEL, _TO_CAMERA, _point(pole, 3.0, z))
    mast = _upright(pole - 0.09, pole + 0.09, 0.0, 6.3, z)
    arm = _upright(first - 0.4, pole, 6.1, 6.22, z)
    return [Item.of(z, (Face(mast, colour, colour), Face(arm, colour, colour * np.float32(0.7))))]


def _barrier(barrier: Barrier, lighting: Lighting) -> list[Item]:
    """Return a strip along the road in pieces, each sorted by its own distance."""
    stops = np.geomspace(1.2, 380.0, 24).astype(np.float32)
    side = -math.copysign(1.0, barrier.s)
    middle = 0.5 * (barrier.y0 + barrier.y1)
    flank = [lighting.shade(barrier.paint, (side, 0.15, -0.15), _point(barrier.s, middle, z)) for z in stops]
    thick = not barrier.posts_m and barrier.y1 < lighting.layout.camera_height_m
    ridge = lighting.shade(barrier.paint, (0.0, 1.0, 0.0), _point(barrier.s, middle, 20.0))
    items = []
    for k, (a, b) in enumerate(pairwise(stops)):
        faces = []
        if barrier.posts_m and b < 100.0:
            first = math.ceil(float(a) / barrier.posts_m) * barrier.posts_m
            for z in np.arange(first, float(b), barrier.posts_m):
                post = _upright(barrier.s - 0.05, barrier.s + 0.05, 0.0, barrier.y1 - 0.05, float(z))
                faces.append(Face(post, flank[k] * np.float32(0.6), flank[k] * np.float32(0.4)))
        # Light changes along a piece: it is painted in slices, which overlap so that no seam shows.
        cuts = np.linspace(a, b, 9)
        for j, (near, far) in enumerate(pairwise(cuts)):
            far = far + 0.1 * (far - near)
            colour = flank[k] + (flank[k + 1] - flank[k]) * np.float32((j + 0.5) / 8)
            strip = _along(barrier.s, barrier.s, barrier.y0, barrier.y1, near, far)
            faces.append(Face(strip, colour * np.float32(1.1), colour * np.float32(0.75)))
            if barrier.posts_m:  # the rail's waist
                thin = 0.12 * (barrier.y1 - barrier.y0)
                dark = colour * np.float32(0.55)
                faces.append(Face(_along(barrier.s, barrier.s, middle - thin, middle + thin, near, far), dark, dark))
        if thick:
            top = _along(barrier.s, barrier.s - 0.3 * side, barrier.y1, barrier.y1, float(a), float(b) * 1.01)
            faces.append(Face(top, ridge, ridge))
        items.append(Item.of(float(a), faces))
    return items


def _along(s0: float, s1: float, y0: float, y1: float, near: float, far: float) -> Array:
    """Return a rectangle along the road from (s0, y0) to (s1, y1)."""
    return np.array(((s0, y0, near), (s1, y1, near), (s1, y1, far), (s0, y0, far)), dtype=np.float32)
