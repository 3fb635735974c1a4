"""Frames and lane masks, for the lane segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lightnoise import checks
from lightnoise_train.data.frames import Sample, labelled
from lightnoise_train.data.noise import Noise
from lightnoise_train.data.pixels import INPUT_SIZE, resize, to_tensor
from lightnoise_train.lanes.labels import FRAME_SIZE
from lightnoise_train.lanes.masks import LINE_WIDTH, draw


class LaneItem(NamedTuple):
    """A frame as a network takes it, or a batch of them.

    Parameters
    ----------
    image : Tensor of uint8, shape (3, h, w)
    mask : Tensor of uint8, shape (h, w)
        1 on lanes.
    key : str
        The frame's.
    """

    image: Tensor
    mask: Tensor
    key: str


@dataclass(frozen=True)
class ToLaneItem:
    """Turn a sample into image and mask; for `KeyedDataset`.

    Parameters
    ----------
    size : tuple of int
        (height, width) of image and mask.
    line_width : float
        Of the lines in the mask, in pixels of a frame of 1280×720; see `lanes.masks.draw`.
    noise : Noise, optional
        Light noise to train on.
    noise_share : float
        Share of the frames that get it, [0, 1].
    flip : float
        Share of the frames that are mirrored, left for right, with their lanes, [0, 1].
    """

    size: tuple[int, int] = INPUT_SIZE
    line_width: float = LINE_WIDTH
    noise: Noise | None = None
    noise_share: float = 0.5
    flip: float = 0.0

    def __post_init__(self) -> None:
        checks.number("noise_share", self.noise_share, 0.0, 1.0)
        checks.number("flip", self.flip, 0.0, 1.0)

    def __call__(self, sample: Sample, generator: np.random.Generator) -> LaneItem:
        """Return the sample's item; DataError if it has no label."""
        label = labelled(sample.frame)
        picture = sample.image
        coin, light, mirror = generator.spawn(3)
        if self.noise is not None and coin.random() < self.noise_share:
            picture = self.noise(sample, light, 1).noised[0]
        image = resize(to_tensor(picture), self.size).contiguous()
        mask = torch.from_numpy(draw(label, *FRAME_SIZE, out_size=self.size, line_width=self.line_width))
        if mirror.random() < self.flip:
            image, mask = image.flip(-1), mask.flip(-1)
        return LaneItem(image, mask, sample.frame.key)
