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
def draw_number(number, key):
    """Return 32 random bits, named by a sample's number and the seed's key."""
    return hash32(np.uint32(hash32(number) + key))


@kernel
def add_noise(light, numbers, shot, read, seed, normal_table, shift):
    """Add noise N(0, shot·x + read) to flat float32 light in place; each sample's number names its draw.

    ``normal_table`` holds 2^(32 − shift) quantiles of the standard normal distribution.
    """
    key = noise_key(seed)
    for i in range(light.size):
        draw = normal_table[draw_number(np.uint32(numbers[i]), key) >> np.uint32(shift)]
        light[i] += np.sqrt(shot * max(light[i], np.float32(0.0)) + read) * draw
