"""The one place for compiler options.

No fast-math: sums keep their order and products are not fused, so that a picture has the same bytes on every
machine of a cluster. The loops are written so that they vectorise without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from lightnoise.first_use import announce_compilation


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on first call; keep the machine code on disk where the installation lets us."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # read-only installation and no writable cache folder
        return numba.njit(nogil=True, error_model="numpy")(function)


announce_compilation()
