"""The TuSimple metric: hand-made cases with known answers, and equality with its plain twin."""

import naive_tusimple
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation import tusimple
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.lanes.labels import LaneLabel

ROWS = np.arange(160, 720, 10)
N = len(ROWS)


def vertical(x):
    return np.full(N, float(x))


def label(*lanes, name="clips/1/20.jpg", rows=ROWS):
    return LaneLabel(name, np.array(lanes, dtype=float).reshape(len(lanes), len(rows)), rows)


def prediction(*lanes, name="clips/1/20.jpg", run_time=10.0):
    return Prediction(name, np.array(lanes).reshape(len(lanes), -1 if lanes else 0), run_time)


def score(predicted, labelled):
    frame = tusimple.per_frame([predicted], [labelled])
    return float(frame.accuracy[0]), float(frame.fp[0]), float(frame.fn[0])


def shifted(lane, n_wrong, by=500.0):
    """Return the lane with its last points moved out of reach."""
    wrong = lane.copy()
    wrong[N - n_wrong :] += by
    return wrong


def test_the_truth_is_perfect():
    truth = label(vertical(300), vertical(700))
    assert tusimple.evaluate([truth], [truth]) == tusimple.Score(1.0, 0.0, 0.0, 1.0)


def test_a_point_is_right_below_twenty_pixels_not_at_twenty():
    assert score(prediction(vertical(319.99)), label(vertical(300))) == (1.0, 0.0, 0.0)
    assert score(prediction(vertical(320)), label(vertical(300))) == (0.0, 1.0, 1.0)


def test_the_threshold_widens_with_the_angle():
    """dx/dy = √3 is 60° from the vertical: 20 / cos 60° = 40 px along the row."""
    slanted = 100 + np.sqrt(3.0) * (ROWS - 160)
    assert score(prediction(slanted + 39.99), label(slanted))[0] == 1.0
    assert score(prediction(slanted + 40.01), label(slanted))[0] == 0.0


def test_the_angle_is_of_the_labelled_lane_where_it_is_there():
    slanted = np.where(ROWS < 400, -2.0, 100 + np.sqrt(3.0) * (ROWS - 160))
    there = slanted >= 0
    assert score(prediction(np.where(there, slanted + 39.0, -2)), label(slanted))[0] == 1.0
    assert score(prediction(slanted), label(np.where(there, slanted + 39.0, -2)))[0] == 1.0
    assert score(prediction(np.where(there, slanted + 41.0, -2)), label(slanted))[0] == pytest.approx(np.mean(~there))


def test_a_lane_of_one_point_counts_as_upright():
    single = np.full(N, -2.0)
    single[20] = 300.0
    assert score(prediction(np.where(single > 0, 319.0, -2)), label(single))[0] == 1.0
    assert score(prediction(np.where(single > 0, 321.0, -2)), label(single))[0] == pytest.approx((N - 1) / N)


def test_absent_from_both_is_right_and_every_negative_number_is_absent():
    half = np.where(ROWS < 440, -2.0, 300.0)
    assert score(prediction(np.where(ROWS < 440, -17.5, 300.0)), label(half)) == (1.0, 0.0, 0.0)
    assert score(prediction(vertical(300)), label(half))[0] == pytest.approx(0.5)


def test_an_absent_point_stands_at_minus_hundred():
    """A lane so flat that its threshold exceeds 100 px reaches the place of absent points, as in the script."""
    flat = 5.0 + 8.0 * np.arange(N) * 10  # 83° from the vertical: threshold 161 px
    absent_first = flat.copy()
    absent_first[:6] = -2.0
    assert score(prediction(absent_first), label(flat))[0] == pytest.approx((N - 6 + 1) / N)


def test_zero_is_a_column():
    assert score(prediction(vertical(0)), label(vertical(0))) == (1.0, 0.0, 0.0)
    assert score(prediction(vertical(-2)), label(vertical(0))) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(("n_wrong", "found"), [(8, True), (9, False)])  # 48/56 = .857, 47/56 = .839
def test_a_lane_is_found_at_85_percent(n_wrong, found):
    accuracy, fp, fn = score(prediction(shifted(vertical(300), n_wrong)), label(vertical(300)))
    assert (accuracy, fp, fn) == (pytest.approx(1 - n_wrong / N), float(not found), float(not found))


