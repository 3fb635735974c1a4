"""Clipped pixels get light back. Pixels stand channel by channel, (c, n), so that loops run over neighbours."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.elementary import exp, log
from lightnoise.kernels.jit import kernel, subroutine

#: Pixels that `raise_pixels` goes through at once.
CHUNK = 256


@kernel
def direct(measured, recovered, factor, out):
    """Store recovered light times ``factor`` (c,); what was not clipped comes out no brighter than it was measured."""
    one = np.float32(1.0)
    for c in range(np.uint64(out.shape[0])):
        for n in range(np.uint64(out.shape[1])):
            least = measured[c, n] * max(factor[c], one)
            held = measured[c, n] < one and recovered[c, n] > measured[c, n]
            light = recovered[c, n] * factor[c]
            out[c, n] = min(light, least) if held else light


@kernel
def contrast_of(lightness, out):
    """Store how many stops luminances are below white, 0 to 16."""
    darkest, white, stops = np.float32(2.0**-16), np.float32(1.0), np.float32(-1.0 / np.log(2.0))
    for j in range(np.uint64(out.size)):
        out[j] = stops * log(min(max(lightness[j], darkest), white))


@kernel
def gain_of(stops, size, log_gain, per_stop, per_size, out):
    """Turn mean contrasts in stops and lamps' own sizes into the logarithm of the gain, cell by cell."""
    zero, one = np.float32(0.0), np.float32(1.0)
    for j in range(out.size):
        gentle = min(max(stops[j] * per_stop, zero), one)
        out[j] = log_gain * (gentle * gentle) * min(max(size[j] * per_size, zero), one)


@subroutine
def between_rows(log_gain, surround, y0, y1, fy, x, sides, side):
    """Store what column x of the cells has between two rows: the gain's logarithm, and behind it the surround's hue.

    Hue is light over its largest channel, at least 1e-6.
    """
    channels = np.uint64(surround.shape[2])
    largest0 = largest1 = np.float32(1e-6)
    for c in range(channels):
        largest0, largest1 = max(largest0, surround[y0, x, c]), max(largest1, surround[y1, x, c])
    part0, part1 = (np.float32(1.0) - fy) / largest0, fy / largest1
    sides[side, 0] = (np.float32(1.0) - fy) * log_gain[y0, x] + fy * log_gain[y1, x]
    for c in range(channels):
        sides[side, c + np.uint64(1)] = part0 * surround[y0, x, c] + part1 * surround[y1, x, c]


@subroutine
def interpolate(rows, columns, first, log_gain, surround, cells_y, cells_x, sides, found):
    """Read cells at the pixels from ``first`` on: found (1 + c, ·) gets the gain's logarithm and the surround's hue.

    ``sides`` (2, 1 + c) is scratch: what stands left and right of a pixel, which its neighbours share.
    """
    height, width = log_gain.shape
    y0, y1, fy, near = np.uint64(0), np.uint64(0), np.float32(0.0), np.uint64(0)
    row, column = np.int64(-1), np.uint64(width)  # none yet
    for k in range(min(np.uint64(CHUNK), np.uint64(rows.size) - first)):
        if rows[first + k] != row:
            row, column = rows[first + k], np.uint64(width)
            v = min(max((row + 0.5) * cells_y - 0.5, 0.0), height - 1.0)
            y0, fy = np.uint64(v), np.float32(v - np.float64(np.uint64(v)))
            y1 = min(y0 + np.uint64(1), np.uint64(height - 1))
        u = min(max((columns[first + k] + 0.5) * cells_x - 0.5, 0.0), width - 1.0)
        x = np.uint64(u)
        if x != column:
            if x == column + np.uint64(1):
                near = np.uint64(1) - near  # what stood right stands left now
            else:
                between_rows(log_gain, surround, y0, y1, fy, x, sides, near)
            far = np.uint64(1) - near
            between_rows(log_gain, surround, y0, y1, fy, min(x + np.uint64(1), np.uint64(width - 1)), sides, far)
            column = x
        right = np.float32(u - np.float64(x))
        left = np.float32(1.0) - right
        for c in range(np.uint64(found.shape[0])):
            found[c, k] = left * sides[near, c] + right * sides[np.uint64(1) - near, c]


@kernel
def raise_pixels(light, rows, columns, log_gain, surround, believed, near_white, cells_y, cells_x):
    """Raise near-white pixels in place.

    light (c, n) holds the pixels at ``rows`` and ``columns`` (n,), row by row; log_gain (h2, w2) and the hue of
    surround (h2, w2, c), on a coarser grid of ``cells_y`` x ``cells_x`` cells per pixel, are read by linear
    interpolation. A pixel gets its whole gain where its largest channel is clipped (≥ 1) and none at ``near_white``. A
    smaller channel is the surer evidence of the pixel's light, the darker it is: below ``believed`` it bounds the level
    through the hue, above ``near_white`` it counts as clipped.
    """
    channels, count = np.uint64(light.shape[0]), np.uint64(light.shape[1])
    sides, found = np.empty((2, channels + 1), np.float32), np.empty((channels + 1, CHUNK), np.float32)
    largest, darkest = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    least, added, doubts = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    zero, one, endless = np.float32(0.0), np.float32(1.0), np.float32(3e38)
    per_near, per_doubt = one / (one - near_white), one / (near_white - believed)
    for first in range(np.uint64(0), count, np.uint64(CHUNK)):
        size = min(np.uint64(CHUNK), count - first)
        interpolate(rows, columns, first, log_gain, surround, cells_y, cells_x, sides, found)
        for k in range(size):
            largest[k], darkest[k], least[k] = zero, one, endless
        for c in range(channels):
            for k in range(size):
                value, hue = light[c, first + k], found[c + np.uint64(1), k]
                largest[k], darkest[k] = max(largest[k], value), min(darkest[k], value)
                least[k] = min(least[k], value / max(hue, np.float32(1e-3)) if value < near_white else endless)
        for k in range(size):
            near = max((min(largest[k], one) - near_white) * per_near, zero)
            gain = found[0, k] * (near * near)
            doubt = max((darkest[k] - believed) * per_doubt, zero) if darkest[k] < near_white else one
            bound = min(gain, log(max(one, least[k])))
            added[k] = exp(max(bound + doubt * (gain - bound), zero)) - one
            doubts[k] = doubt
        for c in range(channels):
            for k in range(size):
                value, hue = light[c, first + k], found[c + np.uint64(1), k]
                part = max(zero, added[k] * hue)
                light[c, first + k] = value + (part if value >= one else doubts[k] * part)
