"""From stored pixels to what a network sees."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """(x − mean) / std for each channel, on the device, after bringing 8-bit pixels to [0, 1].

    Parameters
    ----------
    mean, std : sequence of 3 float
        Of pixels in [0, 1]. They are saved with the network.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float] = (0.0, 0.0, 0.0), std: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return float images of the shape given, (B, 3, H, W): uint8, or floating in [0, 1]."""
        if images.dtype == torch.uint8:
            return (images - self.mean * 255) / (self.std * 255)
        return (images - self.mean) / self.std
