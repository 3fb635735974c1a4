"""What a run says of itself while it goes: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import IO, Any

_LOG_SECONDS = 10.0


class Progress:
    """Progress of a run on a text stream; a context manager.

    Parameters
    ----------
    total : int
        Outputs to make.
    stream : file, optional
        Standard error by default.
    """

    def __init__(self, total: int, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._total = total
        self._done = 0
        self._began = self._said = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, unit="img", file=self._stream, smoothing=0.05, dynamic_ncols=True)
            self._bar.set_description("first image (a new machine compiles for some seconds)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self) -> None:
        """Count one more output."""
        self._done += 1
        if self._bar is not None:
            if self._done == 1:
                self._bar.set_description(None)
            self._bar.update()
            return
        now = time.monotonic()
        if now - self._said >= _LOG_SECONDS:
            self._said = now
            rate = self._done / (now - self._began)
            left = duration((self._total - self._done) / rate)
            print(
                f"{self._done} of {self._total} done, {rate:.1f} images/s, {left} left",
                file=self._stream,
                flush=True,
            )


def duration(seconds: float) -> str:
    """Return a time span as people read it: "42 s", "5 min 3 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: float) -> str:
    """Return a number of bytes as people read it: "3.4 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
