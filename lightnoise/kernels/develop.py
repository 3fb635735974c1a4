"""8-bit pictures in two passes: into the half-resolution level, and out of it.

Between the passes no array of the picture's size exists. Rows are (H, W·c) with c channels side by side; H and W are
even. D and U are the pyramid's (see `lightnoise.optics.pyramid`).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.octave import PAD, fill_borders, halve_row, reflect
from lightnoise.kernels.sensor import noise_key, noisy

#: Pixels that `near_white` looks through at once.
BLOCK_PIXELS = 32


@kernel
def decode_halve(codes, channels, table, out):
    """Decode and apply D: codes (H, W·c) uint8, table (256,) float32, out (H/2, W/2·c) float32."""
    height, width = codes.shape
    cells = width // channels
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    ring = np.empty((6, width), np.float32)
    row = np.empty(width + 2 * PAD * channels, np.float32)
    middle = row[PAD * channels : PAD * channels + width]
    ready = 0
    for i in range(height // 2):
        while ready < min(2 * i + 4, height):
            source, light = codes[ready], ring[ready % 6]
            for j in range(width):
                light[j] = table[source[j]]
            ready += 1
        r0, r1 = ring[reflect(2 * i - 2, height) % 6], ring[reflect(2 * i - 1, height) % 6]
        r2, r3 = ring[(2 * i) % 6], ring[(2 * i + 1) % 6]
        r4, r5 = ring[reflect(2 * i + 2, height) % 6], ring[reflect(2 * i + 3, height) % 6]
        for j in range(width):
            middle[j] = a * (r0[j] + r5[j]) + b * (r1[j] + r4[j]) + d * (r2[j] + r3[j])
        fill_borders(row, cells, channels)
        halve_row(row, cells, channels, out[i])


@kernel
def widen_row(row, cells, channels, out):
    """U along a row of ``cells`` with one reflected cell on both sides: twice as many in ``out``."""
    a, b, d = np.float32(1.0 / 16.0), np.float32(5.0 / 16.0), np.float32(10.0 / 16.0)
    if channels == 3:
        for j in range(cells):
            for c in range(3):
                before, here, after = row[3 * j + c], row[3 * j + 3 + c], row[3 * j + 6 + c]
                out[6 * j + c] = b * before + d * here + a * after
                out[6 * j + 3 + c] = a * before + d * here + b * after
    else:
        for j in range(cells):
            before, here, after = row[j], row[j + 1], row[j + 2]
            out[2 * j] = b * before + d * here + a * after
            out[2 * j + 1] = a * before + d * here + b * after


@kernel
def widened(stray, i, channels, padded, out):
    """Reflect row i of ``stray`` (h, w·c) at its ends and widen it into ``out``."""
    width = stray.shape[1]
    source = stray[i]
    middle = padded[channels : channels + width]
    for j in range(width):  # a slice assignment would compile for seconds
        middle[j] = source[j]
    for c in range(channels):
        padded[c] = source[c]
        padded[channels + width + c] = source[width - channels + c]
    widen_row(padded, width // channels, channels, out)


# One function for each row's loop, with few arrays: with more at once the compiler gives up proving them apart.


@kernel
def decode_row(codes, table, light):
    """light = table[codes]."""
    for j in range(light.size):
        light[j] = table[codes[j]]


@kernel
def mix_row(light, factor, above, here, below, up, middle, down):
    """light = factor·light + up·above + middle·here + down·below, in place."""
    for j in range(light.size):
        light[j] = factor[j] * light[j] + middle * here[j]
    for j in range(light.size):
        light[j] += up * above[j] + down * below[j]


@kernel
def noise_row(light, first, full_well, shot, read, key, normal, shift):
    """Clip a row at the full well and add noise to it; its first sample has the number ``first``."""
    zero = np.float32(0.0)
    for j in range(light.size):
        # no light is less than none, or the bits that `shade_row` reads would be a negative number's
        light[j] = max(noisy(min(light[j], full_well), first + j, shot, read, key, normal, shift), zero)


@kernel
def shade_row(bits, shades, base, shift, out):
    """Look up the shade of each float's bits, nearest step; light beyond the table takes its ends."""
    low, high = np.int32(0), np.int32(shades.size - 1)
    rounding = np.int32(1) << (shift - np.int32(1))
    for j in range(bits.size):
        step = min(max(((bits[j] + rounding) >> shift) - base, low), high)
        out[j] = shades[np.uint32(step)]


@kernel
def develop(
    codes,
    channels,
    table,
    factor,
    stray,
    shades,
    base,
    shift,
    full_well,
    shot,
    read,
    seed,
    normal,
    normal_shift,
    light,
    bits,
    out,
):
    """Mix direct and stray light, add noise, and encode.

    out = shade of factor·table[codes] + U·stray. ``factor`` (W·c,) repeats the channels' factors; ``stray``
    (H/2, W/2·c) float32; ``shades`` (n,) uint8 holds the shade of each step of light, found by the float's bits
    >> shift, less ``base``. ``light`` (W·c,) float32 is room to work in, ``bits`` its int32 view.
    """
    width = codes.shape[1]
    a, b, d = np.float32(1.0 / 16.0), np.float32(5.0 / 16.0), np.float32(10.0 / 16.0)
    half = stray.shape[0]
    ring = np.empty((3, width), np.float32)
    padded = np.empty(stray.shape[1] + 2 * channels, np.float32)
    has_noise = shot > np.float32(0.0) or read > np.float32(0.0)
    key = noise_key(seed)
    widened(stray, 0, channels, padded, ring[0])
    for i in range(half):
        if i + 1 < half:
            widened(stray, i + 1, channels, padded, ring[(i + 1) % 3])
        above, here, below = ring[max(i - 1, 0) % 3], ring[i % 3], ring[min(i + 1, half - 1) % 3]
        for k in range(2):
            y = 2 * i + k
            decode_row(codes[y], table, light)
            if k == 0:
                mix_row(light, factor, above, here, below, b, d, a)
            else:
                mix_row(light, factor, above, here, below, a, d, b)
            if has_noise:
                noise_row(light, y * width, full_well, shot, read, key, normal, normal_shift)
            shade_row(bits, shades, np.int32(base), np.int32(shift), out[y])


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
def add_halved(rows, columns, light, channels, half):
    """Add D of single pixels' light (n, c) to half (h, w·c), in place."""
    taps = (1.0 / 32.0, 5.0 / 32.0, 10.0 / 32.0, 10.0 / 32.0, 5.0 / 32.0, 1.0 / 32.0)
    h, w = half.shape[0], half.shape[1] // channels
    for n in range(rows.size):
        for y in (rows[n], -1 - rows[n], 4 * h - 1 - rows[n]):
            for i in range(max((y - 2) // 2, 0), min((y + 2) // 2, h - 1) + 1):
                ty = taps[y - 2 * i + 2]
                for x in (columns[n], -1 - columns[n], 4 * w - 1 - columns[n]):
                    for k in range(max((x - 2) // 2, 0), min((x + 2) // 2, w - 1) + 1):
                        weight = np.float32(ty * taps[x - 2 * k + 2])
                        for c in range(channels):
                            half[i, k * channels + c] += weight * light[n, c]


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
