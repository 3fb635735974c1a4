"""The prior that looks at no picture: it answers the mean lanes. Every trained arm must beat it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.answers import Answer
from lightnoise_train.evaluation.conditions import Condition, Judged, Prepare, unseen
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.evaluation.tusimple import without_empty_lanes
from lightnoise_train.lanes.labels import ABSENT, FRAME_SIZE, LaneLabel

_BOTTOM = float(FRAME_SIZE[0] - 1)


@dataclass(frozen=True, eq=False)
class MeanLanes:
    """A predictor that answers the same lanes to every frame.

    Parameters
    ----------
    rows : ndarray of float64, shape (n_h,)
        Rows, pixels, ascending.
    lanes : ndarray of float64, shape (n_lanes, n_h)
        Columns, pixels; −2 where a lane is absent.
    """

    rows: NDArray[np.float64]
    lanes: NDArray[np.float64]

    @property
    def identity(self) -> dict[str, Any]:
        """What it is."""
        return {"arm": "mean_lanes", "encoder": "none", "seed": 0, "source": "mean of the training labels"}

    @property
    def prepare(self) -> Prepare:
        """Pictures are not looked at."""
        return unseen

    def __call__(self, frame: Judged, conditions: Sequence[Condition]) -> Answer:
        """Return the mean lanes for each condition."""
        lanes = self.at(frame.label.h_samples)
        return Answer([Prediction(frame.key, lanes, 0.0) for _ in conditions])

    def at(self, rows: Sequence[int] | NDArray[Any]) -> NDArray[np.float64]:
        """Return the lanes at some rows, shape (n_lanes, len(rows))."""
        wanted = np.asarray(rows, dtype=np.float64)
        found = np.full((len(self.lanes), len(wanted)), float(ABSENT))
        for number, lane in enumerate(self.lanes):
            y, x = self.rows[lane >= 0], lane[lane >= 0]
            inside = (wanted >= y[0]) & (wanted <= y[-1])
            found[number, inside] = np.interp(wanted[inside], y, x)
        return found


def mean_lanes(labels: Sequence[LaneLabel]) -> MeanLanes:
    """Return the mean lanes of some labels.

    Parameters
    ----------
    labels : sequence of LaneLabel
        Of the training part. Of those with the most frequent number of lanes, the first lanes from the left are
        averaged, the second ones, and so on, row by row; a mean lane is where at least half of its lanes are.

    Raises
    ------
    DataError
        If no label has a lane.
    """
    kept = [label for label in map(without_empty_lanes, labels) if len(label.lanes)]
    if not kept:
        raise DataError("there are no labelled lanes to average")
    number = Counter(len(label.lanes) for label in kept).most_common(1)[0][0]
    chosen = [label for label in kept if len(label.lanes) == number]
    rows = np.unique(np.concatenate([label.h_samples for label in chosen])).astype(np.float64)
    stacked = np.full((len(chosen), number, len(rows)), np.nan)
    for i, label in enumerate(chosen):
        lanes = label.lanes[np.argsort([_at_bottom(lane, label.h_samples) for lane in label.lanes])]
        columns = np.searchsorted(rows, label.h_samples)
        stacked[i][:, columns] = np.where(lanes >= 0, lanes, np.nan)
    there = np.isfinite(stacked)
    total = np.where(there, stacked, 0.0).sum(axis=0)
    count = there.sum(axis=0)
    # a row that some labels do not have is not one where their lanes are absent
    asked = np.stack([np.isin(rows, label.h_samples) for label in chosen]).sum(axis=0)
    mean = np.where((count > 0) & (2 * count >= asked), total / np.maximum(count, 1), float(ABSENT))
    return MeanLanes(rows, mean[(mean >= 0).any(axis=1)])


def _at_bottom(lane: NDArray[np.float64], rows: NDArray[np.int64]) -> float:
    """Return where a lane, prolonged as a straight line, meets the bottom of the frame: orders lanes left to right."""
    there = lane >= 0
    y, x = rows[there].astype(np.float64), lane[there]
    y_mean = y.mean()
    spread = float(((y - y_mean) ** 2).sum())
    slope = float(((y - y_mean) * x).sum()) / spread if spread else 0.0
    return float(x.mean()) + slope * (_BOTTOM - y_mean)
