"""8-bit pictures straight into the pyramid's first or second level, and the few near-white pixels apart.

Between decoding and the level no array of the picture's size exists. Rows are (H, W·c) with c channels side by side; H
and W are even, for the second level multiples of four. D is the pyramid's (see `lightnoise.optics.pyramid`).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.octave import halve_row
from lightnoise.kernels.permute import look_up_words
from lightnoise.kernels.words import halve_to

#: Pixels that `near_white` looks through at once.
BLOCK_PIXELS = 128


@subroutine
def new_rows(i, height):
    """Return the range of the rows that row i of D needs and row i − 1 did not."""
    return 2 * i + 2 if i > 0 else 0, min(2 * i + 4, height)


@subroutine
def decode_new_rows(codes, i, planes, ring, row_largest):
    """Look up the words of the rows that row i of D needs and row i − 1 did not: row y to y % 6 of the ring."""
    first, last = new_rows(i, codes.shape[0])
    for y in range(first, last):
        row_largest[y] = look_up_words(codes, y, planes, ring, y % 6)


@subroutine
def light_of(words, out, i):
    """Store a row of words as row i of light, white = 1."""
    for j in range(np.uint64(out.shape[1])):
        out[i, j] = np.float32(words[0, j]) * np.float32(1.0 / 65535.0)


@kernel
def decode_halve(codes, channels, planes, out, row_largest):
    """Decode and apply D: codes (H, W·c) uint8, out (H/2, W/2·c) float32.

    ``planes`` (512,) uint8 has the codes' words, see `lightnoise.kernels.permute.word_of_code`; ``row_largest`` (H,)
    gets the largest code of every row.
    """
    height, width = codes.shape
    ring, row = np.empty((6, width), np.uint16), np.empty(width, np.uint16)
    even, odd = np.empty(width // 2 + 2 * channels, np.uint16), np.empty(width // 2 + 2 * channels, np.uint16)
    halves = np.empty((1, width // 2), np.uint16)
    for i in range(height // 2):
        decode_new_rows(codes, i, planes, ring, row_largest)
        halve_to(ring, i, height, channels, row, even, odd, halves, np.uint64(0))
        light_of(halves, out, np.uint64(i))


@kernel
def decode_quarter(codes, channels, planes, out, row_largest):
    """Decode and apply D twice, as `decode_halve` does once: out (H/4, W/4·c); no more of level 1 than six rows is."""
    height, width = codes.shape
    ring, row = np.empty((6, width), np.uint16), np.empty(width, np.uint16)
    halves, half_row = np.empty((6, width // 2), np.uint16), np.empty(width // 2, np.uint16)
    size = width // 2 + 2 * channels
    even, odd = np.empty(size, np.uint16), np.empty(size, np.uint16)
    fewer = width // 4 + 2 * channels
    less_even, less_odd = even[:fewer], odd[:fewer]
    quarters = np.empty((1, width // 4), np.uint16)
    for i in range(height // 4):
        first, last = new_rows(i, height // 2)
        for k in range(first, last):
            decode_new_rows(codes, k, planes, ring, row_largest)
            halve_to(ring, k, height, channels, row, even, odd, halves, np.uint64(k % 6))
        halve_to(halves, i, height // 2, channels, half_row, less_even, less_odd, quarters, np.uint64(0))
        light_of(quarters, out, np.uint64(i))


@kernel
def near_white(codes, row_largest, channels, threshold, table, rows, columns, light):
    """List pixels with a code ≥ threshold, row by row: fills places and light (c, n) if they fit, returns the number.

    ``row_largest`` (H,) holds the largest code of every row, so that dark rows are passed over.
    """
    height, width = codes.shape
    found = 0
    limit = rows.size
    block = BLOCK_PIXELS * channels
    for y in range(height):
        if row_largest[y] < threshold:
            continue
        for first in range(0, width, block):
            last = min(first + block, width)
            largest = np.uint8(0)
            for j in range(np.uint64(first), np.uint64(last)):
                largest = max(largest, codes[np.uint64(y), j])
            if largest < threshold:
                continue
            for x in range(first // channels, last // channels):
                bright = False
                for c in range(channels):
                    bright |= codes[y, x * channels + c] >= threshold
                if bright:
                    if found < limit:
                        rows[found], columns[found] = y, x
                        for c in range(channels):
                            light[c, found] = table[codes[y, x * channels + c]]
                    found += 1
    return found


@subroutine
def add_rows(y, row, first, size, taps, octaves, level):
    """Add the first items of a row, so many, to what stands from ``first`` on in the rows about row y of a level."""
    factor, n = 1 << octaves, level.shape[0]
    before = (taps.size - factor) // 2
    nearest = max((y + before - taps.size + factor) >> octaves, 0)
    for i in range(nearest, min((y + before) >> octaves, n - 1) + 1):
        weight = taps[y - factor * i + before]
        for j in range(size):
            level[np.uint64(i), first + j] += weight * row[0, j]


@subroutine
def shrink_line(line, channels, octaves, even, odd, row):
    """D along a line, octaves times, to the beginning of ``row`` (1, ·); even and odd are scratch."""
    for _ in range(octaves):
        n = line.size // 2
        side = n + 2 * channels
        halve_row(line, channels, even[:side], odd[:side], row[0, :n].reshape((1, n)), np.uint64(0))
        line = row[0, :n]


@kernel
def add_shrunk(rows, columns, measured, recovered, taps, level):
    """Add the light that single pixels gained to a level (h, w·c), in place, as repeated D would bring it there.

    ``measured`` and ``recovered`` are (c, n); ``rows`` must not fall, nor columns within one. ``taps`` are the weights
    of the pixels about a cell: 6 for D, 16 for D twice.
    """
    octaves, channels = 1 if taps.size == 6 else 2, measured.shape[0]
    height, width = level.shape[0] << octaves, level.shape[1] // channels << octaves
    line, row = np.zeros(width * channels, np.float32), np.empty((1, width // 2 * channels), np.float32)
    side = width // 2 * channels + 2 * channels
    even, odd = np.empty(side, np.float32), np.empty(side, np.float32)
    n = 0
    while n < rows.size:
        y, first = rows[n], n
        while n < rows.size and rows[n] == y:
            for c in range(channels):
                line[columns[n] * channels + c] = recovered[c, n] - measured[c, n]
            n += 1
        # D reaches less than sixteen pixels, and so much empty line ends as well as the picture does
        left = max(columns[first] - 16, 0) // 4 * 4
        right = min((columns[n - 1] + 20) // 4 * 4, width)
        part = line[left * channels : right * channels]
        shrink_line(part, channels, octaves, even, odd, row)
        to, size = np.uint64((left >> octaves) * channels), np.uint64(part.size >> octaves)
        add_rows(y, row, to, size, taps, octaves, level)
        if y < taps.size:  # its mirror image beyond the border
            add_rows(-1 - y, row, to, size, taps, octaves, level)
        if y >= height - taps.size:
            add_rows(2 * height - 1 - y, row, to, size, taps, octaves, level)
        for j in range(part.size):
            part[j] = 0.0
