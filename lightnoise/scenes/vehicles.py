"""Cars, vans and trucks as a few shaded faces: recognisable at the sizes that a road camera sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.scenes import photometry as pm
from lightnoise.scenes.canvas import Face, Item
from lightnoise.scenes.lamps import Emitter
from lightnoise.scenes.layout import Vehicle
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.view import NEAR_M

Array = NDArray[Any]
Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Body:
    """Proportions of a kind of vehicle, metres; outlines are right halves (x, y), mirrored for the whole."""

    length: float
    outline: Outline
    window: Outline
    lamp: Outline
    slope: Outline
    side: Outline
    side_window: Outline
    wheel_radius: float
    wheels: tuple[float, float]


_BODIES = {
    "sedan": Body(
        4.6,
        ((0.76, 0.22), (0.87, 0.34), (0.90, 0.62), (0.89, 0.86), (0.80, 1.0), (0.64, 1.36), (0.50, 1.44)),
        ((0.72, 1.0), (0.58, 1.34), (0.46, 1.37)),
        ((0.52, 0.74), (0.87, 0.70), (0.87, 0.88), (0.60, 0.90)),
        ((0.9, 0.0), (1.0, 0.45), (1.36, 1.25), (1.45, 1.7)),
        (
            (0, 0.3),
            (0, 0.9),
            (0.45, 1.02),
            (1.25, 1.40),
            (2.0, 1.45),
            (2.7, 1.38),
            (3.5, 1.0),
            (4.4, 0.82),
            (4.6, 0.3),
        ),
        ((0.75, 1.02), (1.35, 1.34), (2.0, 1.38), (2.6, 1.33), (3.2, 1.02)),
        0.32,
        (0.95, 3.7),
    ),
    "suv": Body(
        4.7,
        ((0.80, 0.30), (0.93, 0.42), (0.96, 0.75), (0.95, 1.05), (0.86, 1.2), (0.74, 1.62), (0.58, 1.72)),
        ((0.78, 1.14), (0.68, 1.58), (0.52, 1.62)),
        ((0.66, 0.82), (0.94, 0.80), (0.92, 1.14), (0.76, 1.12)),
        ((1.1, 0.0), (1.6, 0.28), (1.75, 0.5)),
        ((0, 0.4), (0, 1.1), (0.30, 1.68), (0.8, 1.74), (2.6, 1.70), (3.4, 1.12), (4.5, 0.98), (4.7, 0.4)),
        ((0.35, 1.15), (0.5, 1.6), (2.5, 1.60), (3.1, 1.14)),
        0.37,
        (0.95, 3.75),
    ),
    "van": Body(
        5.2,
        ((0.86, 0.30), (0.97, 0.40), (0.99, 0.9), (0.97, 1.3), (0.90, 2.05), (0.76, 2.15)),
        ((0.80, 1.25), (0.74, 1.80), (0.66, 1.85)),
        ((0.84, 0.78), (0.97, 0.78), (0.96, 1.22), (0.85, 1.22)),
        ((1.0, 0.0), (2.1, 0.12)),
        ((0, 0.4), (0, 1.2), (0.12, 2.1), (3.7, 2.12), (4.4, 1.2), (5.1, 1.0), (5.2, 0.4)),
        ((2.9, 1.25), (2.9, 1.8), (3.6, 1.8), (4.1, 1.25)),
        0.36,
        (1.0, 4.2),
    ),
    "truck": Body(
        12.0,
        ((1.20, 0.95), (1.25, 0.97), (1.27, 2.0), (1.27, 3.75), (1.24, 3.85)),
        ((0.02, 1.2), (0.02, 3.6)),
        ((0.78, 0.72), (1.16, 0.72), (1.16, 0.86), (0.78, 0.86)),
        ((1.0, 0.0), (3.9, 0.0)),
        (
            (0, 0.95),
            (0, 3.85),
            (9.6, 3.85),
            (9.7, 2.9),
            (11.6, 2.8),
            (12.0, 1.6),
            (12.0, 0.5),
            (9.8, 0.5),
            (9.6, 0.95),
        ),
        ((10.6, 1.9), (10.6, 2.6), (11.5, 2.5), (11.7, 1.9)),
        0.5,
        (1.6, 10.6),
    ),
}
#: Fronts: where the windscreen and bonnet replace the rear window and boot.
_FRONT_SLOPE: dict[str, Outline] = {
    "sedan": ((0.75, 0.0), (0.98, 0.95), (1.36, 1.9), (1.45, 2.2)),
    "suv": ((0.95, 0.0), (1.12, 0.9), (1.6, 1.7), (1.75, 2.0)),
    "van": ((1.0, 0.0), (1.25, 0.7), (2.1, 1.5)),
    "truck": ((1.0, 0.0), (3.9, 0.0)),
}
_LAMP_FRONT: dict[str, tuple[float, float]] = {
    "sedan": (0.66, 0.66),
    "suv": (0.72, 0.82),
    "van": (0.74, 0.80),
    "truck": (0.92, 0.85),
}


@dataclass(frozen=True)
class _Part:
    """A face in the vehicle's frame (x right of its middle, y up, z away from us) and its material."""

    points: Array
    material: str


