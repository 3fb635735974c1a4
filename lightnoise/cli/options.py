"""Options that several commands share, declared once, and the way from a user's error to one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from lightnoise import processors

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn a value that the library refuses into click's error: one line, exit status 2."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from error


def out_folder(function: F) -> F:
    """Add ``--out DIR``."""
    return click.option(
        "--out", "out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Output folder."
    )(function)


def workers(function: F) -> F:
    """Add ``--workers N``."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 4096),
        default=processors.available,
        show_default="all cores",
        help="Worker processes, one compute thread each. The outputs are the same for any number.",
    )(function)


def engine(function: F) -> F:
    """Add ``--engine local|ray``."""
    return click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help='Where workers run: on this machine, or on a Ray cluster (pip install "lightnoise[ray]").',
    )(function)


def overwrite(function: F) -> F:
    """Add ``--overwrite``."""
    return click.option("--overwrite", is_flag=True, help="Replace what stands in the output folder.")(function)


def camera(function: F) -> F:
    """Add ``--camera NAME`` and ``--fov-deg X``."""
    function = click.option(
        "--fov-deg", type=float, metavar="X", help="Horizontal field of view in degrees, 5 to 150."
    )(function)
    return click.option("--camera", "camera", metavar="NAME", help="A named camera; `lightnoise effects` lists them.")(
        function
    )