def test_exactly_85_percent_is_found():
    rows = np.arange(0, 200, 10)  # 17 of 20
    lane = np.full(20, 50.0)
    wrong = lane.copy()
    wrong[:3] = 500.0
    assert score(prediction(wrong), label(lane, rows=rows)) == (0.85, 0.0, 0.0)


def test_nothing_predicted():
    assert score(prediction(), label(vertical(300), vertical(700))) == (0.0, 0.0, 1.0)


def test_nothing_labelled():
    assert score(prediction(vertical(300)), label()) == (0.0, 1.0, 0.0)
    assert score(prediction(), label()) == (0.0, 0.0, 0.0)


def test_two_lanes_too_many_are_allowed_three_are_not():
    truth = label(vertical(300))
    extra = [vertical(x) for x in (300, 600, 900, 1200)]
    assert score(prediction(*extra[:3]), truth) == (1.0, pytest.approx(2 / 3), 0.0)
    assert score(prediction(*extra), truth) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(("run_time", "answer"), [(200.0, (1.0, 0.0, 0.0)), (200.5, (0.0, 0.0, 1.0))])
def test_a_frame_over_200_ms_scores_nothing(run_time, answer):
    assert score(prediction(vertical(300), run_time=run_time), label(vertical(300))) == answer


def test_unmeasured_run_time_is_in_time():
    assert score(prediction(vertical(300), run_time=None), label(vertical(300))) == (1.0, 0.0, 0.0)


def test_one_prediction_for_two_labelled_lanes_gives_negative_fp():
    truth = label(vertical(300), vertical(310))
    assert score(prediction(vertical(305)), truth) == (1.0, -1.0, 0.0)
    assert tusimple.evaluate([prediction(vertical(305))], [truth]).f1 == 1.0


def test_of_five_lanes_the_worst_is_forgiven():
    lanes = [vertical(x) for x in (100, 300, 500, 700, 900)]
    truth = label(*lanes)
    assert score(prediction(*lanes[:4]), truth) == (1.0, 0.0, 0.0)
    assert score(prediction(*lanes[:3]), truth) == (0.75, 0.0, 0.25)
    assert score(prediction(*lanes), truth) == (1.0, 0.0, 0.0)
    half = shifted(lanes[4], 28)
    assert score(prediction(*lanes[:3], half), truth) == (pytest.approx(3.5 / 4), 0.25, 0.25)


def test_f1_is_of_the_set_means():
    frames = [label(vertical(300), vertical(700), name=str(i)) for i in range(2)]
    guesses = [prediction(vertical(300), vertical(700), name="0"), prediction(vertical(300), vertical(100), name="1")]
    result = tusimple.evaluate(guesses, frames)
    assert (result.fp, result.fn) == (0.25, 0.25)
    assert result.f1 == pytest.approx(2 * 0.75 * 0.75 / 1.5)


@pytest.mark.parametrize(
    ("fp", "fn", "f1"), [(1.0, 1.0, 0.0), (-1.0, 0.5, 2 / 3), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.5, 0.25, 0.6)]
)
def test_f1_by_hand(fp, fn, f1):
    assert tusimple.f1(fp, fn) == pytest.approx(f1)


def test_frames_are_matched_by_name_and_answered_in_the_labels_order():
    frames = [label(vertical(300), name="a"), label(vertical(300), name="b")]
    scores = tusimple.per_frame([prediction(vertical(300), name="b"), prediction(name="a")], frames)
    assert scores.raw_files == ("a", "b")
    assert scores.accuracy.tolist() == [0.0, 1.0]


def test_the_order_of_lanes_does_not_matter():
    lanes = [vertical(x) for x in (300, 500, 700)]
    assert score(prediction(*lanes[::-1]), label(*lanes)) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        ([], [], "no labels"),
        ([prediction(name="a")], [label(name="a"), label(name="b"), label(name="c")], "b and 1 more: labelled but not"),
        ([prediction(name="a"), prediction(name="x")], [label(name="a")], "x: predicted but not labelled"),
        ([prediction(name="a"), prediction(name="a")], [label(name="a")], "a is predicted twice"),
        ([prediction(name="a")], [label(name="a"), label(name="a")], "a is labelled twice"),
        ([prediction(np.zeros(48))], [label(vertical(1))], "48 points, but its label has 56 h_samples"),
        ([prediction()], [label(rows=np.array([], dtype=int))], "no h_samples"),
    ],
)
def test_what_cannot_be_scored_is_refused(predictions, labels, message):
    with pytest.raises(DataError, match=message):
        tusimple.per_frame(predictions, labels)