def build(vehicle: Vehicle, lighting: Lighting) -> tuple[Item, list[Emitter]]:
    """Return a vehicle's faces and its burning lamps."""
    side = 0 if abs(vehicle.s) < half_width(vehicle) else int(-math.copysign(1, vehicle.s))
    materials = _materials(vehicle, lighting)
    points, ends, names = _mesh(vehicle.body, vehicle.oncoming, side)
    place = np.array((vehicle.s, 0.0, vehicle.z), dtype=np.float32)
    top = np.array([materials[name][0] for name in names], dtype=np.float32)
    bottom = np.array([materials[name][1] for name in names], dtype=np.float32)
    if vehicle.z >= NEAR_M + 0.5:
        item = Item(vehicle.z, points + place, ends, top, bottom, solid=True)
    else:  # only a car beside the camera needs its corners cut
        pieces = np.split(points + place, ends[:-1])
        item = Item.of(vehicle.z, [Face(p, a, b) for p, a, b in zip(pieces, top, bottom, strict=True)], solid=True)
    return item, _lamps(vehicle, _BODIES[vehicle.body])


@lru_cache(maxsize=32)
def _mesh(name: str, oncoming: bool, side: int) -> tuple[Array, Array, tuple[str, ...]]:
    """Return all parts' corners (N, 3), where each part ends, and each part's material."""
    parts = _parts(name, oncoming, side)
    ends = np.cumsum([len(part.points) for part in parts])
    return np.concatenate([part.points for part in parts]), ends, tuple(part.material for part in parts)


def half_width(vehicle: Vehicle) -> float:
    """Return half of the vehicle's width, m."""
    return max(x for x, _ in _BODIES[vehicle.body].outline)


def length(vehicle: Vehicle) -> float:
    """Return the vehicle's length, m."""
    return _BODIES[vehicle.body].length


def _materials(vehicle: Vehicle, lighting: Lighting) -> dict[str, tuple[Array, Array]]:
    """Return each material's radiance at the top and at the bottom of a face."""
    at = np.array((vehicle.s, 0.9, vehicle.z), dtype=np.float32)
    end = lighting.shade((1.0, 1.0, 1.0), (0.0, 0.15, -0.99), at)
    flank = lighting.shade((1.0, 1.0, 1.0), (-math.copysign(1.0, vehicle.s), 0.1, 0.0), at)
    ledge = lighting.shade((1.0, 1.0, 1.0), (0.0, 0.9, -0.4), at)
    # Polish mirrors 4 % of the sky (n = 1.5 at normal incidence), more where it slants; at night the sky
    # is dark.
    sky = (lighting.sky * np.float32(lighting.tunnel_daylight(vehicle.z)) + 0.12 * lighting.ambient) / np.float32(np.pi)
    paint = np.array(vehicle.paint, dtype=np.float32)
    plate = 0.5 * end + lighting.retro(at, np.full(3, 0.012, dtype=np.float32))

    def flat(albedo: float, light: Array) -> tuple[Array, Array]:
        colour = light * np.float32(albedo)
        return colour, colour

    glass = (0.20 * sky + 0.02 * end).astype(np.float32), (0.05 * sky + 0.015 * end).astype(np.float32)
    return {
        "paint": (
            (1.08 * paint * end + 0.05 * sky).astype(np.float32),
            (0.55 * paint * end).astype(np.float32),
        ),
        "flank": (
            (1.1 * paint * flank + 0.05 * sky).astype(np.float32),
            (0.5 * paint * flank).astype(np.float32),
        ),
        "ledge": ((paint * ledge + 0.10 * sky).astype(np.float32),) * 2,
        "seam": ((0.35 * paint * end).astype(np.float32),) * 2,
        "pillar": ((0.7 * paint * flank).astype(np.float32),) * 2,
        "box_end": ((0.62 * end).astype(np.float32), (0.5 * end).astype(np.float32)),
        "box_flank": ((0.6 * flank).astype(np.float32), (0.5 * flank).astype(np.float32)),
        "glass": glass,
        "black": flat(0.02, end),
        "trim": flat(0.08, end),
        "tyre": flat(0.016, end),
        "under": flat(0.005, end),
        "wheel": flat(0.02, flank),
        "arch": flat(0.008, flank),
        "rim": flat(0.26, flank),
        "chrome": ((0.4 * end + 0.1 * sky).astype(np.float32),) * 2,
        "plate": (plate.astype(np.float32),) * 2,
        "lens": (
            (np.array((0.26, 0.016, 0.016)) * end).astype(np.float32),
            (np.array((0.20, 0.010, 0.010)) * end).astype(np.float32),
        ),
    }


