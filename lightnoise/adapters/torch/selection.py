"""Choosing between two tensors, without a slope of its own."""

from __future__ import annotations

import torch
from torch import Tensor


def step(x: Tensor, at: float) -> Tensor:
    """Return 1 where x ≥ ``at`` and 0 elsewhere, as floats."""
    return x.detach().sub(at).ge_(0.0)


def choose(x: Tensor, at: float, reached: Tensor, below: Tensor) -> Tensor:
    """Return ``reached`` where x ≥ ``at``, else ``below``; both are finite.

    By arithmetic, which on CPUs takes a third of the time of a mask of bool; compiled code does better with the mask.
    """
    if torch.compiler.is_compiling():
        return torch.where(x >= at, reached, below)
    return torch.lerp(below, reached, step(x, at))
