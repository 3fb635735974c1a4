"""What a batch of images may look like."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def check_images(images: Any, validate: bool | None) -> None:
    """Raise an error that says what was got and what is wanted unless these are images; see `chain`.

    Parameters
    ----------
    images : object
    validate : bool or None
        Whether to look at the values; None: if they are on the CPU.
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor of shape (B, 3, H, W), got {type(images).__name__}")
    shape = tuple(images.shape)
    if images.ndim != 4 or shape[1] not in (1, 3) or 0 in shape:
        raise ValueError(f"images must be a non-empty (B, 3, H, W) or (B, 1, H, W) tensor, got {shape}{_hint(shape)}")
    if images.dtype not in DTYPES:
        wanted = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
        hint = "; images.float() / 255 is one" if images.dtype == torch.uint8 else ""
        raise TypeError(f"images must be of {wanted} in [0, 1], got {images.dtype}{hint}")
    if validate is None:
        validate = images.device.type == "cpu"
    if validate and not torch.compiler.is_compiling():
        _check_values(images)


def _hint(shape: tuple[int, ...]) -> str:
    if len(shape) == 4 and shape[3] in (1, 3) and 0 not in shape:
        return "; channels come first: images.permute(0, 3, 1, 2)"
    if len(shape) == 3:
        return "; a single image is images[None]"
    if len(shape) == 4 and shape[1] == 4:
        return "; leave the alpha channel out: images[:, :3]"
    return ""


def _check_values(images: Tensor) -> None:
    low, high = (float(value) for value in torch.aminmax(images.detach()))
    if not (low >= 0.0 and high <= 1.0):  # NaN fails too
        hint = "; divide by 255" if 1.0 < high <= 255.0 and low >= 0.0 else ""
        raise ValueError(f"images must be finite and in [0, 1], got values from {low:g} to {high:g}{hint}")
