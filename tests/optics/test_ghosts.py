import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise.optics.ghosts import (
    DOUBLE_GAUSS,
    DOUBLE_GAUSS_STOP,
    Surface,
    coating_reflectance,
    fresnel_amplitude,
    ghost_disc,
    ghost_table,
    path_matrix,
    reflection,
    refraction,
    translation,
)

PAIRS = list(combinations(range(len(DOUBLE_GAUSS)), 2))


def traced_height(lens, reflecting, height, angle, sensor):
    """Slow twin: follow one ray by Snell's law in the meridional plane; return its height on the sensor."""
    vertex = np.concatenate([[0.0], np.cumsum([surface.thickness for surface in lens[:-1]])])
    index = [1.0] + [surface.index for surface in lens]
    if reflecting is None:
        visits = [(k, "pass") for k in range(len(lens))]
    else:
        first, second = reflecting
        visits = [(k, "pass") for k in range(second)] + [(second, "turn")]
        visits += [(k, "pass") for k in range(second - 1, first, -1)] + [(first, "turn")]
        visits += [(k, "pass") for k in range(first + 1, len(lens))]
    point, way = np.array([0.0, height]), np.array([math.cos(angle), math.sin(angle)])
    for k, what in visits:
        radius = lens[k].radius
        centre = np.array([vertex[k] + radius, 0.0])
        offset = point - centre
        middle = -offset @ way
        reach = math.sqrt(middle**2 - offset @ offset + radius**2)
        hits = [point + (middle + sign * reach) * way for sign in (-1.0, 1.0)]
        point = min(hits, key=lambda hit: abs(hit[0] - vertex[k]))
        normal = (point - centre) / radius
        normal *= -np.sign(normal @ way)
        cosine = -normal @ way
        if what == "turn":
            way = way + 2.0 * cosine * normal
        else:
            before, after = (index[k], index[k + 1]) if way[0] > 0.0 else (index[k + 1], index[k])
            ratio = before / after
            way = ratio * way + (ratio * cosine - math.sqrt(1.0 - ratio**2 * (1.0 - cosine**2))) * normal
    return float(point[1] + (vertex[-1] + sensor - point[0]) * way[1] / way[0])


def back_focus(lens):
    matrix = path_matrix(lens)
    return -matrix[0, 0] / matrix[1, 0]


def test_double_gauss_has_the_patents_focal_length_and_back_focus():
    assert -1.0 / path_matrix(DOUBLE_GAUSS)[1, 0] == pytest.approx(1.0, abs=5e-4)
    assert back_focus(DOUBLE_GAUSS) == pytest.approx(0.71436, abs=5e-4)


