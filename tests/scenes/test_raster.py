"""Polygon filling against closed forms and a fine mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lightnoise.camera import Camera
from lightnoise.optics.response import encode
from lightnoise.scenes import raster
from lightnoise.scenes.canvas import Face, Item, coverage, paint
from lightnoise.scenes.layout import draw_layout
from lightnoise.scenes.rendering import _encoding
from lightnoise.scenes.view import View, clip_near


def test_rectangle_covers_its_exact_area():
    rectangle = np.array([(2.25, 3.5), (7.75, 3.5), (7.75, 9.25), (2.25, 9.25)], dtype=np.float32)
    rows, columns, share = coverage(rectangle, 20, 20)
    assert share.sum() == pytest.approx(5.5 * 5.75, rel=1e-5)
    full = np.zeros((20, 20))
    full[rows, columns] = share
    assert full[5, 2] == pytest.approx(0.75)
    assert full[3, 5] == pytest.approx(0.5)
    assert full[5, 5] == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(6))
def test_polygons_match_a_fine_mask(seed):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(4, 14, 9)
    star = np.stack([20 + radius * np.cos(turn), 17 + radius * np.sin(turn)], axis=1).astype(np.float32)
    fine = np.zeros((40 * 32, 40 * 32), dtype=np.uint8)
    cv2.fillPoly(fine, [np.rint(star * 32 - 0.5).astype(np.int32)], 1)
    expected = fine.reshape(40, 32, 40, 32).mean(axis=(1, 3))
    share = np.zeros((40, 40), dtype=np.float32)
    raster.cover_polygon(star, 0, 0, share)
    assert np.abs(share - expected).max() < 0.13  # 4 to 16 scan lines per row
    assert share.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_fill_mixes_by_coverage_and_stays_inside():
    pixels = np.ones((3, 6, 8), dtype=np.float32)
    square = np.array([(-3.0, -3.0), (2.5, -3.0), (2.5, 30.0), (-3.0, 30.0)], dtype=np.float32)
    colour = np.array([[5.0, 3.0, 1.0]], dtype=np.float32)
    raster.fill_polygons(pixels, square, np.array([0]), np.array([4]), colour, colour)
    np.testing.assert_allclose(pixels[:, :, 0], np.repeat(colour.T, 6, axis=1))
    np.testing.assert_allclose(pixels[0, :, 2], 3.0)
    np.testing.assert_allclose(pixels[:, :, 3:], 1.0)


def test_gradient_runs_from_top_to_bottom():
    view = View.of(draw_layout("day", np.random.default_rng(0)), (180, 320), Camera())
    wall = np.array([(-3, 4, 10), (3, 4, 10), (3, 0, 10), (-3, 0, 10)], dtype=np.float32)
    light, dark = np.full(3, 9.0, dtype=np.float32), np.full(3, 1.0, dtype=np.float32)
    pixels = np.zeros((3, 180, 320), dtype=np.float32)
    corners = paint(pixels, view, Item.of(10.0, [Face(wall, light, dark)]))
    column = pixels[0, :, int(corners[:, 0].mean())]
    shown = column[column > 0.9][1:-1]  # without the half covered rows at both ends
    assert (np.diff(shown) <= 1e-3).all()
    assert shown[0] > 8.5
    assert shown[-1] < 1.5


def test_near_clipping_keeps_the_part_ahead():
    strip = np.array([(1, 0, -5), (1, 1, -5), (1, 1, 9), (1, 0, 9)], dtype=np.float32)
    kept = clip_near(strip)
    assert kept[:, 2].min() == pytest.approx(1.0)
    assert kept[:, 2].max() == pytest.approx(9.0)
    assert len(clip_near(strip - np.array((0, 0, 20), dtype=np.float32))) == 0


@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "scurve:1.0"])
def test_development_rounds_as_encode_does(response):
    light = np.random.default_rng(0).uniform(-0.1, 1.3, (3, 120, 160)).astype(np.float32) ** 3
    radiance, image = np.empty((120, 160, 3), dtype=np.float32), np.empty((120, 160, 3), dtype=np.uint8)
    raster.develop(light, 0.8, *_encoding(response), radiance, image)
    np.testing.assert_allclose(radiance, np.maximum(light, 0).transpose(1, 2, 0) * 0.8, rtol=1e-6)
    exact = 255.0 * encode(np.clip(radiance, 0, 1), response)
    assert np.abs(image - exact).max() < 0.5 + 1e-2
    assert (image == np.rint(exact)).mean() > 0.9999
