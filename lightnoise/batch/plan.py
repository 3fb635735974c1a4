"""From an input folder to a lazy, sorted list of what will be made: nothing is read or written here.

The plan of a million files is never held in memory: it is walked twice, a folder at a time, once to check and
count it and once to work it off. Outputs mirror the input's folders, so names can only meet within a folder.
"""

from __future__ import annotations

import hashlib
import os.path
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lightnoise.batch.config import Config
from lightnoise.batch.errors import BatchError
from lightnoise.batch.sources import Listing, Source, join
from lightnoise.io.formats import FORMATS, format_of_name

IMAGE, OTHER, PROBLEM = "image", "other", "problem"
_SAMPLES = 8


@dataclass(frozen=True)
class Item:
    """One output to be made.

    Parameters
    ----------
    source, output : str
        Paths relative to the input and output folders, with "/".
    copy : int
        Number of the copy; 0 is the first.
    kind : str
        `IMAGE`, `OTHER` (copied as it is) or `PROBLEM` (a folder that cannot be listed).
    error : str
        What is wrong, for a problem.
    """

    source: str
    output: str
    copy: int = 0
    kind: str = IMAGE
    error: str = ""


@dataclass(frozen=True)
class Shard:
    """The ``index``-th of ``count`` parts of a plan (from 1), told by a hash of the source's path."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that "I/N" names.

        Raises
        ------
        BatchError
            If it names none.
        """
        index, slash, count = text.partition("/")
        if slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
            return cls(int(index), int(count))
        raise BatchError(f"--shard must be I/N with 1 ≤ I ≤ N, as in 2/8; got {text!r}")

    def holds(self, source: str) -> bool:
        """Whether the source belongs to this part."""
        if self.count == 1:
            return True
        digest = hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.index - 1

    @property
    def tag(self) -> str:
        """Short text for file names; "all" for an undivided plan."""
        return "all" if self.count == 1 else f"{self.index}-of-{self.count}"


@dataclass
class Survey:
    """What a look at the whole plan found."""

    images: int = 0
    outputs: int = 0
    others: int = 0
    linked_folders: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    samples: list[Item] = field(default_factory=list)
    stride: int = 1

    def count(self, item: Item) -> None:
        """Count an item, and keep it if it falls into an even spread over the plan."""
        if item.kind == IMAGE:
            if (self.outputs - self.others) % self.stride == 0:
                self.samples.append(item)
            if len(self.samples) == 2 * _SAMPLES:
                self.samples = self.samples[::2]
                self.stride *= 2
            self.images += item.copy == 0
        self.others += item.kind == OTHER
        self.outputs += 1


def items(source: Source, config: Config, shard: Shard | None = None) -> Iterator[Item]:
    """Yield the plan: all items of the shard, in a fixed order."""
    shard = shard or Shard()
    for listing in source.folders():
        for item in _items_of(listing, config):
            if shard.holds(item.source):
                yield item


def survey(
    source: Source,
    config: Config,
    shard: Shard | None = None,
    reserved: tuple[str, ...] = (),
    damage: bool = False,
) -> Survey:
    """Walk the plan once: count it, and refuse it where two outputs would meet in one name.

    Parameters
    ----------
    source, config, shard
        As for `items`. Names are checked over all shards.
    reserved : tuple of str
        File names at the top of the output folder that the run itself needs.
    damage : bool
        Whether damage maps are written too, whose names must not meet either.

    Raises
    ------
    BatchError
        If names meet, or there is no image.
    """
    shard = shard or Shard()
    found = Survey()
    for listing in source.folders():
        taken = dict.fromkeys(listing.folders, "a folder")
        if not listing.path:
            taken |= dict.fromkeys(reserved, "the run's own file")
        maps: dict[str, str] = {}
        for item in _items_of(listing, config):
            _claim(taken, item, item.output)
            if damage and item.kind == IMAGE:
                _claim(maps, item, damage_name(item.output))
            if shard.holds(item.source):
                found.count(item)
        found.linked_folders += [join(listing.path, name) for name in listing.linked]
        if not config.copy_others:
            found.ignored.update(
                PurePosixPath(name).suffix.lower() or "no suffix" for name in listing.files if not format_of_name(name)
            )
    if not found.images and shard.count == 1:
        known = ", ".join(image_format.name for image_format in FORMATS)
        raise BatchError(f"--in {source.name}: holds no image ({known}, told by the suffix)")
    return found


def damage_name(output: str) -> str:
    """Return the relative path of an output's damage map."""
    return str(PurePosixPath(output).with_suffix(".png"))


def _items_of(listing: Listing, config: Config) -> Iterator[Item]:
    if listing.error:
        yield Item(listing.path or ".", listing.path or ".", kind=PROBLEM, error=listing.error)
    for name in listing.files:
        path = join(listing.path, name)
        if format_of_name(name):
            for copy in range(config.copies):
                yield Item(path, join(listing.path, _output_name(name, copy, config.format)), copy)
        elif config.copy_others:
            yield Item(path, path, kind=OTHER)


def _output_name(name: str, copy: int, output_format: str) -> str:
    stem, suffix = os.path.splitext(name)
    number = f"_{copy}" if copy else ""
    return stem + number + (suffix if output_format == "keep" else f".{output_format}")


def _claim(taken: dict[str, str], item: Item, output: str) -> None:
    name = output.rpartition("/")[2]
    if name in taken:
        raise BatchError(
            f"{item.source} and {taken[name]} would both be written to {output}: rename one, "
            "or change --format or --copies"
        )
    taken[name] = item.source
