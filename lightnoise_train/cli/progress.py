"""A progress bar, where there is a terminal to show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def bar(unit: str) -> Callable[[Iterable[Any], int], Iterable[Any]]:
    """Return what wraps things as they come, given their number, showing how many came and the time left."""
    from tqdm import tqdm

    return lambda items, total: tqdm(items, total=total, unit=unit, disable=None)
