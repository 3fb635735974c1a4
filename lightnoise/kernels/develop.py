"""8-bit pictures out of the pyramid's first or second level, in floats: mix direct and stray light, add noise, encode.

`lightnoise.kernels.develop_words` does all in 16 bits where they suffice; here they serve for look-ups then.

No array of the picture's size exists but the result. Rows are (H, W·c) with c channels side by side; H and W are even,
for the second level multiples of four. U is the pyramid's (see `lightnoise.optics.pyramid`).

One function stands for each row's loop, with few arrays: with more at once the compiler gives up proving them apart.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels import permute
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.octave import reflect, ring_place, soft, soften_across, widen_row
from lightnoise.kernels.sensor import draw_row, noise_key, noise_row

# Arguments that go together are tuples: ``shades`` (table (n,) uint8, base, shift int32) has the shade of light ≥ 0 at
# its float's bits >> shift, rounded, less base; beyond the table its ends serve. ``bright`` (starts (H + 1,), columns
# (n,), direct light (c, n), scene light (c, n)) are the recovered pixels, row y's those from ``starts[y]`` to
# ``starts[y + 1]``.


@subroutine
def shade_place(bits, shades):
    """Return where the shade of light stands in its table, by the bits of its float."""
    table, base, shift = shades
    rounding = np.int32(np.int32(1) << np.int32(shift - np.int32(1)))
    step = np.int32(np.int32(np.int32(bits + rounding) >> shift) - base)
    return min(max(step, np.int32(0)), np.int32(table.size - 1))


@subroutine
def shade_row(bits, shades, out):
    """Look up the shades of a row of light by its bits, which are replaced."""
    for j in range(bits.size):
        bits[j] = shade_place(bits[j], shades)
    for j in range(bits.size):
        out[j] = shades[0][np.uint32(bits[j])]


@subroutine
def pad_row(level, i, channels, padded):
    """Copy row i of a level to behind one cell that is not yet filled."""
    c = np.uint64(channels)
    for j in range(np.uint64(level.shape[1])):
        padded[j + c] = level[i, j]


@subroutine
def widen_new_rows(level, channels, row, scratch, ring):
    """Bring those of the rows up to two about ``row`` that are new to the picture's width: row i stands at i % 5.

    ``level`` is the first or the second; ``scratch`` holds rows of its widths, see `scratch_rows`.
    """
    padded, even, odd, halves, padded_half, even_half, odd_half = scratch
    for i in range(row + 2 if row > 0 else 0, min(row + 3, level.shape[0])):
        k = np.uint64(i % 5)
        pad_row(level, np.uint64(i), channels, padded)
        if 2 * level.shape[1] == ring.shape[1]:
            widen_row(padded, channels, even, odd, ring, k)
        else:
            widen_row(padded, channels, even, odd, halves, np.uint64(0))
            pad_row(halves, np.uint64(0), channels, padded_half)
            widen_row(padded_half, channels, even_half, odd_half, ring, k)


@subroutine
def scratch_rows(size, channels):
    """Return scratch for `widen_new_rows` from a level of that width."""
    padded, padded_half = np.empty(size + 2 * channels, np.float32), np.empty(2 * size + 2 * channels, np.float32)
    even, odd, halves = np.empty(size, np.float32), np.empty(size, np.float32), np.empty((1, 2 * size), np.float32)
    return padded, even, odd, halves, padded_half, np.empty(2 * size, np.float32), np.empty(2 * size, np.float32)


@subroutine
def rows_about(y, height, weights, places):
    """Return where the four rows stand in a ring that row y of the picture is mixed from, and their weights.

    ``weights`` (factor, 5): of the rows about each picture's row in one of the level, which has that height; the first
    or the last is zero.
    """
    i, of = y // weights.shape[0], weights[y % weights.shape[0]]
    k = 0 if of[0] > 0.0 else 1
    k0, k1 = ring_place(i - 2 + k, height, places), ring_place(i - 1 + k, height, places)
    k2, k3 = ring_place(i + k, height, places), ring_place(i + 1 + k, height, places)
    return k0, k1, k2, k3, of[k], of[k + 1], of[k + 2], of[k + 3]


@subroutine
def mix_wide(ring, about, out):
    """U across rows."""
    k0, k1, k2, k3, w0, w1, w2, w3 = about
    for j in range(out.size):
        out[j] = w0 * ring[k0, j] + w1 * ring[k1, j] + w2 * ring[k2, j] + w3 * ring[k3, j]


@subroutine
def add_bright(bright, y, wide, light):
    """Set the light of row y's recovered pixels: their own and the stray light ``wide``."""
    starts, columns, direct, _ = bright
    channels = direct.shape[0]
    for n in range(np.uint32(starts[y]), np.uint32(starts[y + 1])):
        for c in range(np.uint32(channels)):
            j = np.uint32(columns[n] * channels + c)
            light[j] = direct[c, n] + wide[j]


@subroutine
def mix_row(codes, table, factor, wide, light):
    """light = factor·table[codes] + wide."""
    for j in range(light.size):
        light[j] = table[codes[j]]
    for j in range(light.size):
        light[j] = factor[j] * light[j] + wide[j]


