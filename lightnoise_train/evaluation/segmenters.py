"""Networks that tell lane pixels from others: runs of ours, with their features, and files of torch and ONNX."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lightnoise_train import config as configs
from lightnoise_train.config import FinetuneConfig
from lightnoise_train.data.frames import Image
from lightnoise_train.data.pixels import INPUT_SIZE, resize, to_tensor
from lightnoise_train.errors import CheckpointError, ConfigError
from lightnoise_train.evaluation.answers import Answer, Features
from lightnoise_train.evaluation.conditions import Condition, Judged, Prepare
from lightnoise_train.evaluation.held_out import trained_under
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.lanes.instances import lanes_from_probability
from lightnoise_train.models.encoder import build_encoder, pooled
from lightnoise_train.models.pixels import Normalize
from lightnoise_train.models.segmenter import LaneSegmenter, load_segmenter

SEGMENTER_FILE = "segmenter.pt"


@dataclass(frozen=True)
class Pixels:
    """How a foreign segmenter wants its input, and what it puts out.

    Parameters
    ----------
    size : tuple of int, or None
        (height, width) that frames are squashed to; None asks the model, else 224×224.
    mean, std : tuple of float
        Subtracted from and divided out of pixels in [0, 1], for each channel of RGB.
    output : str
        "logits" or "probability". Shapes (B, h, w) and (B, 1, h, w) are of the lanes; of (B, C, h, w), the first of
        the C channels is the background, and the others are lanes.
    """

    size: tuple[int, int] | None = None
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    output: str = "logits"


class Segmenter(Protocol):
    """A batch of prepared pictures to probabilities (n, h, w) and features (n, d), before and after, or None."""

    def __call__(self, pictures: list[Any], /) -> tuple[NDArray[Any], Features | None, Features | None]:
        """Return probabilities and features."""


@dataclass(frozen=True, eq=False)
class SegmenterPredictor:
    """A network that tells lane pixels from others; lanes are read out of its picture.

    Parameters
    ----------
    segment : Segmenter
    prepare : Prepare
    identity : dict
    batch : int
        Pictures at once.
    """

    segment: Segmenter
    prepare: Prepare
    identity: dict[str, Any]
    batch: int = 32

    def __call__(self, frame: Judged, conditions: Sequence[Condition]) -> Answer:
        """Return the lanes and the features of a frame in all conditions."""
        parts = []
        start = time.perf_counter()
        for first in range(0, len(frame.pictures), self.batch):
            parts.append(self.segment(frame.pictures[first : first + self.batch]))
        probabilities = np.concatenate([part[0] for part in parts])
        lanes = [lanes_from_probability(one, frame.label.h_samples) for one in probabilities]
        each = 1e3 * (time.perf_counter() - start) / len(lanes)
        return Answer(
            [Prediction(frame.key, columns, each) for columns in lanes],
            *(None if parts[0][i] is None else np.concatenate([part[i] for part in parts]) for i in (1, 2)),
        )


def open_run(folder: Path, arm: str | None = None, device: str = "cpu") -> SegmenterPredictor:
    """Return the segmenter that a run of ``lightnoise-train finetune`` left in a folder.

    Its encoder's weights before fine-tuning are read again for ``features_before``, where they came from a file or
    from ImageNet and are still there.

    Raises
    ------
    CheckpointError, ConfigError
        If the network or the configuration beside it cannot be read, or they are of two runs.
    """
    config = configs.load(FinetuneConfig, folder / configs.FILE_NAME)
    segmenter = load_segmenter(folder / SEGMENTER_FILE).to(device)
    if segmenter.encoder.name != config.encoder.name:
        raise CheckpointError(
            f"{folder / SEGMENTER_FILE} holds a {segmenter.encoder.name}, but {configs.FILE_NAME} beside it says "
            f"{config.encoder.name}: they are of two runs; copy both from one"
        )
    identity = {
        "arm": arm or config.recipe.name,
        "encoder": config.encoder.name,
        "seed": config.seed,
        "source": str(folder),
        "trained_under": trained_under(config),
    }
    before = _encoder_before(config, device)
    return SegmenterPredictor(OwnSegmenter(segmenter, before, torch.device(device)), Squashed(segmenter.size), identity)


def _encoder_before(config: FinetuneConfig, device: str) -> nn.Module | None:
    """Return the encoder with the pixels that it was pretrained on, whatever fine-tuning made of them after."""
    if config.weights is None:
        return None
    try:
        encoder = build_encoder(config.encoder.name, config.weights, output_stride=config.encoder.output_stride)
    except CheckpointError:
        return None
    return nn.Sequential(Normalize(encoder.mean, encoder.std), encoder).to(device).eval()


@dataclass(frozen=True)
class Squashed:
    """Squash a picture to a network's input, (3, h, w) uint8, as fine-tuning does.

    Parameters
    ----------
    size : tuple of int
        (height, width).
    """

    size: tuple[int, int]

    def __call__(self, image: Image, /) -> Tensor:
        """Return the tensor."""
        return resize(to_tensor(image), self.size).contiguous()


@dataclass(frozen=True, eq=False)
class OwnSegmenter:
    """A `LaneSegmenter`, with its features before and after fine-tuning.

    Parameters
    ----------
    network : LaneSegmenter
    before : nn.Module or None
        From images to feature maps.
    device : torch.device
    """

    network: LaneSegmenter
    before: nn.Module | None
    device: torch.device

    @torch.inference_mode()
    def __call__(self, pictures: list[Tensor], /) -> tuple[NDArray[Any], Features | None, Features | None]:
        """Return probabilities and features; see `Segmenter`."""
        images = torch.stack(pictures).to(self.device)
        features = self.network.features(images)
        probability = torch.sigmoid(self.network.decode(features, images.shape[-2:]).float())
        before = None if self.before is None else _plain(pooled(self.before(images)))
        return _plain(probability), _plain(pooled(features)), before


def torch_predictor(path: Path, pixels: Pixels, identity: dict[str, Any], device: str = "cpu") -> SegmenterPredictor:
    """Return a TorchScript (.pt) or exported (.pt2) segmenter: images (B, 3, h, w) float32 to logits or probabilities.

    Raises
    ------
    CheckpointError
        If the file is neither.
    """
    try:
        network = _exported(path, device) if path.suffix == ".pt2" else _scripted(path, device)
    except Exception as error:  # RuntimeError, ValueError, zipfile's and pickle's, by torch's version
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{path} is no TorchScript file ({reason}); save it with torch.jit.save, or torch.export.save as .pt2, or "
            "name the folder of a finetune run"
        ) from error

    @torch.inference_mode()
    def run(images: NDArray[np.float32]) -> NDArray[Any]:
        return _plain(network(torch.from_numpy(images).to(device)))

    return _foreign(run, pixels.size or INPUT_SIZE, pixels, identity)


def _scripted(path: Path, device: str) -> Callable[[Tensor], Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, which is the business of who saved the file
        network: Callable[[Tensor], Tensor] = torch.jit.load(str(path), map_location=device).eval()
    return network


def _exported(path: Path, device: str) -> Callable[[Tensor], Tensor]:
    network: Callable[[Tensor], Tensor] = torch.export.load(str(path)).module().to(device)
    return network


def onnx_predictor(path: Path, pixels: Pixels, identity: dict[str, Any]) -> SegmenterPredictor:
    """Return an ONNX segmenter with one input (B, 3, h, w) float32, run by onnxruntime.

    Raises
    ------
    ConfigError
        If onnxruntime is not installed.
    CheckpointError
        If the file is no ONNX model, or its input is another.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigError(f"{path} needs onnxruntime: pip install onnxruntime") from error
    try:
        session = onnxruntime.InferenceSession(str(path))
    except Exception as error:  # onnxruntime has a class of its own for each reason
        raise CheckpointError(f"{path} is no ONNX model that onnxruntime can run: {error}") from error
    (wanted, *others) = session.get_inputs()
    if others or len(wanted.shape) != 4:
        raise CheckpointError(
            f"{path} must have one input (B, 3, h, w), it has {[i.shape for i in session.get_inputs()]}"
        )
    fixed = tuple(side for side in wanted.shape[2:] if isinstance(side, int))
    size = pixels.size or (fixed if len(fixed) == 2 else INPUT_SIZE)
    one_at_a_time = wanted.shape[0] == 1

    def run(images: NDArray[np.float32]) -> NDArray[Any]:
        batches = [images[i : i + 1] for i in range(len(images))] if one_at_a_time else [images]
        return np.concatenate([session.run(None, {wanted.name: batch})[0] for batch in batches])

    return _foreign(run, size, pixels, identity)