def test_lanes_absent_everywhere_can_be_left_out():
    full = label(vertical(300), vertical(-2))
    kept = tusimple.without_empty_lanes(full)
    assert len(kept.lanes) == 1
    assert score(prediction(vertical(300)), full) == (0.5, 0.0, 0.5)
    assert score(prediction(vertical(300)), kept) == (1.0, 0.0, 0.0)
    assert tusimple.without_empty_lanes(kept) is kept


def assert_equals_twin(predictions, labels):
    fast = tusimple.per_frame(predictions, labels)
    by_name = {p.raw_file: p for p in predictions}
    slow = np.array(
        [
            naive_tusimple.score_frame(
                by_name[truth.raw_file].lanes.tolist(),
                truth.lanes.tolist(),
                truth.h_samples.tolist(),
                by_name[truth.raw_file].run_time or 0.0,
            )
            for truth in labels
        ]
    )
    np.testing.assert_allclose(fast.accuracy, slow[:, 0], atol=1e-12)
    np.testing.assert_array_equal(fast.fp, slow[:, 1])
    np.testing.assert_array_equal(fast.fn, slow[:, 2])


def perturbed(truth, rng):
    """Return a wrong answer of one of the kinds that detectors give: shifted, tilted, cut, lost, doubled, invented."""
    lanes = [lane.copy() for lane in truth.lanes]
    for lane in lanes:
        there = lane >= 0
        kind = rng.integers(5)
        if kind == 0:
            lane[there] += rng.normal(0, 25)
        elif kind == 1:
            lane[there] += np.linspace(*rng.normal(0, 40, 2), there.sum())
        elif kind == 2:
            lane[there] += rng.integers(-30, 31, there.sum())
        elif kind == 3:
            lane[: rng.integers(len(lane))] = -2
        else:
            lane[rng.random(len(lane)) < 0.2] = rng.integers(-2, 1280)
    rng.shuffle(lanes)
    lanes = lanes[: rng.integers(len(lanes) + 1)] if rng.random() < 0.2 else lanes
    lanes += [rng.uniform(0, 1280, len(truth.h_samples)) for _ in range(rng.choice([0, 0, 0, 1, 2, 3]))]
    lanes += [lanes[0].copy()] if lanes and rng.random() < 0.1 else []
    run_time = float(rng.choice([5.0, 200.0, 200.1], p=[0.9, 0.05, 0.05]))
    return Prediction(truth.raw_file, np.array(lanes).reshape(len(lanes), -1 if lanes else 0), run_time)


def test_equals_the_twin_on_thousands_of_real_labels_perturbed(real_labels):
    rng = np.random.default_rng(0)
    labels = real_labels[::2]
    assert len(labels) > 3000
    predictions = [perturbed(truth, rng) for truth in labels]
    rng.shuffle(predictions)
    assert_equals_twin(predictions, labels)


@given(st.integers(0, 2**32), st.integers(1, 8))
@settings(max_examples=60)
def test_equals_the_twin_on_invented_lanes(seed, n_frames):
    rng = np.random.default_rng(seed)
    labels, predictions = [], []
    for i in range(n_frames):
        rows = np.sort(rng.choice(720, rng.integers(1, 30), replace=False))
        lanes = rng.uniform(-300, 1280, (rng.integers(0, 7), 1)) + rng.normal(0, 3, (1, 1)) * rows
        truth = LaneLabel(str(i), lanes, rows)
        labels.append(truth)
        predictions.append(perturbed(truth, rng))
    assert_equals_twin(predictions, labels)


def test_the_twins_angle_is_that_of_least_squares():
    rng = np.random.default_rng(1)
    for _ in range(20):
        xs = rng.uniform(-200, 1280, N)
        there = xs >= 0
        slope = np.polyfit(ROWS[there], xs[there], 1)[0]
        assert naive_tusimple.lane_angle(xs, ROWS) == pytest.approx(np.arctan(slope))
