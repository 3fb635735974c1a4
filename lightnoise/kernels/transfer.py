"""Encoded numbers to linear light and back, by table.

A number is looked up by the bits of its float32: so many steps per octave and a straight line between them, so that the
relative error is the same in deep shadow and in the highlights (below 1e-6 for a power law).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine

_BLOCK = 1024


def curve_points(step_bits: int, octaves: int) -> np.ndarray:
    """Return the numbers at which a curve's table must be given (float64): 0, 2^-octaves … 1, and 1 once more."""
    octave = np.repeat(np.arange(octaves), 1 << step_bits)
    step = np.tile(np.arange(1 << step_bits), octaves)
    points = np.ldexp(1.0 + step / (1 << step_bits), octave - octaves)
    return np.concatenate([[0.0], points, [1.0, 1.0]])


@kernel
def look_up(codes, table, out):
    """out[i] = table[codes[i]] on flat arrays."""
    for i in range(codes.size):
        out[i] = table[codes[i]]


@subroutine
def find_steps(x, step_bits, octaves, steps, parts):
    """Find on which step of a curve's table numbers are, those outside 0 … 1 at its ends, and how far along it."""
    lowest, per_lowest = np.float32(0.5**octaves), np.float32(2.0**octaves)
    shift, before = np.int32(23 - step_bits), np.int32(((127 - octaves) << step_bits) - 1)
    in_step, per_step = np.int32((1 << shift) - 1), np.float32(1.0 / (1 << shift))
    for i in range(x.size):
        value = max(x[i], np.float32(0.0))
        bits = np.float32(min(max(value, lowest), np.float32(1.0))).view(np.int32)
        step = np.int32(np.int32(bits >> shift) - before)
        steps[i] = np.uint32(np.int32(0) if value < lowest else step)
        part = np.float32(np.int32(bits & in_step)) * per_step
        parts[i] = value * per_lowest if value < lowest else part


@subroutine
def go_along(steps, parts, starts, ends, out):
    """out = starts[steps] + parts·(ends − starts)[steps]."""
    for i in range(out.size):
        start = starts[steps[i]]
        out[i] = start + (ends[steps[i]] - start) * parts[i]


@subroutine
def to_codes(encoded, top, out):
    """Round numbers in [0, 1] to integers 0 … top."""
    for i in range(out.size):
        out[i] = np.int32(encoded[i] * top + np.float32(0.5))


@kernel
def follow(x, step_bits, octaves, table, out):
    """Store a curve's values at x, both float32 and flat; see `curve_points`."""
    steps, parts = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.float32)
    for first in range(0, x.size, _BLOCK):
        block = x[first : first + _BLOCK]
        find_steps(block, step_bits, octaves, steps, parts)
        go_along(steps, parts, table, table[1:], out[first : first + block.size])


@kernel
def follow_to_codes(x, step_bits, octaves, table, top, out):
    """Store a curve's values as integers 0 … top; see `follow`."""
    steps, parts, values = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    for first in range(0, x.size, _BLOCK):
        block = x[first : first + _BLOCK]
        find_steps(block, step_bits, octaves, steps, parts)
        go_along(steps, parts, table, table[1:], values[: block.size])
        to_codes(values, top, out[first : first + block.size])
