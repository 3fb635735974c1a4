"""From a picture to a network's input size. Normalising is part of the network, so that pixels travel as 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from lightnoise import checks
from lightnoise.adapters.torchvision import keyed
from lightnoise_train.data.frames import Image

#: (height, width) of a network's input: frames are squashed to it.
INPUT_SIZE = (224, 224)


def to_tensor(image: Image) -> Tensor:
    """Return a picture (H, W, 3) as a tensor (3, H, W) of the same memory."""
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)


def resize(image: Tensor, size: tuple[int, int] = INPUT_SIZE) -> Tensor:
    """Squash an image (…, 3, H, W) to (…, 3, *size): bilinear, widened when shrinking so that nothing aliases."""
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.resize(image, list(size), antialias=True)


@dataclass(frozen=True)
class Augmentation:
    """What is done to a view beyond resizing, for ablation; the defaults do nothing.

    Parameters
    ----------
    crop : float or None
        Least share of the frame's area that a random crop keeps, (0, 1]; its aspect varies by 3/4 to 4/3. None crops
        nothing.
    flip : float
        Probability of mirroring left and right, [0, 1].
    colour : float
        Strength s of the colour jitter of SimCLR, [0, 1]: with probability 0.8, brightness, contrast and saturation
        change by up to 0.8·s and hue by up to 0.2·s (Chen et al. 2020, appendix A).
    grey : float
        Probability of dropping colour, [0, 1].
    blur : float
        Probability of a Gaussian blur of σ 0.1 to 2 pixels with a window of a tenth of the height, [0, 1].
    """

    crop: float | None = None
    flip: float = 0.0
    colour: float = 0.0
    grey: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        if self.crop is not None:
            checks.number("crop", self.crop, 1e-3, 1.0)
        for name in ("flip", "colour", "grey", "blur"):
            checks.number(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True)
class ToInput:
    """Bring a picture to the network's size, by way of the augmentation.

    Parameters
    ----------
    size : tuple of int
        (height, width).
    augmentation : Augmentation
    """

    size: tuple[int, int] = INPUT_SIZE
    augmentation: Augmentation = Augmentation()

    def __call__(self, image: Tensor, generator: np.random.Generator) -> Tensor:
        """Return an image (3, H, W), uint8 or float in [0, 1], as (3, *size) of the same dtype, contiguous."""
        result = self._keyed(image, generator) if self._steps else resize(image, self.size)
        return result.contiguous()

    @cached_property
    def _steps(self) -> list[v2.Transform]:
        a = self.augmentation
        steps: list[v2.Transform] = []
        if a.crop is not None:
            steps.append(v2.RandomResizedCrop(self.size, scale=(a.crop, 1.0), antialias=True))
        if a.flip:
            steps.append(v2.RandomHorizontalFlip(a.flip))
        if a.colour:
            most = 0.8 * a.colour
            jitter = v2.ColorJitter(brightness=most, contrast=most, saturation=most, hue=0.2 * a.colour)
            steps.append(v2.RandomApply([jitter], 0.8))
        if a.grey:
            steps.append(v2.RandomGrayscale(a.grey))
        if a.blur:
            window = self.size[0] // 20 * 2 + 1
            steps.append(v2.RandomApply([v2.GaussianBlur(window, (0.1, 2.0))], a.blur))
        return steps

    @cached_property
    def _keyed(self) -> Any:
        first = [] if self.augmentation.crop is not None else [v2.Resize(self.size, antialias=True)]
        return keyed(v2.Compose([*first, *self._steps]))
