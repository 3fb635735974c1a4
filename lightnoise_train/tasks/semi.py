"""Few labels: a classifier from them alone, from pretrained weights, or with FixMatch's consistency under light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.loggers import Logger
from torch import Tensor, nn
from torch.nn import functional as F

from lightnoise import keyed
from lightnoise_train.data import sources
from lightnoise_train.data.classes import Classified, few, stratified
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.data.semi_items import SemiItem, ToSemiItem, Weak
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation.class_results import Judgement, write
from lightnoise_train.evaluation.frozen_features import Progress, frozen_features
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import Encoder, build_encoder, representation, save_encoder
from lightnoise_train.objectives.consistency import consistency
from lightnoise_train.tasks import loop
from lightnoise_train.tasks.checkpoints import LAST
from lightnoise_train.tasks.judging import device_of, known_parts, pictures_of, record
from lightnoise_train.tasks.optimization import build_optimizer, schedule, warmup_cosine
from lightnoise_train.tasks.pretrain import ENCODER_FILE
from lightnoise_train.tasks.settings import SemiConfig

RESULT_FILE = "semi.json"
FORMAT = "lightnoise-train semi 1"
CONSISTENCY = "consistency"


class FewLabels(LightningModule):
    """An encoder with a linear classifier, trained on batches `SemiItem`.

    Parameters
    ----------
    config : SemiConfig
    n_classes : int
    """

    def __init__(self, config: SemiConfig, n_classes: int) -> None:
        super().__init__()
        self.config = config
        encoder = build_encoder(config.encoder.name, config.weights, output_stride=config.encoder.output_stride)
        with loop.seeded(config.seed, "head"):  # the same for every method
            head = nn.Linear(encoder.channels, n_classes)
        self.classifier = nn.Sequential(*representation(encoder), head)

    @property
    def encoder(self) -> Encoder:
        """The part that can be probed, or pretrained."""
        encoder: Encoder = self.classifier[1]  # type: ignore[assignment]
        return encoder

    def training_step(self, batch: SemiItem, batch_index: int) -> Tensor:
        """Return the loss of a batch: that of its labels, and that of the unlabelled pictures, if it has any."""
        count = len(batch.image)
        clean, noised = batch.clean.flatten(0, 1), batch.noised.flatten(0, 1)
        images = torch.cat((batch.image, clean, noised))  # one pass: normalisations see all of them together
        logits, sure, lit = self.classifier(images).split((count, len(clean), len(noised)))
        supervised = F.cross_entropy(logits.float(), batch.label)
        logged = {"train/supervised": supervised}
        loss = supervised
        if len(clean):
            unlabelled = consistency(sure, lit, self.config.threshold)
            loss = supervised + self.config.unlabelled_weight * unlabelled.loss
            logged |= {"train/consistency": unlabelled.loss, "train/accepted": unlabelled.accepted}
        self.log_dict({"train/loss": loss, **logged}, prog_bar=True, batch_size=count)
        return loss

    def validation_step(self, batch: SemiItem, batch_index: int) -> None:
        """Log the loss and the accuracy on clean pictures, to be looked at: no choice is made by them."""
        logits = self.classifier(batch.image).float()
        accuracy = (logits.argmax(1) == batch.label).float().mean()
        logged = {loop.MONITORED: F.cross_entropy(logits, batch.label), "val/accuracy": accuracy}
        self.log_dict(logged, prog_bar=True, batch_size=len(logits), sync_dist=True)

    def configure_optimizers(self) -> Any:
        """Return the optimizer, annealed."""
        steps = self.trainer.datamodule.steps  # type: ignore[attr-defined]
        optimizer = build_optimizer(self.config.optimizer, [(self.classifier, 1.0)])
        return schedule(optimizer, [warmup_cosine(steps, self.config.optimizer.warmup)])


def semi(
    config: SemiConfig,
    out: Path,
    *,
    frames: Mapping[str, FrameSet] | None = None,
    resume: bool = False,
    loggers: Sequence[Logger] = (),
    command: str = "",
    progress: Progress | None = None,
) -> Path:
    """Train a classifier from few labels, judge it under light noise, and return the file of the results.

    Parameters
    ----------
    config : SemiConfig
    out : Path
        Gets ``semi.json``, ``semi.md``, ``encoder.pt``, ``config.yaml``, ``checkpoints/`` and ``logs/``.
    frames : mapping or None
        "train", "val" and "test" frames instead of those that the configuration opens.
    resume, loggers, command
        As of `pretrain`.
    progress : callable, optional
        Of the judging; see `frozen_features`.

    Raises
    ------
    ConfigError, DataError, CheckpointError, TrainingError

    Notes
    -----
    The weights judged are the last ones. The best ones by validation would be chosen by more labels than there are to
    learn from.
    """
    checkpoint = loop.starting_point(config, out, resume=resume)
    pictures = pictures_of(config.test, config.data, config.size)
    device = device_of(config.accelerator)
    known, n_classes = known_parts(config, frames, "train", "val", "test")
    train, test = known["train"], known["test"]
    validation = few(known["val"], min(config.val_count, len(known["val"].classes)), config.seed, "val_count")

    with loop.seeded(config.seed, "model"):
        module = FewLabels(config, n_classes)
    loop.fit(
        module,
        config,
        out,
        _training(config, train),
        loop.Inputs(validation.frames, ToSemiItem(_by_key(validation), config.size)),
        checkpoint=checkpoint,
        loggers=loggers,
        command=command,
    )
    last = out / "checkpoints" / LAST
    weights.fill(module, weights.read_state(last), str(last), config.encoder.name)
    if module.global_rank == 0:
        save_encoder(module.encoder, out / ENCODER_FILE)
        options: dict[str, Any] = {"workers": config.workers, "device": device, "progress": progress}
        (logits,) = frozen_features([module.classifier], test.frames, pictures, **options)
        about = {name: getattr(config, name) for name in ("method", "weights", "labels", "seed")}
        write(
            out / RESULT_FILE,
            f"{config.encoder.name} from {config.labels} labels",
            [Judgement(about, test.classes == logits.argmax(axis=2).T)],
            pictures.conditions,
            record(FORMAT, config, command, train, test),
            ("method", "labels", "seed"),
            config.test.seed,
        )
    return out / RESULT_FILE


def _training(config: SemiConfig, train: Classified) -> loop.Inputs:
    """Return the labelled pictures, taken again and again until an epoch is full, and what is made of them."""
    try:
        chosen = stratified(train.classes, config.labels, keyed.generator(config.seed, "labels"))
    except ValueError as error:
        raise ConfigError(f"labels: {error}") from error
    labelled = train.subset(chosen)
    lit = config.method in ("supervised_noise", CONSISTENCY)
    item = ToSemiItem(
        _by_key(labelled),
        config.size,
        Weak(config.flip, config.shift),
        sources.open_noise(config.noise, config.data, train.frames.frames) if lit else None,
        config.noise_share if config.method == "supervised_noise" else 0.0,
        train.frames if config.method == CONSISTENCY else None,
        config.unlabelled,
    )
    return loop.Inputs(labelled.frames.subset(np.resize(np.arange(config.labels), config.epoch_pictures)), item)


def _by_key(part: Classified) -> dict[str, int]:
    return {frame.key: int(number) for frame, number in zip(part.frames.frames, part.classes, strict=True)}
