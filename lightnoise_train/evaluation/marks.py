"""What is kept of a model's answer to a frame, and the journal that keeps it on disk until a benchmark has ended."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.errors import ConfigError, DataError
from lightnoise_train.evaluation.answers import Answer, Features
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.evaluation.similarity import cosine
from lightnoise_train.json_lines import read_objects


@dataclass(frozen=True, eq=False)
class Likeness:
    """Features of a frame in all conditions, boiled down.

    Parameters
    ----------
    cosines : ndarray of float64, shape (n_conditions,)
        With the clean frame's features.
    clean : ndarray of float32, shape (d,)
        The clean frame's.
    """

    cosines: NDArray[np.float64]
    clean: Features


@dataclass(frozen=True, eq=False)
class Mark:
    """What is kept of a model's answer to a frame in all conditions.

    Parameters
    ----------
    frame : str
    predictions : list of Prediction
    features, features_before : Likeness or None
        As of `Answer`.
    """

    frame: str
    predictions: list[Prediction]
    features: Likeness | None = None
    features_before: Likeness | None = None


def mark(frame: str, answer: Answer) -> Mark:
    """Return what is kept of an answer, whose first condition is the clean one."""
    return Mark(frame, answer.predictions, _likeness(answer.features), _likeness(answer.features_before))


class Marks(Protocol):
    """A model's marks, as they come and then as a whole."""

    def __contains__(self, frame: str, /) -> bool:
        """Whether the frame has its mark."""

    def add(self, mark: Mark, /) -> None:
        """Keep a mark."""

    def __iter__(self) -> Iterator[Mark]:
        """Give the marks."""


class Memory:
    """Marks in memory."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def __contains__(self, frame: str, /) -> bool:
        return frame in self._marks

    def add(self, mark: Mark, /) -> None:
        """Keep a mark."""
        self._marks[mark.frame] = mark

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks.values())


class Journal:
    """Marks in a file of JSON lines, each written as it comes: what a crash leaves are whole lines and half of one.

    Parameters
    ----------
    path : Path
        Gone on with if it exists; half a line at its end is cut off.
    about : dict
        What the marks are of; JSON.

    Raises
    ------
    ConfigError
        If the file is about something else.
    DataError
        If it is damaged elsewhere than at its end.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path = path
        self._frames: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _cut_half_line(path)
        lines = read_objects(path, "journal") if path.exists() else iter(())
        first = next(lines, None)
        if first is None:
            self._append(about)
        elif first[1] != about:
            changed = [key for key in about if first[1].get(key) != about[key]]
            raise ConfigError(f"{path} was begun with another {', '.join(changed)}: --overwrite starts anew")
        for number, values in lines:
            if not isinstance(values.get("frame"), str):
                raise DataError(f"{path}:{number}: names no frame; --overwrite starts anew")
            self._frames.add(values["frame"])

    def __contains__(self, frame: str, /) -> bool:
        return frame in self._frames

    def add(self, mark: Mark, /) -> None:
        """Write a mark."""
        self._append(
            {
                "frame": mark.frame,
                "lanes": [prediction.lanes.tolist() for prediction in mark.predictions],
                "run_time": [prediction.run_time for prediction in mark.predictions],
                "features": _plain(mark.features),
                "features_before": _plain(mark.features_before),
            }
        )
        self._frames.add(mark.frame)

    def __iter__(self) -> Iterator[Mark]:
        lines = read_objects(self.path, "journal")
        next(lines)
        for number, values in lines:
            try:
                yield _read(values)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"{self.path}:{number}: {error}; --overwrite starts anew") from error

    def _append(self, values: dict[str, Any]) -> None:
        line = json.dumps(values, allow_nan=False).encode("ascii") + b"\n"
        with open(self.path, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def _cut_half_line(path: Path) -> None:
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


def _likeness(features: Features | None) -> Likeness | None:
    if features is None:
        return None
    return Likeness(cosine(np.broadcast_to(features[:1], features.shape), features), features[0].astype(np.float32))


def _plain(found: Likeness | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"cosines": found.cosines.tolist(), "clean": base64.b64encode(found.clean.tobytes()).decode("ascii")}


def _read(values: dict[str, Any]) -> Mark:
    frame = values["frame"]
    predictions = [
        Prediction(frame, np.array(lanes, dtype=np.float64).reshape(len(lanes), -1 if lanes else 0), run_time)
        for lanes, run_time in zip(values["lanes"], values["run_time"], strict=True)
    ]
    return Mark(frame, predictions, _likeness_of(values["features"]), _likeness_of(values["features_before"]))


def _likeness_of(values: dict[str, Any] | None) -> Likeness | None:
    if values is None:
        return None
    clean = np.frombuffer(base64.b64decode(values["clean"]), dtype=np.float32)
    return Likeness(np.array(values["cosines"], dtype=np.float64), clean)


def clean_features(marks: Sequence[Mark], which: str = "features") -> Features | None:
    """Return the clean frames' features, (n, d), or None if any frame has none; ``which`` names the `Mark`'s field."""
    known = [found.clean for found in (getattr(each, which) for each in marks) if found is not None]
    return np.stack(known) if known and len(known) == len(marks) else None


def similarities(marks: Sequence[Mark], n_conditions: int, which: str) -> NDArray[np.float64]:
    """Return each frame's similarity in each condition, (n, n_conditions); NaN if any frame has no features."""
    known = [found.cosines for found in (getattr(each, which) for each in marks) if found is not None]
    return np.stack(known) if known and len(known) == len(marks) else np.full((len(marks), n_conditions), np.nan)
