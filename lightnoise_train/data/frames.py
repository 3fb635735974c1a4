"""Frames: what every data set here is made of, and how a picture is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.io import ImageFileError
from lightnoise.io import read_image as read_picture
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import LaneLabel

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a data set.

    Parameters
    ----------
    path : Path or None
        Its file; None where the picture is drawn or lies in a file of many.
    key : str
        What it is known by: its path relative to the data root, with slashes. Chance is keyed to it, results name it.
    label : LaneLabel or None
        Its lanes, where they are known.
    attributes : mapping
        What else is known, such as ``date`` and ``clip`` (TuSimple) or ``timeofday``, ``weather`` and ``scene``
        (BDD100K).
    """

    path: Path | None
    key: str
    label: LaneLabel | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Sample(NamedTuple):
    """A frame and its picture, (H, W, 3) uint8 RGB."""

    frame: Frame
    image: Image


def labelled(frame: Frame) -> LaneLabel:
    """Return a frame's label; DataError if it has none."""
    if frame.label is None:
        raise DataError(f"{frame.key}: has no lane label; labelled frames are needed here")
    return frame.label


def read_frame(frame: Frame) -> Image:
    """Read a frame's file; see `read_image`."""
    if frame.path is None:
        raise TypeError(f"frame {frame.key} has no file")
    return read_image(frame.path)


class FrameSet:
    """A data set: frames, and a way to get their pictures.

    Parameters
    ----------
    frames : iterable of Frame
    reader : callable (Frame) -> ndarray of uint8, (H, W, 3)
        Reads or draws a frame's picture. It must be picklable where workers are spawned.
    """

    def __init__(self, frames: Iterable[Frame], reader: Callable[[Frame], Image] = read_frame) -> None:
        self.frames = tuple(frames)
        self.reader = reader

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        frame = self.frames[index]
        return Sample(frame, self.reader(frame))

    def read(self, index: int) -> Image:
        """Return the picture of the frame at an index, (H, W, 3) uint8 RGB.

        Raises
        ------
        DataError
            Naming the file that is missing or damaged.
        """
        return self.reader(self.frames[index])

    def subset(self, indices: Iterable[int]) -> FrameSet:
        """Return the data set of some of the frames, in the order of ``indices``."""
        return FrameSet((self.frames[int(index)] for index in indices), self.reader)

    def select(self, wanted: Callable[[Frame], bool]) -> FrameSet:
        """Return the data set of the frames for which ``wanted`` is true."""
        return FrameSet(filter(wanted, self.frames), self.reader)


def read_image(path: Path) -> Image:
    """Read an image file as training sees it.

    Parameters
    ----------
    path : Path
        JPEG, PNG, WebP, TIFF or BMP.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB, upright. Grey becomes RGB, alpha is dropped, 16 bits become 8.

    Raises
    ------
    DataError
        If the file is missing, truncated, damaged, or no image: naming it and what is wrong.
    """
    try:
        pixels = read_picture(path).pixels
    except ImageFileError as error:
        raise DataError(f"{path}: {error}") from None
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257.0)
    pixels = np.asarray(pixels, dtype=np.uint8)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    return np.ascontiguousarray(pixels[..., :3])


def inside(root: Path, name: str) -> Path:
    """Return the path of a file that a label names, refusing names that lead out of the data root.

    Parameters
    ----------
    root : Path
        The data root.
    name : str
        A relative path with slashes. Links inside the root are the user's own and may lead anywhere.

    Raises
    ------
    ValueError
        If ``name`` is absolute, climbs by "..", or cannot be a path.
    """
    windows = PureWindowsPath(name)  # takes both kinds of slash, and drives, for what they are
    if PurePosixPath(name).is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in name:
        raise ValueError(f"{name!r} leads out of the data root {root}")
    return root / name