def test_direct_light_is_sharp_and_obeys_f_tan_theta():
    matrix = translation(back_focus(DOUBLE_GAUSS)) @ path_matrix(DOUBLE_GAUSS)
    assert matrix[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert matrix[0, 1] == pytest.approx(-1.0 / matrix[1, 0])


@pytest.mark.parametrize("pair", [None, *PAIRS])
def test_every_way_keeps_the_optical_invariant(pair):
    assert np.linalg.det(path_matrix(DOUBLE_GAUSS, pair)) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("pair", [None, *PAIRS])
def test_matrices_against_snells_law(pair):
    sensor = back_focus(DOUBLE_GAUSS)
    matrix = translation(sensor) @ path_matrix(DOUBLE_GAUSS, pair)
    for height, angle in [(1e-5, 0.0), (0.0, 1e-5)]:
        traced = traced_height(DOUBLE_GAUSS, pair, height, angle, sensor)
        assert traced == pytest.approx(matrix[0, 0] * height + matrix[0, 1] * angle, abs=1e-9)


@given(front=st.floats(0.3, 5.0), back=st.floats(-5.0, -0.3), index=st.floats(1.4, 1.9))
def test_thin_lens_and_its_ghost(front, back, index):
    """A thin lens of focal length f has its only ghost's focus at f·(n − 1)/(3n − 1)."""
    lens = (Surface(front, 0.0, index), Surface(back, 0.0, 1.0))
    power = (index - 1.0) * (1.0 / front - 1.0 / back)
    assert -path_matrix(lens)[1, 0] == pytest.approx(power)
    assert -path_matrix(lens, (0, 1))[1, 0] == pytest.approx(power * (3.0 * index - 1.0) / (index - 1.0))


def test_elementary_matrices():
    # A convex mirror of radius R spreads parallel light as if from R/2 behind it.
    assert (reflection(2.0, 1.0) @ [1.0, 0.0]).tolist() == [1.0, 1.0]
    # A surface images infinity at n'R/(n' − n) behind it.
    height = translation(1.5 / 0.5, 1.5) @ refraction(1.0, 1.0, 1.5) @ [1.0, 0.0]
    np.testing.assert_allclose(height[0], 0.0, atol=1e-12)


def test_bare_glass_reflects_four_percent():
    assert fresnel_amplitude(1.0, 1.5) ** 2 == pytest.approx(0.04)
    # With glass of the layer's own index there is no second face.
    bare = fresnel_amplitude(1.0, 1.38) ** 2
    np.testing.assert_allclose(coating_reflectance(np.linspace(400, 700, 7), 1.0, 1.38), bare)


@pytest.mark.parametrize(("before", "after"), [(1.0, 1.5), (1.0, 1.7), (1.66, 1.0)])
def test_coating_against_characteristic_matrix(before, after):
    """Oracle: the field through one layer as a matrix of its phase (Hecht, section 9.7.1)."""
    for wavelength in (420.0, 550.0, 680.0):
        phase = 0.5 * np.pi * 550.0 / wavelength
        layer = np.array([[np.cos(phase), 1j * np.sin(phase) / 1.38], [1.38j * np.sin(phase), np.cos(phase)]])
        electric, magnetic = layer @ [1.0, after]
        amplitude = (before * electric - magnetic) / (before * electric + magnetic)
        got = coating_reflectance(np.array([wavelength]), before, after)[0]
        assert got == pytest.approx(abs(amplitude) ** 2, rel=1e-9)


def test_coating_vanishes_where_the_glass_is_its_square():
    np.testing.assert_allclose(coating_reflectance(np.array([550.0]), 1.0, 1.38**2), 0.0, atol=1e-15)


def test_table():
    table = ghost_table(2.0)
    assert len(table) == 8 * 7 // 2
    assert [g.brightness for g in table] == sorted((g.brightness for g in table), reverse=True)
    light = np.array([g.reflectance for g in table])
    assert 1e-6 < light.min() < light.max() < 1e-3
    # The coating is darkest in the green: purple ghosts.
    assert (light[:, 1] < light[:, 0]).all()
    assert (light[:, 1] < light[:, 2]).all()


def test_ghosts_shrink_with_the_pupil_and_stay_where_they_are():
    wide = {g.magnification: g for g in ghost_table(2.0)}
    for ghost in ghost_table(8.0):
        assert ghost.radius == pytest.approx(wide[ghost.magnification].radius / 4.0)
        assert ghost.reflectance == wide[ghost.magnification].reflectance


def test_table_against_traced_rays():
    """Centre, radius and orientation of every ghost, from three traced rays through the entrance pupil."""
    sensor = back_focus(DOUBLE_GAUSS)
    surface, distance = DOUBLE_GAUSS_STOP
    front = DOUBLE_GAUSS[: surface + 1]
    # The entrance pupil stands where a ray through the iris's centre seems to cross the axis.
    step = 1e-5
    by_angle = traced_height(front, None, 0.0, step, distance) / step
    by_height = traced_height(front, None, step, 0.0, distance) / step
    pupil = by_angle / by_height
    angle, rim = 1e-5, 1e-5
    traced = []
    for pair in PAIRS:
        if {3, 6} & set(pair):
            continue  # cemented: no ghost
        chief = traced_height(DOUBLE_GAUSS, pair, -pupil * angle, angle, sensor)
        upper = traced_height(DOUBLE_GAUSS, pair, rim, 0.0, sensor)
        traced.append((chief / angle, abs(upper) / rim * 0.25, upper < 0.0))
    table = [(g.magnification, g.radius, g.inverted) for g in ghost_table(2.0)]
    for got, expected in zip(sorted(table), sorted(traced), strict=True):
        np.testing.assert_allclose(got[:2], expected[:2], rtol=1e-3, atol=1e-4)
        assert got[2] == expected[2]


@given(
    radius=st.floats(0.3, 60.0),
    blades=st.sampled_from([0, 3, 4, 5, 6, 7, 8, 9, 15]),
    rotation=st.floats(-360.0, 360.0),
)
@settings(max_examples=40)
def test_disc_is_a_flat_density_of_the_right_size(radius, blades, rotation):
    disc = ghost_disc(radius, blades, rotation)
    assert disc.dtype == np.float32
    assert disc.shape[0] == disc.shape[1]
    assert disc.shape[0] % 2 == 1
    assert disc.min() >= 0.0
    assert disc.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-5)
    if radius > 3.0:
        assert disc.max() == pytest.approx(1.0 / (math.pi * radius**2), rel=0.01)
    offset = np.arange(disc.shape[0]) - disc.shape[0] // 2
    # sums over pixels keep an odd shape's centroid only within a part of a pixel that shrinks as the shape grows
    tolerance = 0.02 + 0.002 * radius if radius > 3.0 else 0.1
    assert disc.sum(axis=0) @ offset == pytest.approx(0.0, abs=tolerance)
    assert disc.sum(axis=1) @ offset == pytest.approx(0.0, abs=tolerance)


def test_a_tiny_disc_is_one_pixel():
    np.testing.assert_array_equal(ghost_disc(0.3, 0), [[1.0]])


def test_disc_stays_antialiased():
    values = np.unique(ghost_disc(10.0, 0))
    assert len(values) > 20


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ghost_table(0.1), r"f_number must be in \[0.7, 64\], got 0.1"),
        (lambda: ghost_disc(0.0, 6), r"radius_px must be in \[0.01, 4096\], got 0.0"),
        (lambda: ghost_disc(5.0, 2), "blades must be 0"),
    ],
)
def test_bad_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
