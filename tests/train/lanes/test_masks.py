from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise_train.lanes.labels import LaneLabel
from lightnoise_train.lanes.masks import draw


def label(*lanes, rows=range(160, 720, 10)):
    return LaneLabel("x.jpg", np.array(lanes, dtype=float).reshape(len(lanes), len(rows)), np.array(rows))


def distances(lane, height, width):
    """Return every pixel's distance to a lane's polyline, point by point and segment by segment."""
    y, x = np.indices((height, width)).astype(float)
    points = [(column, row) for column, row in zip(lane.lanes[0], lane.h_samples, strict=True) if column >= 0]
    found = np.full((height, width), np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        length2 = (x1 - x0) ** 2 + (y1 - y0) ** 2
        t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length2, 0, 1)
        found = np.minimum(found, np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    return found


@settings(max_examples=25)
@given(st.lists(st.integers(-40, 159), min_size=6, max_size=6), st.integers(3, 24))
def test_a_line_is_all_within_half_its_width(columns, width):
    lane = label([max(column, -2) if column >= 0 else -2 for column in columns], rows=range(10, 70, 10))
    mask = draw(lane, 90, 160, line_width=width)
    distance = distances(lane, 90, 160)
    assert mask[distance < width / 2 - 1].all()  # OpenCV's pen is a polygon: within a pixel of the circle
    assert not mask[distance > width / 2 + 1.5].any()


@pytest.mark.parametrize("size", [(224, 224), (180, 320), (45, 80), (288, 800)])
def test_a_squashed_mask_is_the_large_one_squashed(size):
    rows = np.arange(160, 720, 10)
    lane = label(600 - (rows - 160) * 0.9, 660 + (rows - 160) * 0.8)
    large, small = draw(lane), draw(lane, out_size=size)
    assert small.shape == size
    at = np.ix_(
        ((np.arange(size[0]) + 0.5) * 720 / size[0]).astype(int),
        ((np.arange(size[1]) + 0.5) * 1280 / size[1]).astype(int),
    )
    assert abs(small.mean() - large.mean()) < 0.1 * large.mean()
    assert (small != large[at]).mean() < 0.25 * small.mean()


@pytest.mark.parametrize("size", [(224, 224), (90, 160), (20, 20)])
def test_a_thin_line_does_not_break(size):
    lane = label(np.linspace(600, 100, 56))
    mask = draw(lane, out_size=size, line_width=1)
    rows = np.flatnonzero(mask.any(axis=1))
    assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
    assert rows[0] <= size[0] * 170 / 720 + 1
    assert rows[-1] >= size[0] * 700 / 720 - 1


def test_gaps_are_joined_and_single_points_left_out():
    gap = label([10, -2, -2, 40], rows=[10, 20, 30, 40])
    assert draw(gap, 60, 60, line_width=4)[25, 25]
    assert not draw(label([10, -2, -2, -2], rows=[10, 20, 30, 40]), 60, 60).any()
    assert not draw(label(rows=[10, 20]), 60, 60).any()


def test_instances_are_numbered_in_order_and_cover_what_the_binary_mask_does():
    lanes = label(np.linspace(600, 100, 56), np.linspace(640, 640, 56), np.linspace(700, 1200, 56))
    numbered = draw(lanes, out_size=(180, 320), instances=True)
    assert [int(value) for value in np.unique(numbered)] == [0, 1, 2, 3]
    columns = [np.nonzero(numbered == number)[1].mean() for number in (1, 2, 3)]
    assert columns == sorted(columns)
    assert ((numbered > 0) != draw(lanes, out_size=(180, 320))).mean() < 0.002  # where lanes meet


def test_numbers_skip_no_lane_that_is_drawn():
    lanes = label([-2.0] * 56, np.linspace(700, 1200, 56))
    assert draw(lanes, instances=True).max() == 2


@pytest.mark.parametrize(("argument", "value"), [("line_width", 0.5), ("height", 0), ("out_size", (0, 5))])
def test_bad_sizes_are_refused(argument, value):
    with pytest.raises(ValueError, match=r"must be in \["):
        draw(label(np.zeros(56)), **{argument: value})
