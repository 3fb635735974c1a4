"""8-bit pictures straight into the pyramid's first or second level, and the few near-white pixels apart.

Between decoding and the level no array of the picture's size exists. Rows are (H, W·c) with c channels side by side; H
and W are even, for the second level multiples of four. D is the pyramid's (see `lightnoise.optics.pyramid`).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.octave import halve_rows, reflect

#: Pixels that `near_white` looks through at once.
BLOCK_PIXELS = 32


@kernel
def decode_row(codes, table, light):
    """Look up the light of a row's codes and return the largest of them."""
    for j in range(codes.size):
        light[j] = table[codes[j]]
    found = np.uint8(0)
    for j in range(codes.size):
        found = max(found, codes[j])
    return found


@kernel
def halve_ring(ring, i, height, channels, row, even, odd, out):
    """Row i of D from the last six of ``height`` rows; row y stands at y % 6."""
    halve_rows(
        ring[reflect(2 * i - 2, height) % 6],
        ring[reflect(2 * i - 1, height) % 6],
        ring[(2 * i) % 6],
        ring[(2 * i + 1) % 6],
        ring[reflect(2 * i + 2, height) % 6],
        ring[reflect(2 * i + 3, height) % 6],
        channels,
        row,
        even,
        odd,
        out,
    )


@kernel
def new_rows(i, height):
    """Return the range of the rows that row i of D needs and row i − 1 did not."""
    return 2 * i + 2 if i > 0 else 0, min(2 * i + 4, height)


@kernel
def decode_new_rows(codes, i, table, ring, row_largest):
    """Decode what row i of D needs and row i − 1 did not: row y to y % 6 of the ring."""
    first, last = new_rows(i, codes.shape[0])
    for y in range(first, last):
        row_largest[y] = decode_row(codes[y], table, ring[y % 6])


@kernel
def decode_halve(codes, channels, table, out, row_largest):
    """Decode and apply D: codes (H, W·c) uint8, table (256,) float32, out (H/2, W/2·c) float32.

    ``row_largest`` (H,) gets the largest code of every row.
    """
    height, width = codes.shape
    ring, row = np.empty((6, width), np.float32), np.empty(width, np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    for i in range(height // 2):
        decode_new_rows(codes, i, table, ring, row_largest)
        halve_ring(ring, i, height, channels, row, even, odd, out[i])


@kernel
def decode_quarter(codes, channels, table, out, row_largest):
    """Decode and apply D twice, as `decode_halve` does once: out (H/4, W/4·c); no more of level 1 than six rows is."""
    height, width = codes.shape
    ring, row = np.empty((6, width), np.float32), np.empty(width, np.float32)
    halves = np.empty((6, width // 2), np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    fewer = width // 4 + 2 * channels
    for i in range(height // 4):
        first, last = new_rows(i, height // 2)
        for k in range(first, last):
            decode_new_rows(codes, k, table, ring, row_largest)
            halve_ring(ring, k, height, channels, row, even, odd, halves[k % 6])
        halve_ring(halves, i, height // 2, channels, row[: width // 2], even[:fewer], odd[:fewer], out[i])


@kernel
def near_white(codes, row_largest, channels, threshold, rows, columns):
    """List pixels with a code ≥ threshold: fills rows and columns if they are long enough, returns the number.

    ``row_largest`` (H,) holds the largest code of every row, so that dark rows are passed over.
    """
    height, width = codes.shape
    found = 0
    limit = rows.size
    block = BLOCK_PIXELS * channels
    for y in range(height):
        if row_largest[y] < threshold:
            continue
        source = codes[y]
        for first in range(0, width, block):
            part = source[first : min(first + block, width)]
            hits = 0
            for j in range(part.size):
                hits += part[j] >= threshold
            if hits == 0:
                continue
            for x in range(part.size // channels):
                bright = False
                for c in range(channels):
                    bright |= part[x * channels + c] >= threshold
                if bright:
                    if found < limit:
                        rows[found] = y
                        columns[found] = first // channels + x
                    found += 1
    return found


@kernel
def add_shrunk(rows, columns, light, channels, taps, level):
    """Add single pixels' light (n, c) to a level (h, w·c), in place, as repeated D would bring it there.

    ``rows`` must not fall. ``taps`` are the weights of the pixels about a cell: 6 for D, 16 for D twice.
    """
    h, w = level.shape[0], level.shape[1] // channels
    factor = 2 if taps.size == 6 else 4
    before = (taps.size - factor) // 2
    line = np.zeros(level.shape[1], np.float32)
    n = 0
    while n < rows.size:
        y = rows[n]
        while n < rows.size and rows[n] == y:
            for x in (columns[n], -1 - columns[n], 2 * factor * w - 1 - columns[n]):
                first, last = max((x + before - taps.size + factor) // factor, 0), min((x + before) // factor, w - 1)
                for k in range(first, last + 1):
                    weight = taps[x - factor * k + before]
                    for c in range(channels):
                        line[k * channels + c] += weight * light[n, c]
            n += 1
        for v in (y, -1 - y, 2 * factor * h - 1 - y):
            first, last = max((v + before - taps.size + factor) // factor, 0), min((v + before) // factor, h - 1)
            for i in range(first, last + 1):
                add_weighted(line, taps[v - factor * i + before], level[i])
        line[:] = 0.0


@kernel
def add_weighted(row, weight, out):
    """Add weight·row to a row."""
    for j in range(out.size):
        out[j] += weight * row[j]
