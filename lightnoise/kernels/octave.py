"""One octave of the pyramid where it halves exactly: what the banded matrices do, row by row in the cache.

All arrays are (h, w·c) float32 and contiguous, c channels side by side, h and w even at the finer level. Along a row
the even and the odd cells are kept apart, one reflected cell before and behind each, so that every loop but the
splitting and the joining runs over neighbours in memory and vectorises.

Rows are given as an array and an index, and offsets along a row are unsigned: a slice for each row costs more than its
loop's start and takes long to compile, and an index sum that may be negative to the compiler keeps it from vectorising.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.parity import join, split


@subroutine
def reflect(index, n):
    """Return the index that half-sample symmetric reflection gives, for at most n beyond either end."""
    if index < 0:
        return np.uint64(-1 - index)
    if index >= n:
        return np.uint64(2 * n - 1 - index)
    return np.uint64(index)


@subroutine
def ring_place(y, height, places):
    """Return where row y of ``height``, maybe beyond the ends, stands in a ring of so many rows."""
    return np.uint64(np.int64(reflect(y, height)) % places)


@subroutine
def six_about(i, height, places):
    """Return where the six rows stand in a ring of so many that row i of D is mixed from."""
    k0, k1 = ring_place(2 * i - 2, height, places), ring_place(2 * i - 1, height, places)
    k2, k3 = ring_place(2 * i, height, places), ring_place(2 * i + 1, height, places)
    k4, k5 = ring_place(2 * i + 2, height, places), ring_place(2 * i + 3, height, places)
    return k0, k1, k2, k3, k4, k5


@subroutine
def mix_six(rows, k0, k1, k2, k3, k4, k5, out):
    """D across rows: [1 5 10 10 5 1]/32 of six."""
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    for j in range(out.size):
        out[j] = a * (rows[k0, j] + rows[k5, j]) + b * (rows[k1, j] + rows[k4, j]) + d * (rows[k2, j] + rows[k3, j])


@subroutine
def halve_row(row, channels, even, odd, out, y):
    """D along a row, to row y; even and odd (half a row and a cell at both ends) are scratch."""
    split(row, channels, even, odd)
    c, twice = np.uint64(channels), np.uint64(2 * channels)
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    for j in range(np.uint64(out.shape[1])):
        outer, inner = even[j] + odd[j + twice], odd[j] + even[j + twice]
        out[y, j] = a * outer + b * inner + d * (even[j + c] + odd[j + c])


@subroutine
def halve_to(rows, i, height, channels, row, even, odd, out, y):
    """Row i of D of ``height`` rows, to row y of out. Those it needs are in ``rows``, a ring or all of them."""
    k0, k1, k2, k3, k4, k5 = six_about(i, height, rows.shape[0])
    mix_six(rows, k0, k1, k2, k3, k4, k5, row)
    halve_row(row, channels, even, odd, out, y)


@subroutine
def reflect_ends(row, channels, cells):
    """Fill that many cells at both ends of a row with the mirrored ones beside them."""
    for k in range(cells):
        for c in range(channels):
            row[(cells - 1 - k) * channels + c] = row[(cells + k) * channels + c]
            row[row.size - (cells - k) * channels + c] = row[row.size - (cells + 1 + k) * channels + c]


@subroutine
def widen_row(row, channels, even, odd, out, y):
    """U along a row, [5 10 1]/16 and [1 10 5]/16, to row y.

    ``row`` has room for a cell more at both ends, which is filled; even and odd are scratch.
    """
    reflect_ends(row, channels, np.int64(1))
    c, twice = np.uint64(channels), np.uint64(2 * channels)
    a, b, d = np.float32(1.0 / 16.0), np.float32(5.0 / 16.0), np.float32(10.0 / 16.0)
    for j in range(np.uint64(even.size)):
        before, here, after = row[j], row[j + c], row[j + twice]
        even[j] = b * before + d * here + a * after
        odd[j] = b * after + d * here + a * before
    join(even, odd, channels, out, y)


@kernel
def halve(image, channels, out):
    """Level ℓ to level ℓ + 1: D along rows and columns."""
    height, width = image.shape
    row = np.empty(width, np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    for i in range(height // 2):
        halve_to(image, i, height, channels, row, even, odd, out, np.uint64(i))


@kernel
def halve_rows(image, channels, out):
    """D along rows alone."""
    width = image.shape[1]
    row = np.empty(width, np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    for y in range(np.uint64(image.shape[0])):
        for j in range(np.uint64(width)):
            row[j] = image[y, j]
        halve_row(row, channels, even, odd, out, y)


@kernel
def widen_rows(coarser, channels, out):
    """U along rows alone."""
    size, c = coarser.shape[1], np.uint64(channels)
    row = np.empty(size + 2 * channels, np.float32)
    even, odd = np.empty(size, np.float32), np.empty(size, np.float32)
    for y in range(np.uint64(coarser.shape[0])):
        for j in range(np.uint64(size)):
            row[j + c] = coarser[y, j]
        widen_row(row, channels, even, odd, out, y)


@kernel
def widen(coarser, channels, out):
    """Level ℓ + 1 to level ℓ: U along rows and columns."""
    height, size = coarser.shape
    row = np.empty(size + 2 * channels, np.float32)
    even, odd = np.empty(size, np.float32), np.empty(size, np.float32)
    c = np.uint64(channels)
    a, b, d = np.float32(1.0 / 16.0), np.float32(5.0 / 16.0), np.float32(10.0 / 16.0)
    for y in range(out.shape[0]):
        nearer = -1 if y % 2 == 0 else 1
        near, here = reflect(y // 2 + nearer, height), reflect(y // 2, height)
        far = reflect(y // 2 - nearer, height)
        for j in range(np.uint64(size)):
            row[j + c] = b * coarser[near, j] + d * coarser[here, j] + a * coarser[far, j]
        widen_row(row, channels, even, odd, out, np.uint64(y))


@subroutine
def soften_across(rows, y, height, channels, row):
    """S across rows, about row y of ``height``; ``rows`` are a ring of five or more, or all of them.

    ``row`` has room for two cells more at both ends, which are filled.
    """
    n = rows.shape[0]
    k0, k1, k2 = ring_place(y - 2, height, n), ring_place(y - 1, height, n), ring_place(y, height, n)
    k3, k4 = ring_place(y + 1, height, n), ring_place(y + 2, height, n)
    c2 = np.uint64(2 * channels)
    a, b, d = np.float32(1.0 / 16.0), np.float32(4.0 / 16.0), np.float32(6.0 / 16.0)
    for j in range(np.uint64(rows.shape[1])):
        outer, inner = rows[k0, j] + rows[k4, j], rows[k1, j] + rows[k3, j]
        row[j + c2] = a * outer + b * inner + d * rows[k2, j]
    reflect_ends(row, channels, np.int64(2))


@subroutine
def soft(row, j, channels):
    """Return S along a row from `soften_across`, at item j."""
    c = np.uint64(channels)
    a, b, d = np.float32(1.0 / 16.0), np.float32(4.0 / 16.0), np.float32(6.0 / 16.0)
    outer, inner = row[j] + row[j + np.uint64(4) * c], row[j + c] + row[j + np.uint64(3) * c]
    return a * outer + b * inner + d * row[j + np.uint64(2) * c]


@kernel
def add_level(level, channels, plain, smooth, out):
    """Add (plain + smooth·S)·level to out; S is [1 4 6 4 1]/16 along rows and columns."""
    height, width = level.shape
    if smooth == np.float32(0.0):
        for y in range(np.uint64(height)):
            for j in range(np.uint64(width)):
                out[y, j] += plain * level[y, j]
        return
    row = np.empty(width + 4 * channels, np.float32)
    for y in range(height):
        soften_across(level, y, height, channels, row)
        for j in range(np.uint64(width)):
            out[y, j] += plain * level[y, j] + smooth * soft(row, j, channels)
