"""Clipped pixels get light back."""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.jit import kernel


@kernel
def boost(light, log_gain, hue, low, high, ratio_y, ratio_x):
    """Raise pixels that have a clipped channel (≥ 1), in place.

    light (h, w, c); log_gain (h2, w2) and hue (h2, w2, c), largest channel 1, on a coarser grid whose cells are
    ``ratio_y`` x ``ratio_x`` pixels, are read by linear interpolation. A channel that is not clipped is the surer
    evidence of the pixel's light, the darker it is: below ``low`` it bounds the level through the hue, above
    ``high`` it counts as clipped, which the codec only blurred.
    """
    height, width, channels = light.shape
    rows, columns = log_gain.shape
    tint = np.empty(channels, np.float32)
    one = np.float32(1.0)
    for y in range(height):
        for x in range(width):
            any_clipped = False
            for c in range(channels):
                if light[y, x, c] >= one:
                    any_clipped = True
            if not any_clipped:
                continue
            v = min(max((y + 0.5) / ratio_y - 0.5, 0.0), rows - 1.0)
            u = min(max((x + 0.5) / ratio_x - 0.5, 0.0), columns - 1.0)
            y0, x0 = int(v), int(u)
            y1, x1 = min(y0 + 1, rows - 1), min(x0 + 1, columns - 1)
            fy, fx = np.float32(v - y0), np.float32(u - x0)
            w00, w01 = (one - fy) * (one - fx), (one - fy) * fx
            w10, w11 = fy * (one - fx), fy * fx
            gain = w00 * log_gain[y0, x0] + w01 * log_gain[y0, x1]
            gain += w10 * log_gain[y1, x0] + w11 * log_gain[y1, x1]
            doubt = one
            bound = gain
            for c in range(channels):
                tint[c] = w00 * hue[y0, x0, c] + w01 * hue[y0, x1, c] + w10 * hue[y1, x0, c] + w11 * hue[y1, x1, c]
                value = light[y, x, c]
                if value < one:
                    doubt = min(doubt, min(max((value - low) / (high - low), np.float32(0.0)), one))
                    bound = min(bound, np.log(max(one, value / max(tint[c], np.float32(1e-3)))))
            level = np.exp(bound + doubt * (gain - bound))
            for c in range(channels):
                value = light[y, x, c]
                if value >= one:
                    light[y, x, c] = one + (level - one) * tint[c]
                else:
                    light[y, x, c] = value + doubt * max(np.float32(0.0), level * tint[c] - value)
