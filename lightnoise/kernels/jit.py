"""The one place for compiler options.

No fast-math: sums keep their order and products are not fused, so that a picture has the same bytes on every
machine of a cluster. The loops are written so that they vectorise without it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.registry import CPUDispatcher

from lightnoise import first_use
from lightnoise.turns import Turns, turns_in

first_use.watch()

#: Seconds after which nobody waits any longer for what another process compiles.
LIMIT_S = 120.0

#: numba's stubs do not name the last option.
_compiler: Any = partial(numba.njit, nogil=True, error_model="numpy", no_cfunc_wrapper=True)


class _SharedCode(FunctionCache):
    """A kernel's machine code on disk. What one process is about to make, others wait for instead of making it too."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        if found is None and self._turns.take(self._job, LIMIT_S):
            found = super().load_overload(sig, target_context)
        return found

    def end_turn(self) -> None:
        """Let others make it, or load what was made."""
        self._turns.give_back(self._job)

    def is_being_made(self) -> bool:
        """Whether another process is about to make it."""
        if not self._turns.take(self._job, 0.0):
            return True
        self.end_turn()
        return False

    @property
    def _turns(self) -> Turns:
        return turns_in(self.cache_path)

    @property
    def _job(self) -> str:
        return f"{self._py_func.__module__}.{self._py_func.__qualname__}"


class _Kernel(CPUDispatcher):
    """What numba makes of a kernel; one process compiles it for all."""

    def enable_caching(self) -> None:
        self._cache = _SharedCode(self.py_func)

    def compile(self, sig: Any) -> Any:
        try:
            return super().compile(sig)
        finally:
            if isinstance(self._cache, _SharedCode):
                self._cache.end_turn()

    def is_being_compiled(self) -> bool:
        """Whether another process is compiling it."""
        return isinstance(self._cache, _SharedCode) and self._cache.is_being_made()


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on first call; keep the machine code on disk where the installation lets us."""
    compiled = _as(_Kernel, _compiler()(function))
    if isinstance(compiled, _Kernel):
        with suppress(RuntimeError):  # read-only installation and no writable cache folder
            compiled.enable_caching()
    return compiled


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
