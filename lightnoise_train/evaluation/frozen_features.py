"""Features of networks that stand still, of every frame in every condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lightnoise.camera import Camera
from lightnoise_train.data.frames import FrameSet, Sample
from lightnoise_train.data.loading import loader
from lightnoise_train.data.noise import shrunk
from lightnoise_train.data.pixels import INPUT_SIZE, resize, to_tensor
from lightnoise_train.evaluation.conditions import Condition, apply
from lightnoise_train.evaluation.results import CLEAN

Features = NDArray[np.float32]
Progress = Callable[[Iterable[Any], int], Iterable[Any]]

_PICTURES = 256  # seen at once by a network


@dataclass(frozen=True)
class ToConditions:
    """Make a frame's pictures in all conditions; a transform for `data.loading.loader`.

    Parameters
    ----------
    conditions : tuple of Condition
    size : tuple of int
        (height, width) of the pictures, to which they are squashed after light fell on them.
    camera : Camera
    seed : int
        Of the light, which is keyed to the frame.
    height : int or None
        Rows to which higher frames are shrunk before light is drawn, which is faster; None leaves them.
    """

    conditions: tuple[Condition, ...] = (Condition(CLEAN, 0),)
    size: tuple[int, int] = INPUT_SIZE
    camera: Camera = field(default_factory=Camera)
    seed: int = 0
    height: int | None = None

    def __call__(self, sample: Sample, generator: np.random.Generator) -> Tensor:
        """Return the pictures, (n_conditions, 3, *size) uint8. ``generator`` is not used."""
        image = shrunk(sample.image, self.height)
        pictures = (apply(each, image, sample.frame.key, self.camera, self.seed) for each in self.conditions)
        return torch.stack([resize(to_tensor(picture), self.size) for picture in pictures])


@torch.no_grad()
def frozen_features(
    networks: Sequence[nn.Module],
    frames: FrameSet,
    pictures: ToConditions,
    *,
    batch: int = 32,
    workers: int = 0,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
) -> list[Features]:
    """Return the features of each network, (n_frames, n_conditions, C); each picture is made once for all of them.

    Parameters
    ----------
    networks : sequence of nn.Module
        From pictures (B, 3, H, W) uint8 to features (B, C). They come to ``device`` and stand still.
    frames : FrameSet
    pictures : ToConditions
    batch : int
        Frames read at once.
    workers : int
        Processes that read frames and draw light.
    device : str or torch.device
    progress : callable, optional
        Takes the batches and their number and returns the batches, showing how far they are.

    Raises
    ------
    DataError
        If a picture cannot be read.
    """
    still = [network.to(device).to(memory_format=torch.channels_last).eval() for network in networks]
    batches = loader(frames, pictures, seed=0, batch_size=batch, shuffle=False, drop_last=False, workers=workers)
    found: list[list[Features]] = [[] for _ in still]
    for images in progress(batches, len(batches)) if progress else batches:
        chunks = images.flatten(0, 1).split(_PICTURES)
        for network, rows in zip(still, found, strict=True):
            features = torch.cat([network(chunk.to(device)).float().cpu() for chunk in chunks])
            rows.append(features.unflatten(0, images.shape[:2]).numpy())
    return [np.concatenate(rows) for rows in found]
