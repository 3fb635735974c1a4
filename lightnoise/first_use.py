"""What happens when kernels are compiled for the first time: a user is told, and idle processors help.

A frame needs its kernels one after the other, and numba compiles one at a time. So while the first kernel of an 8-bit
frame is compiled, other processes compile later ones, `lightnoise.kernels.ahead`, which then are loaded from disk. No
two processes compile the same one: see `lightnoise.kernels.jit`.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

from numba.core import event

from lightnoise import processors
from lightnoise.turns import turns_in

#: The kernels that a lens and an 8-bit frame begin with: help is called for when they are compiled.
FIRST = ("band.along_rows", "decode.decode_halve", "decode.decode_quarter")

#: Most processes that help; with more, they would only look on.
MOST_HELPERS = 3

_SCRIPT = """import sys
sys.path[:] = {path!r}
from lightnoise.kernels.ahead import compile_all
compile_all()
"""


class FirstUse(event.Listener):
    """Is told by numba of every function that is about to be compiled, of which it heeds our kernels."""

    def __init__(self) -> None:
        self._announced = self._began = False

    def on_start(self, event: Any) -> None:
        """Tell a user once, and call for help if it is an 8-bit frame's first kernel and nobody else has called."""
        dispatcher = event.data["dispatcher"]
        module = dispatcher.py_func.__module__ or ""  # None if it was made from a string
        if not module.startswith("lightnoise."):
            return
        if multiprocessing.parent_process() is None:  # the workers of a pool speak once for all
            self._announce()
        folder = dispatcher.stats.cache_path
        if f"{module.rpartition('.')[2]}.{dispatcher.py_func.__name__}" in FIRST and folder and not self._began:
            self._began = True
            if turns_in(folder).take("help", 0.0):  # until this process ends
                self._announce()
                with suppress(OSError):  # where no process may be started
                    for _ in range(helpers(processors.available())):
                        _start_helper()

    def _announce(self) -> None:
        if not self._announced and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            logging.getLogger("lightnoise").warning(
                "lightnoise: compiling for this processor; 5 to 20 s, on first use only"
            )
        self._announced = True

    def on_end(self, event: Any) -> None:
        """Do nothing; a listener needs it."""


def helpers(count: int) -> int:
    """Return how many other processes are to help on a machine with that many processors."""
    plain = sys.executable and "python" in os.path.basename(sys.executable).lower() and not hasattr(sys, "frozen")
    return min(count - 1, MOST_HELPERS) if plain else 0


def watch() -> None:
    """Heed what numba compiles from now on."""
    event.register("numba:compile", FirstUse())


def _start_helper() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT.format(path=sys.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    atexit.register(_end, process, os.getpid())


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:  # not a fork
        process.kill()
        process.wait()
