"""Banded matrices along one axis of an image: out[i] = Σ_k weights[i, k] · image[start[i] + k]."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine


@kernel
def along_rows(image, start, weights, out):
    """Mix whole rows: image (n, c) -> out (m, c), both float32 and contiguous."""
    for i in range(out.shape[0]):
        first = start[i]
        row = out[i]
        source = image[first]
        w = weights[i, 0]
        for j in range(out.shape[1]):
            row[j] = w * source[j]
        for k in range(1, weights.shape[1]):
            w = weights[i, k]
            if w != 0.0:
                source = image[first + k]
                for j in range(out.shape[1]):
                    row[j] += w * source[j]


@subroutine
def mix_three(row, start, weights, out):
    """Mix a row (n·3,) of three channels at once, which stay in registers: out (m·3,)."""
    three = np.uint64(3)
    for i in range(np.uint64(start.size)):
        red, green, blue = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        place, to = np.uint64(start[i]) * three, i * three
        for k in range(np.uint64(weights.shape[1])):
            w = weights[i, k]
            red += w * row[place]
            green += w * row[place + np.uint64(1)]
            blue += w * row[place + np.uint64(2)]
            place += three
        out[to], out[to + np.uint64(1)], out[to + np.uint64(2)] = red, green, blue


@subroutine
def mix_one(row, start, weights, out):
    """Mix a row (n,) of one channel: out (m,)."""
    for i in range(np.uint64(start.size)):
        total = np.float32(0.0)
        for k in range(np.uint64(weights.shape[1])):
            total += weights[i, k] * row[np.uint64(start[i]) + k]
        out[i] = total


@kernel
def along_columns(image, channels, start, weights, out):
    """Mix the columns of every row: image (h, n·c) -> out (h, m·c), c = 1 or 3, both float32 and contiguous."""
    for y in range(out.shape[0]):
        if channels == 3:
            mix_three(image[y], start, weights, out[y])
        else:
            mix_one(image[y], start, weights, out[y])
