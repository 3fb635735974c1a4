"""The TuSimple lane metric by the rules of its official script, all frames at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import LaneLabel

#: A point is right if it lies nearer than this to the labelled one, measured across the lane, pixels.
PIXEL_THRESHOLD = 20.0
#: A lane is found if at least this share of its points is right.
MATCH = 0.85
#: A frame that took longer scores nothing, milliseconds.
RUN_TIME_LIMIT_MS = 200.0
#: Frames with more labelled lanes than this forgive the worst one.
LANES_COUNTED = 4

_SURPLUS_ALLOWED = 2  # lanes predicted beyond those labelled, before the frame scores nothing
_ABSENT_X = -100.0  # where the script puts absent points, of labels and predictions alike


class Lanes(Protocol):
    """The lanes predicted for a frame: a `Prediction`, or a `LaneLabel`."""

    @property
    def raw_file(self) -> str:
        """The frame's name, as in its label."""

    @property
    def lanes(self) -> NDArray[np.float64]:
        """Columns at the label's rows, shape (n_lanes, n_h), pixels; negative where the lane is absent."""

    @property
    def run_time(self) -> float | None:
        """Milliseconds that it took; None counts as in time."""


@dataclass(frozen=True)
class Score:
    """Means over the frames of a set.

    Parameters
    ----------
    accuracy : float
        Share of right points.
    fp, fn : float
        Share of predicted lanes that match no labelled one, and of labelled lanes that were not found. ``fp`` is
        negative where one predicted lane matches several labelled ones, as the official script has it.
    f1 : float
        2PR / (P + R) with P = 1 − fp and R = 1 − fn, each clipped to [0, 1].
    """

    accuracy: float
    fp: float
    fn: float
    f1: float

    def to_dict(self) -> dict[str, float]:
        """Return ``{"accuracy", "fp", "fn", "f1"}``."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class FrameScores:
    """What each frame scored.

    Parameters
    ----------
    raw_files : tuple of str
        The frames, in the labels' order.
    accuracy, fp, fn : ndarray of float64, shape (n_frames,)
        See `Score`.
    """

    raw_files: tuple[str, ...]
    accuracy: NDArray[np.float64]
    fp: NDArray[np.float64]
    fn: NDArray[np.float64]

    def mean(self) -> Score:
        """Return the score of the whole set."""
        fp, fn = float(self.fp.mean()), float(self.fn.mean())
        return Score(float(self.accuracy.mean()), fp, fn, float(f1(fp, fn)))


def evaluate(predictions: Iterable[Lanes], labels: Sequence[LaneLabel]) -> Score:
    """Score predictions against labels; see `per_frame` for arguments and errors."""
    return per_frame(predictions, labels).mean()


def f1(fp: Any, fn: Any) -> Any:
    """Return F1 from the set's means of FP and FN, arrays or numbers; 0 where precision and recall both are."""
    precision = np.clip(1.0 - np.asarray(fp, dtype=np.float64), 0.0, 1.0)
    recall = np.clip(1.0 - np.asarray(fn, dtype=np.float64), 0.0, 1.0)
    total = precision + recall
    return 2.0 * precision * recall / np.where(total > 0.0, total, 1.0)


def per_frame(predictions: Iterable[Lanes], labels: Sequence[LaneLabel]) -> FrameScores:
    """Score each frame.

    Parameters
    ----------
    predictions : iterable of Prediction or LaneLabel
        One for each label, in any order, with as many points per lane as the label has rows. Their own
        ``h_samples``, if any, are not looked at.
    labels : sequence of LaneLabel
        The number of rows may differ from frame to frame.

    Returns
    -------
    FrameScores

    Raises
    ------
    DataError
        If there are no labels; if a frame is labelled or predicted twice, predicted without a label or labelled
        without a prediction; or if lanes have another number of points than the label has rows.

    Notes
    -----
    Per frame: a predicted point is right if |x̂ − x| < 20 px / cos θ, θ being the lane's angle from the vertical by
    least squares over its labelled points (0 if fewer than two); points absent from both count as right. A labelled
    lane's accuracy is the best share of right points that a predicted lane has with it, and the lane is found at
    0.85. FP = (predicted − found) / predicted, 0 if none is predicted; FN = missed / min(labelled, 4). With more than
    4 labelled lanes the least accurate one leaves the sum and one miss is forgiven; accuracy is the sum over
    min(labelled, 4). Over 200 ms, or with more than two lanes above the labelled number: accuracy 0, FP 0, FN 1.

    Every labelled lane counts, also one that is absent from all rows, as 537 of ``label_data_0313.json`` are; no
    frame of the official test set has one. See `without_empty_lanes`.

    References
    ----------
    TuSimple, "Lane Detection Challenge", tusimple-benchmark, ``evaluate/lane.py``.
    """
    pairs = _paired(predictions, labels)
    accuracy, fp, fn = np.empty(len(pairs)), np.empty(len(pairs)), np.empty(len(pairs))
    for members in _alike(pairs):
        group = [pairs[i] for i in members]
        accuracy[members], fp[members], fn[members] = _score(
            predicted=np.concatenate([prediction.lanes.ravel() for prediction, _ in group]),
            labelled=np.stack([label.lanes for _, label in group]),
            rows=np.stack([label.h_samples for _, label in group]).astype(np.float64),
            run_time=np.array([prediction.run_time or 0.0 for prediction, _ in group]),
        )
    return FrameScores(tuple(label.raw_file for label in labels), accuracy, fp, fn)


