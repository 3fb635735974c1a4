"""8-bit pictures out of the pyramid's first or second level in 16 bits, which suffice where no shade is finer.

Stray light is brought to the picture's size in words, see `lightnoise.kernels.words`. Words end at white, and what is
brighter, about lamps, lights its neighbours up through U: there, a run of cells in a row, it is mixed in floats.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.develop import pad_row, shade_place
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.octave import reflect
from lightnoise.kernels.permute import shade_row
from lightnoise.kernels.words import mix_three, rows_for, widen_row


@subroutine
def word_of(light, unit):
    """Return light ≥ 0 as a word, ``unit`` words to the light's unit."""
    return np.uint16(min(light * unit + np.float32(0.5), np.float32(65535.0)))


@subroutine
def words_of(stray, unit, channels, words, runs):
    """Store stray light (h, w·c) as words, and each row's run of cells as bright as white as ``runs`` (h, 2)."""
    size = stray.shape[1]
    for i in range(np.uint64(stray.shape[0])):
        for j in range(np.uint64(size)):
            words[i, j] = word_of(stray[i, j], unit)
        brightest = np.uint16(0)
        for j in range(np.uint64(size)):
            brightest = max(brightest, words[i, j])
        first, last = size, 0
        if brightest == np.uint16(65535):
            first = 0
            while words[i, first] < np.uint16(65535):
                first += 1
            last = size
            while words[i, last - 1] < np.uint16(65535):
                last -= 1
        runs[i, 0], runs[i, 1] = first // channels, -(-last // channels)


@subroutine
def run_about(runs, i, cells):
    """Return the run of cells of row i that U draws from brighter cells than white."""
    first, last = cells, 0
    for k in range(max(i - 2, 0), min(i + 3, runs.shape[0])):
        first, last = min(first, runs[k, 0]), max(last, runs[k, 1])
    return max(first - 2, 0), min(last + 2, cells) if last > 0 else 0


@subroutine
def mix_rows_about(stray, channels, weights, y, first, last, out):
    """Mix the rows about the picture's row y in floats: out gets the cells from ``first`` − 2 to ``last`` + 2."""
    factor, height, n = weights.shape[0], stray.shape[0], stray.shape[1] // channels
    left, right = max(first - 2, 0), min(last + 2, n)
    start, count = np.uint64(left * channels), np.uint64((right - left) * channels)
    at = np.uint64((left - first + 2) * channels)
    for dy in range(5):
        weight, row = weights[y % factor, dy], reflect(y // factor + dy - 2, height)
        for j in range(count):
            out[at + j] = weight * stray[row, start + j] + (out[at + j] if dy > 0 else np.float32(0.0))
    for x in range(first - 2, last + 2):
        if x < left or x >= right:  # beyond the border
            for c in range(channels):
                out[(x - first + 2) * channels + c] = out[np.int64(reflect(x, n) - first + 2) * channels + c]


@subroutine
def mix_run(stray, unit, channels, weights, y, first, last, cells, words, out):
    """Mix the picture's row y from the cells ``first`` to ``last`` in floats, and put it into a row of words.

    ``weights`` (factor, 5): of the cells about a pixel's own. ``cells`` and ``words`` are scratch: four cells more than
    a row has.
    """
    mix_rows_about(stray, channels, weights, y, first, last, cells)
    factor, c, count = np.uint64(weights.shape[0]), np.uint64(channels), np.uint64((last - first) * channels)
    for place in range(factor):
        a, b, d = weights[place, 0], weights[place, 1], weights[place, 2]
        e, f = weights[place, 3], weights[place, 4]
        for j in range(count):
            outer = a * cells[j] + f * cells[j + np.uint64(4) * c]
            inner = b * cells[j + c] + e * cells[j + np.uint64(3) * c]
            words[j] = word_of(outer + inner + d * cells[j + np.uint64(2) * c], unit)
        at = np.uint64(first) * factor * c + place * c
        for x in range(np.uint64(last - first)):
            for k in range(c):
                out[at + x * factor * c + k] = words[x * c + k]


@subroutine
def widen_new_rows(words, channels, i, height, scratch, ring):
    """Bring those of the rows up to one about row i of level 1, of that height, that are new to the picture's width.

    Row i stands at i % 3. ``words`` are those of level 1 or 2; ``scratch`` has a row of theirs, with a cell more at
    both ends, one of twice as many, and that one with a cell more at both ends.
    """
    padded, halves, padded_half = scratch
    for row in range(i + 1 if i > 0 else 0, min(i + 2, height)):
        place = np.uint64(row % 3)
        if words.shape[0] == height:
            pad_row(words, np.uint64(row), channels, padded)
            widen_row(padded, channels, ring, place)
        else:
            mix_three(words, rows_for(row, words.shape[0], words.shape[0]), padded, np.uint64(channels))
            widen_row(padded, channels, halves, np.uint64(0))
            pad_row(halves, np.uint64(0), channels, padded_half)
            widen_row(padded_half, channels, ring, place)


@subroutine
def put_bright(bright, y, stray, shades, out):
    """Put row y's recovered pixels over the picture: the shades of their own light and the stray light's words."""
    starts, columns, direct, _ = bright
    channels = direct.shape[0]
    for n in range(np.uint32(starts[y]), np.uint32(starts[y + 1])):
        for c in range(np.uint32(channels)):
            j = np.uint32(columns[n] * channels + c)
            light = direct[c, n] + np.float32(stray[j]) * np.float32(1.0 / 65535.0)
            out[y, j] = shades[0][np.uint32(shade_place(np.float32(light).view(np.int32), shades))]


@kernel
def develop(codes, channels, planes, ratios, stray, unit, weights, bright, shades, word_shades, out):
    """Mix direct and stray light in words and encode.

    ``planes`` are the codes' words times the largest factor, ``ratios`` the channels' factors by that, times 65536,
    none if all are one; see `lightnoise.kernels.permute`. ``stray``, ``weights``, ``bright`` and ``shades`` are those
    of `lightnoise.kernels.develop`, ``unit`` is how many words stray light of 1 is; ``word_shades`` are words' knots
    and shades.
    """
    height, width = codes.shape
    words, runs = np.empty(stray.shape, np.uint16), np.empty((stray.shape[0], 2), np.int64)
    words_of(stray, unit, channels, words, runs)
    factor, cells = weights.shape[0], stray.shape[1] // channels
    ring, size, ends = np.empty((4, width), np.uint16), stray.shape[1], 2 * channels
    halves, padded_half = np.empty((1, 2 * size), np.uint16), np.empty(2 * size + ends, np.uint16)
    scratch = (np.empty(size + ends, np.uint16), halves, padded_half)
    alone, line = np.uint64(3), np.empty((cells + 4) * channels, np.float32)  # the last row is mixed when it has to be
    line_words = np.empty(line.size, np.uint16)
    starts = bright[0]
    for y in range(height):
        if y % 2 == 0:
            widen_new_rows(words, channels, y // 2, height // 2, scratch, ring)
        about = rows_for(y, height // 2, 3)
        first, last = run_about(runs, y // factor, cells)
        if first < last or starts[y] < starts[y + 1]:
            mix_three(ring, about, ring[alone], np.uint64(0))
            if first < last:
                mix_run(stray, unit, channels, weights, y, first, last, line, line_words, ring[alone])
            about = (alone, alone, alone)
        shade_row(codes, y, planes, ratios, ring, about, word_shades[0], word_shades[1], out)
        if starts[y] < starts[y + 1]:
            put_bright(bright, y, ring[alone], shades, out)
