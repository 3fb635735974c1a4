"""Luminance of tensors."""

from __future__ import annotations

from torch import Tensor

from lightnoise.constants import LUMA


def luminance(light: Tensor) -> Tensor:
    """Return the luminance of linear light, (B, 1 or 3, h, w) to (B, 1, h, w)."""
    if light.shape[1] == 1:
        return light
    red, green, blue = light.split(1, 1)
    return red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]