def _parts(name: str, oncoming: bool, side: int) -> list[_Part]:
    """Return the parts in painting order: tyres, the flank on ``side`` (0: none), the end facing us."""
    body = _BODIES[name]
    parts = _tyres(body, oncoming)
    if side:
        parts += _flank(name, body, oncoming, side)
    parts += _truck_end(body, oncoming) if name == "truck" else _car_end(name, body, oncoming)
    return parts


def _mirror(right: Outline) -> list[tuple[float, float]]:
    return [*right, *((-x, y) for x, y in reversed(right))]


def _rounded(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Cut a closed outline's corners once (Chaikin)."""
    result = []
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        result += [(0.8 * ax + 0.2 * bx, 0.8 * ay + 0.2 * by), (0.2 * ax + 0.8 * bx, 0.2 * ay + 0.8 * by)]
    return result


def _on_end(name: str, oncoming: bool, outline: list[tuple[float, float]]) -> Array:
    """Lay an outline (x, y) onto the sloping end of a body."""
    slope = _FRONT_SLOPE[name] if oncoming else _BODIES[name].slope
    heights, depths = zip(*slope, strict=True)
    x, y = np.array(outline, dtype=np.float32).T
    return np.stack([x, y, np.interp(y, heights, depths)], axis=1).astype(np.float32)


def _car_end(name: str, body: Body, oncoming: bool) -> list[_Part]:
    wide = max(x for x, _ in body.outline)
    low = min(y for _, y in body.outline)
    belt = min(y for _, y in body.window)

    def part(outline: list[tuple[float, float]], material: str) -> _Part:
        return _Part(_on_end(name, oncoming, outline), material)

    parts = [
        part(_rounded(_mirror(body.outline)), "paint"),
        part(_rounded(_mirror(body.window)), "glass"),
        part(_mirror(((wide - 0.12, low), (wide - 0.05, low + 0.17))), "black"),
    ]
    if oncoming:
        x, y = _LAMP_FRONT[name]
        parts.append(part(_mirror(((0.42, y - 0.14), (0.48, y + 0.07))), "black"))
        for k in (-1, 1):
            shape = [(x - 0.15, y - 0.08), (x + 0.17, y - 0.04), (x + 0.17, y + 0.09), (x - 0.15, y + 0.05)]
            parts.append(part([(k * a, b) for a, b in shape], "chrome"))
        plate = low + 0.2
    else:
        parts.append(part(_mirror(((wide - 0.2, belt - 0.07), (wide - 0.22, belt - 0.015))), "ledge"))
        parts.append(part(_mirror(((wide - 0.10, low + 0.34), (wide - 0.10, low + 0.365))), "seam"))
        parts += [part([(k * a, b) for a, b in body.lamp], "lens") for k in (-1, 1)]
        plate = belt - 0.33
    parts.append(part(_mirror(((0.20, plate - 0.06), (0.20, plate + 0.07))), "plate"))
    return parts


def _truck_end(body: Body, oncoming: bool) -> list[_Part]:
    def part(outline: list[tuple[float, float]], material: str) -> _Part:
        return _Part(_on_end("truck", oncoming, outline), material)

    if oncoming:
        return [
            part(_mirror(((1.25, 2.6), (1.25, 3.85))), "box_end"),
            part(_mirror(((1.2, 0.35), (1.24, 2.7), (1.1, 3.0))), "paint"),
            part(_mirror(((1.1, 1.75), (1.08, 2.55))), "glass"),
            part(_mirror(((0.7, 0.75), (0.75, 1.5))), "black"),
            part(_mirror(((0.25, 0.45), (0.25, 0.57))), "plate"),
        ]
    rods = [_mirror(((0.012, 1.0), (0.012, 3.8)))]
    rods += [[(x - 0.02, 1.1), (x + 0.02, 1.1), (x + 0.02, 3.7), (x - 0.02, 3.7)] for x in (-0.5, 0.5)]
    return [
        part(_mirror(((1.2, 0.5), (1.2, 0.95))), "black"),
        part(_mirror(body.outline), "box_end"),
        *(part(rod, "trim") for rod in rods),
        part(_mirror(((1.18, 0.45), (1.18, 0.58))), "lens"),
        *(part([(k * a, b) for a, b in body.lamp], "lens") for k in (-1, 1)),
        part(_mirror(((0.25, 0.64), (0.25, 0.76))), "plate"),
    ]


def _flank(name: str, body: Body, oncoming: bool, side: int) -> list[_Part]:
    heights, widths = zip(*((y, x) for x, y in body.outline), strict=True)

    def part(profile: Outline | list[tuple[float, float]], material: str) -> _Part:
        z, y = np.array(profile, dtype=np.float32).T
        z = body.length - z if oncoming else z
        # A flank narrows towards the roof as the end does; a little inwards, so that the end covers its edge.
        x = side * 0.995 * np.interp(y, heights, widths)
        return _Part(np.stack([x, y, z], axis=1).astype(np.float32), material)

    parts = [part(body.side, "box_flank" if name == "truck" else "flank"), part(body.side_window, "glass")]
    if name != "truck":
        mid = sum(z for z, _ in body.side_window) / len(body.side_window)
        low, high = min(y for _, y in body.side_window), max(y for _, y in body.side_window)
        parts.append(part([(mid - 0.05, low), (mid + 0.05, low), (mid + 0.05, high), (mid - 0.05, high)], "pillar"))
    turn = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    for centre in body.wheels:
        for share, material in ((1.12, "arch"), (1.0, "wheel"), (0.62, "rim"), (0.15, "wheel")):
            r = share * body.wheel_radius
            ring = [(centre + r * math.cos(a), max(body.wheel_radius + r * math.sin(a), 0.0)) for a in turn]
            parts.append(part(ring, material))
    return parts


def _tyres(body: Body, oncoming: bool) -> list[_Part]:
    wide = max(x for x, _ in body.outline)
    z = (body.length - body.wheels[1] if oncoming else body.wheels[0]) - body.wheel_radius
    low = min(y for _, y in body.outline) + 0.25

    def part(x0: float, x1: float, y0: float, material: str) -> _Part:
        return _Part(np.array(((x0, y0, z), (x1, y0, z), (x1, low, z), (x0, low, z)), dtype=np.float32), material)

    tyres = [part(k * (wide - 0.06), k * (wide - 0.30), 0.0, "tyre") for k in (-1, 1)]
    return [part(-wide + 0.1, wide - 0.1, 0.16, "under"), *tyres]


def _lamps(vehicle: Vehicle, body: Body) -> list[Emitter]:
    if not vehicle.lit:
        return []
    colour = pm.tint(vehicle.lamp_colour)
    if vehicle.oncoming:
        x, y = _LAMP_FRONT[vehicle.body]
        level = colour * np.float32(vehicle.lamp_cd / (math.pi * pm.HEADLAMP_RADIUS_M**2))
        return [
            Emitter(
                np.array([(vehicle.s + side * x, y, vehicle.z - 0.02)], dtype=np.float32),
                pm.HEADLAMP_RADIUS_M,
                level,
                "head",
            )
            for side in (-1, 1)
        ]
    place = np.array((vehicle.s, 0.0, vehicle.z), dtype=np.float32)
    outline = _rounded(list(body.lamp))
    area = _area(outline)
    label = "stop" if vehicle.braking else "tail"
    level = colour * np.float32(vehicle.lamp_cd / area)
    lamps = [
        Emitter(place + _on_end(vehicle.body, False, [(side * x, y) for x, y in outline]), 0.0, level, label)
        for side in (-1, 1)
    ]
    if vehicle.braking and vehicle.body != "truck":
        top = max(y for _, y in body.window) - 0.02
        strip = [(-0.18, top - 0.03), (0.18, top - 0.03), (0.18, top), (-0.18, top)]
        # Category S3, 25–110 cd (UN Regulation No. 7).
        lamps.append(
            Emitter(
                place + _on_end(vehicle.body, False, strip),
                0.0,
                colour * np.float32(40.0 / _area(strip)),
                "stop",
            )
        )
    return lamps


def _area(outline: list[tuple[float, float]]) -> float:
    pairs = zip(outline, [*outline[1:], outline[0]], strict=True)
    return 0.5 * abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs))
