"""One octave of the pyramid where it halves exactly: what the banded matrices do, row by row in the cache.

All arrays are (h, w·c) float32 and contiguous, c channels side by side, h and w even at the finer level. Along a row
the even and the odd cells are kept apart, one reflected cell before and behind each, so that every loop but the
parting and the joining runs over neighbours in memory and vectorises. Slices stand for shifted rows: an index sum may
be negative to the compiler, which then does not vectorise.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel


@kernel
def reflect(index, n):
    """Return the index that half-sample symmetric reflection gives, for at most n beyond either end."""
    if index < 0:
        return -1 - index
    if index >= n:
        return 2 * n - 1 - index
    return index


@kernel
def part(row, channels, even, odd):
    """Copy a row's even and odd cells, and one reflected cell before and behind each."""
    n, c = row.size // (2 * channels), channels
    split(row, c, even[c : c + n * c], odd[c : c + n * c])
    reflect_parts(channels, even, odd)


@kernel
def split(row, channels, even, odd):
    """Copy a row's even and odd cells apart."""
    n, c = row.size // (2 * channels), channels
    if c == 3:
        copy_cells(row, 6, even, 3, n)
        copy_cells(row[3:], 6, odd, 3, n)
    else:
        pairs = row.reshape(n, 2)
        for j in range(n):
            even[j] = pairs[j, 0]
            odd[j] = pairs[j, 1]


@kernel
def copy_cells(source, source_step, target, target_step, n):
    """Copy n cells of three channels that stand so many numbers apart.

    Four numbers at once are one instruction each to load and to store: the fourth is put right by the next cell.
    """
    for j in range(np.uint32(n - 1)):
        i, k = np.uint32(j * source_step), np.uint32(j * target_step)
        a, b, c, d = source[i], source[i + 1], source[i + 2], source[i + 3]
        target[k], target[k + 1], target[k + 2], target[k + 3] = a, b, c, d
    for c in range(3):
        target[(n - 1) * target_step + c] = source[(n - 1) * source_step + c]


@kernel
def reflect_parts(channels, even, odd):
    """Fill the cells before and behind the even and the odd ones: cell −1 is cell 0, cell −2 is cell 1."""
    end = even.size - channels
    for c in range(channels):
        even[c], odd[c] = odd[channels + c], even[channels + c]
        even[end + c], odd[end + c] = odd[end - channels + c], even[end - channels + c]


@kernel
def join(even, odd, channels, row):
    """Put even and odd cells, without any beyond the ends, side by side."""
    n = even.size // channels
    if channels == 3:
        join_cells(even, odd, n, row)
    else:
        pairs = row.reshape(n, 2)
        for j in range(n):
            pairs[j, 0] = even[j]
            pairs[j, 1] = odd[j]


@kernel
def join_cells(even, odd, n, row):
    """Put n even and n odd cells of three channels side by side; see `copy_cells` for the fourth number."""
    for j in range(np.uint32(n - 1)):
        i, k = np.uint32(3 * j), np.uint32(6 * j)
        a, b, c, d = even[i], even[i + 1], even[i + 2], even[i + 3]
        row[k], row[k + 1], row[k + 2], row[k + 3] = a, b, c, d
        a, b, c, d = odd[i], odd[i + 1], odd[i + 2], odd[i + 3]
        row[k + 3], row[k + 4], row[k + 5], row[k + 6] = a, b, c, d
    for c in range(3):
        row[6 * n - 6 + c] = even[3 * n - 3 + c]
        row[6 * n - 3 + c] = odd[3 * n - 3 + c]


@kernel
def mix_six(r0, r1, r2, r3, r4, r5, out):
    """D across rows: [1 5 10 10 5 1]/32 of six."""
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    for j in range(out.size):
        out[j] = a * (r0[j] + r5[j]) + b * (r1[j] + r4[j]) + d * (r2[j] + r3[j])


@kernel
def mix_five(r0, r1, r2, r3, r4, out):
    """S across rows: [1 4 6 4 1]/16 of five."""
    a, b, d = np.float32(1.0 / 16.0), np.float32(4.0 / 16.0), np.float32(6.0 / 16.0)
    for j in range(out.size):
        out[j] = a * (r0[j] + r4[j]) + b * (r1[j] + r3[j]) + d * r2[j]


