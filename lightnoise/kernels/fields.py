"""Fields that are transformed, channel by channel, back to pictures."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel, subroutine


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


@kernel
def add_together(fields, left, out):
    """Add to out (h, w, c) what stands behind one place, from ``left`` on, in fields (c, h, pitch), if more than 0."""
    for i in range(np.uint64(out.shape[0])):
        together(fields, i, np.uint64(1 + left), out, i)
