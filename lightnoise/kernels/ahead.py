"""What the first 8-bit frame on a machine needs late, compiled without it.

`lightnoise.first_use` does so in other processes, while the frame's own one compiles what it needs first.
"""

from __future__ import annotations

import importlib

from numba.core.sigutils import normalize_signature

_GREYS, _BRIGHT = "float32[:, ::1]", "int64[::1], int64[::1], float32[:, ::1], float32[:, ::1]"
_FIELDS, _PLAN = "float32[:, :, ::1]", "Tuple((int64[::1], int64[::1], int64[::1], float32[::1]))"
_AXIS = f"Tuple((int64[::1], int64[:, ::1], {_GREYS}, {_PLAN}))"
_SCRATCH, _GAINS = f"Tuple(({_FIELDS}, {_FIELDS}, {_GREYS}))", "float32[:, :, :, :, ::1]"
_OCTAVE = f"({_GREYS}, int64, {_GREYS})"

#: Types of the parameters. What takes long and every frame needs comes first, then a starburst's; the frame's own
#: process begins at the other end.
SIGNATURES = {
    "develop_words.develop": (
        f"(uint8[:, ::1], int64, uint8[::1], uint16[:, ::1], {_GREYS}, float32, {_GREYS}, Tuple(({_BRIGHT})),"
        " Tuple((uint8[::1], int32, int32)), UniTuple(uint8[::1], 2), uint8[:, ::1])"
    ),
    "recovery.raise_pixels": (
        f"({_GREYS}, int64[::1], int64[::1], {_GREYS}, {_FIELDS}, float32, float32, float64, float64)"
    ),
    "octave.widen": _OCTAVE,
    "decode.add_shrunk": f"({_BRIGHT}, float32[::1], {_GREYS})",
    "octave.add_level": f"({_GREYS}, int64, float32, float32, {_GREYS})",
    "octave.halve": _OCTAVE,
    "symmetric.columns_to_cosines": f"({_GREYS}, {_AXIS}, {_SCRATCH}, {_FIELDS})",
    "symmetric.weigh_rows": (
        f"({_FIELDS}, int64, {_AXIS}, {_GAINS}, {_GAINS}, float32[:, :, :, ::1], float32[::1], {_FIELDS}, {_FIELDS})"
    ),
    "symmetric.columns_from_cosines": f"({_FIELDS}, {_FIELDS}, {_AXIS}, {_SCRATCH}, {_GREYS})",
    "symmetric.gains_of": (
        f"({_FIELDS}, int64[::1], int64[::1], {_PLAN}, int64, {_FIELDS}, {_FIELDS}, {_GAINS}, {_GAINS})"
    ),
}


def compile_all() -> None:
    """Compile what of `SIGNATURES` no other process is compiling at the time."""
    for name, signature in SIGNATURES.items():
        module, function = name.split(".")
        kernel = getattr(importlib.import_module(f"lightnoise.kernels.{module}"), function)
        if not kernel.is_being_compiled():
            types, _ = normalize_signature(signature)  # as a call has them: the place on disk depends on it
            kernel.compile(types)
