"""Prediction files in TuSimple's official form: one JSON object per frame with raw_file, lanes and run_time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.io import write_atomically
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.tusimple import Lanes
from lightnoise_train.json_lines import is_number, read_objects, require


@dataclass(frozen=True, eq=False)
class Prediction:
    """The lanes that a detector found in a frame.

    Parameters
    ----------
    raw_file : str
        The frame's path as in its label.
    lanes : ndarray of float64, shape (n_lanes, n_h)
        Columns at the rows that the frame's label names, pixels; −2 where the lane is absent.
    run_time : float or None
        Milliseconds that it took. The official server asks for it; None was not measured.
    """

    raw_file: str
    lanes: NDArray[np.float64]
    run_time: float | None = None


def read_predictions(path: str | os.PathLike[str]) -> list[Prediction]:
    """Read a prediction file.

    Parameters
    ----------
    path : path
        JSON lines with ``raw_file``, ``lanes`` and, if it was measured, ``run_time``; other keys, ``h_samples`` among
        them, are not looked at, as by the official script. Blank lines are skipped.

    Returns
    -------
    list of Prediction
        In the file's order.

    Raises
    ------
    DataError
        Naming the file and the line that is wrong.
    """
    found = []
    for number, values in read_objects(path, "prediction file"):
        try:
            found.append(_prediction(values))
        except ValueError as error:
            raise DataError(f"{path}:{number}: {error}") from None
    if not found:
        raise DataError(f"{path}: holds no predictions")
    return found


def write_predictions(path: str | os.PathLike[str], predictions: Iterable[Lanes]) -> None:
    """Write predictions so that they can be submitted; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Missing folders are made; an existing file is replaced.
    predictions : iterable of Prediction
        Columns are rounded to a tenth of a pixel; a ``run_time`` that was not measured is written as 0.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_atomically(path, b"".join(_line(prediction) for prediction in predictions))


def _line(prediction: Lanes) -> bytes:
    lanes = np.where(prediction.lanes >= 0, np.round(prediction.lanes, 1), -2.0)
    plain = [[int(x) if x.is_integer() else x for x in lane] for lane in lanes.tolist()]
    values = {"raw_file": prediction.raw_file, "lanes": plain, "run_time": round(prediction.run_time or 0.0, 3)}
    return json.dumps(values).encode("ascii") + b"\n"


def _prediction(values: dict[str, Any]) -> Prediction:
    """Return the prediction that a line's object describes, or raise a ValueError."""
    require(values, "raw_file", "lanes")
    raw_file, run_time = values["raw_file"], values.get("run_time")
    if not isinstance(raw_file, str) or not raw_file:
        raise ValueError("raw_file must be a path")
    if run_time is not None and not is_number(run_time):
        raise ValueError(f"run_time must be a number of milliseconds, got {json.dumps(run_time)[:40]}")
    return Prediction(raw_file, _lanes(values["lanes"]), None if run_time is None else float(run_time))


def _lanes(values: Any) -> NDArray[np.float64]:
    if not isinstance(values, list) or not all(isinstance(lane, list) for lane in values):
        raise ValueError("lanes must be a list of lists of numbers")
    for number, lane in enumerate(values, 1):
        if len(lane) != len(values[0]):
            raise ValueError(f"lane {number} has {len(lane)} points, but lane 1 has {len(values[0])}")
        for x in lane:
            if not is_number(x):
                raise ValueError(f"lane {number} must hold numbers, got {json.dumps(x)[:40]}")
    return np.array(values, dtype=np.float64).reshape(len(values), -1 if values else 0)