@subroutine
def mix_words(words, factor, wide, light):
    """light = factor·words + wide."""
    for j in range(light.size):
        light[j] = factor[j] * np.float32(words[0, j]) + wide[j]


@subroutine
def words_of(light, words):
    """Store a row of light in words, 65535 = white."""
    for j in range(light.size):
        word = min(max(light[j] * np.float32(65535.0) + np.float32(0.5), np.float32(0.0)), np.float32(65535.0))
        words[0, j] = np.uint16(np.int32(word))


@subroutine
def light_new_rows(codes, table, bright, row, ring):
    """Look up the scene light of the rows up to two about ``row`` that are new: row i stands at i % 5."""
    starts, columns, _, recovered = bright
    channels = recovered.shape[0]
    for i in range(row + 2 if row > 0 else 0, min(row + 3, codes.shape[0])):
        k = np.uint64(i % 5)
        for j in range(np.uint64(codes.shape[1])):
            ring[k, j] = table[codes[np.uint64(i), j]]
        for n in range(np.uint32(starts[i]), np.uint32(starts[i + 1])):
            for c in range(np.uint32(channels)):
                ring[k, np.uint32(columns[n] * channels + c)] = recovered[c, n]


@subroutine
def add_soft(row, channels, own, wide):
    """Add ``own`` times S along a row from `soften_across` to stray light."""
    for j in range(np.uint64(wide.size)):
        wide[j] += own * soft(row, j, channels)


@kernel
def develop(codes, channels, table, factor, own, stray, weights, noise, bright, shades, in_words, out):
    """Mix direct and stray light in floats, add noise, and encode.

    out = shade of noisy(factor·table[codes] + own·S·scene light + U·stray), ``stray`` (h, w·c) float32 on the first or
    the second level, with ``weights`` as in `rows_about`. ``factor`` (W·c,) repeats the channels' factors. ``noise``:
    full well, shot, read, seed, a table of 2^k normal numbers, and 32 − k. An empty table stands for no noise, an empty
    level for no stray light; without that, ``own`` is to be 0. ``in_words``: planes, knots and shades for
    `lightnoise.kernels.permute`, by which direct light, ``factor`` being per word, and shades are looked up; or none.
    """
    height, width = codes.shape
    full_well, shot, read, seed, normal, normal_shift = noise
    ring, scratch = np.empty((5, width), np.float32), scratch_rows(stray.shape[1], channels)
    near, row = np.empty((5, width), np.float32), np.empty(width + 4 * channels, np.float32)
    wide, light = np.zeros(width, np.float32), np.empty(width, np.float32)
    numbers, draws = np.empty(width + width % 2, np.uint32), np.empty(width, np.float32)
    planes, knots, word_shades = in_words
    words, no_planes, unscaled = np.empty((1, width), np.uint16), np.zeros(512, np.uint8), np.empty((2, 0), np.uint16)
    alone = (np.uint64(0), np.uint64(0), np.uint64(0))  # with no planes, the shades of that row of words
    key = noise_key(seed)
    for y in range(height):
        if stray.size > 0:
            if y % weights.shape[0] == 0:
                widen_new_rows(stray, channels, y // weights.shape[0], scratch, ring)
            mix_wide(ring, rows_about(y, stray.shape[0], weights, ring.shape[0]), wide)
        if own > 0.0:
            light_new_rows(codes, table, bright, y, near)
            soften_across(near, y, height, channels, row)
            add_soft(row, channels, own, wide)
        if planes.size > 0:
            permute.look_up_words(codes, y, planes, words, 0)
            mix_words(words, factor, wide, light)
        else:
            mix_row(codes[y], table, factor, wide, light)
        add_bright(bright, y, wide, light)
        if normal.size > 0:
            draw_row(y, key, normal, normal_shift, numbers, draws)
            noise_row(light, draws, full_well, shot, read)
        if planes.size > 0:
            words_of(light, words)
            permute.shade_row(codes, y, no_planes, unscaled, words, alone, knots, word_shades, out)
        else:
            shade_row(light.view(np.int32), shades, out[y])


@kernel
def stray_at(stray, channels, weights, rows, columns, out):
    """Evaluate repeated U of a level at single pixels: stray (h, w·c), out (n, c).

    ``weights`` (factor, taps): of the cells about the pixel's own, for each pixel in a cell along an axis.
    """
    factor, taps = weights.shape
    h, w = stray.shape[0], stray.shape[1] // channels
    for n in range(rows.size):
        down, right = weights[rows[n] % factor], weights[columns[n] % factor]
        i, k = rows[n] // factor - taps // 2, columns[n] // factor - taps // 2
        for c in range(channels):
            out[n, c] = 0.0
        for dy in range(taps):
            row = stray[reflect(i + dy, h)]
            for dx in range(taps):
                weight = down[dy] * right[dx]
                if weight > 0.0:
                    x = reflect(k + dx, w) * channels
                    for c in range(channels):
                        out[n, c] += weight * row[x + c]
