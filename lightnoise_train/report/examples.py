"""Pictures for the report: the frame that an effect hits worst and a typical one, with the lanes that each arm found.

A folder of results may hold ``examples.jsonl``, one line for each picture and run::

    {"kind": "worst", "arm": "simclr", "encoder": "resnet18", "seed": 0, "effect": "glare", "severity": 5,
     "frame": "clips/…/20.jpg", "picture": "examples/02-worst.jpg",
     "h_samples": [160, …], "lanes": [[…], …], "found": [[…], …]}

``picture`` is the noised frame, relative to the folder; ``lanes`` are labelled, ``found`` is what the run predicted, in
pixels of TuSimple's frames as everywhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.io import write_atomically
from lightnoise_train.data.frames import Image, inside, labelled
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import Run, read_results
from lightnoise_train.evaluation.tables import ArmTable, Condition, arm_tables
from lightnoise_train.json_lines import read_objects
from lightnoise_train.lanes.labels import LaneLabel

if TYPE_CHECKING:
    from lightnoise_train.evaluation.answers import Predictor
    from lightnoise_train.evaluation.course import Course

FILE_NAME = "examples.jsonl"
Kind = Literal["worst", "typical"]

_FOLDER = "examples"
_QUALITY = 90  # of the pictures' JPEG


@dataclass(frozen=True, eq=False)
class Example:
    """What a run found in a noised frame.

    Parameters
    ----------
    kind : str
        "worst" or "typical".
    run : Run
    effect : str
    severity : int
    picture : Path
        The noised frame.
    label, found : LaneLabel
        Labelled and predicted lanes.
    """

    kind: Kind
    run: Run
    effect: str
    severity: int
    picture: Path
    label: LaneLabel
    found: LaneLabel


def choose(tables: Sequence[ArmTable]) -> list[tuple[Kind, Condition, str]]:
    """Return for each effect at its greatest severity two frames: of the greatest and of the median loss of accuracy.

    Parameters
    ----------
    tables : sequence of ArmTable
        Arms of one encoder, judged on the same frames; the loss is their mean. Only what all were judged at counts.

    Returns
    -------
    list of (kind, (effect, severity), frame)
    """
    chosen: list[tuple[Kind, Condition, str]] = []
    frames = tables[0].frames
    greatest: dict[str, int] = {}
    for effect, severity in tables[0].conditions[1:]:
        if all((effect, severity) in table.conditions for table in tables):
            greatest[effect] = max(severity, greatest.get(effect, 0))
    for effect, severity in greatest.items():
        lost = dict.fromkeys(frames, 0.0)
        for table in tables:
            for frame, loss in zip(
                table.frames, (table.at(effect, 0) - table.at(effect, severity)).mean(0), strict=True
            ):
                lost[frame] += loss
        ranked = sorted(frames, key=lambda frame: lost[frame])
        chosen.append(("worst", (effect, severity), ranked[-1]))
        if len(ranked) > 1:
            chosen.append(("typical", (effect, severity), ranked[(len(ranked) - 1) // 2]))
    return chosen


def write_examples(
    folder: Path,
    tables: Sequence[ArmTable],
    labels: Mapping[str, LaneLabel],
    noised: Callable[[str, Condition], Image],
    detectors: Mapping[Run, Callable[[Image, LaneLabel], NDArray[np.float64]]],
) -> Path:
    """Choose frames, and write them with the lanes that each run finds in them; see `choose`.

    Parameters
    ----------
    folder : Path
        Of the results; gets ``examples.jsonl`` and ``examples/``.
    tables : sequence of ArmTable
        Frames are chosen for each encoder.
    labels : mapping
        From frame to its label.
    noised : callable (frame, (effect, severity)) -> ndarray of uint8, (H, W, 3)
        Returns the very picture that was judged, RGB.
    detectors : mapping
        From run to a callable (picture, label) -> lanes (n, n_h) at the label's rows. The first of each arm is shown.

    Returns
    -------
    Path
        Of ``examples.jsonl``.
    """
    first: dict[tuple[str, str], Run] = {}
    for run in detectors:
        first.setdefault((run.arm, run.encoder), run)
    by_encoder: dict[str, list[ArmTable]] = {}
    for table in tables:
        by_encoder.setdefault(table.encoder, []).append(table)
    chosen = [(encoder, *each) for encoder, group in by_encoder.items() for each in choose(group)]
    lines = []
    for number, (encoder, kind, (effect, severity), frame) in enumerate(chosen):
        image, label = noised(frame, (effect, severity)), labels[frame]
        picture = f"{_FOLDER}/{number:02d}-{kind}.jpg"
        _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        write_atomically(folder / picture, data.tobytes())
        for run in (run for run in first.values() if run.encoder == encoder):
            values = {
                "kind": kind,
                **run._asdict(),
                "effect": effect,
                "severity": severity,
                "frame": frame,
                "picture": picture,
                "h_samples": label.h_samples.tolist(),
                "lanes": label.lanes.tolist(),
                "found": np.round(detectors[run](image, label), 1).tolist(),
            }
            lines.append(json.dumps(values, allow_nan=False) + "\n")
    path = folder / FILE_NAME
    write_atomically(path, "".join(lines).encode("ascii"))
    return path


def show_course(folder: Path, course: Course, predictors: Sequence[Predictor], results: Path) -> None:
    """Write the examples of a benchmark: what models found in the very pictures that they were judged on.

    Models that are files cannot be asked again, and have none.
    """
    # torch comes with them, which a report from files does not need
    from lightnoise_train.evaluation.conditions import Condition, Judged
    from lightnoise_train.evaluation.predictors import PredictionFiles

    def detector(predictor: Predictor) -> Callable[[Image, LaneLabel], NDArray[np.float64]]:
        def find(image: Image, label: LaneLabel) -> NDArray[np.float64]:
            frame = Judged(label.raw_file, label, [predictor.prepare(image)])
            return predictor(frame, [Condition("clean", 0)]).predictions[0].lanes

        return find

    detectors = {
        Run(*(each.identity[name] for name in Run._fields)): detector(each)
        for each in predictors
        if not isinstance(each, PredictionFiles)
    }
    encoders = {run.encoder for run in detectors}
    tables = [table for table in arm_tables(read_results(results)) if table.encoder in encoders]
    if any(table.effects for table in tables):
        labels = {frame.key: labelled(frame) for frame in course.frames.frames}
        write_examples(folder, tables, labels, lambda key, c: course.picture(key, Condition(*c)), detectors)


def read_examples(path: str | os.PathLike[str]) -> list[Example]:
    """Read an ``examples.jsonl``.

    Raises
    ------
    DataError
        Naming the file and the line that is wrong.
    """
    found = []
    for number, values in read_objects(path, "file of examples"):
        try:
            found.append(_example(values, Path(path).parent))
        except (TypeError, ValueError) as error:
            raise DataError(f"{path}:{number}: {error}") from None
    return found


_FIELDS: dict[str, type] = {
    "kind": str,
    "arm": str,
    "encoder": str,
    "seed": int,
    "effect": str,
    "severity": int,
    "frame": str,
    "picture": str,
    "h_samples": list,
    "lanes": list,
    "found": list,
}
_MEANING = {str: "text", int: "a whole number", list: "a list"}


def _example(values: dict[str, Any], folder: Path) -> Example:
    """Return the example that a line's object describes, or raise a ValueError."""
    for name, kind in _FIELDS.items():
        if name not in values:
            raise ValueError(f"an example has no {name}")
        if not isinstance(values[name], kind) or isinstance(values[name], bool):
            raise ValueError(f"{name} must be {_MEANING[kind]}, got {str(values[name])[:40]!r}")
    if values["kind"] not in ("worst", "typical"):
        raise ValueError(f"kind must be worst or typical, got {values['kind']!r}")
    return Example(
        kind=values["kind"],
        run=Run(values["arm"], values["encoder"], values["seed"]),
        effect=values["effect"],
        severity=values["severity"],
        picture=inside(folder, values["picture"]),
        label=LaneLabel(values["frame"], values["lanes"], values["h_samples"]),
        found=LaneLabel(values["frame"], values["found"], values["h_samples"]),
    )
