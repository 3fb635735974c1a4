"""Lane segmentation: one network, head and budget for every arm; arms differ in their recipe alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor
from torch.nn import functional as F

from lightnoise_train.config import FinetuneConfig
from lightnoise_train.data import sources
from lightnoise_train.data.frames import FrameSet, labelled
from lightnoise_train.data.lane_items import LaneItem, ToLaneItem
from lightnoise_train.evaluation.tusimple import evaluate, without_empty_lanes
from lightnoise_train.lanes.instances import lanes_from_probability
from lightnoise_train.lanes.labels import LaneLabel
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import build_encoder
from lightnoise_train.models.pixels import Normalize
from lightnoise_train.models.segmenter import LaneSegmenter, save_segmenter
from lightnoise_train.tasks import loop
from lightnoise_train.tasks.optimization import build_optimizer, schedule, warmup_cosine

SEGMENTER_FILE = "segmenter.pt"


class LaneTraining(LightningModule):
    """A lane segmenter, trained by cross-entropy and Dice on batches `LaneItem`.

    Parameters
    ----------
    config : FinetuneConfig

    Attributes
    ----------
    labels : mapping of str to LaneLabel
        The validation frames' lanes by their keys, for the metric.
    """

    def __init__(self, config: FinetuneConfig) -> None:
        super().__init__()
        self.config = config
        self.labels: Mapping[str, LaneLabel] = {}
        self._found: list[LaneLabel] = []
        encoder = build_encoder(config.encoder.name, config.weights, output_stride=config.encoder.output_stride)
        normalize = Normalize(encoder.mean, encoder.std) if config.recipe.preprocessing == "normalize" else Normalize()
        with loop.seeded(config.seed, "head"):  # the same for every arm
            self.segmenter = LaneSegmenter(encoder, normalize, config.size, config.head_channels)

    def training_step(self, batch: LaneItem, batch_index: int) -> Tensor:
        """Return the loss of a batch."""
        loss = self.loss(self.segmenter(batch.image), batch.mask)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch.image))
        return loss

    def validation_step(self, batch: LaneItem, batch_index: int) -> None:
        """Log the loss and the overlap with the labels' lanes, and read the lanes out."""
        logits = self.segmenter(batch.image)
        shown, true = logits > 0, batch.mask.bool()
        overlap = (shown & true).sum() / (shown | true).sum().clamp(min=1)
        logged = {loop.MONITORED: self.loss(logits, batch.mask), "val/iou": overlap}
        self.log_dict(logged, prog_bar=True, batch_size=len(batch.image), sync_dist=True)
        for key, probability in zip(batch.key, logits.float().sigmoid().cpu().numpy(), strict=True):
            rows = self.labels[key].h_samples
            self._found.append(LaneLabel(key, lanes_from_probability(probability, rows), rows))

    def on_validation_epoch_end(self) -> None:
        """Log TuSimple's metric."""
        score = evaluate(self._found, list(self.labels.values()))
        self._found.clear()
        self.log_dict({f"val/{name}": value for name, value in score.to_dict().items()}, sync_dist=True)

    def loss(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return the cross-entropy, in which lanes weigh more, plus the Dice loss; in float32."""
        logits, masks = logits.float(), masks.float()
        weight = torch.as_tensor(self.config.lane_weight, device=logits.device)
        entropy = F.binary_cross_entropy_with_logits(logits, masks, pos_weight=weight)
        found = logits.sigmoid()
        dice = 1 - (2 * (found * masks).sum() + 1) / (found.sum() + masks.sum() + 1)
        return entropy + self.config.dice * dice

    @property
    def head_epochs(self) -> int:
        """Epochs in which the encoder stands still."""
        if self.config.recipe.schedule == "single":
            return 0
        return min(max(1, round(self.config.head_stage * self.config.epochs)), self.config.epochs - 1)

    def configure_optimizers(self) -> Any:
        """Return the optimizer: one rate for all, or a low one for the encoder that starts with the second stage."""
        config = self.config.optimizer
        steps = self.trainer.datamodule.steps  # type: ignore[attr-defined]
        two_stages = self.head_epochs > 0
        share = self.config.backbone_rate if two_stages else 1.0
        start = round(steps * self.head_epochs / self.config.epochs)
        optimizer = build_optimizer(config, [(self.segmenter.encoder, share), (self.segmenter.head, 1.0)])
        return schedule(optimizer, [warmup_cosine(steps, config.warmup, start), warmup_cosine(steps, config.warmup)])

    def on_train_start(self) -> None:
        """Set the stage, also when going on within an epoch."""
        self._set_stage()

    def on_train_epoch_start(self) -> None:
        """Set the stage."""
        self._set_stage()

    def _set_stage(self) -> None:
        head_alone = self.current_epoch < self.head_epochs
        self.segmenter.encoder.requires_grad_(not head_alone).train(not head_alone)


def finetune(
    config: FinetuneConfig,
    out: Path,
    *,
    frames: Mapping[str, FrameSet] | None = None,
    resume: bool = False,
    loggers: Sequence[Logger] = (),
    command: str = "",
) -> Path:
    """Train a lane segmenter and return the file of its best weights.

    Parameters
    ----------
    config : FinetuneConfig
    out : Path
        Gets ``segmenter.pt``, ``config.yaml``, ``checkpoints/`` and ``logs/``.
    frames : mapping or None
        "train" and "val" frames, labelled, instead of those that the configuration opens.
    resume, loggers, command
        As of `pretrain`.

    Raises
    ------
    ConfigError, DataError, CheckpointError, TrainingError
    """
    checkpoint = loop.starting_point(config, out, resume=resume)
    with loop.seeded(config.seed, "model"):
        module = LaneTraining(config)
    frames = frames or {part: sources.open_frames(config.data, part) for part in ("train", "val")}
    module.labels = {frame.key: without_empty_lanes(labelled(frame)) for frame in frames["val"].frames}
    noise = sources.open_noise(config.noise, config.data, frames["train"].frames) if config.recipe.light_noise else None
    clean = ToLaneItem(config.size, config.line_width)
    best = loop.fit(
        module,
        config,
        out,
        loop.Inputs(frames["train"], replace(clean, noise=noise, noise_share=config.noise_share, flip=config.flip)),
        loop.Inputs(frames["val"], clean),
        checkpoint=checkpoint,
        loggers=loggers,
        command=command,
        some_stand_still=module.head_epochs > 0,
    )
    weights.fill(module, weights.read_state(best), str(best), config.encoder.name)
    rank_zero_only(save_segmenter)(module.segmenter, out / SEGMENTER_FILE)
    return out / SEGMENTER_FILE
