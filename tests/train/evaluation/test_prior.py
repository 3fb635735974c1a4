"""The prior that always answers the mean lanes."""

import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.conditions import Condition, Judged
from lightnoise_train.evaluation.prior import mean_lanes
from lightnoise_train.evaluation.tusimple import evaluate
from lightnoise_train.lanes.labels import LaneLabel

ROWS = np.arange(160, 720, 10)


def label(*lanes, rows=ROWS):
    return LaneLabel("a", np.array(lanes, dtype=float).reshape(len(lanes), len(rows)), rows)


def test_lanes_are_averaged_from_left_to_right():
    frames = [label(ROWS * 0 + 900.0, ROWS * 0 + 300.0), label(ROWS * 0 + 310.0, ROWS * 0 + 920.0)]
    np.testing.assert_allclose(mean_lanes(frames).at(ROWS), [[305.0] * 56, [910.0] * 56])


def test_a_mean_lane_is_where_half_of_them_are():
    short = np.where(ROWS < 400, -2.0, 300.0)
    shorter = np.where(ROWS < 500, -2.0, 320.0)
    (lane,) = mean_lanes([label(short), label(short), label(shorter)]).at(ROWS)
    assert (lane[ROWS < 400] == -2).all()
    assert (lane[(ROWS >= 400) & (ROWS < 500)] == 300.0).all()
    assert lane[-1] == pytest.approx(920 / 3)


def test_the_most_frequent_number_of_lanes_counts():
    two = label(ROWS * 0 + 300.0, ROWS * 0 + 900.0)
    found = mean_lanes([two, two, label(ROWS * 0 + 600.0), label(ROWS * 0 - 2.0)])
    assert len(found.lanes) == 2


def test_labels_of_different_rows():
    found = mean_lanes([label(ROWS * 1.0), label(np.arange(240, 720, 10) * 1.0, rows=np.arange(240, 720, 10))])
    np.testing.assert_allclose(found.at([200, 245, 700]), [[200.0, 245.0, 700.0]])
    assert found.at([100]).tolist() == [[-2.0]]


def test_it_answers_every_frame_alike():
    truth = label(ROWS * 0 + 300.0)
    answer = mean_lanes([truth])(Judged("b", truth, [None, None]), [Condition("clean", 0), Condition("bloom", 1)])
    assert [p.raw_file for p in answer.predictions] == ["b", "b"]
    np.testing.assert_array_equal(answer.predictions[0].lanes, truth.lanes)


def test_no_lanes():
    with pytest.raises(DataError, match="no labelled lanes"):
        mean_lanes([label()])


def test_on_real_labels_it_finds_some_lanes(real_labels):
    test = [label for label in real_labels if label.raw_file.startswith(("clips/0530", "clips/0531", "clips/0601"))]
    prior = mean_lanes(test[::2])
    found = evaluate([LaneLabel(t.raw_file, prior.at(t.h_samples), t.h_samples) for t in test[1::2]], test[1::2])
    assert 0.3 < found.accuracy < 0.9
    assert found.f1 < 0.7
