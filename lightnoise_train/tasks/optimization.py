"""Optimizers and the learning rate over the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import timm.optim
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lightnoise_train.config import OptimizerConfig

Factor = Callable[[int], float]


def build_optimizer(config: OptimizerConfig, parts: Iterable[tuple[nn.Module, float]]) -> Optimizer:
    """Return an optimizer of some modules, each with its share of the learning rate.

    Biases and the scales and shifts of normalisations are not decayed (and, by LARS, not adapted).
    """
    groups = []
    for number, (module, share) in enumerate(parts):
        parameters = [one for one in module.parameters() if one.requires_grad]
        decayed = [one for one in parameters if one.ndim > 1]
        plain = [one for one in parameters if one.ndim <= 1]
        rate = config.rate * share
        groups += [
            {"name": f"weights-{number}", "params": decayed, "lr": rate, "weight_decay": config.weight_decay},
            {"name": f"biases-{number}", "params": plain, "lr": rate, "weight_decay": 0.0},
        ]
        if config.name == "lars":  # timm's would else adapt only what is decayed
            groups[-2]["always_adapt"] = True
    options: dict[str, Any] = {} if config.name == "adamw" else {"momentum": config.momentum}
    if config.name == "sgd":
        options["nesterov"] = False
    return timm.optim.create_optimizer_v2(groups, config.name, lr=config.rate, **options)


def warmup_cosine(steps: int, warmup: float, start: int = 0) -> Factor:
    """Return the share of the highest rate at each step: 0 before ``start``, a linear rise, then half a cosine to 0.

    Parameters
    ----------
    steps : int
        Of the whole run.
    warmup : float
        Share of the steps from ``start`` on in which the rate rises.
    start : int
        First step.
    """
    length = max(1, steps - start)
    rise = round(warmup * length)

    def factor(step: int) -> float:
        at = step - start
        if at < 0:
            return 0.0
        if at < rise:
            return (at + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (at - rise) / max(1, length - rise))))

    return factor


def schedule(optimizer: Optimizer, factors: Iterable[Factor]) -> dict[str, Any]:
    """Return Lightning's description of a rate that changes with each step; a factor for each of the parts."""
    each = [factor for factor in factors for _ in ("decayed", "plain")]
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": LambdaLR(optimizer, each), "interval": "step"}}
