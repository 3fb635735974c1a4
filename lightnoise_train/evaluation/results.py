"""Result files of the light-noise benchmark: what each frame scored, for each model, effect and severity.

A result file is of JSON lines. The first line is the header::

    {"format": "lightnoise-train results 1", "command": "…", "config": {…}, "versions": {…},
     "prior": {"accuracy": 0.61, "fp": 0.85, "fn": 0.86, "f1": 0.14},
     "runs": [{"arm": "simclr", "encoder": "resnet18", "seed": 0, "source": "…",
               "trained_under": ["bloom"], "held_out": ["glare"],
               "chance": {"similarity": {"mean": 0.81, "std": 0.05, "pairs": 2780}}}],
     "unlabelled": [{"arm": "simclr", "encoder": "resnet18", "seed": 0, "folder": "night/",
                     "frames": 26, "lanes": 2.1, "with_two": 0.7, "similarity": 0.6}]}

``prior`` is what the mean lanes of the training part score on the same frames, under any light; null if unknown.
``trained_under`` are the kinds of light noise that a run met in training, and ``held_out`` the effects here that are
of no such kind; null or left out where it is not known. ``unlabelled`` is what runs say of frames without labels, see
`unlabelled.look`; it may be left out.

Every other line is a frame's row with the keys of `COLUMNS`. Effect "clean" has severity 0 and stands for severity 0
of every effect. Where a model gives no features its similarities are null.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lightnoise.io import write_atomically
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.tusimple import Score
from lightnoise_train.json_lines import is_number, read_objects

FORMAT = "lightnoise-train results 1"
#: The effect of frames without noise, severity 0.
CLEAN = "clean"

#: Keys of a row and their NumPy types.
COLUMNS: dict[str, type] = {
    "arm": str,  # what is compared: the recipe, or the model's name
    "encoder": str,  # arms are compared only within one encoder
    "seed": int,  # of the training
    "effect": str,
    "severity": int,  # 0 to 5
    "frame": str,  # raw_file
    "block": str,  # frames of one block are correlated: the bootstrap's unit
    "accuracy": float,
    "fp": float,
    "fn": float,
    "similarity": float,  # cosine of pooled features, clean against noised, of the model that is judged
    "similarity_before": float,  # the same of its encoder before fine-tuning
}
_CONDITION = ("arm", "encoder", "seed", "effect", "severity")
_MAY_BE_NULL = {"similarity", "similarity_before"}
_VERSIONS_OF = ("lightnoise", "numpy", "opencv-python-headless", "torch", "torchvision", "timm", "lightning")


class Run(NamedTuple):
    """What was trained or brought along: rows of one run have these in common."""

    arm: str
    encoder: str
    seed: int


@dataclass(frozen=True, eq=False)
class Results:
    """Rows of result files, column by column.

    Parameters
    ----------
    columns : mapping of str to ndarray, each of shape (n_rows,)
        With the keys of `COLUMNS`; similarities are NaN where unknown.
    headers : tuple of dict
        Of the files.
    """

    columns: Mapping[str, NDArray[Any]]
    headers: tuple[dict[str, Any], ...] = ()

    def __len__(self) -> int:
        return len(self.columns["frame"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def where(self, **wanted: Any) -> Results:
        """Return the rows whose columns equal the values given, such as ``effect="bloom", severity=3``."""
        chosen = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            chosen &= self.columns[name] == value
        return Results({name: values[chosen] for name, values in self.columns.items()}, self.headers)

    def unique(self, name: str) -> list[Any]:
        """Return a column's different values in the order in which they first appear."""
        return list(dict.fromkeys(self.columns[name].tolist()))

    @property
    def runs(self) -> list[Run]:
        """The runs that have rows, in order."""
        keys = zip(*(self.columns[name].tolist() for name in Run._fields), strict=True)
        return [Run(*key) for key in dict.fromkeys(keys)]

    def chance(self, run: Run, column: str = "similarity") -> dict[str, float] | None:
        """Return mean, std and number of pairs of two different clean frames' similarity, if it was measured."""
        for header in self.headers:
            for entry in header["runs"]:
                if tuple(entry.get(name) for name in Run._fields) == run:
                    found: dict[str, float] | None = (entry.get("chance") or {}).get(column)
                    return found
        return None


