"""Banded matrices along one axis of an image: out[i] = Σ_k weights[i, k] · image[start[i] + k]."""

from __future__ import annotations

from lightnoise.kernels.jit import kernel


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


@kernel
def along_columns(image, start, weights, out):
    """Mix the columns of every row: image (h, n, c) -> out (h, m, c), both float32 and contiguous."""
    taps = weights.shape[1]
    for y in range(out.shape[0]):
        for i in range(out.shape[1]):
            first = start[i]
            for c in range(out.shape[2]):
                total = weights[i, 0] * image[y, first, c]
                for k in range(1, taps):
                    total += weights[i, k] * image[y, first + k, c]
                out[y, i, c] = total
