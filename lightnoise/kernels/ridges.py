"""Spikes of a starburst: ridges of light that dim with the square of the distance."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel

#: Closer to the source than this, squared, its light is not known here; µm².
LEAST_SQUARED = 1e-6


@kernel
def add_ridge(x, y, cosine, sine, table, step, brightness, out):
    """Add the ridge along (cosine, sine) at places (n,) float64 to light (n, 3) float32.

    ``table`` (m, 3) float32 is the light across the ridge, in steps; beyond it dims as 1/t² on average.
    """
    last = table.shape[0] - 1
    end, per_step = step * last, 1.0 / step
    for n in range(x.size):
        along, across = x[n] * cosine + y[n] * sine, abs(y[n] * cosine - x[n] * sine)
        fall = brightness * (along / max(x[n] * x[n] + y[n] * y[n], LEAST_SQUARED)) ** 2
        k = last
        if across < end:
            k = int(across * per_step + 0.5)
        else:
            fall *= (end / across) ** 2
        for c in range(3):
            out[n, c] += table[k, c] * np.float32(fall)


@kernel
def second_difference(t, a, b, table, step, half, tail, out):
    """Store F(t + a + b) + F(t − a − b) − F(t + a − b) − F(t − a + b) for t (n,), float64, as out (n, 3).

    ``table`` (m, 3) has the second integral F from 0 in steps. Beyond it the first integral stays ``half`` of the
    whole, less what a section that falls as ``tail``/t² still lacks.
    """
    last = table.shape[0] - 1
    end = step * last
    for n in range(t.size):
        for c in range(3):
            out[n, c] = 0.0
        for k in range(4):
            at = abs(t[n] + (a if k % 2 == 0 else -a) + (b if k == 0 or k == 3 else -b))
            sign = 1.0 if k == 0 or k == 1 else -1.0
            place = min(at, end) / step
            below = min(int(place), last - 1)
            part = place - below
            for c in range(3):
                value = (1.0 - part) * table[below, c] + part * table[below + 1, c]
                if at > end:
                    value += half[c] * (at - end) - tail[c] * np.log(at / end)
                out[n, c] += sign * value
