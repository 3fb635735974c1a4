"""Two views of each frame, for contrastive learning.

The views of a pair show the same road under different light: the clean frame and a noised one, or two noised ones. The
recipe resizes and no more; crops, flips, colours and blur are there for ablation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lightnoise import checks
from lightnoise.camera import Camera
from lightnoise.params import Params
from lightnoise_train.data.frames import Sample
from lightnoise_train.data.noise import DrawnNoise, Noise, shrunk
from lightnoise_train.data.pixels import ToInput, to_tensor
from lightnoise_train.errors import DataError

CLEAN_NOISED, NOISED_NOISED = "clean_noised", "noised_noised"
KINDS = (CLEAN_NOISED, NOISED_NOISED)


class Pair(NamedTuple):
    """Two views of one frame, (3, H, W), or of each frame of a batch, (B, 3, H, W): uint8, or float in [0, 1]."""

    first: Tensor
    second: Tensor


@dataclass(frozen=True)
class PairOfViews:
    """Make two views of a sample; for `KeyedDataset`.

    Parameters
    ----------
    noise : Noise
        Where noised pictures come from.
    kind : str
        "clean_noised" or "noised_noised".
    to_input : ToInput
        Size and augmentation; each view has an augmentation of its own.
    """

    noise: Noise
    kind: str = CLEAN_NOISED
    to_input: ToInput = field(default_factory=ToInput)

    def __post_init__(self) -> None:
        checks.choice("kind", self.kind, KINDS)

    def __call__(self, sample: Sample, generator: np.random.Generator) -> Pair:
        """Return the views of a sample, uint8."""
        light, *own = generator.spawn(3)
        clean, noised = self.noise(sample, light, noised_views(self.kind))
        pictures = (clean, *noised)[-2:]
        return Pair(*(self.to_input(to_tensor(picture), rng) for picture, rng in zip(pictures, own, strict=True)))


def noised_views(kind: str) -> int:
    """Return how many views of a pair are noised."""
    return 2 if checks.choice("kind", kind, KINDS) == NOISED_NOISED else 1


class Drawn(NamedTuple):
    """A clean picture (3, H, W) uint8, what is drawn for each of its views, and generators of their augmentation."""

    image: Tensor
    params: tuple[list[Params], list[Params]]
    generators: tuple[np.random.Generator, np.random.Generator]


@dataclass(frozen=True)
class DrawForDevice:
    """Draw the light of two views of a sample, to be rendered by `PairBatch.render`; for `KeyedDataset`.

    Batches are made by `collate`. The draws are those of `PairOfViews` with the same noise and kind.

    Parameters
    ----------
    noise : DrawnNoise
        What to draw from. All pictures of a batch must be of one size, after shrinking to its height.
    kind : str
        "clean_noised" or "noised_noised".
    """

    noise: DrawnNoise
    kind: str = CLEAN_NOISED

    def __post_init__(self) -> None:
        checks.choice("kind", self.kind, KINDS)

    def __call__(self, sample: Sample, generator: np.random.Generator) -> Drawn:
        """Return the picture and the draws."""
        light, one, other = generator.spawn(3)
        image = shrunk(sample.image, self.noise.height)
        draws = [self.noise.draw(rng, image.shape) for rng in light.spawn(noised_views(self.kind))]
        first, second = ([], *draws)[-2:]
        return Drawn(to_tensor(image), (first, second), (one, other))


class PairBatch:
    """A batch of clean pictures with what is drawn for their views; `collate` makes one.

    Parameters
    ----------
    images : Tensor of uint8, shape (B, 3, H, W)
    params : pair of lists of B lists of params
        For the first and the second views.
    generators : pair of lists of B numpy.random.Generator
        Of the views' augmentations.
    """

    def __init__(
        self,
        images: Tensor,
        params: tuple[list[list[Params]], list[list[Params]]],
        generators: tuple[list[np.random.Generator], list[np.random.Generator]],
    ) -> None:
        self.images, self.params, self.generators = images, params, generators

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: Any, non_blocking: bool = False) -> PairBatch:
        """Return the batch with its pictures on another device."""
        return PairBatch(self.images.to(device, non_blocking=non_blocking), self.params, self.generators)

    def pin_memory(self) -> PairBatch:
        """Return the batch with its pictures in page-locked memory."""
        return PairBatch(self.images.pin_memory(), self.params, self.generators)

    def render(self, camera: Camera, to_input: ToInput) -> Pair:
        """Return the views, float32 in [0, 1], made on the pictures' device."""
        from lightnoise.adapters.torch import chain

        clean = self.images.float() / 255.0
        views = []
        for params, generators in zip(self.params, self.generators, strict=True):
            noised = chain(clean, params, camera=camera) if any(params) else clean
            inputs = map(to_input, noised, generators)
            views.append(torch.stack(list(inputs)))
        return Pair(*views)


def collate(items: Sequence[Drawn]) -> PairBatch:
    """Make a batch of what `DrawForDevice` drew; DataError if the pictures are not of one size."""
    sizes = sorted({tuple(item.image.shape[1:]) for item in items})
    if len(sizes) > 1:
        (h, w), (height, width) = sizes[0], sizes[-1]
        raise DataError(
            f"pictures of one batch are {w}×{h} and {width}×{height}: noise.on_device takes pictures of one size; "
            "set noise.on_device=false"
        )
    first, second = ([item.params[view] for item in items] for view in (0, 1))
    one, other = ([item.generators[view] for item in items] for view in (0, 1))
    return PairBatch(torch.stack([item.image for item in items]), (first, second), (one, other))
