"""What the first 8-bit frame on a machine needs last, compiled without it.

`lightnoise.first_use` does so in other processes, while the frame's own one compiles what it needs first.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator

from numba.core.sigutils import normalize_signature

_GREYS, _BRIGHT = "float32[:, ::1]", "int64[::1], int64[::1], float32[:, ::1], float32[:, ::1]"
_FIELDS, _PLAN = "float32[:, :, ::1]", "Tuple((int64[::1], int64[::1], int64[::1], float32[::1]))"
_OCTAVE = f"({_GREYS}, int64, {_GREYS})"

#: Types of the parameters.
SIGNATURES = {
    "octave.halve": _OCTAVE,
    "octave.widen": _OCTAVE,
    "octave.add_level": f"({_GREYS}, int64, float32, float32, {_GREYS})",
    "recovery.raise_pixels": (
        f"({_GREYS}, int64[::1], int64[::1], {_GREYS}, {_FIELDS}, float32, float32, float64, float64)"
    ),
    "decode.add_shrunk": f"({_BRIGHT}, float32[::1], {_GREYS})",
    "develop_words.develop": (
        f"(uint8[:, ::1], int64, uint8[::1], uint16[::1], {_GREYS}, {_GREYS}, Tuple(({_BRIGHT})),"
        " Tuple((uint8[::1], int32, int32)), UniTuple(uint8[::1], 2), uint8[:, ::1])"
    ),
    "fields.spread_out": f"({_FIELDS}, int64[::1], int64, {_FIELDS})",
    "fields.add_together": f"({_FIELDS}, int64, {_FIELDS})",
    "spectra.transform_columns": f"({_GREYS}, int64[::1], {_PLAN}, float32[:, :, :, ::1])",
    "spectra.filter_columns": f"({_GREYS}, int64[::1], int64, {_PLAN}, {_FIELDS}, float32)",
}


def compile_all(kernels: Iterable[str]) -> Iterator[str]:
    """Compile kernels, ``module.function`` of `SIGNATURES`, and yield each when its machine code is on disk."""
    for kernel in kernels:
        module, function = kernel.split(".")
        types, _ = normalize_signature(SIGNATURES[kernel])  # as a call has them: the place on disk depends on it
        getattr(importlib.import_module(f"lightnoise.kernels.{module}"), function).compile(types)
        yield kernel
