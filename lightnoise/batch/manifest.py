"""The manifest: one JSON line per output, appended as the run goes, sorted by path when it ends.

Beside ``manifest.jsonl`` stands ``manifest.config.json``, the config that all its outputs were made with. A
shard writes ``manifest.shard-I-of-N.jsonl`` instead, so that shards can share one output folder. A later line
of the same output replaces an earlier one, and a torn last line, as a kill leaves it, counts as absent.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from lightnoise.batch.errors import BatchError
from lightnoise.batch.plan import Shard
from lightnoise.io.files import new_file, temporary_name, write_atomically

CONFIG_NAME = "manifest.config.json"
STATUSES = ("ok", "copied", "failed")
_SORT_IN_MEMORY = 50_000  # lines, some 50 MB


def manifest_name(shard: Shard) -> str:
    """Return the file name of a shard's manifest."""
    return _part("manifest", "jsonl", shard)


def labels_name(shard: Shard) -> str:
    """Return the name of the file with the lane labels of a shard of the embedded scenes."""
    return _part("labels", "json", shard)


class Manifest:
    """A manifest that a run is writing.

    Parameters
    ----------
    path : Path
        The file; it is made if missing, and a torn last line of an earlier run is cut off.
    tag : str
        Names the run in temporary files.
    """

    def __init__(self, path: Path, tag: str = "all") -> None:
        self.path = path
        self._tag = tag
        _cut_torn_line(path)
        # Unbuffered, so that nothing is left to fail when it closes on a full disk.
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  (open for the whole run)

    def add(self, line: dict[str, Any]) -> None:
        """Append one line, so that it outlives a kill of this process."""
        rest = memoryview(json.dumps(line).encode("ascii") + b"\n")
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Stop writing; the lines stay in the order in which they came."""
        self._file.close()

    def finish(self) -> None:
        """Stop writing, and sort the lines by output, the last one of each output alone."""
        self.close()
        temporary = self.path.with_name(temporary_name(self._tag))
        try:
            with open(temporary, "wb") as target, open(self.path, "rb") as source:
                target.writelines(_sorted_lines(source))
            os.replace(temporary, self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield a manifest's lines; a torn one at the end is left out.

    Raises
    ------
    BatchError
        If the file cannot be read, or another line is no manifest line.
    """
    try:
        with open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    line = json.loads(raw)
                    if not isinstance(line["output"], str) or line["status"] not in STATUSES:
                        raise ValueError
                except (ValueError, TypeError, KeyError):
                    if raw.endswith(b"\n"):
                        raise BatchError(f"{path}: line {number} is no manifest line") from None
                    return
                yield line
    except OSError as error:
        raise BatchError(f"{path}: cannot be read ({error.strerror or error})") from error


def write_labels(manifest: Path, labels: Path, tag: str) -> None:
    """Write the lane labels that a manifest's lines carry, if any, one TuSimple label line per picture."""
    lines = (line for line in read_lines(manifest) if "label" in line)
    first = next(lines, None)
    if first is None:
        return
    with new_file(labels, tag) as file:
        for line in chain([first], lines):
            file.write(json.dumps({**line["label"], "raw_file": line["output"]}).encode("ascii") + b"\n")


class Done:
    """The outputs that an earlier run finished, as hashes: a million take some 150 MB.

    Parameters
    ----------
    path : Path
        The earlier run's manifest; it may be missing.
    """

    def __init__(self, path: Path) -> None:
        self._sizes: dict[int, int] = {}
        if path.exists():
            for line in read_lines(path):
                key = _key(line["output"])
                if line["status"] in ("ok", "copied"):
                    self._sizes[key] = line["bytes"]
                else:
                    self._sizes.pop(key, None)

    def __len__(self) -> int:
        return len(self._sizes)

    def holds(self, output: str, path: str) -> bool:
        """Whether the output is listed as finished and its file at ``path`` is there, of the listed size."""
        size = self._sizes.get(_key(output))
        if size is None:
            return False
        try:
            return os.path.getsize(path) == size
        except OSError:
            return False


def write_record(out: Path, record: dict[str, Any], tag: str) -> None:
    """Write the config record of a run into its output folder."""
    write_atomically(out / CONFIG_NAME, json.dumps(record, indent=1).encode("ascii") + b"\n", tag)


def read_record(out: Path) -> dict[str, Any] | None:
    """Return the config record of an output folder, or None where there is none.

    Raises
    ------
    BatchError
        If it cannot be read.
    """
    try:
        record = json.loads((out / CONFIG_NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise BatchError(f"{out / CONFIG_NAME}: cannot be read ({error})") from error
    return dict(record)


def difference(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return which values of two config records differ, as "seed was 1, now 2; …"; empty if none."""
    return "; ".join(
        f"{key} was {_short(old.get(key))}, now {_short(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _part(stem: str, suffix: str, shard: Shard) -> str:
    return f"{stem}.{suffix}" if shard.count == 1 else f"{stem}.shard-{shard.tag}.{suffix}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _key(output: str) -> int:
    return int.from_bytes(hashlib.blake2b(output.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with open(path, "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        keep = end
        while keep > 0:  # look back in blocks for the last line's end
            start = max(0, keep - 65536)
            file.seek(start)
            found = file.read(keep - start).rfind(b"\n")
            if found >= 0:
                keep = start + found + 1
                break
            keep = start
        if keep != end:
            file.truncate(keep)


def _sorted_lines(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the last line of each output, sorted by output, in memory that does not grow with the number."""
    numbered = ((json.loads(raw)["output"], number, raw) for number, raw in enumerate(source))
    runs: list[Iterable[tuple[str, int, bytes]]] = []
    while run := sorted(islice(numbered, _SORT_IN_MEMORY)):
        runs.append(run if len(run) < _SORT_IN_MEMORY else _spilled(run))
    last: tuple[str, int, bytes] | None = None
    for entry in heapq.merge(*runs):
        if last is not None and entry[0] != last[0]:
            yield last[2]
        last = entry
    if last is not None:
        yield last[2]


def _spilled(run: list[tuple[str, int, bytes]]) -> Iterator[tuple[str, int, bytes]]:
    """Return the run's entries from a temporary file."""
    file = TemporaryFile()  # noqa: SIM115  (lives as long as the iterator)
    for _, number, raw in run:
        file.write(b"%d " % number + raw)
    file.seek(0)

    def entries() -> Iterator[tuple[str, int, bytes]]:
        with file:
            for stored in file:
                number, _, raw = stored.partition(b" ")
                yield json.loads(raw)["output"], int(number), raw

    return entries()
