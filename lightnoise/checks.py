"""One style of error: the field, the value that was got, and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Return ``value`` as a float within ``[low, high]``.

    Parameters
    ----------
    name : str
        The field's name, for the error message.
    value : object
        What the caller gave.
    low, high : float
        Allowed range, ends included.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If ``value`` is no real number.
    ValueError
        If it is not finite or out of range.
    """
    # a float is asked for first, since asking the abstract class takes as long as all the rest
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    result = float(value)
    if not (math.isfinite(result) and low <= result <= high):
        raise ValueError(f"{name} must be in [{low:g}, {high:g}], got {value!r}")
    return result


def integer(name: str, value: Any, low: int, high: int) -> int:
    """Return ``value`` as an int within ``[low, high]``; see `number`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if not low <= int(value) <= high:
        raise ValueError(f"{name} must be in [{low}, {high}], got {value!r}")
    return int(value)


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else raise a ValueError that lists them."""
    options = list(allowed)
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(options)}; got {value!r}")
    return str(value)


def keys(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise a ValueError that names every key of ``given`` which is not ``allowed``."""
    options = list(allowed)
    unknown = [str(key) for key in given if key not in options]
    if unknown:
        raise ValueError(f"{what} has no {', '.join(unknown)}; it has {', '.join(options)}")
