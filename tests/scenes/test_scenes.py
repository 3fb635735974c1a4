"""Scenes: labels and lamps agree with the pictures, layouts do not depend on size, light is honest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lightnoise.camera import Camera
from lightnoise.constants import LUMA
from lightnoise.optics.response import decode, encode
from lightnoise.scenes import KINDS, default_set, render, rendering
from lightnoise.scenes.lamps import LENS_SIGMA_PX
from lightnoise.scenes.layout import draw_layout
from lightnoise.scenes.rendering import render_layout

SMALL = (180, 320)


@pytest.fixture(scope="module")
def scenes():
    return list(default_set(4, size=(360, 640), seed=3))


def luminance(radiance):
    return radiance @ np.array(LUMA, dtype=np.float32)


def test_radiance_is_light(scenes):
    for scene in scenes:
        assert scene.radiance.shape == (360, 640, 3)
        assert scene.radiance.dtype == np.float32
        assert np.isfinite(scene.radiance).all()
        assert scene.radiance.min() >= 0.0


def test_image_is_the_encoded_radiance(scenes):
    for scene in scenes:
        exact = 255.0 * encode(np.clip(scene.radiance, 0.0, 1.0))
        # The table may only disagree with rounding where the value lies on the step itself.
        assert np.abs(scene.image - exact).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("response", ["linear", "power:2.2", "scurve:0.8"])
def test_image_follows_the_camera_response(response):
    scene = render("dusk", np.random.default_rng(0), SMALL, Camera(response=response))
    exact = 255.0 * encode(np.clip(scene.radiance, 0.0, 1.0), response)
    assert np.abs(scene.image - exact).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_same_generator_same_scene(kind):
    first = render(kind, np.random.default_rng(5), SMALL)
    second = render(kind, np.random.default_rng(5), SMALL)
    other = render(kind, np.random.default_rng(6), SMALL)
    assert np.array_equal(first.radiance, second.radiance)
    assert first.lanes == second.lanes
    assert first.lamps == second.lamps
    assert not np.array_equal(first.radiance, other.radiance)


def test_rendering_leaves_global_randomness_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    render("day", np.random.default_rng(0), SMALL)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("kind", KINDS)
def test_generator_state_does_not_depend_on_size(kind):
    small, large = np.random.default_rng(8), np.random.default_rng(8)
    a, b = render(kind, small, (72, 128)), render(kind, large, SMALL)
    assert small.bit_generator.state == large.bit_generator.state
    assert a.layout == b.layout
    assert a.white_cd_m2 == b.white_cd_m2


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_show_the_same_scene(kind):
    """A picture of twice the size, averaged 2×2, is the small one, up to the sharper lens."""
    layout = draw_layout(kind, np.random.default_rng(11))
    large = render_layout(layout, (360, 640), Camera()).image.astype(float)
    small = render_layout(layout, (180, 320), Camera()).image.astype(float)
    other = render_layout(draw_layout(kind, np.random.default_rng(12)), (180, 320), Camera()).image.astype(float)
    averaged = large.reshape(180, 2, 320, 2, 3).mean(axis=(1, 3))
    difference = np.abs(averaged - small).mean()
    assert difference < 5.0
    assert difference < 0.3 * np.abs(other - small).mean()


def test_lanes_have_tusimple_form(scenes):
    for scene in scenes:
        assert scene.h_samples == [round(row * 0.5) for row in range(160, 711, 10)]
        assert 2 <= len(scene.lanes) <= 5
        for lane in scene.lanes:
            assert len(lane) == len(scene.h_samples)
            assert all(x == -2 or 0 <= x < 640 for x in lane)
        # Left to right in the lowest rows that two neighbours share.
        for left, right in zip(scene.lanes, scene.lanes[1:], strict=False):
            shared = [(a, b) for a, b in zip(left, right, strict=True) if a >= 0 and b >= 0]
            assert all(a < b for a, b in shared)


def test_lanes_scale_with_the_picture():
    layout = draw_layout("day", np.random.default_rng(2))
    small = render_layout(layout, (360, 640), Camera())
    large = render_layout(layout, (720, 1280), Camera())
    assert large.h_samples == list(range(160, 711, 10))
    compared = 0
    for a, b in zip(small.lanes, large.lanes, strict=True):
        for x, y in zip(a, b, strict=True):
            if x >= 0 and y >= 0:
                # Row centres of the two sizes differ by a quarter of a small pixel, where lines lie flat.
                assert abs(2 * x + 0.5 - y) <= 4.0
                compared += 1
    assert compared > 20


@pytest.mark.parametrize("kind", KINDS)
def test_labels_lie_on_paint(kind):
    """Solid lines are brighter at the label than the road beside it, in the rows where nothing hides them."""
    brighter = []
    for seed in range(8):
        layout = draw_layout(kind, np.random.default_rng(100 + seed))
        scene = render_layout(layout, (360, 640), Camera())
        light = luminance(scene.radiance)
        solid = [line for line in layout.road.lines if line.labelled and line.dash_m is None]
        for lane in scene.lanes:
            for x, row in zip(lane, scene.h_samples, strict=True):
                if x < 12 or x > 627 or row < 230:
                    continue
                # A metre is this many pixels in this row; take the road 0.6 m aside.
                if not any(abs(_column(layout, line.s, row) - x) < 2.0 for line in solid):
                    continue
                aside = max(round(0.6 * _pixels_per_metre(layout, row)), 4)
                if x - aside < 0 or x + aside >= 640:
                    continue
                beside = 0.5 * (light[row, x - aside] + light[row, x + aside])
                brighter.append(light[row, x - 1 : x + 2].max() > 1.15 * beside)
    assert len(brighter) > 60
    assert np.mean(brighter) > 0.8  # vehicles and their shadows hide the rest


def _pixels_per_metre(layout, row):
    f = Camera().focal_px(640)[0]
    horizon = 180 - f * math.tan(layout.pitch_rad)
    return (row + 0.5 - horizon) / layout.camera_height_m


def _column(layout, s, row):
    f = Camera().focal_px(640)[0]
    z = f / _pixels_per_metre(layout, row)
    bend = z * z * (0.5 * layout.road.curvature + layout.road.curvature_rate * z / 6.0)
    return 320 + f * (s + bend) / z - 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_lamps_energy_is_what_they_add_to_the_radiance(kind, monkeypatch):
    layout = draw_layout(kind, np.random.default_rng(33))
    lit = render_layout(layout, (360, 640), Camera())
    monkeypatch.setattr(rendering, "splat", lambda *_: None)
    dark = render_layout(layout, (360, 640), Camera())
    assert dark.lamps == []
    added = lit.radiance.astype(np.float64) - dark.radiance
    energy = np.array([lamp.energy for lamp in lit.lamps]).reshape(-1, 3)
    assert len(energy) > 0
    np.testing.assert_allclose(added.sum(axis=(0, 1)), energy.sum(axis=0), rtol=1e-3)
    y, x = np.mgrid[:360, :640] + 0.5
    near = np.zeros((360, 640), dtype=int)
    discs = []
    for lamp in lit.lamps:
        # A lamp may be as long as 1.2 m : 0.25 m, hence three radii of the disc of its area.
        discs.append(np.hypot(x - lamp.x, y - lamp.y) <= 3.0 * lamp.radius_px + 5.0 * LENS_SIGMA_PX)
        near += discs[-1]
    alone = [k for k, disc in enumerate(discs) if near[disc].max() == 1]
    assert alone
    for k in alone:
        np.testing.assert_allclose(added[discs[k]].sum(axis=0), energy[k], rtol=2e-3, atol=1e-3 * energy[k].max())
    assert np.abs(added[near == 0]).max() < 1e-3 * energy.max()


@pytest.mark.parametrize("kind", ["night", "wet_night", "dusk", "tunnel"])
def test_lamp_energy_scales_with_solid_angle(kind):
    """Twice the size means four times the pixels per steradian; lamps far smaller than a pixel included."""
    layout = draw_layout(kind, np.random.default_rng(21))
    sizes = [(180, 320), (360, 640), (720, 1280)]
    small, middle, large = (render_layout(layout, size, Camera()).lamps for size in sizes)
    assert len(middle) >= 3
    for a, b, ratio in ((small, middle, 4.0), (middle, large, 4.0)):
        pairs = [(p, q) for p in a for q in b if _same(p, q)]
        assert len(pairs) >= 0.8 * len(b)
        for p, q in pairs:
            # Lamps at the border are cut by it.
            if min(p.x, p.y) > 10 and p.radius_px < 20 and q.energy[0] > 0 and _off_border(p, a, sizes):
                assert sum(q.energy) == pytest.approx(ratio * sum(p.energy), rel=0.01)


def _same(small, large):
    near = math.hypot(2 * small.x - large.x, 2 * small.y - large.y) < 0.05
    return (
        near
        and small.label == large.label
        and abs(2 * small.radius_px - large.radius_px) < 1e-3 + 1e-3 * large.radius_px
    )


def _off_border(lamp, lamps, sizes):
    width = 320 if max(other.x for other in lamps) <= 320 else 640
    return lamp.x < width - 10 and lamp.y < width * 9 / 16 - 10


def test_lamps_are_what_their_label_says(scenes):
    labels = {lamp.label for scene in scenes for lamp in scene.lamps}
    assert labels <= {"head", "tail", "stop", "street", "signal", "tunnel", "sun"}
    for scene in scenes:
        for lamp in scene.lamps:
            assert min(lamp.energy) >= 0
            if lamp.label in ("tail", "stop"):
                assert lamp.energy[0] > 50 * lamp.energy[1]
            if lamp.label == "sun":
                assert scene.kind in ("day", "dusk")
            if lamp.label == "tunnel":
                assert scene.kind == "tunnel"
            if lamp.label == "street":
                assert scene.kind not in ("day", "tunnel")


def test_exposures_differ_as_light_does(scenes):
    white = {kind: [scene.white_cd_m2 for scene in scenes if scene.kind == kind] for kind in KINDS}
    assert min(white["day"]) > 1000
    assert max(white["night"]) < 60
    assert max(white["wet_night"]) < 60
    assert np.median(white["night"]) < np.median(white["day"]) / 50
    assert np.median(white["tunnel"]) < np.median(white["day"]) / 20
    assert np.median(white["night"]) < np.median(white["dusk"]) < np.median(white["day"])


def test_night_holds_lamps_far_above_white(scenes):
    """Recovery needs truth: single lamps reach 10³ × white and day pictures hardly clip."""
    peak = [scene.radiance.max() for scene in scenes if scene.kind in ("night", "wet_night")]
    assert np.median(peak) > 1e3
    for scene in scenes:
        if scene.kind == "night":
            assert np.median(luminance(scene.radiance)) < 0.2
        if scene.kind == "day":
            assert 0.05 < np.median(luminance(scene.radiance)) < 0.7


def test_road_is_exposed_to_mid_grey_by_day():
    grey = []
    for seed in range(8):
        scene = render("day", np.random.default_rng(seed), SMALL)
        grey.append(np.median(luminance(scene.radiance)[110:150, 120:200]))
    assert 0.08 < np.median(grey) < 0.45


def test_default_set_is_keyed():
    one = list(default_set(1, size=(72, 128), seed=9))
    two = list(default_set(2, size=(72, 128), seed=9))
    assert [scene.kind for scene in one] == list(KINDS)
    assert len(two) == 2 * len(KINDS)
    for k in range(len(KINDS)):
        assert np.array_equal(one[k].image, two[2 * k].image)
        assert not np.array_equal(two[2 * k].image, two[2 * k + 1].image)


def test_pixel_aspect_squashes_the_same_scene():
    layout = draw_layout("day", np.random.default_rng(4))
    wide = render_layout(layout, (180, 320), Camera()).image.astype(float)
    squashed = render_layout(layout, (180, 160), Camera(pixel_aspect=2.0)).image.astype(float)
    averaged = wide.reshape(180, 160, 2, 3).mean(axis=2)
    assert np.abs(averaged - squashed).mean() < 5.0


def test_other_shapes_and_fields_of_view_render():
    for size, fov in (((32, 32), 60.0), ((100, 300), 100.0), ((301, 203), 30.0)):
        scene = render("night", np.random.default_rng(1), size, Camera(fov_deg=fov))
        assert scene.image.shape == (*size, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("noon", np.random.default_rng(0)),
            "kind must be one of day, dusk, night, tunnel, wet_night; got 'noon'",
        ),
        (("day", np.random.default_rng(0), (8, 640)), r"size\[0\] must be in \[32, 8192\], got 8"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        render(*arguments)


def test_decode_of_image_returns_unclipped_radiance(scenes):
    scene = scenes[0]
    inside = (scene.radiance > 0.05) & (scene.radiance < 0.95)
    back = decode(scene.image / 255.0)
    assert np.abs(back - scene.radiance)[inside].max() < 0.01
