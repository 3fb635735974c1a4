"""8-bit pictures in two passes: into the half-resolution level, and out of it.

Between the passes no array of the picture's size exists. Rows are (H, W·c) with c channels side by side; H and W are
even. D and U are the pyramid's (see `lightnoise.optics.pyramid`).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.octave import (
    halve_rows,
    join,
    mix_three,
    reflect,
    reflect_ends,
    rows_about,
    widen_parts,
)
from lightnoise.kernels.sensor import draw_number, noise_key

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
def decode_halve(codes, channels, table, out, row_largest):
    """Decode and apply D: codes (H, W·c) uint8, table (256,) float32, out (H/2, W/2·c) float32.

    ``row_largest`` (H,) gets the largest code of every row.
    """
    height, width = codes.shape
    ring, row = np.empty((6, width), np.float32), np.empty(width, np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    ready = 0
    for i in range(height // 2):
        while ready < min(2 * i + 4, height):
            row_largest[ready] = decode_row(codes[ready], table, ring[ready % 6])
            ready += 1
        halve_ring(ring, i, height, channels, row, even, odd, out[i])


@kernel
def decode_quarter(codes, channels, table, out, row_largest):
    """Decode and apply D twice, as `decode_halve` does once: out (H/4, W/4·c); no more of level 1 than six rows is."""
    height, width = codes.shape
    ring, row = np.empty((6, width), np.float32), np.empty(width, np.float32)
    halves = np.empty((6, width // 2), np.float32)
    even, odd = np.empty(width // 2 + 2 * channels, np.float32), np.empty(width // 2 + 2 * channels, np.float32)
    fewer = width // 4 + 2 * channels
    ready = made = 0
    for i in range(height // 4):
        while made < min(2 * i + 4, height // 2):
            while ready < min(2 * made + 4, height):
                row_largest[ready] = decode_row(codes[ready], table, ring[ready % 6])
                ready += 1
            halve_ring(ring, made, height, channels, row, even, odd, halves[made % 6])
            made += 1
        halve_ring(halves, i, height // 2, channels, row[: width // 2], even[:fewer], odd[:fewer], out[i])


# The shade of a pixel depends on its code and on its stray light. A table of both, with a row for every step of stray
# light that the eye could tell, is looked up once per sample where decoding and encoding would be two.


@kernel
def fill_shades(table, factor, stray, shades, base, shift, out):
    """Tabulate shades: out[c, r, v] of factor[c]·table[v] + stray[r]; see `shade`."""
    for c in range(out.shape[0]):
        for r in range(out.shape[1]):
            row = out[c, r]
            for v in range(row.size):
                row[v] = shade(factor[c] * table[v] + stray[r], shades, base, shift)


@kernel
def shade(light, shades, base, shift):
    """Look up the shade of light ≥ 0 by the float's bits >> shift, less ``base``; beyond the table its ends serve."""
    bits = np.float32(light).view(np.int32)
    step = ((bits + (np.int32(1) << np.int32(shift - 1))) >> np.int32(shift)) - base
    return shades[min(max(step, 0), shades.size - 1)]


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
def look_up_parts(codes, channels, even, odd, first, second, third, out):
    """out = table[step + code] with a table for each channel; ``even`` and ``odd`` hold the cells' steps."""
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
def develop(codes, channels, stray, offset, base, shift, tables, out):
    """Mix direct and stray light and encode, by one look-up per sample.

    ``stray`` (H/2, W/2·c) float32 is brought to the picture's size by U. ``tables`` (1 or c, steps, 256) uint8 has the
    row bits(stray + offset) >> shift, less ``base``, for each sample.
    """
    c, size = channels, stray.shape[1]
    last = np.int32(tables.shape[1] - 1)
    red = tables[0].reshape(-1)
    green, blue = tables[min(1, tables.shape[0] - 1)].reshape(-1), tables[min(2, tables.shape[0] - 1)].reshape(-1)
    row, even, odd = np.empty(size + 2 * c, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    middle, even_steps, odd_steps = row[c : c + size], even.view(np.int32), odd.view(np.int32)
    for y in range(codes.shape[0]):
        near, here, far = rows_about(stray, y)
        mix_three(near, here, far, middle)
        add_to(middle, offset)
        reflect_ends(row, c)
        widen_parts(row, c, even, odd)
        step_of(even_steps, np.int32(base), np.int32(shift), last)
        step_of(odd_steps, np.int32(base), np.int32(shift), last)
        look_up_parts(codes[y], c, even_steps, odd_steps, red, green, blue, out[y])


# One function for each row's loop, with few arrays: with more at once the compiler gives up proving them apart.


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

    out = shade of noisy(factor·table[codes] + U·stray). ``factor`` (W·c,) repeats the channels' factors; ``shades``
    (n,) uint8 as in `shade`.
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
        reflect_ends(row, channels)
        widen_parts(row, channels, even, odd)
        join(even, odd, channels, wide)
        mix_row(codes[y], table, factor, wide, light)
        draw_row(y * width, key, normal, normal_shift, numbers, draws)
        noise_row(light, draws, full_well, shot, read)
        shade_row(light.view(np.int32), shades, np.int32(base), np.int32(shift), out[y])


@kernel
def shade_row(bits, shades, base, shift, out):
    """Look up the shades of a row of light, given its bits; see `shade`."""
    low, high = np.int32(0), np.int32(shades.size - 1)
    rounding = np.int32(1) << (shift - np.int32(1))
    for j in range(bits.size):
        step = min(max(((bits[j] + rounding) >> shift) - base, low), high)
        out[j] = shades[np.uint32(step)]


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


@kernel
def stray_at(stray, channels, rows, columns, out):
    """Evaluate U·stray at single pixels: stray (h, w·c), out (n, c)."""
    near, middle, far = 5.0 / 16.0, 10.0 / 16.0, 1.0 / 16.0
    h, w = stray.shape[0], stray.shape[1] // channels
    for n in range(rows.size):
        i, k = rows[n] // 2, columns[n] // 2
        up, down = (near, far) if rows[n] % 2 == 0 else (far, near)
        left, right = (near, far) if columns[n] % 2 == 0 else (far, near)
        for c in range(channels):
            out[n, c] = 0.0
        for dy, wy in ((-1, up), (0, middle), (1, down)):
            for dx, wx in ((-1, left), (0, middle), (1, right)):
                y, x = reflect(i + dy, h), reflect(k + dx, w)
                for c in range(channels):
                    out[n, c] += np.float32(wy * wx) * stray[y, x * channels + c]
