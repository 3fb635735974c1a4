"""What the sensor does to light: full wells that spill along columns, and noise."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine


@kernel
def spill_columns(light, full_well, fraction):
    """Let the charge above ``full_well`` fill the column's free pixels, half of it down and half of it up, in place.

    light (h, w, c) float32. Charge that reaches the end of the column is drained.
    """
    height, width, channels = light.shape
    excess = np.empty((height, channels), np.float32)
    carry = np.empty(channels, np.float32)
    for x in range(width):
        spills = False
        for y in range(height):
            for c in range(channels):
                over = light[y, x, c] - full_well
                if over > 0.0:
                    spills = True
                    light[y, x, c] = full_well
                    excess[y, c] = np.float32(0.5) * fraction * over
                else:
                    excess[y, c] = 0.0
        if not spills:
            continue
        for direction in range(2):
            carry[:] = 0.0
            for step in range(height):
                y = step if direction == 0 else height - 1 - step
                for c in range(channels):
                    take = min(full_well - light[y, x, c], carry[c])
                    light[y, x, c] += take
                    carry[c] += excess[y, c] - take


@subroutine
def hash32(x):
    """Mix 32 bits: two rounds of xor-shift and multiplication (C. Wellons, "lowbias32", public domain)."""
    # numba widens 32-bit products to 64 bits: cut back after each step
    x = np.uint32(x)
    x = np.uint32(x ^ (x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@kernel
def noise_key(seed):
    """Return what a seed adds to every sample's number."""
    return hash32(np.uint32(seed ^ np.uint32(0x9E3779B9)))


@subroutine
def row_key(row, key):
    """Return what names the draws of a row, by the seed's key."""
    return hash32(np.uint32(hash32(np.uint32(row)) + key))


@subroutine
def pair_bits(pair, key):
    """Return 32 random bits for two samples of the row that a key names.

    The samples' numbers are spread over all bits first, so that no two rows' draws are the same ones in other places.
    """
    return hash32(np.uint32(np.uint32(np.uint32(pair) * np.uint32(0x9E3779B9)) ^ key))


@subroutine
def draw_of(bits, upper, shift):
    """Return a number below 2^(32 − shift), at most 2^16, of the upper or the lower half of random bits."""
    half = bits if upper else np.uint32(bits << np.uint32(16))
    return np.uint32(half >> np.uint32(shift))


@subroutine
def draw_row(row, key, normal_table, shift, numbers, draws):
    """Draw a row of n standard normal numbers (n,) from a table of 2^(32 − shift) quantiles, at most 2^16.

    Sample j < h = (n + 1)//2 has the upper half of the bits of pair j, the others the lower half of those of pair
    j − h. ``numbers`` is scratch, (2h,) uint32.
    """
    key, half = row_key(row, key), np.uint64((draws.size + 1) // 2)
    for i in range(half):
        bits = pair_bits(i, key)
        numbers[i] = draw_of(bits, True, shift)
        numbers[half + i] = draw_of(bits, False, shift)
    for j in range(draws.size):
        draws[j] = normal_table[numbers[j]]


@subroutine
def noisy(x, draw, shot, read):
    """Return x with noise of variance shot·x + read, by a standard normal number."""
    return x + np.sqrt(shot * max(x, np.float32(0.0)) + read) * draw


@subroutine
def noise_row(light, draws, full_well, shot, read):
    """Clip a row at the full well and add noise of variance shot·x + read to it."""
    for j in range(light.size):
        light[j] = noisy(min(light[j], full_well), draws[j], shot, read)


@kernel
def add_noise(light, shot, read, seed, normal_table, shift):
    """Add noise N(0, shot·x + read) to float32 light (rows, n) in place; see `draw_row`."""
    key, n = noise_key(seed), light.shape[1]
    numbers, draws = np.empty(n + n % 2, np.uint32), np.empty(n, np.float32)
    for y in range(light.shape[0]):
        draw_row(y, key, normal_table, shift, numbers, draws)
        noise_row(light[y], draws, np.float32(np.inf), shot, read)


@kernel
def add_noise_at(light, rows, places, n, shot, read, seed, normal_table, shift):
    """Do the same to single pixels (k, c), whose first samples have those places (k,) in rows of n samples."""
    key, half = noise_key(seed), (n + 1) // 2
    for k in range(light.shape[0]):
        of_row = row_key(rows[k], key)
        for c in range(light.shape[1]):
            j = places[k] + c
            bits = pair_bits(j if j < half else j - half, of_row)
            light[k, c] = noisy(light[k, c], normal_table[draw_of(bits, j < half, shift)], shot, read)
