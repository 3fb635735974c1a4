"""One octave of the pyramid where it halves exactly: what the banded matrices do, row by row in the cache.

All arrays are (h, w·c) float32 and contiguous, c channels side by side, h and w even at the finer level. ``PAD`` cells
of reflection on both sides of a row keep its loops free of borders.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel

PAD = 2


@kernel
def reflect(index, n):
    """Return the index that half-sample symmetric reflection gives, for at most n beyond either end."""
    if index < 0:
        return -1 - index
    if index >= n:
        return 2 * n - 1 - index
    return index


@kernel
def fill_borders(row, cells, channels):
    """Reflect a padded row's first and last cells into its padding."""
    for k in range(PAD):
        for c in range(channels):
            row[(PAD - 1 - k) * channels + c] = row[(PAD + k) * channels + c]
            row[(PAD + cells + k) * channels + c] = row[(PAD + cells - 1 - k) * channels + c]


@kernel
def halve_row(row, cells, channels, out):
    """Mix a padded row of ``cells`` by [1 5 10 10 5 1]/32 to half as many."""
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    if channels == 3:
        for j in range(cells // 2):
            k = 6 * j  # the first of six cells: 2·j − 2 behind the padding
            for c in range(3):
                out[3 * j + c] = (
                    a * (row[k + c] + row[k + 15 + c])
                    + b * (row[k + 3 + c] + row[k + 12 + c])
                    + d * (row[k + 6 + c] + row[k + 9 + c])
                )
    else:
        for j in range(cells // 2):
            k = 2 * j
            out[j] = a * (row[k] + row[k + 5]) + b * (row[k + 1] + row[k + 4]) + d * (row[k + 2] + row[k + 3])


@kernel
def halve(image, channels, out):
    """Level ℓ to level ℓ + 1: D along rows and columns."""
    height, width = image.shape
    cells = width // channels
    a, b, d = np.float32(1.0 / 32.0), np.float32(5.0 / 32.0), np.float32(10.0 / 32.0)
    row = np.empty(width + 2 * PAD * channels, np.float32)
    middle = row[PAD * channels : PAD * channels + width]
    for i in range(height // 2):
        r0, r1 = image[reflect(2 * i - 2, height)], image[reflect(2 * i - 1, height)]
        r2, r3 = image[2 * i], image[2 * i + 1]
        r4, r5 = image[reflect(2 * i + 2, height)], image[reflect(2 * i + 3, height)]
        for j in range(width):
            middle[j] = a * (r0[j] + r5[j]) + b * (r1[j] + r4[j]) + d * (r2[j] + r3[j])
        fill_borders(row, cells, channels)
        halve_row(row, cells, channels, out[i])


@kernel
def double(level, coarser, channels, plain, smooth, out):
    """One step of the way up: out = plain·level + S(smooth·level + 2-fold spread of coarser)."""
    height, width = level.shape
    cells = width // channels
    a, b, d = np.float32(1.0 / 16.0), np.float32(4.0 / 16.0), np.float32(6.0 / 16.0)
    ring = np.empty((5, width), np.float32)
    row = np.empty(width + 2 * PAD * channels, np.float32)
    middle = row[PAD * channels : PAD * channels + width]
    for y in range(-2, height):
        ahead = y + 2
        if ahead < height:
            soft = ring[ahead % 5]
            own = level[ahead]
            wide = coarser[ahead // 2]
            if channels == 3:
                for j in range(cells // 2):
                    for c in range(3):
                        value = wide[3 * j + c]
                        soft[6 * j + c] = smooth * own[6 * j + c] + value
                        soft[6 * j + 3 + c] = smooth * own[6 * j + 3 + c] + value
            else:
                for j in range(cells // 2):
                    soft[2 * j] = smooth * own[2 * j] + wide[j]
                    soft[2 * j + 1] = smooth * own[2 * j + 1] + wide[j]
        if y < 0:
            continue
        r0, r1 = ring[reflect(y - 2, height) % 5], ring[reflect(y - 1, height) % 5]
        r2 = ring[y % 5]
        r3, r4 = ring[reflect(y + 1, height) % 5], ring[reflect(y + 2, height) % 5]
        for j in range(width):
            middle[j] = a * (r0[j] + r4[j]) + b * (r1[j] + r3[j]) + d * r2[j]
        fill_borders(row, cells, channels)
        own, target = level[y], out[y]
        # slices, because an index sum may be negative to the compiler, which then does not vectorise
        c0, c1, c2 = row[:width], row[channels : channels + width], row[2 * channels : 2 * channels + width]
        c3, c4 = row[3 * channels : 3 * channels + width], row[4 * channels : 4 * channels + width]
        for j in range(width):
            target[j] = plain * own[j] + a * (c0[j] + c4[j]) + b * (c1[j] + c3[j]) + d * c2[j]
