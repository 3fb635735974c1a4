"""SimCLR: an encoder learns that two light-noised views show the same road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.loggers import Logger
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities import rank_zero_only, rank_zero_warn
from torch import Tensor

from lightnoise_train.config import PretrainConfig
from lightnoise_train.data import sources
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.data.noise import DrawnNoise
from lightnoise_train.data.views import DrawForDevice, Pair, PairBatch, PairOfViews, collate, noised_views
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation.knn import knn_accuracy, retrieval_accuracy
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import Encoder, build_encoder, representation, save_encoder
from lightnoise_train.models.projector import build_projector
from lightnoise_train.objectives.collapse import collapse_statistics
from lightnoise_train.objectives.gradient_cache import GradientCache
from lightnoise_train.objectives.nt_xent import nt_xent
from lightnoise_train.tasks import loop
from lightnoise_train.tasks.optimization import build_optimizer, schedule, warmup_cosine

ENCODER_FILE = "encoder.pt"
_STATISTICS_IMAGES = 2048  # of a validation epoch, at least; the rest adds nothing but memory


class SimCLR(LightningModule):
    """Encoder, pooling and projector, trained by NT-Xent on batches `Pair` or `PairBatch`.

    Parameters
    ----------
    config : PretrainConfig

    Attributes
    ----------
    classes : Tensor of int, shape (n_validation,)
        Of the validation frames in order, for the online kNN; −1 where there is none.
    """

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__()
        self.config = config
        self.classes = torch.empty(0, dtype=torch.int64)
        encoder = build_encoder(config.encoder.name, config.weights, output_stride=config.encoder.output_stride)
        self.represent = representation(encoder)
        self.projector = build_projector(encoder.channels, config.hidden, config.embedding)
        self._cache = GradientCache(self.represent, config.gradient_cache) if config.gradient_cache else None
        self._seen: list[tuple[Tensor, ...]] = []

    @property
    def encoder(self) -> Encoder:
        """What is kept of it all."""
        encoder: Encoder = self.represent[1]  # type: ignore[assignment]
        return encoder

    def training_step(self, batch: Pair | PairBatch, batch_index: int) -> Tensor:
        """Return the loss of a batch."""
        first, second = self._views(batch)
        images = torch.cat((first, second))  # one pass: normalisations see clean and noised together
        features = self._cache.features(images) if self._cache else self.represent(images)
        one, other = self.projector(features).chunk(2)
        loss = nt_xent(one, other, self.config.temperature, gather=True)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(first))
        return loss

    def backward(self, loss: Tensor, *_: Any, **__: Any) -> None:
        """Run a loss backwards, through the gradient cache if there is one."""
        loss.backward()
        if self._cache:
            self._cache.backward()
            self._average_gradients()

    def validation_step(self, batch: Pair | PairBatch, batch_index: int) -> None:
        """Log the loss and remember the embeddings."""
        first, second = self._views(batch)
        chunks = torch.cat((first, second)).split(self.config.gradient_cache or 2 * len(first))
        features = torch.cat([self.represent(chunk) for chunk in chunks])
        one, other = self.projector(features).chunk(2)
        loss = nt_xent(one, other, self.config.temperature)
        self.log(loop.MONITORED, loss, prog_bar=True, batch_size=len(first), sync_dist=True)
        if sum(len(one[0]) for one in self._seen) < _STATISTICS_IMAGES:
            self._seen.append((one.float(), other.float(), *features.float().chunk(2)))

    def on_validation_epoch_end(self) -> None:
        """Log collapse statistics and what the features know; warn of a collapse."""
        first, second, clean, noised = (torch.cat(each) for each in zip(*self._seen, strict=True))
        self._seen.clear()
        if len(first) < 2:
            return
        statistics = collapse_statistics(first, second)
        found = {f"collapse/{name}": value for name, value in statistics.to_dict().items()}
        found["knn/retrieval"] = retrieval_accuracy(clean, noised)
        classes = self.classes[: len(first)].to(first.device)
        known = (classes >= 0).nonzero()[:, 0]
        if len(classes[known].unique()) > 1:
            found["knn/accuracy"] = knn_accuracy(clean[known], classes[known], noised[known], classes[known], same=True)
        self.log_dict(found, sync_dist=True)
        for warning in statistics.warnings(nt_xent(first, second, self.config.temperature).item()):
            rank_zero_warn(f"epoch {self.current_epoch}: {warning}", category=CollapseWarning)

    def _views(self, batch: Pair | PairBatch) -> Pair:
        """Return the views, rendered here where they were only drawn."""
        if isinstance(batch, Pair):
            return batch
        camera = sources.camera_of(self.config.noise, self.config.data)
        return batch.render(camera, sources.to_input(self.config.views))

    def configure_optimizers(self) -> Any:
        """Return the optimizer, warmed up and annealed."""
        steps = self.trainer.datamodule.steps  # type: ignore[attr-defined]
        optimizer = build_optimizer(self.config.optimizer, [(self, 1.0)])
        return schedule(optimizer, [warmup_cosine(steps, self.config.optimizer.warmup)])

    def on_train_batch_start(self, batch: Any, batch_index: int) -> None:
        """Keep data-parallel training from reducing gradients chunk by chunk; see `_average_gradients`."""
        if self._cache and isinstance(self.trainer.strategy, DDPStrategy):
            self.trainer.strategy.model.require_backward_grad_sync = False  # type: ignore[union-attr]

    def _average_gradients(self) -> None:
        """Average over processes; averaging gradients that were averaged before, and accumulated, is harmless."""
        if self.trainer.world_size > 1:
            gradients = [one.grad for one in self.parameters() if one.grad is not None]
            flat = torch.cat([one.flatten() for one in gradients])
            mean = self.trainer.strategy.reduce(flat, reduce_op="mean")
            for one, part in zip(gradients, mean.split([one.numel() for one in gradients]), strict=True):
                one.copy_(part.view_as(one))


class CollapseWarning(UserWarning):
    """The embeddings of different images are becoming the same."""


def pretrain(
    config: PretrainConfig,
    out: Path,
    *,
    frames: Mapping[str, FrameSet] | None = None,
    resume: bool = False,
    loggers: Sequence[Logger] = (),
    command: str = "",
) -> Path:
    """Pretrain an encoder and return the file of its best weights.

    Parameters
    ----------
    config : PretrainConfig
    out : Path
        Gets ``encoder.pt``, ``config.yaml``, ``checkpoints/`` and ``logs/``.
    frames : mapping or None
        "train" and "val" frames instead of those that the configuration opens.
    resume : bool
        Go on from ``checkpoints/last.ckpt``.
    loggers : sequence of Logger
        Of Lightning, beside TensorBoard and CSV.
    command : str
        What to note in ``config.yaml``.

    Raises
    ------
    ConfigError, DataError, CheckpointError, TrainingError
    """
    checkpoint = loop.starting_point(config, out, resume=resume)
    with loop.seeded(config.seed, "model"):
        module = SimCLR(config)
    frames = frames or {part: sources.open_frames(config.data, part) for part in ("train", "val")}
    module.classes = sources.classes(frames["val"].frames, config.data, config.knn_attribute)
    train, validation = (_inputs(config, frames[part]) for part in ("train", "val"))
    best = loop.fit(module, config, out, train, validation, checkpoint=checkpoint, loggers=loggers, command=command)
    weights.fill(module, weights.read_state(best), str(best), config.encoder.name)
    rank_zero_only(save_encoder)(module.encoder, out / ENCODER_FILE)
    return out / ENCODER_FILE


def _inputs(config: PretrainConfig, frames: FrameSet) -> loop.Inputs:
    """Return what makes pairs of views, here in workers or there on the device."""
    pair = config.views.pair
    noise = sources.open_noise(config.noise, config.data, frames.frames, noised_views(pair))
    if not config.noise.on_device:
        return loop.Inputs(frames, PairOfViews(noise, pair, sources.to_input(config.views)))
    if not isinstance(noise, DrawnNoise):
        raise ConfigError("noise.on_device renders drawn noise; leave noise.folder out, or on_device")
    return loop.Inputs(frames, DrawForDevice(noise, pair), collate)
