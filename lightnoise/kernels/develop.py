"""8-bit pictures out of the pyramid's first or second level: mix direct and stray light, add noise, encode.

No array of the picture's size exists but the result. Rows are (H, W·c) with c channels side by side; H and W are even,
for the second level multiples of four. U is the pyramid's (see `lightnoise.optics.pyramid`).

One function stands for each row's loop, with few arrays: with more at once the compiler gives up proving them apart.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.octave import (
    join,
    mix_four,
    mix_three,
    reflect,
    reflect_ends,
    rows_about,
    widen_parts,
)
from lightnoise.kernels.sensor import draw_number, noise_key

# The shade of a pixel depends on its code and on its stray light. A table of both, with a row for every step of stray
# light that the eye could tell, is looked up once per sample where decoding and encoding would be two.


@kernel
def fill_shades(table, factor, stray, shades, base, shift, out):
    """Tabulate shades: out[c, r, v] of factor[c]·table[v] + stray[r]; see `shade_row`."""
    light = np.empty(table.size, np.float32)
    for c in range(out.shape[0]):
        for r in range(out.shape[1]):
            scale_row(table, factor[c], stray[r], light)
            shade_row(light.view(np.int32), shades, base, shift, out[c, r])


@kernel
def scale_row(row, factor, offset, out):
    """out = factor·row + offset."""
    for j in range(out.size):
        out[j] = factor * row[j] + offset


@kernel
def shade_row(bits, shades, base, shift, out):
    """Look up the shades of light ≥ 0 by its floats' bits >> shift, rounded, less ``base``; replaces the bits.

    Beyond the table its ends serve.
    """
    low, high = np.int32(0), np.int32(shades.size - 1)
    rounding = np.int32(np.int32(1) << np.int32(shift - np.int32(1)))
    for j in range(bits.size):
        step = np.int32(np.int32(np.int32(bits[j] + rounding) >> shift) - base)
        bits[j] = min(max(step, low), high)
    for j in range(bits.size):
        out[j] = shades[np.uint32(bits[j])]


@kernel
def add_to(row, offset):
    """Add a number to a row, in place."""
    for j in range(row.size):
        row[j] += offset


@kernel
def step_of(bits, base, shift, last):
    """Replace floats' bits by the place of their step's row of 256 codes, in place."""
    for j in range(bits.size):
        step = np.int32(np.int32(bits[j] >> shift) - base)
        bits[j] = np.int32(np.int32(min(step, last)) << np.int32(8))


@kernel
def look_up_halves(codes, channels, even, odd, first, second, third, out):
    """out = table[step + code] with a table for each channel; ``even`` and ``odd`` hold every second cell's steps."""
    n = codes.size // (2 * channels)
    if channels == 3:
        source, target = codes.reshape(n, 6), out.reshape(n, 6)
        left, right = even.reshape(n, 3), odd.reshape(n, 3)
        for j in range(n):
            target[j, 0] = first[np.uint32(left[j, 0] + source[j, 0])]
            target[j, 1] = second[np.uint32(left[j, 1] + source[j, 1])]
            target[j, 2] = third[np.uint32(left[j, 2] + source[j, 2])]
            target[j, 3] = first[np.uint32(right[j, 0] + source[j, 3])]
            target[j, 4] = second[np.uint32(right[j, 1] + source[j, 4])]
            target[j, 5] = third[np.uint32(right[j, 2] + source[j, 5])]
    else:
        pairs, target = codes.reshape(n, 2), out.reshape(n, 2)
        for j in range(n):
            target[j, 0] = first[np.uint32(even[j] + pairs[j, 0])]
            target[j, 1] = first[np.uint32(odd[j] + pairs[j, 1])]


@kernel
def look_up_quarters(codes, channels, steps, first, second, third, out):
    """out = table[step + code] with a table for each channel; steps (4, W/4·c): every fourth cell's in a row."""
    n = codes.size // (4 * channels)
    if channels == 3:
        source, target = codes.reshape(n, 12), out.reshape(n, 12)
        a, b = steps[0].reshape(n, 3), steps[1].reshape(n, 3)
        c, d = steps[2].reshape(n, 3), steps[3].reshape(n, 3)
        for j in range(n):
            target[j, 0] = first[np.uint32(a[j, 0] + source[j, 0])]
            target[j, 1] = second[np.uint32(a[j, 1] + source[j, 1])]
            target[j, 2] = third[np.uint32(a[j, 2] + source[j, 2])]
            target[j, 3] = first[np.uint32(b[j, 0] + source[j, 3])]
            target[j, 4] = second[np.uint32(b[j, 1] + source[j, 4])]
            target[j, 5] = third[np.uint32(b[j, 2] + source[j, 5])]
            target[j, 6] = first[np.uint32(c[j, 0] + source[j, 6])]
            target[j, 7] = second[np.uint32(c[j, 1] + source[j, 7])]
            target[j, 8] = third[np.uint32(c[j, 2] + source[j, 8])]
            target[j, 9] = first[np.uint32(d[j, 0] + source[j, 9])]
            target[j, 10] = second[np.uint32(d[j, 1] + source[j, 10])]
            target[j, 11] = third[np.uint32(d[j, 2] + source[j, 11])]
    else:
        source, target = codes.reshape(n, 4), out.reshape(n, 4)
        for j in range(n):
            for k in range(4):
                target[j, k] = first[np.uint32(steps[k, j] + source[j, k])]


@kernel
def channel_tables(tables):
    """Return a flat table for each of three channels; ``tables`` (1 or c, steps, 256)."""
    last = tables.shape[0] - 1
    return tables[0].reshape(-1), tables[min(1, last)].reshape(-1), tables[min(2, last)].reshape(-1)


