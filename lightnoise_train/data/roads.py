"""The embedded road scenes as a data set with lane labels: no download, as many as wanted.

A scene depends on its key and the seed alone, so the first thousand of a million are the thousand. Labels are given,
as TuSimple gives them, in pixels of a frame of 1280×720 whatever the size of the pictures.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lightnoise import checks, keyed
from lightnoise.camera import Camera
from lightnoise.io import encode, write_atomically
from lightnoise.io.formats import PNG
from lightnoise_train.data.frames import Frame, FrameSet, Image, read_image
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import FRAME_SIZE, LaneLabel

if TYPE_CHECKING:
    from lightnoise.scenes.layout import Layout

SPLITS = ("train", "val", "test")
SIZE = (180, 320)


def load(
    count: int,
    split: str = "train",
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    kinds: Sequence[str] | None = None,
    camera: Camera | None = None,
    labels: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> FrameSet:
    """Return scenes of all kinds in turn; they are drawn when they are read.

    Parameters
    ----------
    count : int
        Number of scenes, [1, 10⁸].
    split : str
        "train", "val" or "test": scenes that have nothing in common.
    seed : int
        Another seed gives other scenes.
    size : tuple of int
        (height, width) of the pictures, each in [32, 8192].
    kinds : sequence of str, optional
        Of `lightnoise.scenes.KINDS`; all if not given.
    camera : Camera, optional
        What takes the pictures; ``Camera()`` if not given.
    labels : bool
        Whether to give lane labels, some 3 ms for each frame.
    cache : path, optional
        A folder to keep the pictures in, as PNG, so that they are drawn once.

    Returns
    -------
    FrameSet
        Keys are ``clips/SPLIT-KIND/000000/20.jpg`` and so on, as in a TuSimple tree; the attribute ``kind`` is the
        scene's kind.
    """
    from lightnoise.scenes import KINDS

    count = checks.integer("count", count, 1, 10**8)
    checks.choice("split", split, SPLITS)
    chosen = tuple(checks.choice("kinds", kind, KINDS) for kind in kinds or KINDS)
    height, width = (checks.integer(f"size[{axis}]", size[axis], 32, 8192) for axis in (0, 1))
    draw = Scenes(seed, (height, width), camera or Camera())
    frames = []
    for index in range(count):
        kind = chosen[index % len(chosen)]
        key = f"clips/{split}-{kind}/{index:06d}/20.jpg"
        attributes = {"date": f"{split}-{kind}", "clip": f"{index:06d}", "kind": kind}
        frames.append(Frame(None, key, draw.label(kind, key) if labels else None, attributes))
    return FrameSet(frames, draw if cache is None else Cached(draw, Path(cache)))


@dataclass(frozen=True)
class Scenes:
    """Reader that draws a frame's scene.

    Parameters
    ----------
    seed : int
    size : tuple of int
        (height, width).
    camera : Camera
    """

    seed: int
    size: tuple[int, int]
    camera: Camera

    def __call__(self, frame: Frame) -> Image:
        """Return the picture of a frame, told by its key and its attribute ``kind``."""
        from lightnoise.scenes.rendering import render_layout

        return render_layout(self._layout(frame.attributes["kind"], frame.key), self.size, self.camera).image

    def label(self, kind: str, key: str) -> LaneLabel:
        """Return the lanes of a scene in pixels of a frame of `FRAME_SIZE`."""
        from lightnoise.scenes.lanes import label_lanes, sample_rows
        from lightnoise.scenes.view import View

        layout = self._layout(kind, key)
        height = FRAME_SIZE[0]
        lowest = height if layout.bonnet is None else height * (1.0 - layout.bonnet[0]) - 1.0
        lanes = label_lanes(layout, View.of(layout, FRAME_SIZE, self.camera), float(lowest))
        rows = np.array(sample_rows(height), dtype=np.int64)
        return LaneLabel(key, np.array(lanes, dtype=np.float64).reshape(len(lanes), len(rows)), rows)

    @property
    def digest(self) -> str:
        """What tells these scenes from others, as short text for a folder's name."""
        from lightnoise import __version__

        told = json.dumps([__version__, self.seed, self.size, self.camera.to_dict()])
        return hashlib.blake2b(told.encode("ascii"), digest_size=6).hexdigest()

    def _layout(self, kind: str, key: str) -> Layout:
        from lightnoise.scenes.layout import draw_layout

        return draw_layout(kind, keyed.generator(self.seed, key))


@dataclass(frozen=True)
class Cached:
    """Reader that keeps what another one draws as PNG files.

    Parameters
    ----------
    draw : Scenes
        What draws.
    folder : Path
        Where; other scenes get a folder of their own in it.
    """

    draw: Scenes
    folder: Path

    def __call__(self, frame: Frame) -> Image:
        """Return the picture from its file, which is made where it is missing or damaged."""
        path = (self.folder / self.draw.digest / frame.key).with_suffix(".png")
        try:
            return read_image(path)
        except DataError:
            image = self.draw(frame)
            write_atomically(path, encode(image, PNG).data)
            return image
