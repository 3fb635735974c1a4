"""Highlight recovery on whole batches: the algorithm of `lightnoise.optics.recovery`, evaluated at every pixel.

A pixel without a near-white channel comes out as it is, by the formula itself, so that nothing needs to be selected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lightnoise.adapters.torch import pyramid
from lightnoise.adapters.torch.luminance import luminance
from lightnoise.adapters.torch.pyramid import Octave
from lightnoise.adapters.torch.selection import step
from lightnoise.optics.recovery import (
    BELIEVED,
    FULL_CONTRAST_STOPS,
    FULL_SIZE,
    NEAR_WHITE,
    shares,
)

#: More than any light or ratio.
_ENDLESS = 1e30


@dataclass(frozen=True)
class Recovery:
    """What recovery needs to know of a camera and a frame's size.

    Parameters
    ----------
    log_gain : Tensor of shape (), float32
        Logarithm of the largest gain.
    near : Octave
        From the first level to the cells on which the gain is found.
    steps : tuple of Octave
        From there on.
    surround, own : Tensor of shape (n,), float32
        Weights of the levels from there on in the mean contrast, and in a lamp's own size.
    wide : tuple of Tensor of shape (H, h) and (w, W), or None
        Bilinear interpolation from those cells to the frame, as matrices where its axes are short.
    """

    log_gain: Tensor
    near: Octave
    steps: tuple[Octave, ...]
    surround: Tensor
    own: Tensor
    wide: tuple[Tensor, Tensor] | None

    @classmethod
    def of(
        cls,
        frame: tuple[int, int],
        sizes: tuple[tuple[int, int], ...],
        gain: float,
        focal_x: float,
        device: torch.device,
    ) -> Recovery:
        """Plan the recovery of a frame, with levels of the given sizes, the first one being at half resolution.

        ``focal_x`` is that level's horizontal focal length in cells.
        """
        surround, own = shares(sizes[1:], focal_x * sizes[1][1] / sizes[0][1])
        used = max(len(surround), len(own))
        near, *steps = pyramid.octaves(sizes[: used + 1], device)
        log_gain, surround_, own_ = (
            torch.tensor(values, dtype=torch.float32, device=device) for values in (math.log(gain), surround, own)
        )
        wide = None
        if all(pyramid.is_dense(n, device) for n in frame):
            rows, columns = (_bilinear(n, m, device) for n, m in zip(sizes[1], frame, strict=True))
            wide = rows, columns.T.contiguous()
        return cls(log_gain, near, tuple(steps), surround_, own_, wide)


def _bilinear(n: int, m: int, device: torch.device) -> Tensor:
    """Return the matrix (m, n) of bilinear interpolation from n cells to m."""
    cells = torch.eye(n, device=device)[None]
    return F.interpolate(cells, m, mode="linear", align_corners=False)[0].T.contiguous()


def recover(measured: Tensor, half: Tensor, recovery: Recovery) -> Tensor:
    """Return light with its clipped channels raised.

    Parameters
    ----------
    measured : Tensor of shape (B, C, H, W), float32
        Linear light in [0, 1]; channels at 1 are clipped.
    half : Tensor of shape (B, C, h, w), float32
        Its pyramid's first level.
    recovery : Recovery

    Returns
    -------
    Tensor of shape (B, C, H, W), float32
    """
    channels = measured.shape[1]
    near = pyramid.shrink(half, recovery.near)
    hue = near / near.amax(1, keepdim=True).clamp(min=1e-6)
    found = torch.cat([recovery.log_gain * _contrast_share(luminance(near), recovery), hue], 1)
    if recovery.wide is None:
        found = F.interpolate(found, measured.shape[2:], mode="bilinear", align_corners=False)
    else:
        found = recovery.wide[0] @ found @ recovery.wide[1]
    gain, tint = found.split([1, channels], 1)

    largest, smallest = measured.amax(1, keepdim=True), measured.amin(1, keepdim=True)
    gain = gain * ((largest - NEAR_WHITE) * (1.0 / (1.0 - NEAR_WHITE))).clamp(0.0, 1.0).square()
    doubt = ((smallest - BELIEVED) * (1.0 / (NEAR_WHITE - BELIEVED))).clamp(0.0, 1.0)
    # a channel below near white bounds the others through the hue; one above bounds nothing
    unbound = step(measured, NEAR_WHITE).mul_(_ENDLESS)
    bound = unbound.addcdiv_(measured, tint.clamp(min=1e-3)).amin(1, keepdim=True)
    bound = torch.minimum(bound.clamp(min=1.0).log(), gain)
    gained = torch.expm1(torch.lerp(bound, gain, doubt)) * tint
    return gained.mul_(torch.maximum(doubt, step(measured, 1.0))).add_(measured)


def hold_measured(direct: Tensor, measured: Tensor, factor: Tensor) -> Tensor:
    """Keep unclipped channels that got light back from coming out brighter than they were measured.

    ``direct`` is the recovered light times ``factor`` (B or 1, C or 1, 1, 1), what lens and exposure leave of it. Those
    that got none are below the limit anyhow.
    """
    limit = (measured * factor.clamp(min=1.0)).add_(step(measured, 1.0), alpha=_ENDLESS)
    return torch.minimum(direct, limit)


def _contrast_share(lightness: Tensor, recovery: Recovery) -> Tensor:
    """Return how much of the gain's logarithm each cell gets, (B, 1, h, w) in [0, 1]."""
    levels = pyramid.build(lightness, recovery.steps)
    contrast = [-torch.log2(level.clamp(2.0**-16, 1.0)) for level in levels[: len(recovery.surround)]]
    stops, size = _mean(contrast, recovery.surround, recovery), _mean(levels, recovery.own, recovery)
    gentle = (stops * (1.0 / FULL_CONTRAST_STOPS)).clamp(0.0, 1.0).square()
    return gentle * (size * (1.0 / FULL_SIZE)).clamp(0.0, 1.0)


def _mean(levels: list[Tensor], weights: Tensor, recovery: Recovery) -> Tensor:
    """Return the weighted mean of levels at the first one's size."""
    last = len(weights) - 1
    result = levels[last] * weights[last]
    for number in range(last - 1, -1, -1):
        result = levels[number] * weights[number] + pyramid.enlarge(result, recovery.steps[number])
    return result
