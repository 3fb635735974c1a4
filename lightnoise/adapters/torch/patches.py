"""Small pictures, one for each sample and anywhere in its frame, that are added to a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightnoise.adapters.torch.placing import place

#: Rows and columns in the frame, and the light there, (rows, columns, C).
Patch = tuple[slice, slice, NDArray[np.float32]]


@dataclass(frozen=True)
class Patches:
    """Light to add.

    Parameters
    ----------
    places : Tensor of shape (B or 1, 1, K), int64
        Pixels of the flattened frame; those of one sample are distinct.
    light : Tensor of shape (B or 1, C, K), float32
        0 beside a sample's patch, and for a sample that has none.
    """

    places: Tensor
    light: Tensor

    @classmethod
    def of(cls, found: Sequence[Patch | None], size: tuple[int, int], device: torch.device) -> Patches | None:
        """Place samples' patches in frames of that size; None if there are none."""
        shapes = [patch[2].shape for patch in found if patch is not None]
        if not shapes:
            return None
        rows, columns, channels = np.max(shapes, axis=0)
        places = np.zeros((len(found), 1, rows, columns), np.int64)
        light = np.zeros((len(found), channels, rows, columns), np.float32)
        for sample, patch in enumerate(found):
            top, left = 0, 0
            if patch is not None:
                down, right, values = patch
                top, left = min(down.start, size[0] - rows), min(right.start, size[1] - columns)
                inside = light[sample, :, down.start - top : down.stop - top, right.start - left : right.stop - left]
                inside[...] = values.transpose(2, 0, 1)
            places[sample, 0] = (top + np.arange(rows)[:, None]) * size[1] + left + np.arange(columns)
        return cls(place(places, device, np.int64).flatten(2), place(light, device).flatten(2))

    def add(self, image: Tensor, factor: Tensor | None = None) -> Tensor:
        """Return (B, C, H, W) with the patches times ``factor`` (B or 1, C, 1, 1); the image may be overwritten."""
        batch, channels = image.shape[:2]
        light = self.light if factor is None else self.light * factor[..., 0]
        places = self.places.expand(batch, channels, -1)
        return image.flatten(2).scatter_add_(2, places, light.expand(batch, channels, -1)).view(image.shape)
