"""Images of lights, scaled about the frame's centre."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel


@kernel
def splat(light, magnification, pad, out):
    """Add every cell's light to the place its ghost has, shared among the four nearest cells.

    light (h, w, c); out (c, H, W) has the frame's first cell at (pad, pad). A cell at the offset r from the centre goes
    to magnification·r; what falls outside the frame and ``pad`` cells about it is lost.
    """
    height, width, channels = light.shape
    cy, cx = 0.5 * (height - 1), 0.5 * (width - 1)
    for y in range(height):
        v = (y - cy) * magnification + cy + pad
        y0 = int(np.floor(v))
        if y0 < 0 or y0 + 1 >= height + 2 * pad:
            continue
        fy = np.float32(v - y0)
        for x in range(width):
            u = (x - cx) * magnification + cx + pad
            x0 = int(np.floor(u))
            if x0 < 0 or x0 + 1 >= width + 2 * pad:
                continue
            fx = np.float32(u - x0)
            for c in range(channels):
                value = light[y, x, c]
                top, bottom = (np.float32(1.0) - fy) * value, fy * value
                out[c, y0, x0] += (np.float32(1.0) - fx) * top
                out[c, y0, x0 + 1] += fx * top
                out[c, y0 + 1, x0] += (np.float32(1.0) - fx) * bottom
                out[c, y0 + 1, x0 + 1] += fx * bottom
