"""The least that a compiled loop can do to every sample: floors of any way through light and back."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, error_model="numpy")
def look_up(codes, table, out):
    """Look up every sample of codes (H, n) in a table of 256 bytes."""
    for y in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            out[y, j] = table[codes[y, j]]


@numba.njit(nogil=True, error_model="numpy")
def polynomial(codes, coefficients, out):
    """Evaluate a polynomial of degree 4 at every sample of codes (H, n), and keep one row: nothing is written."""
    a, b, c, d, e = coefficients
    for y in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            x = np.float32(codes[y, j])
            out[j] = a + x * (b + x * (c + x * (d + x * e)))
