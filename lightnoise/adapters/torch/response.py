"""Camera responses as tensor formulas: those of `lightnoise.optics.response`, with finite slopes everywhere."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from lightnoise.adapters.torch.selection import choose, step

#: Kind and strength of a response's name.
Response = tuple[str, float]

#: Below this a power is 0: its slope there would be endless, and no light that small is seen.
_SMALLEST = 2.0**-64

#: 0.055, but such that 1.055 less this is 1 in float32 too.
_OFFSET = float(np.float32(1.055)) - 1.0


def power(x: Tensor, exponent: float | Tensor) -> Tensor:
    """Return x^exponent for x ≥ 0 and a positive exponent; 1 stays 1 exactly."""
    return _positive_power(x.clamp(min=_SMALLEST), exponent) * step(x, _SMALLEST)


def decode(encoded: Tensor, response: Response) -> Tensor:
    """Return the linear light of encoded values in [0, 1]; white becomes 1 exactly, which tells clipped pixels."""
    kind, strength = response
    if kind == "linear":
        return encoded
    if kind == "power":
        return power(encoded, strength)
    u = _inverse_smoothstep(encoded, strength) if kind == "scurve" else encoded
    curve = _positive_power(u.mul(1.0 / 1.055).add_(0.055 / 1.055), 2.4)
    return choose(u, 0.04045, curve, u * (1.0 / 12.92))


def encode(light: Tensor, response: Response) -> Tensor:
    """Return the encoded values of linear light ≥ 0, cut off above white; white becomes 1 exactly."""
    kind, strength = response
    x = light.clamp(max=1.0)
    if kind == "linear":
        return x
    if kind == "power":
        return power(x, 1.0 / strength)
    curve = _positive_power(x.clamp(min=0.0031308), 1.0 / 2.4).mul(1.055).sub_(_OFFSET)
    u = choose(x, 0.0031308, curve, x * 12.92)
    return u + u * (((3.0 - 2.0 * u) * u - 1.0) * strength) if kind == "scurve" else u


def _positive_power(x: Tensor, exponent: float | Tensor) -> Tensor:
    return x.log2().mul_(exponent).exp2_()


def _inverse_smoothstep(v: Tensor, c: float) -> Tensor:
    """Solve (1 − c)·u + c·(3u² − 2u³) = v for u; see `lightnoise.optics.response`."""
    p = (1.0 + 0.5 * c) / (2.0 * c)
    sine = (v - 0.5) * (1.5 * math.sqrt(3.0) / (2.0 * c * p**1.5))
    inside = sine.clamp(-1.0 + 1e-6, 1.0 - 1e-6)  # at c = 1 the ends' slopes are endless
    u = torch.sin(torch.asin(inside) * (1.0 / 3.0)) * (2.0 * math.sqrt(p / 3.0)) + 0.5
    return choose((v - 0.5).abs(), 0.5, v, u)