def _foreign(
    run: Callable[[NDArray[np.float32]], NDArray[Any]],
    size: tuple[int, ...],
    pixels: Pixels,
    identity: dict[str, Any],
) -> SegmenterPredictor:
    normalize = Normalize(pixels.mean, pixels.std)
    name = identity["source"]

    def segment(pictures: list[Any], /) -> tuple[NDArray[Any], Features | None, Features | None]:
        images = normalize(torch.stack(pictures)).numpy()
        try:
            output = run(images)
        except Exception as error:  # RuntimeError of torch, and whatever onnxruntime has
            raise CheckpointError(
                f"{name} failed on input {images.shape}, which a model of any batch size must take: "
                f"{' '.join(str(error).split())[-300:]}"
            ) from error
        return lane_probability(output, pixels.output, name), None, None

    return SegmenterPredictor(segment, Squashed((size[0], size[1])), identity)


def lane_probability(output: NDArray[Any], kind: str, name: str) -> NDArray[np.float32]:
    """Return lane probabilities (B, h, w) of a segmenter's output; see `Pixels`.

    Raises
    ------
    CheckpointError
        If it has another shape, or is no probability where it should be one.
    """
    found = np.asarray(output, dtype=np.float32)
    if found.ndim not in (3, 4):
        raise CheckpointError(f"{name} must put out (B, h, w) or (B, C, h, w), got {found.shape}")
    if kind == "probability" and not (found.min() >= -1e-4 and found.max() <= 1 + 1e-4):
        raise CheckpointError(
            f"{name} puts out {found.min():.3g} to {found.max():.3g}, which is no probability: say --output logits"
        )
    if found.ndim == 4 and found.shape[1] > 1:
        if kind == "logits":
            found = np.exp(found - found.max(axis=1, keepdims=True))
            found /= found.sum(axis=1, keepdims=True)
        return 1.0 - found[:, 0]
    found = found.reshape(found.shape[0], *found.shape[-2:])
    return found if kind == "probability" else (0.5 * (1.0 + np.tanh(0.5 * found))).astype(np.float32)


def _plain(tensor: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = tensor.float().cpu().numpy()
    return found
