"""The pyramid's octaves in words: light as uint16, 65535 = white, for pictures of 8 bits.

D and U are chains of means of two: a mean of words is one instruction for 16 or 32 of them, with no product to round.
Means round up; a picture of one colour stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from lightnoise.kernels import registers
from lightnoise.kernels.jit import subroutine
from lightnoise.kernels.octave import reflect_ends, ring_place, six_about
from lightnoise.kernels.parity import for_channels, split, store_joined, whole_registers
from lightnoise.kernels.registers import I64, RegisterLoop, intrinsic

_WORDS = ir.VectorType(ir.IntType(16), registers.SIZE // 2)


@subroutine
def mean(a, b):
    """Return (a + b)/2, rounded up; in this form compilers know it."""
    return np.uint16(np.uint16(a | b) - np.uint16(np.uint16(a ^ b) >> np.uint16(1)))


@subroutine
def mean_of_six(outer, middle, inner):
    """Return [1 5 10 10 5 1]/32 of six, given the means of the outer, the middle and the inner two."""
    return mean(mean(mean(mean(outer, middle), inner), middle), inner)


@subroutine
def mean_of_three(far, here, near):
    """Return [1 10 5]/16 of three."""
    return mean(mean(mean(mean(far, near), here), near), here)


@subroutine
def mix_six(rows, k0, k1, k2, k3, k4, k5, out):
    """D across rows."""
    for j in range(out.size):
        outer, middle = mean(rows[k0, j], rows[k5, j]), mean(rows[k1, j], rows[k4, j])
        out[j] = mean_of_six(outer, middle, mean(rows[k2, j], rows[k3, j]))


@subroutine
def halve_to(rows, i, height, channels, row, even, odd, out, y):
    """Row i of D of ``height`` rows, to row y of out; see `lightnoise.kernels.octave.halve_to`."""
    k0, k1, k2, k3, k4, k5 = six_about(i, height, rows.shape[0])
    mix_six(rows, k0, k1, k2, k3, k4, k5, row)
    split(row, channels, even, odd)
    c, twice = np.uint64(channels), np.uint64(2 * channels)
    for j in range(np.uint64(out.shape[1])):
        outer, middle = mean(even[j], odd[j + twice]), mean(odd[j], even[j + twice])
        out[y, j] = mean_of_six(outer, middle, mean(even[j + c], odd[j + c]))


@intrinsic
def _widen(typing: Any, row: Any, channels: Any, out: Any, at: Any, count: Any) -> Any:
    """Store twice ``count`` words, whole registers less what is no whole pixel, at ``at`` on of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        target = loop.place(2, arguments[3])

        def build(channels: int) -> None:
            sources = [loop.place(0, I64(k * channels)) for k in range(3)]

            def body(index: Any) -> None:
                before, here, after = (loop.load(builder.gep(source, [index]), _WORDS) for source in sources)
                even = registers.mean_of_three(builder, after, here, before)
                odd = registers.mean_of_three(builder, before, here, after)
                store_joined(loop, even, odd, channels, builder.gep(target, [builder.mul(index, I64(2))]))

            loop.run(arguments[4], _WORDS.count // channels * channels, body)

        for_channels(loop, arguments[1], build)
        return context.get_dummy_value()

    return types.void(row, types.int64, out, types.int64, types.int64), generate


@subroutine
def widen_row(row, channels, out, y):
    """U along a row, to row y; ``row`` has room for a cell more at both ends, which is filled."""
    reflect_ends(row, channels, np.int64(1))
    c, size, at = channels, row.size - 2 * channels, np.int64(y) * out.shape[1]
    done = whole_registers(size, row.itemsize, c)
    _widen(row, c, out, at, done)
    for j in range(done, size, c):
        for k in range(j, j + c):
            before, here, after = row[k], row[k + c], row[k + 2 * c]
            out[y, k + j] = mean_of_three(after, here, before)
            out[y, k + j + c] = mean_of_three(before, here, after)


@subroutine
def rows_for(y, height, places):
    """Return where the farther, the own and the nearer coarse row of row y stand in a ring of so many rows."""
    nearer = -1 if y % 2 == 0 else 1
    i = y // 2
    return ring_place(i - nearer, height, places), ring_place(i, height, places), ring_place(i + nearer, height, places)


@subroutine
def mix_three(rows, about, out, first):
    """U across the rows of `rows_for`, to out from ``first`` on."""
    far, here, near = about
    for j in range(np.uint64(rows.shape[1])):
        out[j + first] = mean_of_three(rows[far, j], rows[here, j], rows[near, j])
