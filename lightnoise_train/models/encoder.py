"""Encoders: any timm network without pooling and classifier, giving its last feature map."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from lightnoise_train.models import weights as sources
from lightnoise_train.models.pixels import Normalize


class Encoder(nn.Module):
    """A network from images to its last feature map.

    Parameters
    ----------
    name : str
        timm's name of the network.
    output_stride : int or None
        Pixels of the input for one of the feature map, where the network can be dilated (ResNet: 8, 16, 32); None for
        the network's own. Weights are the same for any.

    Attributes
    ----------
    channels : int
        C of the feature map.
    stride : int
        Pixels of the input for one of the feature map.
    mean, std : tuple of float
        Of the pixels, in [0, 1], that timm's weights of this network were trained on.
    unused : frozenset of str
        Tensors of the whole network that its feature map does not need, such as the classifier's.

    Raises
    ------
    ValueError
        If timm has no such network or it has no such stride.
    """

    def __init__(self, name: str = "resnet18", output_stride: int | None = None) -> None:
        super().__init__()
        if not timm.is_model(name):
            near = get_close_matches(name, timm.list_models(), 5)
            raise ValueError(f"timm has no network {name!r}" + (f"; near it: {', '.join(near)}" if near else ""))
        self.network = _network(name, {} if output_stride is None else {"output_stride": output_stride})
        whole = frozenset(self.network.state_dict())
        self.network.prune_intermediate_layers([-1], prune_norm=False, prune_head=True)
        self.unused = whole - frozenset(self.network.state_dict())
        self.name = name
        self.output_stride = output_stride
        self.channels: int = self.network.feature_info[-1]["num_chs"]
        self.stride: int = self.network.feature_info[-1]["reduction"]
        self.mean: tuple[float, ...] = tuple(self.network.default_cfg["mean"])
        self.std: tuple[float, ...] = tuple(self.network.default_cfg["std"])

    def forward(self, images: Tensor) -> Tensor:
        """Return features (B, C, h, w) of normalised images (B, 3, H, W)."""
        (features,) = self.network.forward_intermediates(images, indices=[-1], norm=True, intermediates_only=True)
        return features

    def pooled(self, images: Tensor) -> Tensor:
        """Return the mean over the feature map, (B, C)."""
        return pooled(self(images))


def _network(name: str, options: dict[str, Any]) -> Any:
    """Return timm's network, for images of any size where transformers allow it."""
    known = timm.get_pretrained_cfg(name)
    any_sizes: tuple[dict[str, Any], ...] = ({},)
    if known is not None and known.fixed_input_size:
        any_sizes = {"dynamic_img_size": True}, {"strict_img_size": False}, {}
    for any_size in any_sizes:
        try:
            return timm.create_model(name, pretrained=False, **any_size, **options)
        except (TypeError, NotImplementedError, AssertionError):
            continue
    if not options:
        raise ValueError(f"timm cannot make a {name}; name another network")
    raise ValueError(
        f"{name} cannot have {', '.join(f'{key} {value}' for key, value in options.items())}: "
        "set encoder.output_stride=null"
    )


def pooled(features: Tensor) -> Tensor:
    """Return the mean (B, C) over a feature map (B, C, h, w)."""
    return torch.mean(features, dim=(2, 3))


def representation(encoder: Encoder) -> nn.Sequential:
    """Return the network from pixels (B, 3, H, W) to pooled features (B, C): 512 of ResNet-18's (512, 7, 7) at 224."""
    return nn.Sequential(Normalize(encoder.mean, encoder.std), encoder, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def build_encoder(
    name: str = "resnet18", weights: str | Path | None = None, *, output_stride: int | None = None
) -> Encoder:
    """Return an encoder with weights.

    Parameters
    ----------
    name : str
        timm's name of the network.
    weights : str, Path or None
        "imagenet" for supervised ImageNet weights (see `weights.imagenet_state`), a file, or None for fresh ones
        drawn from torch's generator.
    output_stride : int or None
        See `Encoder`.

    Raises
    ------
    ValueError
        If there is no such network.
    CheckpointError
        If the weights cannot be had or belong to another network.
    """
    encoder = Encoder(name, output_stride)
    if weights == sources.IMAGENET:
        sources.fill(encoder.network, sources.imagenet_state(name), f"ImageNet weights of {name}", name, encoder.unused)
    elif weights is not None:
        sources.fill(encoder.network, sources.read_state(weights, name), str(weights), name, encoder.unused)
    return encoder


def save_encoder(encoder: Encoder, path: str | Path) -> None:
    """Write an encoder's weights under timm's names; `build_encoder` reads them."""
    sources.write({"architecture": encoder.name, "state_dict": encoder.network.state_dict()}, path)
