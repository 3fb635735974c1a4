"""The light-noised test set: a TuSimple tree for each effect and severity, made once so that all measure on its bytes.

Each tree holds the noised frames under their official paths, their labels as ``test_label.json``, and a manifest with
the params of each frame. ``trees.json`` beside the trees lists them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightnoise import __version__, batch, checks
from lightnoise.camera import Camera
from lightnoise.io import write_atomically
from lightnoise.severity import EFFECTS
from lightnoise_train.data import tusimple
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.data.writing import labels_of, write_frames
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import write_labels

INDEX = "trees.json"
#: One of all presets by chance for each frame; it has no severities.
MIXED = "mixed"
CHOICES = (*EFFECTS, MIXED)
SEVERITIES = (0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Tree:
    """One tree of the noised test set.

    Parameters
    ----------
    effect : str
        One of `lightnoise.EFFECTS`; "mixed"; or "clean" for the frames untouched, through the same codec.
    severity : int or None
        1 to 5; None for "mixed"; 0 for "clean".
    """

    effect: str
    severity: int | None

    @property
    def name(self) -> str:
        """The tree's folder."""
        return f"{self.effect}-{self.severity}" if self.severity else self.effect

    @property
    def recipe(self) -> dict[str, Any]:
        """What is drawn for a frame, as `lightnoise.transforms.from_dict` takes it."""
        return batch.recipe([self.effect] if self.severity else [], self.severity)


CLEAN = Tree("clean", 0)


def trees(effects: Sequence[str] = CHOICES, severities: Sequence[int] = SEVERITIES) -> list[Tree]:
    """Return the trees of some effects at some severities; severity 0 is one tree, the clean one, for all.

    Raises
    ------
    TypeError, ValueError
        If there is no such effect or severity.
    """
    levels = sorted({checks.integer("severity", level, 0, 5) for level in severities})
    found = [CLEAN] if 0 in levels else []
    for effect in dict.fromkeys(effects):
        if checks.choice("effect", effect, CHOICES) == MIXED:
            found.append(Tree(MIXED, None))
        else:
            found += [Tree(effect, level) for level in levels if level]
    return found


def write(
    data: FrameSet,
    source: str,
    out: str | os.PathLike[str],
    wanted: Sequence[Tree],
    *,
    camera: Camera,
    seed: int = 0,
    output_format: str = "keep",
    quality: int = 95,
    workers: int = 1,
    overwrite: bool = False,
) -> Iterator[tuple[Tree, batch.Summary]]:
    """Write trees of the noised test set, yielding each with the summary of its run when it is done.

    What is there already is left as it is, so that a call that was interrupted goes on where it stopped.

    Parameters
    ----------
    data : FrameSet
        Labelled frames.
    source : str
        What they are, for the record.
    out : path
        Folder of the trees.
    wanted : sequence of Tree
    camera : Camera
        What took the frames.
    seed : int
        A frame's draw is keyed to (seed, key) alone.
    output_format : str
        "keep", or "png" for frames without loss; their labels then name .png files.
    quality : int
        Of JPEG, [1, 100].
    workers : int
        Processes.
    overwrite : bool
        Replace trees that are there.

    Raises
    ------
    DataError
        If a tree that is there was made with another config, or a frame has no label.
    """
    labels = labels_of(data.frames, output_format)
    for tree in wanted:
        folder = Path(out, tree.name)
        summary = write_frames(
            data,
            folder,
            source,
            tree.recipe,
            camera=camera,
            seed=seed,
            output_format=output_format,
            quality=quality,
            workers=workers,
            overwrite=overwrite,
        )
        if summary.exit_code == 0:
            write_labels(folder / tusimple.TEST_FILE, labels)
            _list(Path(out), tree, {"source": source, "frames": len(data), "seed": seed, "camera": camera.to_dict()})
        yield tree, summary


def read_trees(out: str | os.PathLike[str]) -> list[Tree]:
    """Return the finished trees of a folder that `write` filled, in the order in which they were made.

    ``tusimple.load(out / tree.name, "test")`` gives a tree's frames.

    Raises
    ------
    DataError
        If there is no list of trees, or it is broken.
    """
    path = Path(out, INDEX)
    try:
        return [_tree(entry["effect"], entry["severity"]) for entry in json.loads(path.read_bytes())["trees"]]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; lightnoise-train data noise makes noised test sets") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is no list of trees ({error})") from None


def _tree(effect: Any, severity: Any) -> Tree:
    """Return a tree that `trees` can name, or raise a ValueError: its name becomes a folder's."""
    levels = {CLEAN.effect: (0,), MIXED: (None,)}.get(effect, SEVERITIES[1:] if effect in EFFECTS else ())
    if severity not in levels:
        raise ValueError(f"there is no tree of effect {effect!r} and severity {severity!r}")
    return Tree(effect, severity)


def _list(out: Path, tree: Tree, record: dict[str, Any]) -> None:
    """Add a finished tree to the list, or change its entry."""
    path = out / INDEX
    there = json.loads(path.read_bytes())["trees"] if path.exists() else []
    entry = {"folder": tree.name, "effect": tree.effect, "severity": tree.severity, "version": __version__, **record}
    entries = [old for old in there if old["folder"] != tree.name] + [entry]
    write_atomically(path, json.dumps({"trees": entries}, indent=1).encode("ascii") + b"\n")
