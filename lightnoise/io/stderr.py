"""What codec libraries write straight to standard error, past Python and OpenCV's log level."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_MOST = 65536
_lock = threading.Lock()


@contextmanager
def captured_stderr() -> Iterator[list[bytes]]:
    """Take what is written to standard error meanwhile, by any library of this process, as lines.

    The lines are in the list once the block is left. Only one thread at a time can be inside. Where there is
    no standard error, nothing is taken.
    """
    lines: list[bytes] = []
    with _lock:
        try:
            kept = os.dup(_STDERR)
        except OSError:
            yield lines
            return
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)  # a library that writes too much loses the rest, and must not hang
        os.dup2(writing, _STDERR)
        os.close(writing)
        try:
            yield lines
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            try:
                lines += os.read(reading, _MOST).splitlines()
            except BlockingIOError:
                pass  # nothing was written
            finally:
                os.close(reading)
