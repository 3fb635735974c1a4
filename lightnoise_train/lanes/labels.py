"""Lane labels and predictions in TuSimple's form: one JSON object per line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.io import write_atomically
from lightnoise_train.errors import DataError
from lightnoise_train.json_lines import is_number, read_objects, require

#: The column of a lane at a row where it is not.
ABSENT = -2
#: (height, width) of the official frames, in whose pixels all labels are given.
FRAME_SIZE = (720, 1280)

_LARGEST = 2.0**31  # beyond any pixel and row, so that every number fits its array


@dataclass(frozen=True, eq=False)
class LaneLabel:
    """The lanes of one frame, labelled or predicted.

    Parameters
    ----------
    raw_file : str
        The frame's path, relative to the data root, with slashes.
    lanes : ndarray of float64, shape (n_lanes, n_h)
        Column of each lane at each row of ``h_samples``, pixels; any negative number, as a rule −2, where the lane
        is absent.
    h_samples : ndarray of int64, shape (n_h,)
        Rows, pixels from the top.
    run_time : float or None
        Of a prediction: milliseconds that it took.

    Raises
    ------
    ValueError
        If a lane has not as many points as there are rows, or a value is not finite.
    """

    raw_file: str
    lanes: NDArray[np.float64]
    h_samples: NDArray[np.int64]
    run_time: float | None = None

    def __post_init__(self) -> None:
        h_samples = np.asarray(self.h_samples, dtype=np.int64).reshape(-1)
        lanes = np.asarray(self.lanes, dtype=np.float64)
        if lanes.shape == (0,):
            lanes = lanes.reshape(0, len(h_samples))
        if lanes.ndim != 2 or lanes.shape[1] != len(h_samples):
            raise ValueError(f"lanes must have the shape (n_lanes, {len(h_samples)}), got {lanes.shape}")
        if not np.isfinite(lanes).all():
            raise ValueError("lanes must be finite numbers")
        object.__setattr__(self, "lanes", lanes)
        object.__setattr__(self, "h_samples", h_samples)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LaneLabel)
            and (self.raw_file, self.run_time) == (other.raw_file, other.run_time)
            and np.array_equal(self.lanes, other.lanes)
            and np.array_equal(self.h_samples, other.h_samples)
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays


def read_labels(path: str | os.PathLike[str]) -> list[LaneLabel]:
    """Read a label or prediction file.

    Parameters
    ----------
    path : path
        A file of JSON lines with ``raw_file``, ``lanes``, ``h_samples`` and, of predictions, ``run_time``. Other keys
        are left out, blank lines skipped.

    Returns
    -------
    list of LaneLabel
        In the file's order.

    Raises
    ------
    DataError
        Naming the file and, where it is one line that is wrong, its number.
    """
    return [label for _, label in numbered_labels(path)]


def numbered_labels(path: str | os.PathLike[str]) -> Iterator[tuple[int, LaneLabel]]:
    """Yield each label with the number of its line; see `read_labels`."""
    for number, values in read_objects(path, "label file"):
        try:
            yield number, label_from(values)
        except ValueError as error:
            raise DataError(f"{path}:{number}: {error}") from None


def label_from(values: dict[str, Any]) -> LaneLabel:
    """Return the label that one line's object holds, or raise a ValueError that says what is wrong with it."""
    require(values, "raw_file", "lanes", "h_samples")
    raw_file, lanes, h_samples = values["raw_file"], values["lanes"], values["h_samples"]
    if not isinstance(raw_file, str) or not raw_file:
        raise ValueError(f"raw_file must be a path, got {raw_file!r}")
    if not isinstance(h_samples, list) or not all(type(row) is int and abs(row) < _LARGEST for row in h_samples):
        raise ValueError("h_samples must be a list of whole numbers")
    if not isinstance(lanes, list):
        raise ValueError("lanes must be a list of lists of numbers")
    for number, lane in enumerate(lanes, 1):
        if not isinstance(lane, list) or not all(is_number(x) and abs(x) < _LARGEST for x in lane):
            raise ValueError(f"lane {number} must be a list of numbers")
        if len(lane) != len(h_samples):
            raise ValueError(f"lane {number} has {len(lane)} points, but h_samples has {len(h_samples)} rows")
    run_time = values.get("run_time")
    if run_time is not None and not is_number(run_time):
        raise ValueError(f"run_time must be a number, got {run_time!r}")
    return LaneLabel(
        raw_file,
        np.array(lanes, dtype=np.float64).reshape(len(lanes), len(h_samples)),
        np.array(h_samples, dtype=np.int64),
        None if run_time is None else float(run_time),
    )


def write_labels(path: str | os.PathLike[str], labels: Iterable[LaneLabel]) -> None:
    """Write labels or predictions as the official files have them; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Missing folders are made; an existing file is replaced.
    labels : iterable of LaneLabel
        ``run_time`` is written where there is one, which the official evaluation asks of predictions.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    lines = [json.dumps(_plain(label)).encode("ascii") + b"\n" for label in labels]
    write_atomically(path, b"".join(lines))


def _plain(label: LaneLabel) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lanes": [[_shortest(x) for x in lane] for lane in label.lanes.tolist()],
        "h_samples": label.h_samples.tolist(),
        "raw_file": label.raw_file,
    }
    if label.run_time is not None:
        values["run_time"] = _shortest(label.run_time)
    return values


def _shortest(x: float) -> int | float:
    return int(x) if x.is_integer() else x
