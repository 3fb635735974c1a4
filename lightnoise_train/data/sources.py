"""From a configuration to frames, and to the light that falls on them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lightnoise import batch, transforms
from lightnoise.camera import CAMERAS, Camera
from lightnoise_train.config import DataConfig, NoiseConfig, ViewsConfig
from lightnoise_train.data import bdd100k, cifar10, folder, roads, splits, tusimple
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.data.noise import DrawnNoise, FolderNoise, Noise
from lightnoise_train.data.pixels import Augmentation, ToInput
from lightnoise_train.errors import ConfigError

PARTS = ("train", "val", "test")
_CLASSES = {"roads": "kind", "bdd100k": "scene", "cifar10": "class"}  # attribute that tells frames apart


def open_frames(config: DataConfig, part: str) -> FrameSet:
    """Return a part of a data set.

    Parameters
    ----------
    config : DataConfig
        With ``split: blocks``, and for folders and CIFAR-10's validation, which have no official one, parts are cut by
        stretches of a drive.
    part : str
        "train", "val" or "test".

    Raises
    ------
    DataError
        If the data are not as they should be.
    ConfigError
        If there is no such part.
    """
    root = config.root
    if config.kind == "roads":
        count = config.count if part == "train" else config.held_out
        return roads.load(count, part, config.scenes_seed, cache=config.cache)
    assert root is not None  # the configuration saw to it
    if config.kind == "folder":
        return _block(folder.load(root), config, part)
    if config.kind == "cifar10":
        if part == "test":
            return cifar10.load(root, "test")
        whole = cifar10.load(root)
        # sorted by class where packed: every tenth is held out
        return whole.subset(index for index in range(len(whole)) if (index % 10 == 9) == (part == "val"))
    if config.kind == "bdd100k":
        wanted = config.timeofday, config.weather, config.scene
        if config.split == "blocks":
            return _block(bdd100k.load(root, "train", *wanted), config, part)
        return bdd100k.load(root, part, *wanted)
    if config.split == "blocks":
        return _block(tusimple.load(root, tusimple.AVAILABLE), config, part)
    return tusimple.load(root, part)


def open_noise(config: NoiseConfig, data: DataConfig, frames: Iterable[Frame] = (), count: int = 1) -> Noise:
    """Return a source of noised pictures.

    Parameters
    ----------
    config : NoiseConfig
    data : DataConfig
        What the frames are, for their camera.
    frames : iterable of Frame
        The frames that need noised pictures, where these are read from a folder.
    count : int
        How many each needs at once.

    Raises
    ------
    ConfigError
        If the noise is not one that `lightnoise` has.
    DataError
        If the folder does not have what is needed.
    """
    if config.folder is not None:
        return FolderNoise(config.folder, frames, count)
    try:
        spec = config.spec or batch.recipe(config.effects, config.severity, config.preset)
        return DrawnNoise(transforms.from_dict(spec), camera_of(config, data), config.height)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"noise: {error}") from error


def camera_of(config: NoiseConfig, data: DataConfig) -> Camera:
    """Return the camera that took the frames."""
    name = config.camera or (data.kind if data.kind in CAMERAS else None)
    if name is not None and name not in CAMERAS:
        raise ConfigError(f"noise.camera must be one of {', '.join(CAMERAS)}; got {name!r}")
    return CAMERAS[name] if name else Camera()


def to_input(config: ViewsConfig) -> ToInput:
    """Return what brings a view to its size."""
    augmentation = Augmentation(config.crop, config.flip, config.colour, config.grey, config.blur)
    return ToInput(config.size, augmentation)


def classes(frames: Iterable[Frame], data: DataConfig, attribute: str | None = None) -> Tensor:
    """Return the frames' classes, (N,) int64: numbers of an attribute's values in order, −1 where it is not known.

    Raises
    ------
    ConfigError
        If an attribute is asked for that no frame has.
    """
    frames = tuple(frames)
    name = attribute or _CLASSES.get(data.kind, "")
    values = [frame.attributes.get(name) for frame in frames]
    numbers = {value: number for number, value in enumerate(sorted({one for one in values if one is not None}))}
    if attribute and not numbers:
        there = sorted({key for frame in frames for key in frame.attributes})
        raise ConfigError(f"knn_attribute: no frame has {attribute!r}; they have {', '.join(there) or 'no attributes'}")
    return torch.tensor([-1 if value is None else numbers[value] for value in values])


def _block(frames: FrameSet, config: DataConfig, part: str) -> FrameSet:
    if part not in config.blocks:
        raise ConfigError(f"data.blocks has no share for {part}; it has {', '.join(config.blocks)}")
    try:
        return splits.split(frames, config.blocks, per_drive=config.blocks_per_drive)[part]
    except ValueError as error:
        raise ConfigError(f"data.blocks: {error}") from error
