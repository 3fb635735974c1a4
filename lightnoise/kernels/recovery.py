"""Clipped pixels get light back."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel


@kernel
def hues_of(light, y0, x0, y1, x1, out):
    """Store the light of four pixels over its largest channel, at least 1e-6, as out (4, c), row by row."""
    for k in range(4):
        y, x = y0 if k < 2 else y1, x0 if k % 2 == 0 else x1
        largest = np.float32(1e-6)
        for c in range(light.shape[2]):
            largest = max(largest, light[y, x, c])
        scale = np.float32(1.0) / largest
        for c in range(light.shape[2]):
            out[k, c] = light[y, x, c] * scale


@kernel
def hold(direct, measured, recovered, factor):
    """Keep unclipped channels that got light back, all (n, c), from coming out brighter than measured, in place."""
    for n in range(direct.shape[0]):
        for c in range(direct.shape[1]):
            if measured[n, c] < np.float32(1.0) and recovered[n, c] > measured[n, c]:
                direct[n, c] = min(direct[n, c], measured[n, c] * max(factor[c], np.float32(1.0)))


@kernel
def gain_of(stops, size, log_gain, per_stop, per_size, out):
    """Turn mean contrasts in stops and lamps' own sizes into the logarithm of the gain, cell by cell."""
    zero, one = np.float32(0.0), np.float32(1.0)
    for j in range(out.size):
        gentle = min(max(stops[j] * per_stop, zero), one)
        out[j] = log_gain * (gentle * gentle) * min(max(size[j] * per_size, zero), one)


@kernel
def raise_pixels(light, rows, columns, log_gain, surround, believed, near_white, cells_y, cells_x):
    """Raise near-white pixels in place.

    light (n, c) holds the pixels at ``rows`` and ``columns`` (n,); log_gain (h2, w2) and the hue of surround (h2, w2,
    c), on a coarser grid of ``cells_y`` x ``cells_x`` cells per pixel, are read by linear interpolation. A pixel
    gets its whole gain where its largest channel is clipped (≥ 1) and none at ``near_white``. A smaller channel is the
    surer evidence of the pixel's light, the darker it is: below ``believed`` it bounds the level through the hue, above
    ``near_white`` it counts as clipped.
    """
    grid_rows, grid_columns = log_gain.shape
    channels = light.shape[1]
    tint, hues = np.empty(channels, np.float32), np.empty((4, channels), np.float32)
    hues_y = hues_x = np.uint32(grid_rows + grid_columns)  # none yet
    zero, one = np.float32(0.0), np.float32(1.0)
    per_near, per_doubt = one / (one - near_white), one / (near_white - believed)
    for n in range(light.shape[0]):
        v = min(max((rows[n] + 0.5) * cells_y - 0.5, 0.0), grid_rows - 1.0)
        u = min(max((columns[n] + 0.5) * cells_x - 0.5, 0.0), grid_columns - 1.0)
        y0, x0 = np.uint32(v), np.uint32(u)  # unsigned: nothing counts from the end
        y1, x1 = np.uint32(min(y0 + 1, grid_rows - 1)), np.uint32(min(x0 + 1, grid_columns - 1))
        fy, fx = np.float32(v - y0), np.float32(u - x0)
        w00, w01 = (one - fy) * (one - fx), (one - fy) * fx
        w10, w11 = fy * (one - fx), fy * fx
        gain = w00 * log_gain[y0, x0] + w01 * log_gain[y0, x1] + w10 * log_gain[y1, x0] + w11 * log_gain[y1, x1]
        if gain <= zero:
            continue
        largest = light[n, 0]
        for c in range(1, channels):
            largest = max(largest, light[n, c])
        if largest < one:
            near = max((largest - near_white) * per_near, zero)
            gain *= near * near
        if y0 != hues_y or x0 != hues_x:  # neighbours share their cells
            hues_y, hues_x = y0, x0
            hues_of(surround, y0, x0, y1, x1, hues)
        doubt, darkest, least = one, near_white, np.float32(np.inf)
        for c in range(channels):
            tint[c] = w00 * hues[0, c] + w01 * hues[1, c] + w10 * hues[2, c] + w11 * hues[3, c]
            value = light[n, c]
            if value < near_white:
                darkest = min(darkest, value)
                least = min(least, value / max(tint[c], np.float32(1e-3)))
        bound = gain
        if darkest < near_white:
            doubt = max((darkest - believed) * per_doubt, zero)
            bound = min(gain, np.log(max(one, least)))
        level = np.exp(bound + doubt * (gain - bound))
        for c in range(channels):
            value = light[n, c]
            raised = max(zero, (level - one) * tint[c])
            light[n, c] = value + (raised if value >= one else doubt * raised)
