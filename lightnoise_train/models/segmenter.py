"""DeepLabV3 for lanes: an encoder, atrous spatial pyramid pooling, and up to the image's size again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.segmentation.deeplabv3 import ASPP

from lightnoise_train.errors import CheckpointError
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import Encoder
from lightnoise_train.models.pixels import Normalize

#: Of DeepLabV3's head in its paper.
HEAD_CHANNELS = 256

_FORMAT = "lightnoise-train lane segmenter 1"


class LaneSegmenter(nn.Module):
    """Images to the probability that a pixel belongs to a lane marking.

    Parameters
    ----------
    encoder : Encoder
    normalize : Normalize
        What is done to pixels before the encoder; a part of the network, so that nobody can forget it.
    size : (int, int)
        (height, width) of the images it is trained on.
    head_channels : int
        Of the head. It costs more than a small encoder, for which it may be narrower.

    References
    ----------
    Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017: rates 6, 12, 18 at an output
    stride of 16, and twice those at 8.
    """

    def __init__(
        self, encoder: Encoder, normalize: Normalize, size: tuple[int, int], head_channels: int = HEAD_CHANNELS
    ) -> None:
        super().__init__()
        self.normalize = normalize
        self.encoder = encoder
        self.head = _head(encoder, head_channels)
        self.size = size
        self.head_channels = head_channels

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, H, W) of images (B, 3, H, W): uint8, or floating in [0, 1]."""
        return self.decode(self.features(images), images.shape[-2:])

    def features(self, images: Tensor) -> Tensor:
        """Return the encoder's feature map (B, C, h, w)."""
        features: Tensor = self.encoder(self.normalize(images))
        return features

    def decode(self, features: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
        """Return logits (B, *size) of a feature map."""
        return F.interpolate(self.head(features), size=tuple(size), mode="bilinear", align_corners=False)[:, 0]

    def probability(self, images: Tensor) -> Tensor:
        """Return lane probabilities (B, H, W) in [0, 1], float32."""
        return torch.sigmoid(self(images).float())


def _head(encoder: Encoder, channels: int) -> nn.Sequential:
    """Return DeepLabV3's head, which torchvision's class has with 256 channels alone."""
    rates = [max(1, rate * 16 // encoder.stride) for rate in (6, 12, 18)]
    return nn.Sequential(
        ASPP(encoder.channels, rates, channels),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, 1, 1),
    )


def save_segmenter(segmenter: LaneSegmenter, path: str | Path) -> None:
    """Write a network and all that is needed to build it again; `load_segmenter` reads it."""
    content = {
        "format": _FORMAT,
        "encoder": segmenter.encoder.name,
        "output_stride": segmenter.encoder.output_stride,
        "size": list(segmenter.size),
        "head_channels": segmenter.head_channels,
        "state": segmenter.state_dict(),
    }
    weights.write(content, path)


def load_segmenter(path: str | Path) -> LaneSegmenter:
    """Return the network in a file of `save_segmenter`, on the CPU and in evaluation mode.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated, or something else.
    """
    content: dict[str, Any] = weights.read(path)
    if content.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is no lane segmenter; `lightnoise-train finetune` writes segmenter.pt")
    encoder = Encoder(content["encoder"], content["output_stride"])
    height, width = content["size"]
    channels = content.get("head_channels", HEAD_CHANNELS)
    segmenter = LaneSegmenter(encoder, Normalize(), (height, width), channels)
    weights.fill(segmenter, content["state"], str(path), content["encoder"])
    return segmenter.eval()
