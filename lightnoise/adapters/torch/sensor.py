"""The sensor on batches: column blooming, shot and read noise, as in `lightnoise.kernels.sensor`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lightnoise.adapters.torch.selection import step

#: Variance below which noise is 0, since a square root's slope there is endless.
_LEAST_VARIANCE = 1e-18

#: 0x9E3779B9 as int32.
_SPREAD = 0x9E3779B9 - (1 << 32)


@dataclass(frozen=True)
class Noise:
    """Noise of every sample.

    Parameters
    ----------
    shot, read : Tensor of shape (B or 1, 1, 1, 1), float32
    key : Tensor of shape (B or 1, 1, 1, 1), int32
        What the seed adds to every row's number.
    normal : Tensor of shape (2^14,), float32
        Quantiles of the standard normal distribution.
    """

    shot: Tensor
    read: Tensor
    key: Tensor
    normal: Tensor


def add_noise(light: Tensor, noise: Noise) -> Tensor:
    """Add N(0, shot·x + read), and cut off below 0.

    The draw is named by the seed, the row, and the sample's place in it, x·C + c: two to a hash, see
    `lightnoise.kernels.sensor.draw_row`.
    """
    _, channels, height, width = light.shape
    n = width * channels
    rows, pairs = (torch.arange(count, dtype=torch.int32, device=light.device) for count in (height, (n + 1) // 2))
    keys = _hash(_hash(rows)[:, None] + noise.key.view(-1, 1, 1))
    bits = _hash((pairs * _SPREAD) ^ keys)
    shift = 33 - noise.normal.numel().bit_length()
    index = torch.cat([_shifted(bits, shift), _shifted(bits << 16, shift)], 2)[:, :, :n]
    draw = noise.normal.index_select(0, index.flatten()).view(-1, height, width, channels).permute(0, 3, 1, 2)
    variance = light.clamp(min=0.0) * noise.shot + noise.read
    deviation = variance.clamp(min=_LEAST_VARIANCE).sqrt() * step(variance, _LEAST_VARIANCE)
    return torch.addcmul(light, deviation, draw).clamp(min=0.0)


def spill(light: Tensor, full_well: Tensor, fraction: Tensor) -> Tensor:
    """Let the charge above ``full_well`` fill the column's free pixels, half of it down and half of it up.

    Notes
    -----
    Charge that walks past a pixel, d[y] = max(0, d[y−1] + e[y−1] − f[y]) with e the excess a pixel sends out and f what
    it has free, is a reflected random walk: with s the running sum of e[y−1] − f[y], d = s − min(0, running minimum of
    s) (D. V. Lindley, "The theory of queues with a single server", Proc. Cambridge Phil. Soc. 48, 1952). Sums of lamps
    lose small numbers, so they are made in float64 where the device has it.
    """
    excess = (light - full_well).clamp(min=0.0) * (0.5 * fraction)
    filled = torch.minimum(light, full_well)
    filled = filled + _taken(full_well - filled, excess)
    return filled + _taken((full_well - filled).flip(2), excess.flip(2)).flip(2)


def _taken(free: Tensor, excess: Tensor) -> Tensor:
    """Return what each pixel takes of the charge that comes down its column."""
    dtype = torch.float32 if free.device.type == "mps" else torch.float64
    sent = torch.cat([torch.zeros_like(excess[:, :, :1]), excess[:, :, :-1]], 2).to(dtype)
    walk = torch.cumsum(sent - free, 2)
    passing = walk - walk.cummin(2).values.clamp(max=0.0)
    arriving = torch.cat([torch.zeros_like(passing[:, :, :1]), passing[:, :, :-1]], 2) + sent
    return (arriving - passing).clamp(min=0.0).to(free.dtype)


def _hash(x: Tensor) -> Tensor:
    """Mix int32 as unsigned 32 bits, products wrapping around: `lightnoise.kernels.sensor.hash32`."""
    x = (x ^ _shifted(x, 16)) * 0x7FEB352D
    x = (x ^ _shifted(x, 15)) * (0x846CA68B - (1 << 32))
    return x ^ _shifted(x, 16)


def _shifted(x: Tensor, bits: int) -> Tensor:
    """Shift int32 right as unsigned."""
    return (x >> bits) & ((1 << (32 - bits)) - 1)
