"""Any folder of images."""

from __future__ import annotations

import os
from pathlib import Path

from lightnoise.io import format_of_name
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.errors import DataError


def load(root: str | os.PathLike[str]) -> FrameSet:
    """Return all images below a folder, told by their suffixes and sorted by path.

    Parameters
    ----------
    root : path
        Links to folders are not followed.

    Returns
    -------
    FrameSet
        Without labels; keys are the paths relative to the root.

    Raises
    ------
    DataError
        If there is no such folder, or no image in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"{root}: no such folder of images")
    paths = [Path(parent, name) for parent, _, names in os.walk(root) for name in names if format_of_name(name)]
    frames = sorted((Frame(path, path.relative_to(root).as_posix()) for path in paths), key=lambda frame: frame.key)
    if not frames:
        raise DataError(f"{root}: holds no images (JPEG, PNG, WebP, TIFF or BMP, told by the suffix)")
    return FrameSet(frames)
