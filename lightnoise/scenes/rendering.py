"""Draw a scene: layout, ground, sky, objects, lamps, exposure, picture."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import checks
from lightnoise.camera import Camera
from lightnoise.constants import LUMA
from lightnoise.optics.response import decode, encode
from lightnoise.scenes import photometry as pm
from lightnoise.scenes import raster, roadside, tunnel, vehicles
from lightnoise.scenes.canvas import Item, coverage, paint
from lightnoise.scenes.ground import Ground, Surface, lit, surface
from lightnoise.scenes.lamps import LENS_SIGMA_PX, Emitter, Lamp, splat, streak
from lightnoise.scenes.lanes import label_lanes, sample_rows
from lightnoise.scenes.layout import KINDS, Layout, draw_layout
from lightnoise.scenes.lighting import Lighting
from lightnoise.scenes.shadows import render_shadows
from lightnoise.scenes.sky import render_sky
from lightnoise.scenes.view import View

Array = NDArray[Any]

_METER_SIZE = (36, 64)
_BINS = 2**15


@dataclass(frozen=True, eq=False)
class Scene:
    """A rendered road scene with its ground truth.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    radiance : ndarray of float32, shape (H, W, 3)
        Linear light before any clipping, white = 1.0; free of noise, of glare and of bloom.
    image : ndarray of uint8, shape (H, W, 3)
        The camera's picture of it: clipped to [0, 1], encoded by the camera's response, rounded. No noise
        is added.
    lanes : list of list of int
        Columns of each lane line at ``h_samples``, −2 where absent; TuSimple's convention.
    h_samples : list of int
        Labelled rows.
    lamps : list of Lamp
        Everything that glows by itself and is visible.
    white_cd_m2 : float
        Luminance that the exposure maps to 1.0.
    layout : Layout
        What was drawn.
    """

    kind: str
    radiance: Array
    image: NDArray[np.uint8]
    lanes: list[list[int]]
    h_samples: list[int]
    lamps: list[Lamp]
    white_cd_m2: float
    layout: Layout


def render(
    kind: str, rng: np.random.Generator, size: tuple[int, int] = (720, 1280), camera: Camera | None = None
) -> Scene:
    """Draw and render one road scene.

    Parameters
    ----------
    kind : str
        "day", "dusk", "night", "tunnel" or "wet_night" (a street in the rain's wet at night).
    rng : numpy.random.Generator
        Source of every choice. The same state gives the same layout whatever ``size`` is.
    size : tuple of int
        (height, width) in pixels, each in [32, 8192].
    camera : Camera, optional
        Field of view, pixel shape and response; `Camera()` if not given.

    Returns
    -------
    Scene

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    Notes
    -----
    All luminances come from `photometry` and were fixed before anything was tuned on the scenes. Exposure:
    see `meter`.
    """
    kind = checks.choice("kind", kind, KINDS)
    height = checks.integer("size[0]", size[0], 32, 8192)
    width = checks.integer("size[1]", size[1], 32, 8192)
    return render_layout(draw_layout(kind, rng), (height, width), camera or Camera())


def default_set(
    n_per_kind: int = 4, size: tuple[int, int] = (360, 640), seed: int = 0, camera: Camera | None = None
) -> Iterator[Scene]:
    """Yield ``n_per_kind`` scenes of every kind, each from a generator keyed by (seed, kind, index).

    A scene does not depend on how many others are drawn.
    """
    count = checks.integer("n_per_kind", n_per_kind, 1, 10**6)
    base = checks.integer("seed", seed, 0, 2**63 - 1)
    for kind in KINDS:
        for index in range(count):
            yield render(kind, np.random.default_rng((base, zlib.crc32(kind.encode()), index)), size, camera)


def render_layout(layout: Layout, size: tuple[int, int], camera: Camera) -> Scene:
    """Render a layout that was drawn before; see `render`."""
    view, lighting = View.of(layout, size, camera), Lighting(layout)
    white = meter(layout, camera)
    items, emitters = _objects(layout, view, lighting)
    ground, top_surface, light = _bare(layout, view, lighting)
    hidden: list[tuple[float, Array]] = []
    if layout.road.wetness > 0:
        hidden = _hulls(items, view)
        light[:, ground.top :] += _reflections(light, ground, top_surface, view, lighting, items, emitters, hidden)
    if layout.tunnel is not None:
        outside = [item for item in items if item.z >= layout.tunnel.exit_z]
        for item in outside:
            paint(light, view, item)
        tunnel.paint_bore(light, view, lighting, layout.tunnel)
        items = [item for item in items if item.z < layout.tunnel.exit_z]
    hidden = []
    for item in items:
        corners = paint(light, view, item)
        if item.solid and corners is not None:
            hidden.append((item.z, _hull(item, corners)))
    lowest = _paint_bonnet(light, layout, view, lighting)
    for plane in light:
        cv2.GaussianBlur(plane, (0, 0), LENS_SIGMA_PX, dst=plane, borderType=cv2.BORDER_REFLECT)
    lamps = [lamp for emitter in emitters if (lamp := splat(light, view, emitter, hidden)) is not None]
    radiance = np.empty((view.height, view.width, 3), dtype=np.float32)
    image = np.empty(radiance.shape, dtype=np.uint8)
    raster.develop(light, 1.0 / white, *_encoding(camera.response), radiance, image)
    return Scene(
        kind=layout.kind,
        radiance=radiance,
        image=image,
        lanes=label_lanes(layout, view, lowest),
        h_samples=sample_rows(view.height),
        lamps=[_in_white(lamp, white) for lamp in lamps],
        white_cd_m2=white,
        layout=layout,
    )


def meter(layout: Layout, camera: Camera) -> float:
    """Return the luminance that automatic exposure maps to white, cd/m².

    The log-average luminance of the bare scene (road, land and sky without objects), the lower half weighted
    by 0.7, lands at 18 % of white, times the layout's compensation. Gain is limited: white is never darker
    than the saturation luminance of an f/2 lens at 1/30 s and ISO 300 to 1200 [ISO12232], 12 to 48 cd/m², so
    nights stay dark. It is measured in a picture of fixed size: a layout has one exposure at any size.
    """
    view, lighting = View.of(layout, _METER_SIZE, camera), Lighting(layout)
    ground, _, light = _bare(layout, view, lighting, detail=False)
    if layout.tunnel is not None:
        tunnel.paint_bore(light, view, lighting, layout.tunnel)
    luminance = np.log(np.maximum(np.tensordot(np.array(LUMA, dtype=np.float32), light, 1), 1e-3))
    below = float(luminance[ground.top :].mean())
    above = float(luminance[: max(ground.top, 1)].mean())
    white = math.exp(0.7 * below + 0.3 * above) / (pm.METER_KEY * 2.0**layout.light.meter_ev)
    return max(white, layout.light.white_floor_cd_m2)


def _bare(layout: Layout, view: View, lighting: Lighting, *, detail: bool = True) -> tuple[Ground, Surface, Array]:
    """Return the scene without any object; without ``detail`` also without clouds and shadows."""
    ground = Ground.of(view)
    material = surface(layout, ground)
    if detail:
        sun, contact = render_shadows(layout, view, lighting, ground.top)
    else:
        sun = contact = np.ones_like(ground.s)
    light = np.empty((3, view.height, view.width), dtype=np.float32)
    light[:, : ground.top] = render_sky(view, lighting, ground.top, clouds=detail)
    light[:, ground.top :] = lit(material, ground, view, lighting, sun, contact)
    return ground, material, light


def _objects(layout: Layout, view: View, lighting: Lighting) -> tuple[list[Item], list[Emitter]]:
    """Return everything that stands in the scene, far things first, and all its lamps."""
    items, emitters = roadside.build(layout, lighting)
    for vehicle in layout.vehicles:
        item, lamps = vehicles.build(vehicle, lighting)
        items.append(item)
        emitters += lamps
    horizon = roadside.skyline(layout, view, lighting)
    if horizon is not None:
        items.append(horizon)
    if layout.tunnel is not None:
        emitters += tunnel.lamps(layout.tunnel, lighting)
    if layout.light.sun_lux > 0 and layout.tunnel is None:
        direction = lighting.sun_direction
        if direction[2] > 0.2:
            emitters.append(_sun(layout, view, lighting))
    items.sort(key=lambda item: -item.z)
    return items, emitters


def _sun(layout: Layout, view: View, lighting: Lighting) -> Emitter:
    """Return the sun as a disc far away, of radius 0.2665° on the picture's axis."""
    z = 10_000.0
    direction = lighting.sun_direction * np.float32(z / lighting.sun_direction[2])
    centre = np.array(
        ((direction[0] - float(view.bend(z)), direction[1] + layout.camera_height_m, z),), dtype=np.float32
    )
    level = lighting.sun / np.float32(pm.SUN_SOLID_ANGLE_SR)
    return Emitter(centre, z * math.tan(math.radians(0.2665)), level, "sun")


def _hulls(items: list[Item], view: View) -> list[tuple[float, Array]]:
    hulls = []
    for item in items:
        if item.solid and len(item.points):
            hulls.append((item.z, _hull(item, view.project(item.points))))
    return hulls


def _hull(item: Item, corners: Array) -> Array:
    """Return the outline behind which an item hides lamps; of a plant, the lower middle of its sprite."""
    if item.textures and item.textures[0][1][0].shape[2] == 2:
        low, high = corners.min(axis=0), corners.max(axis=0)
        foot = np.array((0.5 * (low[0] + high[0]), high[1]), dtype=np.float32)
        corners = foot + (corners - foot) * np.array((0.7, 0.85), dtype=np.float32)
    return np.asarray(cv2.convexHull(np.asarray(corners, dtype=np.float32)))


def _reflections(
    light: Array,
    ground: Ground,
    material: Surface,
    view: View,
    lighting: Lighting,
    items: list[Item],
    emitters: list[Emitter],
    hidden: list[tuple[float, Array]],
) -> Array:
    """Return what a wet road mirrors: objects upside down, blurred along the view, and lamps as streaks."""
    rows = view.height - ground.top
    mirror = np.empty((3, rows, view.width), dtype=np.float32)
    mirror[:] = light[:, 0].mean(axis=1)[:, None, None]
    sky = light[:, : ground.top][:, ::-1][:, :rows]
    mirror[:, : sky.shape[1]] = sky
    for item in items:
        if item.z < 90.0 and (item.solid or item.textures):
            paint(mirror, view, item, mirrored=True, top_row=ground.top)
    # Waves spread the image more the nearer the road is: blend a light and a strong blur.
    near = ((np.arange(rows) + 0.5) / (0.45 * view.fy)).clip(0.0, 1.0).astype(np.float32)[:, None]
    for plane in mirror:
        soft = cv2.GaussianBlur(plane, (0, 0), 0.004 * view.fx, sigmaY=0.02 * view.fy)
        small = cv2.resize(soft, (max(view.width // 2, 1), max(rows // 4, 1)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 0.005 * view.fx, sigmaY=0.02 * view.fy)
        plane[:] = soft + near * (cv2.resize(small, (view.width, rows), interpolation=cv2.INTER_LINEAR) - soft)
    for emitter in emitters:
        streak(mirror, view, emitter, ground.top, hidden)
    # Fresnel's reflectance of water (n = 1.33) by Schlick's formula; a film covers only part of the stones.
    sine = view.camera_height_m / np.sqrt(ground.z**2 + view.camera_height_m**2)
    fresnel = 0.02 + 0.98 * (1.0 - sine) ** 5
    share = np.float32(0.30) * material.film * fresnel
    return np.asarray(mirror * share, dtype=np.float32)


def _paint_bonnet(light: Array, layout: Layout, view: View, lighting: Lighting) -> float:
    """Paint the own car's bonnet, if it is in the picture; return the row where it begins."""
    if layout.bonnet is None:
        return float(view.height)
    depth, bulge = layout.bonnet
    u = np.linspace(0.0, 1.0, 41)
    edge = view.height * (1.0 - depth * (1.0 - bulge * (2 * u - 1) ** 2))
    outline = np.stack([u * view.width, edge], axis=1)
    points = np.concatenate([outline, [[view.width, view.height + 2], [0, view.height + 2]]]).astype(np.float32)
    window = coverage(points, view.height, view.width)
    assert window is not None
    rows, columns, alpha = window
    at = np.array((0.0, 0.9, 1.0), dtype=np.float32)
    mirrored = lighting.on((0.0, 1.0, 0.0), at) / np.float32(np.pi)
    t = np.linspace(1.0, 0.0, alpha.shape[0], dtype=np.float32)[:, None]
    colour = mirrored[:, None, None] * (0.012 + 0.10 * t**3)
    target = light[:, rows, columns]
    target += alpha * (colour - target)
    return float(edge.min()) - 1.0


@lru_cache(maxsize=8)
def _encoding(response: str) -> tuple[NDArray[np.uint8], Array]:
    """Return the tables of `raster.develop`: a look-up and a comparison or two round as `encode` would."""
    codes = np.rint(255.0 * encode(np.arange(_BINS + 1) / _BINS, response)).astype(np.uint8)
    thresholds = decode((np.arange(256) + 0.5).clip(0, 255) / 255.0, response)
    thresholds[255] = np.inf
    return codes, thresholds.astype(np.float32)


def _in_white(lamp: Lamp, white: float) -> Lamp:
    red, green, blue = (value / white for value in lamp.energy)
    return Lamp(lamp.x, lamp.y, lamp.radius_px, (red, green, blue), lamp.label)
