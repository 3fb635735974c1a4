"""Options that configured commands share, declared once."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def configured(function: F) -> F:
    """Add ``--config FILE.yaml`` and ``--set key=value``."""
    function = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="One setting, dots leading into sections; wins over --config.",
    )(function)
    return click.option(
        "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE.yaml", help="Settings in a file."
    )(function)


def resume(function: F) -> F:
    """Add ``--resume``."""
    return click.option("--resume", is_flag=True, help="Go on after an interruption; the same settings otherwise.")(
        function
    )


def command_line() -> str:
    """Return the command as it is to be typed again, for the record beside a result."""
    return subprocess.list2cmdline(["lightnoise-train", *sys.argv[1:]])


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings as a line that has nothing of the code that gave them."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"Warning: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before
