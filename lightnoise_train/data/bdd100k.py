"""BDD100K's 100,000 frames, ``images/100k/{train,val,test}``, with the attributes of its label files.

Attributes come from ``labels/det_20/det_{train,val}.json`` or from the older
``labels/bdd100k_labels_images_{train,val}.json``. Both are one JSON list of frames, the older one 1.4 GB long, so it is
read frame by frame. Some images have no entry, and the test split has none at all.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lightnoise import checks
from lightnoise.io import format_of_name
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.errors import DataError

SPLITS = ("train", "val", "test")

#: Values of the attributes.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "timeofday": ("daytime", "dawn/dusk", "night", "undefined"),
    "weather": ("clear", "partly cloudy", "overcast", "rainy", "snowy", "foggy", "undefined"),
    "scene": (
        "city street",
        "gas stations",
        "highway",
        "parking lot",
        "residential",
        "tunnel",
        "undefined",
    ),
}

_BLOCK = 1 << 22  # characters read at once
_BETWEEN = re.compile(r"[\s,]*")  # what stands between two frames


def load(
    root: str | os.PathLike[str],
    split: str = "train",
    timeofday: Iterable[str] | str | None = None,
    weather: Iterable[str] | str | None = None,
    scene: Iterable[str] | str | None = None,
    labels: str | os.PathLike[str] | None = None,
) -> FrameSet:
    """Return the frames of a split, sorted by name.

    Parameters
    ----------
    root : path
        The folder ``bdd100k`` that holds ``images/100k``.
    split : str
        "train", "val" or "test".
    timeofday, weather, scene : str or iterable of str, optional
        Keep frames with one of these values only; see `ATTRIBUTES`. Frames without an entry are left out then.
    labels : path, optional
        The label file; found by itself if not given.

    Returns
    -------
    FrameSet
        Without lane labels; keys are ``images/100k/SPLIT/NAME.jpg``. Frames that have no entry in the label file have
        no attributes.

    Raises
    ------
    DataError
        If a folder or file is missing or broken, or no frame is left.
    ValueError
        If a value to filter by does not exist.
    """
    checks.choice("split", split, SPLITS)
    root = Path(root)
    wanted = {
        name: _values(name, given)
        for name, given in (("timeofday", timeofday), ("weather", weather), ("scene", scene))
        if given is not None
    }
    folder = root / "images" / "100k" / split
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; BDD100K's images should be there")
    path = Path(labels) if labels is not None else label_file(root, split)
    if path is None and wanted:
        places = ", ".join(str(place) for place in label_places(root, split)) or "none exists for the test split"
        raise DataError(f"{root}: filtering by {', '.join(wanted)} needs a label file: {places}")
    attributes = dict(read_attributes(path)) if path is not None else {}
    frames = [
        Frame(folder / name, f"images/100k/{split}/{name}", None, attributes.get(name, {}))
        for name in sorted(os.listdir(folder))
        if format_of_name(name)
    ]
    if not frames:
        raise DataError(f"{folder}: holds no images")
    kept = [frame for frame in frames if all(frame.attributes.get(name) in allowed for name, allowed in wanted.items())]
    if not kept:
        asked = ", ".join(f"{name} {' or '.join(sorted(allowed))}" for name, allowed in wanted.items())
        raise DataError(f"{folder}: none of {len(frames)} frames has {asked}")
    return FrameSet(kept)


def label_places(root: Path, split: str) -> list[Path]:
    """Return where a split's label file may be, the newer form first."""
    if split == "test":
        return []
    labels = root / "labels"
    return [labels / "det_20" / f"det_{split}.json", labels / f"bdd100k_labels_images_{split}.json"]


def label_file(root: Path, split: str) -> Path | None:
    """Return a split's label file, or None where there is none."""
    return next((path for path in label_places(root, split) if path.is_file()), None)


def read_attributes(path: str | os.PathLike[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the image name and the attributes of each frame of a label file.

    Raises
    ------
    DataError
        If the file is missing, or is no JSON list of frames: naming the place.
    """
    for number, frame in enumerate(_objects(path), 1):
        name = frame.get("name")
        if not isinstance(name, str):
            raise DataError(f"{path}: frame {number} has no name")
        attributes = frame.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise DataError(f"{path}: frame {number} ({name}): attributes must be an object")
        yield name.rpartition("/")[2], {key: attributes[key] for key in ATTRIBUTES if key in attributes}


def _objects(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that is one JSON list, holding little more than a block of it in memory."""
    decoder = json.JSONDecoder()
    try:
        with open(path, encoding="utf-8") as file:
            text, at, line = file.read(_BLOCK), 0, 1
            opening = re.match(r"\s*\[", text)
            if opening is None:
                raise DataError(f"{path}: must be one JSON list of frames")
            at = opening.end()
            while True:
                at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
                if text.startswith("]", at):
                    return
                try:
                    value, end = decoder.raw_decode(text, at)
                except json.JSONDecodeError as error:  # or the block ends within the frame
                    more = file.read(_BLOCK)
                    if not more:
                        where = line + text.count("\n", 0, error.pos)
                        raise DataError(f"{path}:{where}: broken JSON: {error.msg}") from None
                    line += text.count("\n", 0, at)
                    text, at = text[at:] + more, 0
                    continue
                if not isinstance(value, dict):
                    where = line + text.count("\n", 0, at)
                    raise DataError(f"{path}:{where}: a frame must be a JSON object")
                yield value
                at = end
    except FileNotFoundError:
        raise DataError(f"{path}: no such label file") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def _values(name: str, given: Iterable[str] | str) -> set[str]:
    return {checks.choice(name, value, ATTRIBUTES[name]) for value in ([given] if isinstance(given, str) else given)}
