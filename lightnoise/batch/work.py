"""One item's work: read, draw, disturb, encode, write, and say in one manifest line what was done.

`make` is what every engine runs, in whatever process; it never raises for a bad input.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lightnoise import __version__
from lightnoise.batch.config import Config
from lightnoise.batch.manifest import STATUSES
from lightnoise.batch.plan import IMAGE, OTHER, Item, damage_name
from lightnoise.batch.recipe import draw
from lightnoise.batch.sources import Folder, Source
from lightnoise.camera import Camera
from lightnoise.io import ImageFileError, encode, write_atomically
from lightnoise.io.files import copy_atomically, digest
from lightnoise.io.formats import PNG, SUFFIXES
from lightnoise.params import Params, params_from_dict

OK, COPIED, FAILED = STATUSES
REPLAYED = {
    OK: ("source", "copy", "camera", "params", "quality", "seed"),
    COPIED: ("source",),
}
"""What `remake` needs of a line beside its output, by status."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Job:
    """All that a worker must know beside its item.

    Parameters
    ----------
    source : Source
        What items are read from.
    out : str
        Folder of the outputs.
    config : Config
        What decides the outputs.
    damage_dir : str or None
        Folder of the damage maps.
    tag : str
        Names the run in temporary files.
    """

    source: Source
    out: str
    config: Config
    damage_dir: str | None = None
    tag: str = "all"


@dataclass(frozen=True)
class Result:
    """A manifest line, and whether the run must stop since no later item can succeed either."""

    line: dict[str, Any]
    fatal: bool = False


@dataclass(frozen=True)
class Rendered:
    """An output in memory."""

    data: bytes
    params: Sequence[Params]
    damage: bytes | None
    notes: tuple[str, ...]


def remake(job: Job, line: dict[str, Any]) -> Result:
    """Make an output again as its manifest line tells: no draw, and the line's own camera and quality."""
    if line["status"] == COPIED:
        return make(job, Item(line["source"], line["output"], kind=OTHER))
    config = replace(job.config, camera=line["camera"], quality=line["quality"], seed=line["seed"])
    item = Item(line["source"], line["output"], line["copy"])
    return make(replace(job, config=config), item, line["params"])


def make(job: Job, item: Item, params: Sequence[dict[str, Any]] | None = None) -> Result:
    """Make one output and return its manifest line; a failure is a line too.

    Parameters
    ----------
    job, item
        What to make.
    params : sequence of dict, optional
        The effects' params, to make an output again as its manifest tells; drawn by the item's key if absent.
    """
    line: dict[str, Any] = {"output": item.output, "source": item.source, "copy": item.copy}
    try:
        if item.kind == IMAGE:
            line |= _make_image(job, item, params)
        elif item.kind == OTHER:
            line |= _copy(job, item)
        else:
            raise ImageFileError(item.error)
    except OSError as error:
        return Result(_failed(line, job, error.strerror or str(error)), fatal=error.errno in NO_ROOM)
    except ImageFileError as error:
        return Result(_failed(line, job, str(error)))
    except Exception as error:  # one picture that breaks the maths must not end a run of a million
        return Result(_failed(line, job, f"{type(error).__name__}: {error}"))
    return Result(line)


def render(job: Job, item: Item, params: Sequence[dict[str, Any]] | None = None) -> Rendered:
    """Make one output in memory; see `make`.

    Raises
    ------
    ImageFileError
        If the input cannot be read or the output format cannot hold it.
    """
    from lightnoise import functional

    config = job.config
    picture = job.source.read(item.source, config.max_pixels)
    if params is None:
        drawn: Sequence[Params] = draw(config, item.source, item.copy, picture.pixels.shape)
    else:
        drawn = [params_from_dict(values) for values in params]
    camera = Camera.from_dict(config.camera)
    damage = None
    if job.damage_dir is None:
        pixels = functional.chain(picture.pixels, list(drawn), camera=camera)
    else:
        pixels, share = functional.chain(picture.pixels, list(drawn), camera=camera, return_damage=True)
        damage = encode(np.rint(255.0 * share).astype(np.uint8), PNG).data
    encoded = encode(pixels, SUFFIXES[os.path.splitext(item.output)[1].lower()], config.quality, picture.metadata)
    return Rendered(encoded.data, drawn, damage, (*picture.notes, *encoded.notes))


def _make_image(job: Job, item: Item, params: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    rendered = render(job, item, params)
    if rendered.damage is not None and job.damage_dir is not None:
        # Before the output: a resumed run that finds the output need not ask after its damage map.
        write_atomically(os.path.join(job.damage_dir, damage_name(item.output)), rendered.damage, job.tag)
    write_atomically(os.path.join(job.out, item.output), rendered.data, job.tag)
    label = job.source.label(item.source)
    optional = {"notes": list(rendered.notes), "label": label}
    return {
        "status": OK,
        "camera": job.config.camera,
        "params": [values.to_dict() for values in rendered.params],
        "seed": job.config.seed,
        "quality": job.config.quality,
        "version": __version__,
        "bytes": len(rendered.data),
        "blake2b": digest(rendered.data),
    } | {key: value for key, value in optional.items() if value}


def _copy(job: Job, item: Item) -> dict[str, Any]:
    if not isinstance(job.source, Folder):
        raise TypeError("only a folder's files can be copied")
    size, checksum = copy_atomically(
        os.path.join(job.source.root, item.source), os.path.join(job.out, item.output), job.tag
    )
    return {"status": COPIED, "version": __version__, "bytes": size, "blake2b": checksum}


def _failed(line: dict[str, Any], job: Job, error: str) -> dict[str, Any]:
    return line | {"status": FAILED, "error": error, "seed": job.config.seed, "version": __version__}


def failure(job: Job, item: Item, error: str) -> Result:
    """Return the line of an item whose worker could not even say what went wrong."""
    line = {"output": item.output, "source": item.source, "copy": item.copy}
    return Result(_failed(line, job, error))
