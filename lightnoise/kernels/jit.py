"""The one place for compiler options.

No fast-math: sums keep their order and products are not fused, so that a picture has the same bytes on every
machine of a cluster. The loops are written so that they vectorise without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
from numba.core.registry import CPUDispatcher

from lightnoise.first_use import FIRST_USE

#: numba's stubs do not name the last option.
_compiler: Any = partial(numba.njit, nogil=True, error_model="numpy", no_cfunc_wrapper=True)


class _Kernel(CPUDispatcher):
    """What numba makes of a kernel; loads what another process compiles instead of doing it once more."""

    def compile(self, sig: Any) -> Any:
        FIRST_USE.wait_for(self)
        return super().compile(sig)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on first call; keep the machine code on disk where the installation lets us."""
    try:
        compiled = _compiler(cache=True)(function)
    except RuntimeError:  # read-only installation and no writable cache folder
        compiled = _compiler()(function)
    return _as(_Kernel, compiled)


class _Subroutine(CPUDispatcher):
    """What numba makes of a function that has no way in from Python: without this, calling it would end the process."""

    def __call__(self, *_: Any) -> Any:
        raise TypeError(f"{self.py_func.__name__} is called by kernels only")


def subroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function for kernels alone. What unpacks Python's arguments takes numba longer than most bodies."""
    return _as(_Subroutine, _compiler(no_cpython_wrapper=True)(function))


def _as(kind: type[CPUDispatcher], compiled: Any) -> Any:
    if isinstance(compiled, CPUDispatcher):  # with NUMBA_DISABLE_JIT it is the plain function
        compiled.__class__ = kind
    return compiled