@kernel
def develop_halves(codes, channels, stray, offset, base, shift, tables, out):
    """Mix direct and stray light and encode, by one look-up per sample.

    ``stray`` (H/2, W/2·c) float32 is brought to the picture's size by U. ``tables`` (1 or c, steps, 256) uint8 has the
    row bits(stray + offset) >> shift, less ``base``, for each sample.
    """
    c, size = channels, stray.shape[1]
    last = np.int32(tables.shape[1] - 1)
    red, green, blue = channel_tables(tables)
    row, even, odd = np.empty(size + 2 * c, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    middle, even_steps, odd_steps = row[c : c + size], even.view(np.int32), odd.view(np.int32)
    for y in range(codes.shape[0]):
        near, here, far = rows_about(stray, y)
        mix_three(near, here, far, middle)
        add_to(middle, offset)
        reflect_ends(row, c, 1)
        widen_parts(row, c, even, odd)
        step_of(even_steps, np.int32(base), np.int32(shift), last)
        step_of(odd_steps, np.int32(base), np.int32(shift), last)
        look_up_halves(codes[y], c, even_steps, odd_steps, red, green, blue, out[y])


# U twice: weights of the four coarse cells about a fine one, the far one that it leans away from last; of the four fine
# cells in a coarse one, for the outer two and for the inner two.
OUTER = tuple(np.float32(weight / 256.0) for weight in (5, 101, 135, 15))
INNER = tuple(np.float32(weight / 256.0) for weight in (1, 65, 155, 35))


@kernel
def develop_quarters(codes, channels, stray, offset, base, shift, tables, out):
    """Do what `develop_halves` does from ``stray`` (H/4, W/4·c), brought to the picture's size by U twice."""
    c, size, last = channels, stray.shape[1], np.int32(tables.shape[1] - 1)
    red, green, blue = channel_tables(tables)
    row, parts = np.empty(size + 4 * c, np.float32), np.empty((4, size), np.float32)
    before, left, here = row[:size], row[c : c + size], row[2 * c : 2 * c + size]
    right, after = row[3 * c : 3 * c + size], row[4 * c :]
    first, second, third, fourth = parts[0], parts[1], parts[2], parts[3]
    steps = parts.view(np.int32)
    all_steps = steps.reshape(-1)
    for y in range(codes.shape[0]):
        mix_rows_about(stray, y, here)
        add_to(here, offset)
        reflect_ends(row, c, 2)
        mix_four(before, left, here, right, OUTER, first)
        mix_four(before, left, here, right, INNER, second)
        mix_four(after, right, here, left, INNER, third)
        mix_four(after, right, here, left, OUTER, fourth)
        step_of(all_steps, np.int32(base), np.int32(shift), last)
        look_up_quarters(codes[y], c, steps, red, green, blue, out[y])


@kernel
def mix_rows_about(coarsest, y, out):
    """U twice across rows: row y of the picture, as wide as the coarse level."""
    i, height = y // 4, coarsest.shape[0]
    nearer = -1 if y % 4 < 2 else 1
    r0, r1 = coarsest[reflect(i + 2 * nearer, height)], coarsest[reflect(i + nearer, height)]
    r3 = coarsest[reflect(i - nearer, height)]
    mix_four(r0, r1, coarsest[i], r3, INNER if y % 4 == 1 or y % 4 == 2 else OUTER, out)


@kernel
def mix_row(codes, table, factor, wide, light):
    """light = factor·table[codes] + wide."""
    for j in range(light.size):
        light[j] = table[codes[j]]
    for j in range(light.size):
        light[j] = factor[j] * light[j] + wide[j]


@kernel
def draw_row(first, key, normal, shift, numbers, draws):
    """Draw a row of standard normal numbers; its first sample has the number ``first``."""
    for j in range(numbers.size):
        numbers[j] = draw_number(np.uint32(first + j), key) >> np.uint32(shift)
    for j in range(draws.size):
        draws[j] = normal[numbers[j]]


@kernel
def noise_row(light, draws, full_well, shot, read):
    """Clip a row at the full well and add noise of variance shot·x + read to it; no light is less than none."""
    for j in range(light.size):
        x = min(light[j], full_well)
        light[j] = max(x + np.sqrt(shot * max(x, np.float32(0.0)) + read) * draws[j], np.float32(0.0))


@kernel
def develop_noisy(
    codes, channels, table, factor, stray, shades, base, shift, full_well, shot, read, seed, normal, normal_shift, out
):
    """Mix direct and stray light, add noise, and encode.

    out = shade of noisy(factor·table[codes] + U·stray), ``stray`` (H/2, W/2·c). ``factor`` (W·c,) repeats the channels'
    factors; ``shades`` (n,) uint8 as in `shade_row`.
    """
    height, width = codes.shape
    half = width // 2
    row = np.empty(half + 2 * channels, np.float32)
    even, odd = np.empty(half, np.float32), np.empty(half, np.float32)
    wide, light = np.empty(width, np.float32), np.empty(width, np.float32)
    numbers, draws = np.empty(width, np.uint32), np.empty(width, np.float32)
    key = noise_key(seed)
    for y in range(height):
        near, here, far = rows_about(stray, y)
        mix_three(near, here, far, row[channels : channels + half])
        reflect_ends(row, channels, 1)
        widen_parts(row, channels, even, odd)
        join(even, odd, channels, wide)
        mix_row(codes[y], table, factor, wide, light)
        draw_row(y * width, key, normal, normal_shift, numbers, draws)
        noise_row(light, draws, full_well, shot, read)
        shade_row(light.view(np.int32), shades, np.int32(base), np.int32(shift), out[y])


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