def header(
    runs: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any] | None = None,
    command: str = "",
    prior: Score | None = None,
    unlabelled: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the header of a result file.

    Parameters
    ----------
    runs : sequence of mapping
        One for each run in the file, with ``arm``, ``encoder``, ``seed``, and whatever else is known.
    config : mapping
        The resolved configuration.
    command : str
        What was typed.
    prior : Score, optional
        Of the mean lanes.
    unlabelled : sequence of mapping
        What each run says of frames without labels; see `unlabelled.look`.
    """
    versions = {name: found for name in _VERSIONS_OF if (found := _version(name))}
    return {
        "format": FORMAT,
        "command": command,
        "config": dict(config or {}),
        "versions": versions,
        "prior": None if prior is None else prior.to_dict(),
        "runs": [dict(run) for run in runs],
        "unlabelled": [dict(look) for look in unlabelled],
    }


def write_results(path: str | os.PathLike[str], head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a result file; it appears whole or not at all.

    Parameters
    ----------
    path : path
        Missing folders are made; an existing file is replaced.
    head : mapping
        As `header` makes it.
    rows : iterable of mapping
        Each with the keys of `COLUMNS`; similarities may be None.

    Raises
    ------
    ValueError
        If a row is not one.
    OSError
        If the file cannot be written.
    """
    lines = [json.dumps(head, allow_nan=False)]
    for row in rows:
        plain = {name: _rounded(row[name]) for name in COLUMNS}
        _check(plain)
        lines.append(json.dumps(plain, allow_nan=False))
    write_atomically(path, "".join(line + "\n" for line in lines).encode("ascii"))


def read_results(*paths: str | os.PathLike[str]) -> Results:
    """Read result files into one table.

    Parameters
    ----------
    *paths : path
        At least one. No two may have a row for the same run, effect, severity and frame.

    Returns
    -------
    Results

    Raises
    ------
    DataError
        Naming the file, and the line that is wrong.
    """
    values: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    headers: list[dict[str, Any]] = []
    seen: dict[tuple[Any, ...], set[str]] = {}
    texts: dict[str, str] = {}  # the same few names come again in every row
    for path in paths:
        lines = read_objects(path, "result file")
        headers.append(_header(path, next(lines, None)))
        for number, row in lines:
            where = f"{path}:{number}"
            try:
                _check(row)
            except ValueError as error:
                raise DataError(f"{where}: {error}") from None
            frames = seen.setdefault(tuple(row[name] for name in _CONDITION), set())
            if row["frame"] in frames:
                raise DataError(f"{where}: {row['frame']} has a row already for this run, effect and severity")
            for name, column in values.items():
                value = row[name]
                column.append(texts.setdefault(value, value) if isinstance(value, str) else value)
            frames.add(values["frame"][-1])
    if not seen:
        raise DataError(f"{', '.join(map(str, paths)) or 'no file'}: no results")
    columns = {name: _column(found, COLUMNS[name]) for name, found in values.items()}
    return Results(columns, tuple(headers))


def _header(path: str | os.PathLike[str], first: tuple[int, dict[str, Any]] | None) -> dict[str, Any]:
    if first is None or first[1].get("format") != FORMAT:
        raise DataError(f"{path}: is no result file; lightnoise-train benchmark writes them")
    if not isinstance(first[1].get("runs"), list):
        raise DataError(f"{path}:{first[0]}: the header has no list of runs")
    return first[1]


def _check(row: Mapping[str, Any]) -> None:
    for name, kind in COLUMNS.items():
        if name not in row:
            raise ValueError(f"a result's row has no {name}")
        value = row[name]
        if kind is str:
            good = isinstance(value, str)
        elif kind is int:
            good = isinstance(value, int) and not isinstance(value, bool)
        else:
            good = is_number(value) or (value is None and name in _MAY_BE_NULL)
        if not good:
            raise ValueError(f"{name} must be {_MEANING[kind]}, got {value!r}")
    if not 0 <= row["severity"] <= 5 or (row["effect"] == CLEAN) != (row["severity"] == 0):
        raise ValueError(f"severity must be 0 for {CLEAN} and 1 to 5 for an effect, got {row['severity']}")


_MEANING = {str: "text", int: "a whole number", float: "a number"}


def _column(values: list[Any], kind: type) -> NDArray[Any]:
    if kind is float:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(values, dtype=np.int64 if kind is int else object)


def _rounded(value: Any) -> Any:
    """Return a plain number of ten digits, None for what is not a number."""
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.10g}") if np.isfinite(value) else None
    return value.item() if isinstance(value, np.integer) else value


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
