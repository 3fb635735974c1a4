"""Look a data set over: every problem with its file and line, not only the first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lightnoise.io import format_of_name
from lightnoise_train.data import bdd100k, tusimple
from lightnoise_train.data.frames import read_image
from lightnoise_train.errors import DataError
from lightnoise_train.json_lines import parse_object
from lightnoise_train.lanes.labels import FRAME_SIZE, LaneLabel, label_from


class Report:
    """What a look at a data set found.

    Attributes
    ----------
    problems : list of str
        Each beginning with the file, and the line where it is one.
    frames : int
        Frames that were looked at.
    unlabelled : int
        Frames without an entry in the label file, which is no problem.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.frames = 0
        self.unlabelled = 0

    def add(self, where: object, problem: object) -> None:
        """Note a problem."""
        self.problems.append(f"{where}: {problem}")


def check_tusimple(root: str | os.PathLike[str], images: bool = True) -> Report:
    """Look over a TuSimple tree: its training part, its test part, or both.

    Parameters
    ----------
    root : path
    images : bool
        Whether to decode each labelled image, some 7 ms for each.

    Returns
    -------
    Report
        Missing label files, lines that are no labels, paths that lead out of the root, frames labelled twice, absent
        and damaged images, images of another shape than the labels' frame, points outside it.
    """
    report, root = Report(), Path(root)
    if not root.is_dir():
        report.add(root, "no such folder")
        return report
    found = {name: _found(root, name) for name in (*tusimple.TRAIN_FILES, tusimple.TEST_FILE)}
    wanted = set(tusimple.TRAIN_FILES) if any(found[name] for name in tusimple.TRAIN_FILES) else set()
    for name, path in found.items():
        if path is None and (name in wanted or not any(found.values())):
            report.add(root / name, "no such label file")
    lines: dict[str, str] = {}
    for path in found.values():
        for where, label in _labels(path, report) if path else ():
            report.frames += 1
            if label.raw_file in lines:
                report.add(where, f"{label.raw_file} was labelled before, at {lines[label.raw_file]}")
            lines.setdefault(label.raw_file, where)
            _check_points(label, where, report)
            assert path is not None
            try:
                image = tusimple.image_path(root, path.parent, label.raw_file)
            except ValueError as error:
                report.add(where, f"raw_file {error}")
                continue
            if not image.is_file():
                report.add(where, f"its image is absent: {image}")
            elif images:
                _check_image(image, report)
    return report


def check_bdd100k(root: str | os.PathLike[str], images: bool = True) -> Report:
    """Look over BDD100K's images and the label file of each split that is there.

    Parameters
    ----------
    root : path
        The folder ``bdd100k``.
    images : bool
        Whether to decode each image.

    Returns
    -------
    Report
        Missing folders, broken label files, unknown attributes, labelled images that are absent, damaged images.
    """
    report, root = Report(), Path(root)
    folders = {split: root / "images" / "100k" / split for split in bdd100k.SPLITS}
    if not any(folder.is_dir() for folder in folders.values()):
        report.add(root / "images" / "100k", f"holds none of the folders {', '.join(folders)}")
    for split, folder in folders.items():
        if not folder.is_dir():
            continue
        names = {name for name in sorted(os.listdir(folder)) if format_of_name(name)}
        labelled = _check_attributes(root, split, names, report)
        report.frames += len(names)
        report.unlabelled += len(names - labelled)
        for name in sorted(names) if images else ():
            _check_image(folder / name, report, wide=False)
    return report


def _check_attributes(root: Path, split: str, names: set[str], report: Report) -> set[str]:
    """Look over a split's label file; return the images that it names."""
    path = bdd100k.label_file(root, split)
    labelled: set[str] = set()
    if path is None:
        return labelled
    try:
        for name, attributes in bdd100k.read_attributes(path):
            where = f"{path}: {name}"
            if name in labelled:
                report.add(where, "stands there twice")
            labelled.add(name)
            if name not in names:
                report.add(where, "its image is absent")
            for key, value in attributes.items():
                if value not in bdd100k.ATTRIBUTES[key]:
                    report.add(where, f"{key} must be one of {', '.join(bdd100k.ATTRIBUTES[key])}; got {value!r}")
    except DataError as error:
        report.problems.append(str(error))
    return labelled


def _found(root: Path, name: str) -> Path | None:
    return next((path for path in tusimple.places(root, name) if path.is_file()), None)


def _labels(path: Path, report: Report) -> Iterator[tuple[str, LaneLabel]]:
    """Yield the labels of a file with their places, noting the lines that are none."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                where = f"{path}:{number}"
                if not line.strip():
                    continue
                try:
                    label = label_from(parse_object(line.rstrip()))
                except ValueError as error:
                    report.add(where, error)
                else:
                    yield where, label
    except OSError as error:
        report.add(path, f"cannot be read ({error.strerror or error})")


def _check_points(label: LaneLabel, where: str, report: Report) -> None:
    height, width = FRAME_SIZE
    rows = label.h_samples
    if len(rows) and not (rows.min() >= 0 and rows.max() < height):
        report.add(where, f"h_samples must be rows of a frame {height} high, got {rows.min()} to {rows.max()}")
    if (rows[1:] <= rows[:-1]).any():
        report.add(where, "h_samples must go up")
    for number, lane in enumerate(label.lanes, 1):
        if (lane >= width).any():
            report.add(where, f"lane {number} has a point at column {lane.max():g} of a frame {width} wide")


def _check_image(path: Path, report: Report, wide: bool = True) -> None:
    try:
        height, width = read_image(path).shape[:2]
    except DataError as error:
        report.problems.append(str(error))
        return
    expected = FRAME_SIZE[1] / FRAME_SIZE[0]
    if wide and abs(width / height / expected - 1.0) > 0.01:
        report.add(path, f"is {width}×{height}, but labels are given for a frame of {FRAME_SIZE[1]}×{FRAME_SIZE[0]}")
