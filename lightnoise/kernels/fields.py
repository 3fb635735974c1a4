"""Pictures to fields that OpenCV transforms, channel by channel, and back."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel


@kernel
def apart(light, i, fields, y, first):
    """Copy row i of light (h, w, c) to row y of fields (c, H, W), to ``first`` on."""
    if light.shape[2] == 3:  # three at once are vectorised
        for k in range(np.uint64(light.shape[1])):
            red, green, blue = light[i, k, 0], light[i, k, 1], light[i, k, 2]
            fields[0, y, k + first], fields[1, y, k + first], fields[2, y, k + first] = red, green, blue
    else:
        for k in range(np.uint64(light.shape[1])):
            fields[0, y, k + first] = light[i, k, 0]


@kernel
def together(fields, y, first, out, i):
    """Add row y of fields (c, H, W) from ``first`` on, at least 0, to row i of out (h, w, c)."""
    zero = np.float32(0.0)
    if out.shape[2] == 3:
        for k in range(np.uint64(out.shape[1])):
            red, green, blue = fields[0, y, k + first], fields[1, y, k + first], fields[2, y, k + first]
            out[i, k, 0] += max(red, zero)
            out[i, k, 1] += max(green, zero)
            out[i, k, 2] += max(blue, zero)
    else:
        for k in range(np.uint64(out.shape[1])):
            out[i, k, 0] += max(fields[0, y, k + first], zero)


@kernel
def reflect_ends(fields, c, y, columns, left, right):
    """Fill row y of field c before ``left`` and from ``right`` on by the row's own cells, see `spread_out`."""
    before, after = np.uint64(left), np.uint64(columns.size) - right
    if max(before, after) <= right - before:  # reflected once, in runs
        for k in range(before):
            fields[c, y, before - np.uint64(1) - k] = fields[c, y, before + k]
        for k in range(after):
            fields[c, y, right + k] = fields[c, y, right - np.uint64(1) - k]
    else:
        for k in range(columns.size):
            if k < left or k >= right:
                fields[c, y, np.uint64(k)] = fields[c, y, np.uint64(columns[k]) + before]


@kernel
def spread_out(light, rows, columns, top, left, fields):
    """Copy light (h, w, c) to fields (c, H, W): cell (i, k) of a field gets row ``rows[i]`` and column ``columns[k]``.

    Both (H,) and (W,) int64 have all rows and all columns in their order from ``top`` and ``left`` on, with repetitions
    before and after.
    """
    height, width, channels = light.shape
    right = np.uint64(left + width)
    for i in range(height):
        y = np.uint64(top + i)
        apart(light, np.uint64(i), fields, y, np.uint64(left))
        for c in range(channels):
            reflect_ends(fields, np.uint64(c), y, columns, left, right)
    for c in range(channels):
        for row in range(rows.size):
            if row < top or row >= top + height:
                source = np.uint64(rows[row] + top)
                for k in range(np.uint64(columns.size)):
                    fields[c, np.uint64(row), k] = fields[c, source, k]


@kernel
def add_together(fields, top, left, out):
    """Add what stands at (top, left) on of fields (c, H, W), if it is more than 0, to out (h, w, c)."""
    for i in range(out.shape[0]):
        together(fields, np.uint64(top + i), np.uint64(left), out, np.uint64(i))


@kernel
def scale(packed, ends, inner, weight):
    """Multiply a packed spectrum (H, W) in place: its first and last column by ``ends`` (2, H), pairs by ``inner``."""
    last = packed.shape[1] - 1
    for y in range(packed.shape[0]):
        packed[y, 0] *= weight * ends[0, y]
        packed[y, last] *= weight * ends[1, y]
    for y in range(np.uint64(packed.shape[0])):
        for k in range(np.uint64(inner.shape[1])):
            gain = weight * inner[y, k]
            packed[y, 2 * k + np.uint64(1)] *= gain
            packed[y, 2 * k + np.uint64(2)] *= gain


@kernel
def add_scaled(packed, ends, inner, weight, out):
    """Add to ``out`` what `scale` would make of a packed spectrum."""
    last = packed.shape[1] - 1
    for y in range(packed.shape[0]):
        out[y, 0] += packed[y, 0] * (weight * ends[0, y])
        out[y, last] += packed[y, last] * (weight * ends[1, y])
    for y in range(np.uint64(packed.shape[0])):
        for k in range(np.uint64(inner.shape[1])):
            gain = weight * inner[y, k]
            out[y, 2 * k + np.uint64(1)] += packed[y, 2 * k + np.uint64(1)] * gain
            out[y, 2 * k + np.uint64(2)] += packed[y, 2 * k + np.uint64(2)] * gain
