"""What happens when kernels are compiled for the first time: a user is told, and idle processors help.

A frame needs its kernels one after the other, and numba compiles one at a time. So while the first kernel of an 8-bit
frame is compiled, other processes compile later ones, `lightnoise.kernels.ahead`, which then are loaded from disk.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from numba.core import event

from lightnoise import processors

#: The kernels that an 8-bit frame begins with: help is called for when they are compiled.
FIRST = ("decode.decode_halve", "decode.decode_quarter")

#: What other processes compile, each one a share, by how many there are: what every frame needs, then a starburst's.
SHARES = {
    1: (
        (
            "recovery.raise_pixels",
            "octave.widen",
            "develop_words.develop",
            "spectra.filter_columns",
            "fields.add_together",
        ),
    ),
    2: (
        ("develop_words.develop", "octave.add_level", "spectra.filter_columns"),
        ("octave.halve", "octave.widen", "recovery.raise_pixels", "decode.add_shrunk", "fields.add_together"),
    ),
    3: (
        ("develop_words.develop", "spectra.transform_columns"),
        ("octave.halve", "octave.widen", "octave.add_level", "spectra.filter_columns"),
        ("recovery.raise_pixels", "decode.add_shrunk", "fields.spread_out", "fields.add_together"),
    ),
}

#: Seconds after which a process that has not ended is ended: nobody is to wait for one that hangs.
LIMIT_S = 120.0

_SCRIPT = """import sys
sys.path[:] = {path!r}
from lightnoise.kernels.ahead import compile_all
for kernel in compile_all({share!r}):
    print(kernel, flush=True)
"""


class Helper:
    """A process that compiles a share of the kernels, and says which it has done.

    Parameters
    ----------
    share : tuple of str
        Kernels in the order in which they are to be compiled, see `lightnoise.kernels.ahead.SIGNATURES`.
    """

    def __init__(self, share: tuple[str, ...]) -> None:
        self._left, self._owner, self._lock = list(share), os.getpid(), threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT.format(path=sys.path, share=share)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        atexit.register(self.stop)
        limit = threading.Timer(LIMIT_S, self.process.kill)
        limit.daemon = True
        limit.start()

    def wait_for(self, kernel: str) -> None:
        """Return when a kernel of the share is on disk; at once if it is not of the share, or the process has ended."""
        if os.getpid() != self._owner:  # a fork has no claim to what is said here
            return
        with self._lock:
            while kernel in self._left:
                assert self.process.stdout is not None
                done = self.process.stdout.readline().strip()
                if done in self._left:
                    self._left.remove(done)
                elif not done:  # it has ended; what it leaves is compiled here
                    self._left.clear()

    def stop(self) -> None:
        """End the process."""
        if os.getpid() == self._owner:
            with self.process:
                self.process.kill()


class FirstUse(event.Listener):
    """Is told by numba of every function that is about to be compiled, of which it heeds our kernels."""

    def __init__(self) -> None:
        self._announced = False
        self._helpers: list[Helper] = []

    def on_start(self, event: Any) -> None:
        """Tell a user once, and call for help if it is an 8-bit frame's first kernel."""
        dispatcher = event.data["dispatcher"]
        if not (dispatcher.py_func.__module__ or "").startswith("lightnoise."):  # None if it was made from a string
            return
        if multiprocessing.parent_process() is not None:
            return  # the other workers of a pool keep the processors busy
        if not self._announced:
            self._announced = True
            _announce()
        if name(dispatcher) in FIRST and dispatcher.stats.cache_path and not self._helpers:
            with suppress(OSError):  # where no process may be started
                self._helpers = [Helper(share) for share in shares(processors.available())]

    def on_end(self, event: Any) -> None:
        """Do nothing; a listener needs it."""

    def wait_for(self, dispatcher: Any) -> None:
        """Return when no other process is about to compile a kernel."""
        for helper in self._helpers:
            helper.wait_for(name(dispatcher))


def name(dispatcher: Any) -> str:
    """Return a kernel's module and name."""
    function = dispatcher.py_func
    return f"{(function.__module__ or '').rpartition('.')[2]}.{function.__name__}"


def shares(count: int) -> tuple[tuple[str, ...], ...]:
    """Return what each of the other processes is to compile on a machine with that many processors."""
    plain = sys.executable and "python" in os.path.basename(sys.executable).lower() and not hasattr(sys, "frozen")
    return SHARES.get(min(count - 1, max(SHARES)), ()) if plain else ()


def _announce() -> None:
    if sys.stderr.isatty() or "ipykernel" in sys.modules:
        logging.getLogger("lightnoise").warning(
            "lightnoise: compiling for this processor; 5 to 20 s, on first use only"
        )


#: The one listener.
FIRST_USE = FirstUse()
event.register("numba:compile", FIRST_USE)
