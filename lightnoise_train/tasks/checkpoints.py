"""Checkpoints that a crash cannot halve and a diverged run cannot overwrite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Checkpoint
from torch import Tensor

from lightnoise_train.errors import CheckpointError, TrainingError
from lightnoise_train.models import weights

LAST = "last.ckpt"
BEST = "best.ckpt"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write beside, then rename: a checkpoint is the old one or the new one at any moment."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint; see `weights.write`."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        weights.write(checkpoint, path)


class LastCheckpoint(Checkpoint):
    """Keep ``last.ckpt``, for going on after an interruption: every so many steps, and after each epoch's validation.

    Parameters
    ----------
    folder : Path
    every : int
        Optimizer steps.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self.path = folder / LAST
        self.every = every
        self._seen = 0

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """Begin at the step of the checkpoint, if there is one."""
        self._seen = trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        """Save every so many steps, each time right after one: gradients still accumulating are in no checkpoint."""
        step, stepped = trainer.global_step, trainer.global_step > self._seen
        self._seen = step
        # the epoch's last step is saved after its validation, which a resumed run would else leave out
        last = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch
        if stepped and step % self.every == 0 and not last:
            trainer.save_checkpoint(self.path)

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Save."""
        trainer.save_checkpoint(self.path)


def read_resumable(path: Path) -> None:
    """Raise a CheckpointError unless a run can go on from a file."""
    content = weights.read(path)
    if "loops" not in content or "optimizer_states" not in content:
        raise CheckpointError(f"{path} holds weights alone; a run goes on from its checkpoints/{LAST}")


class FiniteWatch(Callback):
    """Stop a run whose loss or weights are no longer finite, before it overwrites a checkpoint.

    Whether every loss was finite is kept on the device and asked for seldom, since asking waits for the device.

    Parameters
    ----------
    every : int
        Batches between looks; each checkpoint is preceded by one.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self._sum: Tensor | None = None  # finite as long as every loss is

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, batch_index: int
    ) -> None:
        """Take note of the loss, and look now and then."""
        loss = outputs["loss"].detach()
        self._sum = loss if self._sum is None else self._sum + loss
        if (batch_index + 1) % self.every == 0:
            self._look(trainer, self._sum.isfinite(), "loss")

    def on_save_checkpoint(self, trainer: Trainer, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Look before anything is written."""
        if self._sum is not None:
            self._look(trainer, self._sum.isfinite(), "loss")
        self._look(
            trainer, torch.stack([one.detach().isfinite().all() for one in module.parameters()]).all(), "weights"
        )

    def _look(self, trainer: Trainer, finite: Tensor, what: str) -> None:
        if not trainer.strategy.reduce_boolean_decision(bool(finite), all=True):
            raise TrainingError(
                f"the {what} became NaN or infinite by step {trainer.global_step} (epoch {trainer.current_epoch}); "
                "the checkpoints from before are kept; start again with a lower optimizer.rate or precision=32"
            )
