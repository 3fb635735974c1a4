"""Exponential and logarithm of float32 in plain arithmetic: loops of them vectorise, and every machine gets the same.

References
----------
S. L. Moshier, Cephes Mathematical Library, expf and logf (reduction and coefficients).
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import subroutine


@subroutine
def exp(x):
    """Return e^x for 0 ≤ x ≤ 88, within 1e-7 of itself."""
    whole = np.int32(x * np.float32(1.44269504) + np.float32(0.5))
    n = np.float32(whole)
    x = (x - n * np.float32(0.693359375)) - n * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * x + np.float32(1.3981999507e-3)
    p = p * x + np.float32(8.3334519073e-3)
    p = p * x + np.float32(4.1665795894e-2)
    p = p * x + np.float32(1.6666665459e-1)
    p = p * x + np.float32(5.0000001201e-1)
    power = np.int32(np.int32(whole + np.int32(127)) << np.int32(23)).view(np.float32)
    return (p * (x * x) + x + np.float32(1.0)) * power


@subroutine
def log(x):
    """Return ln x for a normal x > 0, within 2e-7 of itself and of 1."""
    bits = np.float32(x).view(np.int32)
    whole = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))  # the mantissa is within √½ … √2
    m = np.int32(bits - np.int32(whole << np.int32(23))).view(np.float32) - np.float32(1.0)
    p = np.float32(7.0376836292e-2)
    p = p * m + np.float32(-1.1514610310e-1)
    p = p * m + np.float32(1.1676998740e-1)
    p = p * m + np.float32(-1.2420140846e-1)
    p = p * m + np.float32(1.4249322787e-1)
    p = p * m + np.float32(-1.6668057665e-1)
    p = p * m + np.float32(2.0000714765e-1)
    p = p * m + np.float32(-2.4999993993e-1)
    p = p * m + np.float32(3.3333331174e-1)
    squared = m * m
    return m + (m * squared * p - np.float32(0.5) * squared) + np.float32(whole) * np.float32(0.69314718)
