"""What stands where: a scene's frozen description, drawn once and independent of any picture size.

Coordinates: metres; s to the right of the camera across the road, y up from the ground, z forward along
it. The road bends, so the point (s, y, z) stands at x = s + bend(z) in the camera's straight frame (see
`view.View`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lightnoise.scenes import photometry as pm

KINDS = ("day", "dusk", "night", "tunnel", "wet_night")

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Line:
    """One painted stripe along the road; ``dash_m`` = (mark, period) or None for a solid one."""

    s: float
    width_m: float = 0.12
    yellow: bool = False
    dash_m: tuple[float, float] | None = None
    phase_m: float = 0.0
    wear: float = 0.2
    labelled: bool = True


@dataclass(frozen=True)
class Road:
    """Carriageway between ``left`` and ``right`` edges, with its paint and its surface.

    ``opposite`` is a separate carriageway for the traffic that comes towards us.
    """

    left: float
    right: float
    shoulder_left: float
    shoulder_right: float
    lines: tuple[Line, ...]
    curvature: float
    curvature_rate: float
    albedo: float
    concrete: bool
    walkway: bool
    patches: tuple[tuple[float, float, float, float, float], ...]
    lanes: tuple[float, ...]
    opposite: tuple[float, float] | None = None
    wetness: float = 0.0


@dataclass(frozen=True)
class Vehicle:
    """A car, van or truck; ``z`` is its end nearest to the camera, ``lit`` whether its lamps burn."""

    body: str
    s: float
    z: float
    oncoming: bool
    paint: Colour
    lit: bool
    braking: bool
    lamp_cd: float
    lamp_colour: str


@dataclass(frozen=True)
class Tree:
    """A tree or bush from the sprite library."""

    s: float
    z: float
    height_m: float
    sprite: int
    mirrored: bool
    shade: float


@dataclass(frozen=True)
class Building:
    """A box beside the road, from z to z + length, its road side at s, ``depth_m`` away from the road."""

    s: float
    z: float
    length_m: float
    depth_m: float
    height_m: float
    paint: Colour
    texture: int
    lit_share: float


@dataclass(frozen=True)
class StreetLamp:
    """A luminaire at (s, height, z) on a pole at ``pole_s``."""

    s: float
    z: float
    height_m: float
    pole_s: float
    flux_klm: float


@dataclass(frozen=True)
class Board:
    """A rectangular sign centred at (s, y, z); ``gantry`` on a beam over the road, else on a post."""

    s: float
    y: float
    z: float
    width_m: float
    height_m: float
    paint: Colour
    gantry: bool
    text: int


@dataclass(frozen=True)
class Signal:
    """A traffic signal head at (s, y, z)."""

    s: float
    y: float
    z: float
    colour: str
    intensity_cd: float


@dataclass(frozen=True)
class Barrier:
    """A strip along the road: concrete wall, guard rail, kerb or fence, from ``y0`` to ``y1`` metres."""

    s: float
    y0: float
    y1: float
    paint: Colour
    posts_m: float = 0.0


@dataclass(frozen=True)
class Light:
    """Where the light comes from."""

    sun_elevation_deg: float
    sun_azimuth_deg: float
    sun_lux: float
    sky_lux: float
    overcast: float
    street_colour: str
    headlamps: bool
    headlamp_colour: str
    ambient_lux: float
    city_glow: float
    haze_per_m: float
    white_floor_cd_m2: float
    meter_ev: float


@dataclass(frozen=True)
class Tunnel:
    """A bore around the road; the road leaves it at ``exit_z``."""

    left: float
    right: float
    height_m: float
    exit_z: float
    road_cd_m2: float
    lamp_rows: tuple[float, ...]
    lamp_period_m: float
    lamp_phase_m: float
    lamp_cd_m2: float
    colour: str
    wall_albedo: float


@dataclass(frozen=True)
class Layout:
    """A whole scene, before any pixel."""

    kind: str
    place: str
    camera_height_m: float
    pitch_rad: float
    road: Road
    light: Light
    texture: tuple[float, float]
    vehicles: tuple[Vehicle, ...] = ()
    trees: tuple[Tree, ...] = ()
    buildings: tuple[Building, ...] = ()
    street_lamps: tuple[StreetLamp, ...] = ()
    boards: tuple[Board, ...] = ()
    signals: tuple[Signal, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    tunnel: Tunnel | None = None
    bonnet: tuple[float, float] | None = None
    cloud_cover: float = 0.5
    skyline: tuple[float, ...] = ()


_PAINTS: tuple[Colour, ...] = (
    (0.70, 0.70, 0.69),
    (0.42, 0.43, 0.44),
    (0.16, 0.165, 0.17),
    (0.025, 0.025, 0.028),
    (0.03, 0.05, 0.13),
    (0.30, 0.025, 0.02),
    (0.38, 0.34, 0.28),
    (0.05, 0.10, 0.08),
)
_PAINT_SHARES = (0.27, 0.18, 0.16, 0.17, 0.08, 0.07, 0.04, 0.03)
_FACADES: tuple[Colour, ...] = (
    (0.34, 0.17, 0.12),
    (0.45, 0.39, 0.30),
    (0.36, 0.36, 0.35),
    (0.52, 0.48, 0.42),
    (0.25, 0.20, 0.17),
    (0.22, 0.25, 0.28),
)


def draw_layout(kind: str, rng: np.random.Generator) -> Layout:
    """Draw a scene of one of `KINDS`; every choice comes from ``rng``."""
    night = kind in ("night", "wet_night")
    if kind == "tunnel":
        place = "tunnel"
    elif kind == "wet_night":
        place = _pick(rng, ("urban", "highway"), (0.7, 0.3))
    elif kind == "night":
        place = _pick(rng, ("urban", "highway", "rural"), (0.5, 0.32, 0.18))
    else:
        place = _pick(rng, ("urban", "highway", "rural"), (0.35, 0.45, 0.20))
    light = _draw_light(kind, place, rng)
    lamps_on = light.sun_elevation_deg < 1.0 or kind == "tunnel"
    road, oncoming = _draw_road(kind, place, rng)
    lit_street = night and place != "rural"
    return Layout(
        kind=kind,
        place=place,
        camera_height_m=rng.uniform(1.25, 1.55),
        pitch_rad=rng.uniform(0.005, 0.065),
        road=road,
        light=light,
        texture=(rng.uniform(0, 500), rng.uniform(0, 500)),
        vehicles=_draw_vehicles(place, road, oncoming, lamps_on, rng),
        trees=_draw_trees(place, road, rng),
        buildings=_draw_buildings(place, road, lamps_on, rng),
        street_lamps=_draw_street_lamps(place, road, lit_street, rng),
        boards=_draw_boards(place, road, rng),
        signals=_draw_signals(place, road, rng),
        barriers=_draw_barriers(place, road, rng),
        tunnel=_draw_tunnel(road, rng) if kind == "tunnel" else None,
        bonnet=(rng.uniform(0.05, 0.11), rng.uniform(0.2, 0.5)) if rng.random() < 0.4 else None,
        cloud_cover=rng.uniform(0.25, 0.75),
        skyline=tuple(rng.uniform(0.0, 1.0, 16).tolist()),
    )


def _pick(rng: np.random.Generator, options: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return options[int(rng.choice(len(options), p=shares))]


def _draw_light(kind: str, place: str, rng: np.random.Generator) -> Light:
    night = kind in ("night", "wet_night")
    overcast = float(rng.random() < 0.3) if kind in ("day", "tunnel") else float(rng.random() < 0.15)
    if night:
        elevation = -18.0
    elif kind == "dusk":
        elevation = rng.uniform(-4.5, 5.0)
    else:
        elevation = rng.uniform(14.0, 60.0)
    # Every second dusk drives towards the glow; by day the sun stands anywhere.
    if kind == "dusk" and rng.random() < 0.6:
        azimuth = rng.uniform(-24.0, 24.0)
    else:
        azimuth = rng.uniform(-180.0, 180.0)
    clear = 1.0 - overcast
    camera_gain = pm.saturation_cd_m2(2.0, 1 / 30, rng.uniform(300.0, 1200.0))
    # Compensation: at dusk and in tunnels the bright sky or exit holds the exposure down (estimates).
    meter = {"dusk": (-1.2, -0.2), "tunnel": (-1.0, 0.0)}.get(kind, (-0.4, 0.4))
    return Light(
        sun_elevation_deg=elevation,
        sun_azimuth_deg=azimuth,
        sun_lux=pm.sun_lux(elevation) * clear,
        sky_lux=0.0 if night else pm.sky_lux(elevation, overcast > 0.5),
        overcast=overcast,
        street_colour=_pick(rng, ("led", "sodium"), (0.55, 0.45)),
        headlamps=night or kind == "tunnel" or elevation < 1.0,
        headlamp_colour=_pick(rng, ("xenon", "halogen"), (0.6, 0.4)),
        ambient_lux={"urban": 1.6, "highway": 0.5}.get(place, 0.08) * rng.uniform(0.6, 1.6) if night else 0.0,
        city_glow=float(np.exp(rng.uniform(*np.log(pm.CITY_SKY_CD_M2)))) if night else 0.0,
        haze_per_m=float(np.exp(rng.uniform(math.log(1.5e-4), math.log(1.5e-3)))),
        white_floor_cd_m2=camera_gain,
        meter_ev=rng.uniform(*meter),
    )


def _draw_road(kind: str, place: str, rng: np.random.Generator) -> tuple[Road, tuple[float, ...]]:
    """Return the road and the centres of the lanes that come towards us."""
    width = rng.uniform(3.3, 3.75) if place != "urban" else rng.uniform(3.0, 3.5)
    offset = rng.uniform(-0.35, 0.35)
    ahead = {"highway": int(rng.integers(3, 5)), "urban": int(rng.integers(1, 3)), "rural": 1, "tunnel": 2}[place]
    ego = int(rng.integers(0, ahead))
    first = -(ego + 0.5) * width + offset
    mark, period = (3.0, 12.0) if rng.random() < 0.5 else (4.0, 9.0)
    phase = rng.uniform(0.0, period)
    wear = rng.uniform(0.05, 0.45)
    yellow = bool(rng.random() < 0.7)
    two_way = place in ("urban", "rural")
    lines = []
    if two_way:
        dashed = place == "rural" and rng.random() < 0.4
        lines.append(Line(first + (0.0 if dashed else 0.12), 0.12, yellow, (3.0, 9.0) if dashed else None, phase, wear))
        if not dashed:
            lines.append(Line(first - 0.12, 0.12, yellow, None, 0.0, wear, labelled=False))
    else:
        lines.append(Line(first, 0.15, yellow, None, 0.0, wear))
    for k in range(1, ahead):
        lines.append(Line(first + k * width, 0.12, False, (mark, period), phase, wear))
    edge = first + ahead * width
    lines.append(Line(edge, 0.15, False, None, 0.0, wear))
    back = ahead if place == "urban" else 1
    oncoming: tuple[float, ...] = ()
    left, shoulder_left, shoulder_right = first, rng.uniform(0.8, 1.6), rng.uniform(2.2, 3.2)
    if two_way:
        oncoming = tuple(first - (k + 0.5) * width for k in range(back))
        for k in range(1, back):
            lines.append(Line(first - k * width, 0.12, False, (mark, period), phase + 1.7, wear))
        left = first - back * width
        lines.append(Line(left, 0.15, False, None, 0.0, wear, labelled=back == 1))
        shoulder_left = shoulder_right = rng.uniform(2.0, 2.4) if place == "urban" else rng.uniform(0.3, 1.2)
    elif place == "highway":
        gap = shoulder_left + rng.uniform(1.6, 3.0)
        oncoming = tuple(first - gap - (k + 0.5) * width for k in range(3))
    else:
        shoulder_left = shoulder_right = rng.uniform(0.6, 1.2)
    opposite = None
    if place == "highway":
        opposite = (oncoming[-1] - 0.5 * width - 2.5, oncoming[0] + 0.5 * width + 1.0)
    turn = rng.normal(0.0, {"highway": 4e-4, "rural": 1.4e-3, "urban": 2.5e-4, "tunnel": 4e-4}[place])
    concrete = place == "highway" and rng.random() < 0.45
    albedo = rng.uniform(*(pm.ALBEDO_CONCRETE if concrete else pm.ALBEDO_ASPHALT))
    if kind == "wet_night":
        albedo *= 0.5  # water fills the pores: wet asphalt is about half as bright (estimate)
    patches = tuple(
        (
            rng.uniform(left, edge),
            rng.uniform(5.0, 60.0),
            rng.uniform(0.5, 2.2),
            rng.uniform(1.0, 9.0),
            rng.uniform(-0.28, 0.18),
        )
        for _ in range(int(rng.integers(2, 9)))
    )
    road = Road(
        left=left,
        right=edge,
        shoulder_left=shoulder_left,
        shoulder_right=shoulder_right,
        lines=tuple(lines),
        curvature=float(np.clip(turn, -3e-3, 3e-3)),
        curvature_rate=float(rng.normal(0.0, 3e-6)),
        albedo=albedo,
        concrete=concrete,
        walkway=place == "urban",
        patches=patches,
        lanes=tuple(first + (k + 0.5) * width for k in range(ahead)),
        opposite=opposite,
        wetness=rng.uniform(0.45, 1.0) if kind == "wet_night" else 0.0,
    )
    return road, oncoming


def _draw_vehicle(
    s: float, z: float, oncoming: bool, lamps_on: bool, rng: np.random.Generator, bodies: tuple[float, ...]
) -> Vehicle:
    body = _pick(rng, ("sedan", "suv", "van", "truck"), bodies)
    paint = _PAINTS[int(rng.choice(len(_PAINTS), p=_PAINT_SHARES))]
    braking = not oncoming and rng.random() < 0.22
    if oncoming:
        intensity = float(np.exp(rng.uniform(*np.log(pm.ONCOMING_CD if lamps_on else pm.RUNNING_CD))))
    else:
        intensity = rng.uniform(*(pm.STOP_CD if braking else pm.TAIL_CD))
    colour = _pick(rng, ("xenon", "halogen"), (0.6, 0.4)) if oncoming else "red"
    lit = lamps_on or braking or (oncoming and rng.random() < 0.5)
    return Vehicle(body, s + rng.normal(0.0, 0.18), z, oncoming, paint, lit, braking, intensity, colour)


def _draw_vehicles(
    place: str, road: Road, oncoming: tuple[float, ...], lamps_on: bool, rng: np.random.Generator
) -> tuple[Vehicle, ...]:
    vehicles: list[Vehicle] = []
    bodies = (0.48, 0.30, 0.12, 0.10)
    gap = math.exp(rng.uniform(math.log(18.0), math.log(70.0)))
    for s in road.lanes:
        z = rng.uniform(14.0, 30.0) + gap * rng.exponential(0.5) if abs(s) < 1.6 else rng.uniform(3.5, 30.0)
        while z < 260.0 and len(vehicles) < 14:
            vehicles.append(_draw_vehicle(s, z, False, lamps_on, rng, bodies))
            z += 11.0 + rng.exponential(gap)
    for s in oncoming:
        z = rng.uniform(9.0, 60.0)
        count = 0
        while z < 260.0 and count < 6:
            vehicles.append(_draw_vehicle(s, z, True, lamps_on, rng, bodies))
            z += 12.0 + rng.exponential(gap * 1.3)
            count += 1
    if place == "urban":
        side = road.right + 1.05
        z = rng.uniform(5.0, 20.0)
        while z < 110.0:
            if rng.random() < 0.62:
                car = _draw_vehicle(side, z, False, False, rng, (0.55, 0.33, 0.12, 0.0))
                vehicles.append(Vehicle(car.body, side, z, False, car.paint, False, False, 0.0, "red"))
            z += rng.uniform(5.8, 7.4)
    return tuple(vehicles)


def _draw_trees(place: str, road: Road, rng: np.random.Generator) -> tuple[Tree, ...]:
    if place == "tunnel":
        return ()
    trees = []
    right, left = road.right + road.shoulder_right, road.left - road.shoulder_left
    if place == "highway":
        left -= 14.0
    density = rng.uniform(0.3, 1.0)
    for side, edge in ((1, right), (-1, left)):
        for _ in range(int(density * {"highway": 7, "urban": 6, "rural": 12}[place])):
            z = math.exp(rng.uniform(math.log(14.0), math.log(190.0)))
            away = 1.3 if place == "urban" else rng.uniform(3.0, 16.0)
            height = rng.uniform(5.0, 9.0) if place == "urban" else rng.uniform(4.0, 13.0)
            sprite = int(rng.integers(0, 5))
            if place != "urban" and rng.random() < 0.5:
                height, away, sprite = rng.uniform(0.7, 2.0), rng.uniform(2.5, 9.0), 5
            # The crown keeps off the carriageway.
            s = edge + side * max(away, 0.28 * height - (2.0 if place == "urban" else 0.0))
            trees.append(Tree(s, z, height, sprite, bool(rng.random() < 0.5), rng.uniform(0.65, 1.15)))
        if place != "urban" and rng.random() < 0.75:  # a belt of trees beside the road
            away, height, z = rng.uniform(9.0, 22.0), rng.uniform(6.0, 13.0), rng.uniform(14.0, 40.0)
            while z < 330.0:
                tall = height * rng.uniform(0.75, 1.25)
                s = edge + side * (max(away, tall) + rng.uniform(0.0, 6.0))
                trees.append(
                    Tree(s, z, tall, int(rng.integers(6, 9)), bool(rng.random() < 0.5), rng.uniform(0.65, 1.1))
                )
                z += 5.0 + 0.17 * z
    return tuple(trees)


def _draw_buildings(place: str, road: Road, night: bool, rng: np.random.Generator) -> tuple[Building, ...]:
    if place != "urban":
        return ()
    buildings = []
    for side, edge in ((1, road.right + road.shoulder_right), (-1, road.left - road.shoulder_left)):
        setback = rng.uniform(2.8, 6.5)
        z = rng.uniform(4.0, 14.0)
        while z < 190.0:
            length = rng.uniform(9.0, 26.0)
            height = float(rng.choice([3.2, 3.4, 3.1])) * int(rng.integers(1, 7)) + 1.0
            if rng.random() < 0.88:
                buildings.append(
                    Building(
                        edge + side * (setback + rng.uniform(0.0, 1.5)),
                        z,
                        length,
                        side * rng.uniform(8.0, 16.0),
                        height,
                        _FACADES[int(rng.integers(0, len(_FACADES)))],
                        int(rng.integers(0, 2**31)),
                        rng.uniform(0.05, 0.35) if night else rng.uniform(0.0, 0.12),
                    )
                )
            z += length + (rng.uniform(3.0, 9.0) if rng.random() < 0.3 else 0.0)
    return tuple(buildings)


def _draw_street_lamps(place: str, road: Road, lit: bool, rng: np.random.Generator) -> tuple[StreetLamp, ...]:
    if place in ("rural", "tunnel") or (not lit and rng.random() < 0.4):
        return ()
    height = rng.uniform(8.0, 11.5)
    spacing = height * rng.uniform(3.0, 4.2)
    flux = rng.uniform(*pm.STREET_FLUX_KLM)
    arm = rng.uniform(1.0, 2.4)
    sides = _pick(rng, ("right", "both", "left"), (0.45, 0.35, 0.2))
    lamps = []
    for side, edge in ((1, road.right + road.shoulder_right), (-1, road.left - road.shoulder_left)):
        if sides not in ("both", "right" if side > 0 else "left"):
            continue
        z = rng.uniform(0.3, 1.0) * spacing
        while z < 9.0 * spacing:
            pole = edge + side * 0.6
            lamps.append(StreetLamp(pole - side * arm, z, height, pole, flux))
            z += spacing
    return tuple(lamps)


def _draw_boards(place: str, road: Road, rng: np.random.Generator) -> tuple[Board, ...]:
    boards = []
    if place == "highway" and rng.random() < 0.6:
        z = rng.uniform(35.0, 140.0)
        green = ((0.015, 0.11, 0.05), (0.02, 0.05, 0.22))[int(rng.random() < 0.3)]
        for s in (road.lanes[-1], road.lanes[0]):
            boards.append(
                Board(
                    s,
                    6.9,
                    z,
                    rng.uniform(3.4, 5.0),
                    rng.uniform(2.0, 2.8),
                    green,
                    True,
                    int(rng.integers(2**31)),
                )
            )
    if place != "tunnel":
        for _ in range(int(rng.integers(0, 4))):
            z = rng.uniform(16.0, 110.0)
            paint: Colour = ((0.6, 0.6, 0.58), (0.55, 0.38, 0.02), (0.02, 0.10, 0.30))[int(rng.integers(0, 3))]
            size = rng.uniform(0.6, 0.95)
            s = road.right + road.shoulder_right + rng.uniform(0.6, 1.2)
            boards.append(Board(s, 2.5, z, size, size * 1.2, paint, False, int(rng.integers(2**31))))
    return tuple(boards)


def _draw_signals(place: str, road: Road, rng: np.random.Generator) -> tuple[Signal, ...]:
    if place != "urban" or rng.random() < 0.45:
        return ()
    z = rng.uniform(28.0, 90.0)
    colour = _pick(rng, ("red", "green", "amber"), (0.5, 0.42, 0.08))
    intensity = rng.uniform(*pm.SIGNAL_CD)
    heads = [Signal(s, 5.6, z, colour, intensity) for s in road.lanes]
    return (*heads, Signal(road.right + road.shoulder_right + 0.5, 3.2, z, colour, intensity))


def _draw_barriers(place: str, road: Road, rng: np.random.Generator) -> tuple[Barrier, ...]:
    right, left = road.right + road.shoulder_right, road.left - road.shoulder_left
    concrete: Colour = (0.30, 0.29, 0.27)
    steel: Colour = (0.36, 0.37, 0.38)
    if place == "highway":
        median = Barrier(left, 0.0, rng.uniform(0.8, 1.1), concrete)
        style = rng.random()
        if style < 0.55:
            return (median, Barrier(right, 0.48, 0.78, steel, posts_m=3.8))
        if style < 0.8:
            return (median, Barrier(right, 0.0, rng.uniform(0.8, 3.6), concrete))
        return (median,)
    if place == "urban":
        return (Barrier(right, 0.0, 0.15, concrete), Barrier(left, 0.0, 0.15, concrete))
    if place == "rural" and rng.random() < 0.5:
        side = right + 0.4 if rng.random() < 0.5 else left - 0.4
        return (Barrier(side, 0.48, 0.78, steel, posts_m=3.8),)
    return ()


def _draw_tunnel(road: Road, rng: np.random.Generator) -> Tunnel:
    left, right = road.left - road.shoulder_left, road.right + road.shoulder_right
    rows = ((left + right) / 2,) if rng.random() < 0.3 else (left + 1.6, right - 1.6)
    return Tunnel(
        left=left,
        right=right,
        height_m=rng.uniform(4.9, 6.2),
        exit_z=math.exp(rng.uniform(math.log(45.0), math.log(260.0))),
        road_cd_m2=rng.uniform(*pm.TUNNEL_ROAD_CD_M2),
        lamp_rows=rows,
        lamp_period_m=rng.uniform(5.0, 11.0),
        lamp_phase_m=rng.uniform(0.0, 5.0),
        lamp_cd_m2=rng.uniform(*pm.TUNNEL_LUMINAIRE_CD_M2),
        colour=_pick(rng, ("sodium", "led"), (0.5, 0.5)),
        wall_albedo=rng.uniform(0.25, 0.6),
    )
