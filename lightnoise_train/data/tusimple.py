"""TuSimple's lane data set, as its archives unpack.

The training archive holds ``clips/``, ``label_data_0313.json``, ``label_data_0531.json`` and ``label_data_0601.json``;
the test archive holds ``clips/`` and the tasks, and its labels, ``test_label.json``, came out later as a file of their
own. All may lie in one folder, or in ``train_set/`` and ``test_set/`` below it. Each clip has 20 frames, of which the
last, ``clips/DATE/CLIP/20.jpg``, is labelled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lightnoise import checks
from lightnoise_train.data.frames import Frame, FrameSet, inside
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import numbered_labels

#: Training label files by the month and day of their drives.
TRAIN_FILES = ("label_data_0313.json", "label_data_0531.json", "label_data_0601.json")
TEST_FILE = "test_label.json"

#: Label files of each split. The customary validation part is the drives of 0531.
SPLITS: dict[str, tuple[str, ...]] = {
    "train": ("label_data_0313.json", "label_data_0601.json"),
    "val": ("label_data_0531.json",),
    "trainval": TRAIN_FILES,
    "test": (TEST_FILE,),
}
#: Those of the training label files that are there: for parts of the data set, to be split by `splits`.
AVAILABLE = "available"

_FOLDERS = ("", "train_set", "test_set")


def load(
    root: str | os.PathLike[str], split: str = "train", labels: Sequence[str] | None = None, check_images: bool = True
) -> FrameSet:
    """Return the labelled frames of a split.

    Parameters
    ----------
    root : path
        Where the archives were unpacked.
    split : str
        "train" (drives of 0313 and 0601), "val" (0531), "trainval", "test", or "available": whichever of the training
        label files are there.
    labels : sequence of str, optional
        Label files to read instead, relative to the root.
    check_images : bool
        Whether to look whether each labelled image is there.

    Returns
    -------
    FrameSet
        In the order of the label files; attributes ``date`` and ``clip`` are the folders below ``clips/``.

    Raises
    ------
    DataError
        If the root or a label file is missing, a line is broken, a label names an image that is absent, leads out of
        the root, or was labelled before: naming the file and the line.
    """
    checks.choice("split", split, (*SPLITS, AVAILABLE))
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; it should hold TuSimple's clips/ and label files")
    files = [_label_file(root, name) for name in labels] if labels else list(label_files(root, split))
    frames: list[Frame] = []
    lines: dict[str, str] = {}
    for path in files:
        for number, label in numbered_labels(path):
            where = f"{path}:{number}"
            if label.raw_file in lines:
                raise DataError(f"{where}: {label.raw_file} was labelled before, at {lines[label.raw_file]}")
            lines[label.raw_file] = where
            try:
                image = image_path(root, path.parent, label.raw_file)
            except ValueError as error:
                raise DataError(f"{where}: raw_file {error}") from None
            if check_images and not image.is_file():
                raise DataError(f"{where}: its image is absent: {image}")
            frames.append(Frame(image, label.raw_file, label, attributes_of(label.raw_file)))
    if not frames:
        raise DataError(f"{', '.join(map(str, files))}: no labels")
    return FrameSet(frames)


def label_files(root: Path, split: str) -> Iterator[Path]:
    """Yield the paths of a split's label files, or raise DataError naming the one that is missing."""
    if split != AVAILABLE:
        for name in SPLITS[split]:
            yield _label_file(root, name)
        return
    there = [path for name in TRAIN_FILES for path in places(root, name) if path.is_file()]
    if not there:
        raise DataError(f"{root}: holds none of {', '.join(TRAIN_FILES)}")
    yield from there


def image_path(root: Path, beside: Path, raw_file: str) -> Path:
    """Return where a labelled image is: beside its label file, or in one of the archives' folders."""
    places = [inside(folder, raw_file) for folder in (beside, *(root / name for name in _FOLDERS))]
    return next((path for path in places if path.is_file()), places[0])


def attributes_of(raw_file: str) -> dict[str, str]:
    """Return the date and the clip that a labelled image's path names."""
    folders = raw_file.split("/")[:-1]
    return {"date": folders[-2] if len(folders) > 1 else "", "clip": folders[-1] if folders else ""}


def places(root: Path, name: str) -> list[Path]:
    """Return where a file of the archives may be."""
    return [inside(root / folder, name) for folder in _FOLDERS]


def _label_file(root: Path, name: str) -> Path:
    try:
        candidates = places(root, name)
    except ValueError as error:
        raise DataError(f"label file {error}") from None
    for path in candidates:
        if path.is_file():
            return path
    there = ", ".join(sorted(path.name for path in root.glob("*.json"))) or "no .json file"
    raise DataError(f"{candidates[0]}: no such label file; the folder has {there}")
