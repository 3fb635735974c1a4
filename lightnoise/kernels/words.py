"""The pyramid's octaves in words: light as uint16, 65535 = white, for pictures of 8 bits.

D and U are chains of means of two: a mean of words is one instruction for 16 or 32 of them, with no product to round.
Means round up; a picture of one colour stays as it is.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.octave import reflect_ends, ring_place, six_about
from lightnoise.kernels.parity import join, split


@kernel
def mean(a, b):
    """Return (a + b)/2, rounded up; in this form compilers know it."""
    return np.uint16(np.uint16(a | b) - np.uint16(np.uint16(a ^ b) >> np.uint16(1)))


@kernel
def mean_of_six(outer, middle, inner):
    """Return [1 5 10 10 5 1]/32 of six, given the means of the outer, the middle and the inner two."""
    return mean(mean(mean(mean(outer, middle), inner), middle), inner)


@kernel
def mean_of_three(far, here, near):
    """Return [1 10 5]/16 of three."""
    return mean(mean(mean(mean(far, near), here), near), here)


@kernel
def mix_six(rows, k0, k1, k2, k3, k4, k5, out):
    """D across rows."""
    for j in range(out.size):
        outer, middle = mean(rows[k0, j], rows[k5, j]), mean(rows[k1, j], rows[k4, j])
        out[j] = mean_of_six(outer, middle, mean(rows[k2, j], rows[k3, j]))


@kernel
def halve_to(rows, i, height, channels, row, even, odd, out, y):
    """Row i of D of ``height`` rows, to row y of out; see `lightnoise.kernels.octave.halve_to`."""
    k0, k1, k2, k3, k4, k5 = six_about(i, height, rows.shape[0])
    mix_six(rows, k0, k1, k2, k3, k4, k5, row)
    split(row, channels, even, odd)
    c, twice = np.uint64(channels), np.uint64(2 * channels)
    for j in range(np.uint64(out.shape[1])):
        outer, middle = mean(even[j], odd[j + twice]), mean(odd[j], even[j + twice])
        out[y, j] = mean_of_six(outer, middle, mean(even[j + c], odd[j + c]))


@kernel
def widen_row(row, channels, even, odd, out, y):
    """U along a row, to row y; see `lightnoise.kernels.octave.widen_row`."""
    reflect_ends(row, channels, np.int64(1))
    c, twice = np.uint64(channels), np.uint64(2 * channels)
    for j in range(np.uint64(even.size)):
        before, here, after = row[j], row[j + c], row[j + twice]
        around = mean(mean(before, after), here)
        even[j], odd[j] = mean(mean(around, before), here), mean(mean(around, after), here)
    join(even, odd, channels, out, y)


@kernel
def rows_for(y, height, places):
    """Return where the farther, the own and the nearer coarse row of row y stand in a ring of so many rows."""
    nearer = -1 if y % 2 == 0 else 1
    i = y // 2
    return ring_place(i - nearer, height, places), ring_place(i, height, places), ring_place(i + nearer, height, places)


@kernel
def mix_three(rows, k_far, k_here, k_near, out, first):
    """U across rows, to out from ``first`` on."""
    for j in range(np.uint64(rows.shape[1])):
        out[j + first] = mean_of_three(rows[k_far, j], rows[k_here, j], rows[k_near, j])
