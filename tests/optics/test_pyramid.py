import itertools

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise.optics import pyramid

SIZES = [(1, 1), (1, 7), (5, 3), (2, 2), (8, 8), (13, 21), (36, 64)]


def some_weights(levels, seed=0):
    weights = np.random.default_rng(seed).random((levels, 2))
    return weights / weights.sum()


def spread(light, weights):
    sizes = pyramid.level_sizes(*light.shape[:2])
    return pyramid.collapse(pyramid.build(light, sizes), weights)


def dense(band, columns):
    matrix = np.zeros((len(band.start), columns))
    for row, (start, weights) in enumerate(zip(band.start, band.weights, strict=True)):
        matrix[row, start : start + len(weights)] += weights
    return matrix


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (3, 2), (5, 3), (8, 4), (45, 23), (64, 36), (64, 64), (40, 29)])
def test_axis_operators_are_the_dense_matrices(n, m):
    down = naive.down_matrix(n, m)
    np.testing.assert_allclose(dense(pyramid.smoothing(n), n), naive.smooth_matrix(n), atol=1e-7)
    np.testing.assert_allclose(dense(pyramid.shrinking(n, m), n), down, atol=1e-7)
    np.testing.assert_allclose(dense(pyramid.widening(n, m), m), n / m * down.T, atol=1e-7)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_build_and_collapse_are_the_dense_operator(size, channels):
    light = np.random.default_rng(1).random((*size, channels)).astype(np.float32)
    sizes = pyramid.level_sizes(*size)
    weights = some_weights(len(sizes))
    operator = naive.mixture_operator(sizes, weights)
    slow = np.stack([operator(light[..., c].astype(float)) for c in range(channels)], axis=2)
    np.testing.assert_allclose(spread(light, weights), slow, rtol=1e-5, atol=1e-6)


@given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_constants_stay_and_no_light_is_lost(height, width, seed):
    weights = some_weights(len(pyramid.level_sizes(height, width)), seed)
    flat = np.full((height, width, 1), 0.7, np.float32)
    np.testing.assert_allclose(spread(flat, weights), flat, rtol=1e-5)
    point = np.zeros((height, width, 1), np.float32)
    point[seed % height, (7 * seed) % width] = 1000.0
    lit = spread(point, weights)
    assert lit.sum(dtype=np.float64) == pytest.approx(1000.0, rel=1e-5)
    assert lit.min() >= 0.0


def test_light_goes_both_ways_alike():
    """The operator is symmetric: what a sends to b, b sends to a."""
    weights = some_weights(len(pyramid.level_sizes(11, 17)))
    places = [(0, 0), (10, 3), (5, 16), (4, 8)]
    for a in places:
        for b in places:
            there, back = np.zeros((11, 17, 1), np.float32), np.zeros((11, 17, 1), np.float32)
            there[a], back[b] = 1.0, 1.0
            assert spread(there, weights)[b][0] == pytest.approx(spread(back, weights)[a][0], rel=1e-4)


def test_sigma_of_the_levels_is_half_an_octave_apart():
    """0.91 cells as it is and 1.35 smoothed, as the module says (averaged over a point's place in the cell)."""
    size, level = 128, 3
    sizes = pyramid.level_sizes(size, size)
    for smooth, sigma in ((0, 0.91), (1, 1.35)):
        weights = np.zeros((len(sizes), 2))
        weights[level, smooth] = 1.0
        variances = []
        for phase in range(2**level):
            light = np.zeros((size, size, 1), np.float32)
            light[64, 60 + phase] = 1.0
            profile = spread(light, weights)[..., 0].sum(axis=0, dtype=np.float64)
            variances.append(np.sum(profile * (np.arange(size) - 60 - phase) ** 2))
        assert np.sqrt(np.mean(variances)) / 2**level == pytest.approx(sigma, rel=0.03)


def test_coarser_light_joins_at_the_next_level():
    light = np.random.default_rng(2).random((24, 40, 3)).astype(np.float32)
    sizes = pyramid.level_sizes(24, 40)
    weights = some_weights(len(sizes))
    levels = pyramid.build(light, sizes)
    upper = pyramid.collapse(levels[2:], weights[2:])
    np.testing.assert_allclose(
        pyramid.collapse(levels[:2], weights[:2], coarser=upper), pyramid.collapse(levels, weights), rtol=1e-5
    )


@pytest.mark.parametrize("aspect", [0.5, 0.8, 1.5, 1.778, 3.0])
def test_squashed_pixels_are_square_from_the_second_level_on(aspect):
    """Within the rounding to whole cells."""
    height, width = 480, 640
    rows, columns = pyramid.level_sizes(height, width, aspect)[1]
    assert (width / columns * aspect) / (height / rows) == pytest.approx(1.0, abs=0.02)
    assert max(height / rows, width / columns) >= 2.0
    assert rows <= height
    assert columns <= width


@given(height=st.integers(1, 400), width=st.integers(1, 400))
def test_levels_shrink_to_one_cell_by_octaves_and_stay_square(height, width):
    sizes = pyramid.level_sizes(height, width)
    assert sizes[0] == (height, width)
    assert sizes[-1] == (1, 1)
    for octave, (finer, coarser) in enumerate(itertools.pairwise(sizes), start=1):
        assert all(0 < m <= n for n, m in zip(finer, coarser, strict=True))
        for whole, cells in zip(sizes[1], coarser, strict=True):
            assert abs(cells - whole / 2.0 ** (octave - 1)) < 1.0
        if min(coarser) >= 8:
            assert height / coarser[0] == pytest.approx(width / coarser[1], rel=0.15)
