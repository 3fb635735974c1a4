"""Lanes out of masks: what was drawn comes back, also where the mask is damaged."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise_train.evaluation import tusimple
from lightnoise_train.lanes.instances import lanes_from_probability
from lightnoise_train.lanes.labels import LaneLabel, read_labels
from lightnoise_train.lanes.masks import draw

LABELS = Path(__file__).parents[4] / "shared" / "data" / "tusimple_labels_full"
ROWS = np.arange(160, 720, 10)


def label(*lanes):
    return LaneLabel("clips/1/20.jpg", np.array(lanes, dtype=float).reshape(len(lanes), len(ROWS)), ROWS)


def straight(x_bottom, x_top, top=250, bottom=710):
    """Return a lane between two rows, absent where it leaves the frame."""
    share = (ROWS - top) / (bottom - top)
    x = x_top + (x_bottom - x_top) * share
    return np.where((share >= 0) & (share <= 1) & (x >= 0) & (x < 1280), x, -2.0)


def fan():
    """Return four lanes as a driver sees them."""
    return label(straight(-600, 560), straight(250, 600), straight(1050, 660), straight(1900, 700))


def found(truth, mask):
    return LaneLabel(truth.raw_file, lanes_from_probability(mask, truth.h_samples), truth.h_samples)


def score(truth, mask):
    return tusimple.evaluate([found(truth, mask)], [truth])


@pytest.mark.parametrize("size", [(224, 224), (128, 256), (360, 640), (720, 1280)], ids=str)
def test_drawn_lanes_come_back(size):
    result = score(fan(), draw(fan(), out_size=size))
    assert (result.fp, result.fn) == (0.0, 0.0)
    assert result.accuracy > 0.985


@pytest.mark.parametrize("line_width", [12, 20, 30, 45])
def test_the_line_width_need_not_be_known(line_width):
    assert score(fan(), draw(fan(), out_size=(360, 640), line_width=line_width)).accuracy > 0.98


def test_columns_are_exact_to_a_pixel_of_the_mask():
    truth = fan()
    lanes = lanes_from_probability(draw(truth, out_size=(360, 640)), ROWS)
    both = (lanes >= 0) & (truth.lanes >= 0) & (ROWS > 330)  # above, lines run into each other
    assert both.sum() > 80
    assert np.abs(lanes - truth.lanes)[both].max() < 4.0


def test_lanes_come_from_left_to_right():
    lanes = lanes_from_probability(draw(fan(), out_size=(224, 224)), ROWS)
    lowest = [lane[lane >= 0][-1] for lane in lanes]
    assert lowest == sorted(lowest)


def test_mirrored_masks_give_mirrored_lanes():
    mask = draw(fan(), out_size=(224, 224))
    lanes = lanes_from_probability(mask, ROWS)
    mirrored = lanes_from_probability(mask[:, ::-1], ROWS)[::-1]
    np.testing.assert_array_equal(lanes >= 0, mirrored >= 0)
    there = lanes >= 0
    np.testing.assert_allclose(1279 - mirrored[there], lanes[there], atol=1e-6)


def test_a_gap_is_bridged():
    mask = draw(fan(), out_size=(224, 224))
    mask[130:150] = 0  # a tenth of the height
    result = score(fan(), mask)
    assert (result.fp, result.fn) == (0.0, 0.0)


def test_dashes_are_one_lane():
    mask = draw(label(straight(300, 600)), out_size=(224, 224))
    mask[np.arange(224) // 8 % 2 == 0] = 0
    lanes = lanes_from_probability(mask, ROWS)
    assert len(lanes) == 1
    assert (lanes >= 0).sum() >= 42


def test_lanes_that_meet_are_told_apart_below():
    truth = label(straight(250, 638), straight(1050, 642))
    lanes = lanes_from_probability(draw(truth, out_size=(224, 224)), ROWS)
    assert len(lanes) == 2
    assert score(truth, draw(truth, out_size=(224, 224))).fn == 0.0


def test_curved_lanes_come_back():
    bend = 500.0 + 6e-4 * (ROWS - 250.0) ** 2 * np.sign(ROWS - 250)
    truth = label(np.where(ROWS >= 250, bend, -2), np.where(ROWS >= 250, bend + 2.0 * (ROWS - 230), -2))
    truth = label(*np.where(truth.lanes < 1280, truth.lanes, -2))
    assert score(truth, draw(truth, out_size=(224, 224))).accuracy > 0.97


def test_ragged_edges_and_soft_probabilities():
    rng = np.random.default_rng(0)
    mask = cv2.GaussianBlur(draw(fan(), out_size=(224, 224)).astype(np.float32), (0, 0), 1.5)
    noise = cv2.GaussianBlur(rng.normal(size=mask.shape), (0, 0), 2.0)
    result = score(fan(), np.clip(mask + 0.6 * noise, 0, 1))
    assert (result.fp, result.fn) == (0.0, 0.0)


def test_specks_are_no_lanes():
    mask = np.zeros((224, 224), np.float32)
    for x, y in ((30, 100), (120, 180), (200, 140)):
        cv2.circle(mask, (x, y), 3, 1.0, -1)
    assert lanes_from_probability(mask, ROWS).shape == (0, len(ROWS))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_empty_and_full_masks(value):
    lanes = lanes_from_probability(np.full((224, 224), value), ROWS)
    assert lanes.shape[1] == len(ROWS)
    assert len(lanes) <= 1


def test_pure_noise_ends_soon_and_gives_at_most_five():
    noise = np.random.default_rng(0).random((224, 224))
    assert len(lanes_from_probability(noise, ROWS)) <= 5


def test_the_threshold_is_of_the_probability():
    mask = 0.4 * draw(fan(), out_size=(224, 224)).astype(np.float32)
    assert len(lanes_from_probability(mask, ROWS)) == 0
    assert len(lanes_from_probability(mask, ROWS, threshold=0.3)) == 4


def test_any_rows_of_any_frame():
    """The same mask of a frame half the size, asked at half the rows, gives half the columns."""
    mask = draw(fan(), out_size=(224, 224))
    whole = lanes_from_probability(mask, ROWS)
    half = lanes_from_probability(mask, ROWS // 2, (360, 640), min_length=40.0)
    there = (whole >= 0) & (half >= 0)
    assert there.sum() > 0.9 * (whole >= 0).sum()
    assert np.abs(whole[there] - 2 * half[there]).max() < 8.0


@given(st.integers(0, 2**32))
@settings(max_examples=25)
def test_any_picture_gives_columns_in_the_frame_or_minus_two(seed):
    rng = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(rng.random((rng.integers(8, 90), rng.integers(8, 90))), (0, 0), rng.uniform(0.3, 4))
    picture = (picture - picture.min()) / (np.ptp(picture) + 1e-9)
    before = picture.copy()
    lanes = lanes_from_probability(picture, ROWS)
    np.testing.assert_array_equal(picture, before)
    assert lanes.shape[1:] == ROWS.shape
    assert np.isfinite(lanes).all()
    assert ((lanes == -2) | ((lanes >= 0) & (lanes <= 1279))).all()
    assert (lanes >= 0).any(axis=1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probability": np.zeros((3, 4, 5))}, "shape"),
        ({"frame_size": (0, 10)}, "frame_size"),
        ({"max_lanes": 0}, "max_lanes"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    given = {"probability": np.zeros((8, 8)), "h_samples": ROWS, **arguments}
    with pytest.raises(ValueError, match=message):
        lanes_from_probability(**given)


def test_real_labels_come_back():
    """Label to mask to lanes on every eightieth published label line."""
    if not LABELS.is_dir():
        pytest.skip("needs TuSimple's label files in ../shared/data/tusimple_labels_full")
    labels = [label for path in sorted(LABELS.glob("*.json")) for label in read_labels(path)[::80]]
    truths = [tusimple.without_empty_lanes(label) for label in labels]
    result = tusimple.evaluate([found(truth, draw(truth, out_size=(224, 224))) for truth in truths], truths)
    assert result.accuracy > 0.99
    assert abs(result.fp) < 0.01
    assert result.fn < 0.005
