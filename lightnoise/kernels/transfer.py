"""Encoded numbers to linear light and back, by table.

The way back looks the value up by the bits of its float32: `STEPS` steps per octave and a straight line between
them, so that the relative error is the same in deep shadow and in the highlights (below 1e-6 for a power law).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine

STEP_BITS = 8
OCTAVES = 48
LOWEST = np.float32(2.0**-OCTAVES)
_SHIFT = 23 - STEP_BITS
_FIRST = (127 - OCTAVES) << STEP_BITS
_MASK = (1 << _SHIFT) - 1
_FRACTION = np.float32(1.0 / (1 << _SHIFT))


def table_points() -> np.ndarray:
    """Return the linear values, 2^-48 … 1, at which an encoding table must be given (float64)."""
    octave = np.repeat(np.arange(OCTAVES), 1 << STEP_BITS)
    step = np.tile(np.arange(1 << STEP_BITS), OCTAVES)
    points = np.ldexp(1.0 + step / (1 << STEP_BITS), octave - OCTAVES)
    return np.append(points, 1.0)


@kernel
def look_up(codes, table, out):
    """out[i] = table[codes[i]] on flat arrays."""
    for i in range(codes.size):
        out[i] = table[codes[i]]


@subroutine
def encoded(x, bits, table):
    """Return the table's value at x; ``bits`` are the float's own."""
    if x >= np.float32(1.0):
        return table[-1]
    if x < LOWEST:
        return table[0] * (max(x, np.float32(0.0)) / LOWEST)
    k = (bits >> _SHIFT) - _FIRST
    low = table[k]
    return low + (table[k + 1] - low) * (np.float32(bits & _MASK) * _FRACTION)


@kernel
def encode_codes(linear, bits, table, out, top):
    """Round table values to integers 0 … top: linear float32, flat; ``bits`` is its int32 view."""
    for i in range(linear.size):
        out[i] = int(encoded(linear[i], bits[i], table) * top + np.float32(0.5))


@kernel
def encode_floats(linear, bits, table, out):
    """Store table values as float32 in [0, 1]; see `encode_codes`."""
    for i in range(linear.size):
        out[i] = encoded(linear[i], bits[i], table)
