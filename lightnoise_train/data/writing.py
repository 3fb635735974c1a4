"""Data sets written as official trees by the batch machinery: whole files, any number of workers, resumable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lightnoise import batch
from lightnoise.batch.sources import Listing
from lightnoise.camera import Camera
from lightnoise.io import Picture, read_image
from lightnoise.io.formats import PNG
from lightnoise_train.data import roads
from lightnoise_train.data.frames import Frame, FrameSet, labelled
from lightnoise_train.data.tusimple import SPLITS, TEST_FILE
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import FRAME_SIZE, LaneLabel, write_labels


@dataclass(frozen=True)
class Frames:
    """The frames of a data set as a source for `lightnoise.batch`: under their keys, wherever their files are.

    Parameters
    ----------
    name : str
        What the manifest's record calls them.
    data : FrameSet
    """

    name: str
    data: FrameSet
    _by_key: dict[str, Frame] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {frame.key: frame for frame in self.data.frames})

    def folders(self) -> Iterator[Listing]:
        """Yield the folders that the keys name, in order."""
        listings: dict[str, Listing] = {}
        for key in sorted(self._by_key):
            folder, _, name = key.rpartition("/")
            listings.setdefault(folder, Listing(folder)).files.append(name)
        yield from listings.values()

    def read(self, path: str, max_pixels: int) -> Picture:
        """Return a frame's picture: a file with its metadata, or what the data set draws."""
        frame = self._by_key[path]
        return Picture(self.data.reader(frame), PNG) if frame.path is None else read_image(frame.path, max_pixels)

    def label(self, path: str) -> None:
        """Return None: labels go to label files of their own."""


def write_frames(
    data: FrameSet,
    out: str | os.PathLike[str],
    name: str,
    recipe: dict[str, Any],
    *,
    camera: Camera,
    seed: int = 0,
    output_format: str = "keep",
    quality: int = 95,
    workers: int = 1,
    overwrite: bool = False,
) -> batch.Summary:
    """Write the frames of a data set under their keys, with a manifest; go on where an earlier call was interrupted.

    Parameters
    ----------
    data : FrameSet
    out : path
        The tree's folder.
    name : str
        What the frames are, for the record: a tree that was begun with another name is not gone on with.
    recipe : dict
        Light noise, as `lightnoise.transforms.from_dict` takes it.
    camera : Camera
    seed : int
        A frame's draw is keyed to (seed, key).
    output_format : str
        "keep", or "png" for pictures without loss.
    quality : int
        Of JPEG, [1, 100].
    workers : int
        Processes.
    overwrite : bool
        Replace what is there.

    Returns
    -------
    Summary
        Of the run; its ``exit_code`` is 0 if all frames are there.

    Raises
    ------
    DataError
        If the folder holds something else, or was made with another config.
    """
    config = batch.Config(recipe, camera.to_dict(), seed, format=output_format, quality=quality)
    job = batch.Job(Frames(name, data), str(out), config)
    execution = batch.Execution(workers, resume=not overwrite, overwrite=overwrite)
    try:
        return batch.apply(job, execution, batch.check(job, execution))
    except batch.BatchError as error:
        raise DataError(str(error)) from error


def labels_of(frames: Iterable[Frame], output_format: str = "keep") -> list[LaneLabel]:
    """Return the labels of frames as they are written: with the suffix that the pictures get.

    Raises
    ------
    DataError
        If a frame has none.
    """
    labels = []
    for frame in frames:
        label = labelled(frame)
        path = PurePosixPath(frame.key)
        raw_file = str(path if output_format == "keep" else path.with_suffix(f".{output_format}"))
        labels.append(LaneLabel(raw_file, label.lanes, label.h_samples))
    return labels


def make_roads(
    out: str | os.PathLike[str],
    counts: dict[str, int],
    *,
    size: tuple[int, int] = FRAME_SIZE,
    seed: int = 0,
    camera: Camera | None = None,
    output_format: str = "keep",
    workers: int = 1,
    overwrite: bool = False,
) -> batch.Summary:
    """Write embedded road scenes as an official TuSimple tree with its four label files.

    Parameters
    ----------
    out : path
    counts : dict of str to int
        Scenes of "train", "val" and "test". The training scenes go to the label files of 0313 and 0601 in turn.
    size : tuple of int
        (height, width) of the pictures; labels are in pixels of 1280×720 at any size.
    seed, camera
        See `roads.load`.
    output_format, workers, overwrite
        See `write_frames`.

    Returns
    -------
    Summary

    Raises
    ------
    DataError
        See `write_frames`.
    """
    camera = camera or Camera()
    parts = {split: roads.load(count, split, seed, size, camera=camera) for split, count in counts.items() if count}
    frames = [frame for part in parts.values() for frame in part.frames]
    reader = next(iter(parts.values())).reader
    name = f"embedded road scenes of seed {seed}, {size[1]}x{size[0]}"
    summary = write_frames(
        FrameSet(frames, reader),
        out,
        name,
        batch.recipe(severity=0),
        camera=camera,
        seed=seed,
        output_format=output_format,
        workers=workers,
        overwrite=overwrite,
    )
    if summary.exit_code == 0:
        for split, part in parts.items():
            labels = labels_of(part.frames, output_format)
            files = (TEST_FILE,) if split == "test" else SPLITS[split]
            for number, file in enumerate(files):
                write_labels(Path(out, file), labels[number :: len(files)])
    return summary
