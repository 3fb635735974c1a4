"""8-bit pictures straight into the pyramid's first or second level, and the few near-white pixels apart.

Between decoding and the level no array of the picture's size exists. Rows are (H, W·c) with c channels side by side; H
and W are even, for the second level multiples of four. D is the pyramid's (see `lightnoise.optics.pyramid`).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.permute import look_up_words
from lightnoise.kernels.words import halve_to

#: Pixels that `near_white` looks through at once.
BLOCK_PIXELS = 128


@kernel
def new_rows(i, height):
    """Return the range of the rows that row i of D needs and row i − 1 did not."""
    return 2 * i + 2 if i > 0 else 0, min(2 * i + 4, height)


@kernel
def decode_new_rows(codes, i, planes, ring, row_largest):
    """Look up the words of the rows that row i of D needs and row i − 1 did not: row y to y % 6 of the ring."""
    first, last = new_rows(i, codes.shape[0])
    for y in range(first, last):
        row_largest[y] = look_up_words(codes, y, planes, ring, y % 6)


@kernel
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
    """List pixels with a code ≥ threshold, row by row: fills places and light (n, c) if they fit, returns the number.

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
                            light[found, c] = table[codes[y, x * channels + c]]
                    found += 1
    return found


@kernel
def reach(x, n, taps, octaves):
    """Return the first of n cells that the weights ``taps`` of a pixel at x reach, the last, and the first's tap."""
    factor = 1 << octaves
    before = (taps.size - factor) // 2
    first = max((x + before - taps.size + factor) >> octaves, 0)
    return first, min((x + before) >> octaves, n - 1), x - factor * first + before


@kernel
def add_cells(x, light, n, channels, taps, octaves, line):
    """Add pixel n's light (n, c) to the cells about column x of a line, weighted."""
    first, last, tap = reach(x, line.size // channels, taps, octaves)
    for k in range(first, last + 1):
        weight, at = taps[np.uint32(tap - ((k - first) << octaves))], np.uint32(k * channels)
        if channels == 3:
            line[at] += weight * light[n, 0]
            line[at + np.uint32(1)] += weight * light[n, 1]
            line[at + np.uint32(2)] += weight * light[n, 2]
        else:
            line[at] += weight * light[n, 0]


@kernel
def add_rows(y, line, taps, octaves, level):
    """Add a line to the rows about row y of a level, weighted."""
    first, last, tap = reach(y, level.shape[0], taps, octaves)
    for i in range(first, last + 1):
        weight = taps[tap - ((i - first) << octaves)]
        for j in range(line.size):
            level[i, j] += weight * line[j]


@kernel
def add_shrunk(rows, columns, light, channels, taps, level):
    """Add single pixels' light (n, c) to a level (h, w·c), in place, as repeated D would bring it there.

    ``rows`` must not fall. ``taps`` are the weights of the pixels about a cell: 6 for D, 16 for D twice.
    """
    octaves = 1 if taps.size == 6 else 2
    height, width = level.shape[0] << octaves, level.shape[1] // channels << octaves
    line = np.zeros(level.shape[1], np.float32)
    for n in range(rows.size):
        y, x = rows[n], columns[n]
        add_cells(x, light, n, channels, taps, octaves, line)
        if x < taps.size:  # its mirror image beyond the border
            add_cells(-1 - x, light, n, channels, taps, octaves, line)
        if x >= width - taps.size:
            add_cells(2 * width - 1 - x, light, n, channels, taps, octaves, line)
        if n + 1 < rows.size and rows[n + 1] == y:
            continue
        add_rows(y, line, taps, octaves, level)
        if y < taps.size:
            add_rows(-1 - y, line, taps, octaves, level)
        if y >= height - taps.size:
            add_rows(2 * height - 1 - y, line, taps, octaves, level)
        for j in range(line.size):
            line[j] = 0.0
