"""Pictures to fields that are transformed, channel by channel, and back."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine


@subroutine
def apart(light, i, fields, y, first):
    """Copy row i of light (h, w, c) to row y of fields (c, H, W), to ``first`` on."""
    if light.shape[2] == 3:  # three at once are vectorised
        for k in range(np.uint64(light.shape[1])):
            red, green, blue = light[i, k, 0], light[i, k, 1], light[i, k, 2]
            fields[0, y, k + first], fields[1, y, k + first], fields[2, y, k + first] = red, green, blue
    else:
        for k in range(np.uint64(light.shape[1])):
            fields[0, y, k + first] = light[i, k, 0]


@subroutine
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


@subroutine
def reflect_ends(fields, c, y, columns, first, width):
    """Fill the rest of row y of field c: about the picture's own cells, which start at ``first``; see `spread_out`."""
    start, size, right = np.uint64(1), np.uint64(columns.size), np.uint64(first + width)
    before, after = first - start, start + size - right
    if max(before, after) <= width:  # reflected once, in runs
        for k in range(before):
            fields[c, y, first - start - k] = fields[c, y, first + k]
        for k in range(after):
            fields[c, y, right + k] = fields[c, y, right - start - k]
    else:
        for k in range(size):
            if k < before or k >= before + width:
                fields[c, y, start + k] = fields[c, y, first + np.uint64(columns[k])]
    fields[c, y, np.uint64(0)] = np.float32(0.0)
    for k in range(start + size, np.uint64(fields.shape[2])):
        fields[c, y, k] = np.float32(0.0)


@kernel
def spread_out(light, columns, left, fields):
    """Copy light (h, w, c) to fields (c, h, pitch): behind one empty place, cell k of a row gets column ``columns[k]``.

    ``columns`` (n,) int64 has all columns in their order from ``left`` on, with repetitions before and after. Places
    past the last one are empty too.
    """
    height, width, channels = light.shape
    first = np.uint64(1 + left)
    for i in range(np.uint64(height)):
        apart(light, i, fields, i, first)
        for c in range(np.uint64(channels)):
            reflect_ends(fields, c, i, columns, first, np.uint64(width))


@kernel
def add_together(fields, left, out):
    """Add to out (h, w, c) what stands from ``left`` on in fields (c, h, pitch) of `spread_out`, if more than 0."""
    for i in range(np.uint64(out.shape[0])):
        together(fields, i, np.uint64(1 + left), out, i)
