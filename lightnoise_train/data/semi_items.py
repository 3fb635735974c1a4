"""Labelled pictures, each with some unlabelled ones in two views, for learning from few labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lightnoise import checks
from lightnoise_train.data.frames import FrameSet, Image, Sample
from lightnoise_train.data.noise import Noise
from lightnoise_train.data.pixels import INPUT_SIZE, resize, to_tensor


class SemiItem(NamedTuple):
    """A labelled picture with μ unlabelled ones, or a batch of them.

    Parameters
    ----------
    image : Tensor of uint8, shape (3, h, w)
    label : Tensor of int64, shape ()
        The number of its class.
    clean, noised : Tensor of uint8, shape (μ, 3, h, w)
        Two views of the unlabelled pictures, in one order.
    """

    image: Tensor
    label: Tensor
    clean: Tensor
    noised: Tensor


@dataclass(frozen=True)
class Weak:
    """The weak augmentation: mirror, and move by a part of the size, reflected at the borders.

    Parameters
    ----------
    flip : float
        Probability of mirroring left and right, [0, 1].
    shift : float
        Most that a picture moves in either direction, as a share of its size, [0, 0.5].
    """

    flip: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        checks.number("flip", self.flip, 0.0, 1.0)
        checks.number("shift", self.shift, 0.0, 0.5)

    def __call__(self, image: Tensor, generator: np.random.Generator) -> Tensor:
        """Return an image (3, H, W) of the same shape."""
        mirrored = generator.random() < self.flip
        rows, columns = (self._moved(size, generator) for size in image.shape[1:])
        return image[:, rows][:, :, columns.flip(0) if mirrored else columns]

    def _moved(self, size: int, generator: np.random.Generator) -> Tensor:
        """Return which row or column stands at each place."""
        most = min(int(self.shift * size), size - 1)
        places = torch.arange(size) + int(generator.integers(-most, most + 1))
        return size - 1 - (size - 1 - places.abs()).abs()


@dataclass(frozen=True)
class ToSemiItem:
    """Turn a labelled sample into an item; for `KeyedDataset`.

    Parameters
    ----------
    classes : mapping of str to int
        The number of each labelled frame's class, by its key.
    size : tuple of int
        (height, width) of the pictures.
    weak : Weak
        Of every view, each with its own draw.
    noise : Noise, optional
        Where light comes from.
    noise_share : float
        Share of the labelled pictures that are noised, [0, 1].
    unlabelled : FrameSet, optional
        What unlabelled pictures are drawn from, with replacement.
    each : int
        μ, unlabelled pictures for each labelled one.
    """

    classes: Mapping[str, int]
    size: tuple[int, int] = INPUT_SIZE
    weak: Weak = Weak()
    noise: Noise | None = None
    noise_share: float = 0.0
    unlabelled: FrameSet | None = None
    each: int = 0

    def __post_init__(self) -> None:
        checks.number("noise_share", self.noise_share, 0.0, 1.0)

    def __call__(self, sample: Sample, generator: np.random.Generator) -> SemiItem:
        """Return the sample's item."""
        coin, light, own, *others = generator.spawn(3 + (self.each if self.unlabelled else 0))
        picture = sample.image
        if self.noise is not None and coin.random() < self.noise_share:
            picture = self.noise(sample, light, 1).noised[0]
        pairs = [self._pair(rng) for rng in others]
        clean, noised = (torch.stack(views) for views in zip(*pairs, strict=True)) if pairs else self._none
        label = torch.tensor(self.classes[sample.frame.key])
        return SemiItem(self._view(picture, own), label, clean, noised)

    def _pair(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return an unlabelled picture's views: the clean one, and the one under light noise."""
        assert self.unlabelled is not None
        assert self.noise is not None
        light, first, second = generator.spawn(3)
        sample = self.unlabelled[int(generator.integers(len(self.unlabelled)))]
        made = self.noise(sample, light, 1)
        return self._view(made.clean, first), self._view(made.noised[0], second)

    def _view(self, picture: Image, generator: np.random.Generator) -> Tensor:
        return self.weak(resize(to_tensor(picture), self.size), generator).contiguous()

    @property
    def _none(self) -> tuple[Tensor, Tensor]:
        empty = torch.empty((0, 3, *self.size), dtype=torch.uint8)
        return empty, empty
