"""Small numbers of every sample, on their way to the device."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, DTypeLike
from torch import Tensor

K = TypeVar("K", bound=Hashable)


def place(values: ArrayLike, device: torch.device, dtype: DTypeLike = np.float32) -> Tensor:
    """Return an array as a tensor on the device; the host does not wait for the copy."""
    tensor = torch.from_numpy(np.array(values, dtype))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def column(values: ArrayLike, device: torch.device, dtype: DTypeLike = np.float32) -> Tensor:
    """Return one number for each sample as (B, 1, 1, 1), ready to meet images."""
    return place(values, device, dtype).view(-1, 1, 1, 1)


def one_for_all(keys: Sequence[K], make: Callable[[K], Tensor]) -> Tensor:
    """Return (B, …) of what ``make`` gives for each sample's key, or (1, …) if all keys are the same."""
    made = {key: make(key) for key in dict.fromkeys(keys)}
    if len(made) == 1:
        return made[keys[0]][None]
    return torch.stack([made[key] for key in keys])