@kernel
def mix_three(near, here, far, out):
    """U across rows: [5 10 1]/16 of the three coarse rows about a fine one."""
    a, b, d = np.float32(1.0 / 16.0), np.float32(5.0 / 16.0), np.float32(10.0 / 16.0)
    for j in range(out.size):
        out[j] = b * near[j] + d * here[j] + a * far[j]


@kernel
def mix_four(r0, r1, r2, r3, weights, out):
    """out = the sum of four rows, each times its weight."""
    a, b, c, d = weights
    for j in range(out.size):
        out[j] = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]


@kernel
def halve_parts(even, odd, channels, out):
    """D along a row that `part` has taken apart."""
    n, c = out.size, channels
    mix_six(even[:n], odd[:n], even[c : c + n], odd[c : c + n], even[2 * c : 2 * c + n], odd[2 * c : 2 * c + n], out)


@kernel
def halve_rows(r0, r1, r2, r3, r4, r5, channels, row, even, odd, out):
    """D of six rows: across them, then along; row (2·out), even and odd (out and a cell at both ends) are scratch."""
    mix_six(r0, r1, r2, r3, r4, r5, row)
    part(row, channels, even, odd)
    halve_parts(even, odd, channels, out)


@kernel
def reflect_ends(row, channels, cells):
    """Fill that many cells at both ends of a row with the mirrored ones beside them."""
    for k in range(cells):
        for c in range(channels):
            row[(cells - 1 - k) * channels + c] = row[(cells + k) * channels + c]
            row[row.size - (cells - k) * channels + c] = row[row.size - (cells + 1 + k) * channels + c]


@kernel
def widen_parts(row, channels, even, odd):
    """U along a row with one reflected cell at both ends: the even and the odd cells of one twice as long."""
    n, c = even.size, channels
    before, here, after = row[:n], row[c : c + n], row[2 * c : 2 * c + n]
    mix_three(before, here, after, even)
    mix_three(after, here, before, odd)


@kernel
def rows_about(coarser, y):
    """Return the three rows that row y of a level twice as fine is mixed from, the near neighbour first."""
    i, last = y // 2, coarser.shape[0] - 1
    above, below = coarser[max(i - 1, 0)], coarser[min(i + 1, last)]
    if y % 2 == 0:
        return above, coarser[i], below
    return below, coarser[i], above


@kernel
def halve(image, channels, out):
    """Level ℓ to level ℓ + 1: D along rows and columns."""
    height, width = image.shape
    row = np.empty(width, np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    for i in range(height // 2):
        halve_rows(
            image[reflect(2 * i - 2, height)],
            image[reflect(2 * i - 1, height)],
            image[2 * i],
            image[2 * i + 1],
            image[reflect(2 * i + 2, height)],
            image[reflect(2 * i + 3, height)],
            channels,
            row,
            even,
            odd,
            out[i],
        )


@kernel
def widen(coarser, channels, out):
    """Level ℓ + 1 to level ℓ: U along rows and columns."""
    height, width = out.shape
    row = np.empty(width // 2 + 2 * channels, np.float32)
    even, odd = np.empty(width // 2, np.float32), np.empty(width // 2, np.float32)
    for y in range(height):
        near, here, far = rows_about(coarser, y)
        mix_three(near, here, far, row[channels : channels + width // 2])
        reflect_ends(row, channels, 1)
        widen_parts(row, channels, even, odd)
        join(even, odd, channels, out[y])


@kernel
def add_level(level, channels, plain, smooth, out):
    """Add (plain + smooth·S)·level to out."""
    height, width = level.shape
    row = np.empty(width + 4 * channels, np.float32)
    middle = row[2 * channels : 2 * channels + width]
    soft = np.empty(width, np.float32)
    for y in range(height):
        mix_five(
            level[reflect(y - 2, height)],
            level[reflect(y - 1, height)],
            level[y],
            level[reflect(y + 1, height)],
            level[reflect(y + 2, height)],
            middle,
        )
        reflect_ends(row, channels, 2)
        n, c = width, channels
        mix_five(row[:n], row[c : c + n], middle, row[3 * c : 3 * c + n], row[4 * c : 4 * c + n], soft)
        add_two(level[y], soft, plain, smooth, out[y])


@kernel
def add_two(one, other, first, second, out):
    """Add first·one + second·other to a row."""
    for j in range(out.size):
        out[j] += first * one[j] + second * other[j]
