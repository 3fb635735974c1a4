"""Numba loops: arrays and scalars in, arrays out; no random numbers, files or classes. They trust their caller.

The modules load on first use (``kernels.band``, …), because importing numba takes longer than a frame.
"""

from __future__ import annotations

import importlib
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    if name.startswith("__"):
        raise AttributeError(name)
    return importlib.import_module(f"lightnoise.kernels.{name}")
