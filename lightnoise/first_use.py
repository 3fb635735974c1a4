"""What a user is told while the kernels are compiled for the first time."""

from __future__ import annotations

import logging
import multiprocessing
import sys
from typing import Any

from numba.core import event


class _Notice(event.Listener):
    """Says once, in the main process and where somebody looks on, why the first picture takes so long."""

    given = False

    def on_start(self, event: Any) -> None:
        """Log if it is one of our kernels that is about to be compiled."""
        module = event.data["dispatcher"].py_func.__module__ or ""  # None for code that was executed from a string
        if not self.given and module.startswith("lightnoise."):
            self.given = True
            looked_on = sys.stderr.isatty() or "ipykernel" in sys.modules
            if looked_on and multiprocessing.parent_process() is None:
                logging.getLogger("lightnoise").warning(
                    "lightnoise: compiling for this processor; 10 to 20 s, on first use only"
                )

    def on_end(self, event: Any) -> None:
        """Do nothing; a listener needs it."""


def announce_compilation() -> None:
    """Let the first compilation of a kernel be announced. To be called once."""
    event.register("numba:compile", _Notice())
