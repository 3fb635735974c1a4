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
    """Copy row y of fields (c, H, W) from ``first`` on, at least 0, to row i of out (h, w, c)."""
    zero = np.float32(0.0)
    if out.shape[2] == 3:
        for k in range(np.uint64(out.shape[1])):
            red, green, blue = fields[0, y, k + first], fields[1, y, k + first], fields[2, y, k + first]
            out[i, k, 0], out[i, k, 1], out[i, k, 2] = max(red, zero), max(green, zero), max(blue, zero)
    else:
        for k in range(np.uint64(out.shape[1])):
            out[i, k, 0] = max(fields[0, y, k + first], zero)


@kernel
def spread_out(light, rows, columns, fields):
    """Copy light (h, w, c) to fields (c, H, W): cell (i, k) of a field gets row ``rows[i]`` and column ``columns[k]``.

    Both (H,) and (W,) int64 have a run of all rows and all columns in their order, with repetitions before and after.
    """
    height, width, channels = light.shape
    top, left = 0, 0
    while rows[top] != 0 or rows[top + height - 1] != height - 1:
        top += 1
    while columns[left] != 0 or columns[left + width - 1] != width - 1:
        left += 1
    right = np.uint64(left + width)
    for i in range(height):
        y = np.uint64(top + i)
        apart(light, np.uint64(i), fields, y, np.uint64(left))
        for c in range(channels):
            for k in range(np.uint64(left)):
                fields[c, y, k] = fields[c, y, columns[k] + left]
            for k in range(right, np.uint64(columns.size)):
                fields[c, y, k] = fields[c, y, columns[k] + left]
    for c in range(channels):
        for y in range(rows.size):
            if y < top or y >= top + height:
                source = np.uint64(rows[y] + top)
                for k in range(np.uint64(columns.size)):
                    fields[c, np.uint64(y), k] = fields[c, source, k]


@kernel
def bring_together(fields, top, left, out):
    """Copy what stands at (top, left) on of fields (c, H, W), at least 0, to out (h, w, c)."""
    for i in range(out.shape[0]):
        together(fields, np.uint64(top + i), np.uint64(left), out, np.uint64(i))
