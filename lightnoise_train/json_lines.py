"""Files of JSON lines: one object per line, and errors that name the line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from lightnoise_train.errors import DataError


def read_objects(path: str | os.PathLike[str], what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's object with the line's number, from 1; blank lines are skipped.

    Parameters
    ----------
    path : path
    what : str
        What the file should be, for the error of its absence: "prediction file".

    Raises
    ------
    DataError
        If the file cannot be read, or naming the line that holds no JSON object.
    """
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield number, parse_object(line)
                    except ValueError as error:
                        raise DataError(f"{path}:{number}: {error}") from None
    except FileNotFoundError:
        raise DataError(f"{path}: no such {what}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def parse_object(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds, or raise a ValueError that says what is wrong with it."""
    try:
        values = json.loads(line.strip(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON at column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("broken JSON: nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("must be one JSON object per line")
    return values


def require(values: dict[str, Any], *keys: str) -> None:
    """Raise a ValueError that names the first of some keys that an object lacks, and those that it has."""
    for key in keys:
        if key not in values:
            raise ValueError(f"has no {key}; it has {', '.join(values) or 'nothing'}")


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a number that fits a float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e300


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON allows")
