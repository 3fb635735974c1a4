"""The one place for compiler options.

No fast-math: sums keep their order and products are not fused, so that a picture has the same bytes on every
machine of a cluster. The loops are written so that they vectorise without it.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from typing import Any

import numba
from numba.core import event


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on first call; keep the machine code on disk where the installation lets us."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # read-only installation and no writable cache folder
        return numba.njit(nogil=True, error_model="numpy")(function)


class _Notice(event.Listener):
    """Says once, in the main process, why the first picture takes so long."""

    given = False

    def on_start(self, event: Any) -> None:
        """Log if it is one of our kernels that is about to be compiled."""
        if not self.given and event.data["dispatcher"].py_func.__module__.startswith("lightnoise."):
            self.given = True
            if multiprocessing.parent_process() is None:
                logging.getLogger("lightnoise").warning(
                    "lightnoise: compiling for this processor; some 10 s, on first use only"
                )

    def on_end(self, event: Any) -> None:
        """Do nothing; a listener needs it."""


event.register("numba:compile", _Notice())