def without_empty_lanes(label: LaneLabel) -> LaneLabel:
    """Return the label without lanes that are absent from every row, which no detector can find."""
    there = (label.lanes >= 0).any(axis=1)
    return label if there.all() else LaneLabel(label.raw_file, label.lanes[there], label.h_samples, label.run_time)


def _paired(predictions: Iterable[Lanes], labels: Sequence[LaneLabel]) -> list[tuple[Lanes, LaneLabel]]:
    """Return (prediction, label) of each frame in the labels' order, refusing what cannot be scored."""
    if not labels:
        raise DataError("there are no labels to score against")
    wanted = _by_frame(labels, "labelled")
    given = _by_frame(predictions, "predicted")
    _refuse(given.keys() - wanted.keys(), "predicted but not labelled: are these the predictions for this label file?")
    _refuse(wanted.keys() - given.keys(), "labelled but not predicted: predict every frame, with no lanes if need be")
    for raw_file, label in wanted.items():
        lanes, n_rows = given[raw_file].lanes, len(label.h_samples)
        if len(lanes) and lanes.shape[1] != n_rows:
            raise DataError(
                f"{raw_file}: predicted lanes have {lanes.shape[1]} points, but its label has {n_rows} h_samples: "
                "give one x for each of them"
            )
        if not n_rows:
            raise DataError(f"{raw_file}: its label has no h_samples to score at")
    return [(given[raw_file], label) for raw_file, label in wanted.items()]


def _by_frame(entries: Iterable[Any], what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        if entry.raw_file in found:
            raise DataError(f"{entry.raw_file} is {what} twice: keep one line per frame")
        found[entry.raw_file] = entry
    return found


def _refuse(frames: Iterable[str], why: str) -> None:
    names = sorted(frames)
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise DataError(f"{names[0]}{more}: {why}")


def _alike(pairs: Sequence[tuple[Lanes, LaneLabel]]) -> Iterable[list[int]]:
    """Group frames with equal numbers of lanes and rows, so that a group is one array and nothing is padded."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for i, (prediction, label) in enumerate(pairs):
        groups.setdefault((len(prediction.lanes), *label.lanes.shape), []).append(i)
    return groups.values()


def _score(
    predicted: NDArray[np.float64],
    labelled: NDArray[np.float64],
    rows: NDArray[np.float64],
    run_time: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return accuracy, FP and FN of frames with P predicted and G labelled lanes at H rows each.

    Shapes: predicted (F · P · H,), labelled (F, G, H), rows (F, H), run_time (F,); results (F,).
    """
    n_frames, n_labelled, n_rows = labelled.shape
    predicted = predicted.reshape(n_frames, -1, n_rows)
    n_predicted = predicted.shape[1]
    refused = (run_time > RUN_TIME_LIMIT_MS) | (n_predicted > n_labelled + _SURPLUS_ALLOWED)
    if n_predicted == 0 or refused.all():  # there is nothing to compare
        best = np.zeros((n_frames, n_labelled))
    else:
        threshold = _thresholds(labelled, rows)[:, :, None, None]
        guess = np.where(predicted >= 0, predicted, _ABSENT_X)[:, None, :, :]
        truth = np.where(labelled >= 0, labelled, _ABSENT_X)[:, :, None, :]
        away = guess - truth
        best = ((np.abs(away, out=away) < threshold).sum(axis=3) / n_rows).max(axis=2)
    found = (best >= MATCH).sum(axis=1)
    missed, right = n_labelled - found, best.sum(axis=1)
    if n_labelled > LANES_COUNTED:
        missed = np.maximum(missed - 1, 0)
        right = right - best.min(axis=1)
    counted = max(min(n_labelled, LANES_COUNTED), 1)
    accuracy = np.where(refused, 0.0, right / counted)
    fp = np.where(refused, 0.0, (n_predicted - found) / n_predicted if n_predicted else 0.0)
    fn = np.where(refused, 1.0, missed / counted)
    return accuracy, fp, fn


def _thresholds(lanes: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each lane's threshold 20 / cos θ along the row, from lanes (F, G, H) and rows (F, H): shape (F, G)."""
    there = (lanes >= 0).astype(np.float64)
    x = np.where(lanes >= 0, lanes, 0.0)
    n, sum_x = there.sum(axis=2), x.sum(axis=2)
    # matrix times vector for each frame; of whole numbers these sums are exact
    sum_y, sum_yy, sum_xy = ((a @ b[:, :, None])[:, :, 0] for a, b in ((there, rows), (there, rows * rows), (x, rows)))
    spread = n * sum_yy - sum_y * sum_y
    slope = (n * sum_xy - sum_x * sum_y) / np.where(spread > 0.0, spread, 1.0)
    thresholds: NDArray[np.float64] = PIXEL_THRESHOLD / np.cos(np.arctan(slope))
    return thresholds
