"""The loop that pretraining and fine-tuning share: Lightning, with everything keyed, saved, logged and resumable."""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, LearningRateMonitor, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning.pytorch.profilers import Profiler
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from lightning.pytorch.utilities.warnings import PossibleUserWarning

from lightnoise import keyed
from lightnoise_train import config as configs
from lightnoise_train.config import LoopConfig
from lightnoise_train.data.frames import FrameSet, Sample
from lightnoise_train.data.loading import KeyedLoader, loader
from lightnoise_train.errors import CheckpointError, ConfigError, TrainingError
from lightnoise_train.tasks import precision
from lightnoise_train.tasks.checkpoints import (
    BEST,
    LAST,
    AtomicCheckpointIO,
    FiniteWatch,
    LastCheckpoint,
    read_resumable,
)

MONITORED = "val/loss"
# what may differ between a run and its resumption without changing a weight
MAY_DIFFER = {"workers", "progress", "log_every", "checkpoint_every"}


def starting_point(config: LoopConfig, out: Path, *, resume: bool) -> Path | None:
    """Return the checkpoint to go on from, or None for a run that starts at the beginning.

    Raises
    ------
    ConfigError
        If the folder holds a run already and ``resume`` is not set, or that run has another configuration.
    CheckpointError
        If there is nothing to go on from, or it is damaged.
    """
    saved, last = out / configs.FILE_NAME, out / "checkpoints" / LAST
    # of several processes the first one starts, and the others after it has
    if saved.exists() and not resume and getattr(rank_zero_only, "rank", 0) == 0:
        raise ConfigError(f"{out} holds a run already; add --resume to go on, or name another folder")
    if not resume:
        return None
    if not saved.exists():
        raise CheckpointError(f"{out} holds no run to go on from; leave --resume out to start one")
    before = configs.load(type(config), saved).model_dump()
    changed = [key for key, value in config.model_dump().items() if value != before[key] and key not in MAY_DIFFER]
    if changed:
        raise ConfigError(f"{out} was begun with another {', '.join(changed)}; a resumed run must keep them")
    if not last.exists():
        return None  # interrupted before its first checkpoint: the same start gives the same weights
    read_resumable(last)
    return last


def fit(
    module: LightningModule,
    config: LoopConfig,
    out: Path,
    train: Inputs,
    validation: Inputs | None,
    *,
    checkpoint: Path | None = None,
    loggers: Sequence[Logger] = (),
    command: str = "",
    some_stand_still: bool = False,
) -> Path:
    """Train a module and return its best checkpoint, or the last one where nothing was validated.

    Parameters
    ----------
    module : LightningModule
        Logs "val/loss" in validation.
    config : LoopConfig
    out : Path
        Gets ``config.yaml``, ``checkpoints/`` and ``logs/`` (TensorBoard and CSV; each start is a version).
    train, validation : Inputs
        Without validation the last checkpoint is the result.
    checkpoint : Path or None
        To go on from.
    loggers : sequence of Logger
        Further ones.
    command : str
        What to note in ``config.yaml``.
    some_stand_still : bool
        Whether some weights have no gradient at times, which data-parallel training must look out for.

    Raises
    ------
    ConfigError
        If there are fewer frames than a batch, or no such devices; nothing is written then.
    TrainingError
        If the loss stops being finite, or a GPU's memory does not suffice.
    """
    share = math.ceil(len(train.frames) / config.devices)
    if share < config.batch:
        each = f", {share} for each of {config.devices} processes" if config.devices > 1 else ""
        raise ConfigError(
            f"batch is {config.batch}, but there are {len(train.frames)} training frames{each}: "
            f"set batch={share} or less"
        )
    folder = out / "checkpoints"
    clock = WaitClock()
    watching: list[Callback] = [
        KeyedRandomness(config.seed),
        FiniteWatch(config.log_every),
        DataWait(config.batch, config.log_every, clock),
        LastCheckpoint(folder, config.checkpoint_every),
        LearningRateMonitor("step"),
    ]
    if validation is not None:
        watching.append(
            ModelCheckpoint(
                folder,
                BEST.removesuffix(".ckpt"),
                monitor=MONITORED,
                save_weights_only=True,
                enable_version_counter=False,
                save_on_train_epoch_end=False,
            )
        )
        if config.patience:
            watching.append(EarlyStopping(MONITORED, patience=config.patience, check_on_train_epoch_end=False))
    if config.progress:
        watching.append(TQDMProgressBar())
    on_gpu = config.accelerator != "cpu" and torch.cuda.is_available()
    logs = CSVLogger(out, "logs")
    with _quiet():
        try:
            trainer = Trainer(
                accelerator=config.accelerator,
                devices=config.devices,
                strategy=f"ddp{'_find_unused_parameters_true' * some_stand_still}" if config.devices > 1 else "auto",
                precision=precision.choose(config.precision, config.accelerator),
                max_epochs=config.epochs,
                accumulate_grad_batches=config.accumulate,
                log_every_n_steps=config.log_every,
                num_sanity_val_steps=0,
                sync_batchnorm=on_gpu and config.devices > 1,
                use_distributed_sampler=False,
                callbacks=watching,
                profiler=clock,
                logger=[logs, TensorBoardLogger(out, "logs", version=logs.version), *loggers],
                plugins=[AtomicCheckpointIO()],
                enable_progress_bar=config.progress,
                enable_model_summary=False,
                benchmark=on_gpu,
            )
        except MisconfigurationException as error:
            asked = f"accelerator={config.accelerator}, devices={config.devices}"
            raise ConfigError(f"{asked}: {' '.join(str(error).split())} Set what this machine has") from error
        rank_zero_only(configs.save)(config, out, command)
        try:
            trainer.fit(
                module.to(memory_format=torch.channels_last),
                datamodule=Batches(config, train, validation),
                ckpt_path=checkpoint,
                weights_only=True,
            )
        except torch.cuda.OutOfMemoryError as error:
            raise TrainingError(
                f"out of GPU memory at batch={config.batch}: set a smaller batch with accumulate to match, or in "
                "pretraining gradient_cache; checkpoints are kept"
            ) from error
    return folder / (BEST if validation is not None else LAST)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what is no news: hardware, advice on what the configuration decides, deprecations."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PossibleUserWarning)
        warnings.filterwarnings("ignore", "GPU available but not used")
        warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
        warnings.filterwarnings("ignore", category=FutureWarning, module="lightning")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        try:
            yield
        finally:
            log.setLevel(level)


@dataclass(frozen=True)
class Inputs:
    """Frames and what is made of them.

    Parameters
    ----------
    frames : FrameSet
    transform : callable (Sample, Generator) -> item
    collate : callable or None
        From items to a batch; torch's if None.
    """

    frames: FrameSet
    transform: Callable[[Sample, np.random.Generator], Any]
    collate: Callable[[list[Any]], Any] | None = None


class Batches(LightningDataModule):
    """Keyed batches of training, shared out among processes, and of validation, which every process sees whole."""

    def __init__(self, config: LoopConfig, train: Inputs, validation: Inputs | None) -> None:
        super().__init__()
        self.config, self.train, self.validation = config, train, validation

    def train_dataloader(self) -> KeyedLoader:
        """Return full batches in an order of each epoch's own."""
        assert self.trainer is not None
        return self._loader(self.train, rank=self.trainer.global_rank, replicas=self.trainer.world_size)

    def val_dataloader(self) -> KeyedLoader | list[Any]:
        """Return batches in the frames' order; the same draws in every epoch."""
        return self._loader(self.validation, shuffle=False, drop_last=False, alike=True) if self.validation else []

    @property
    def steps(self) -> int:
        """Steps of the optimizer in the whole run.

        Lightning's own estimate makes the training loader before a checkpoint can tell it where to begin.
        """
        assert self.trainer is not None
        frames = math.ceil(len(self.train.frames) / self.trainer.world_size)
        return math.ceil(frames // self.config.batch / self.config.accumulate) * self.config.epochs

    def _loader(self, inputs: Inputs, **options: Any) -> KeyedLoader:
        return loader(
            inputs.frames,
            inputs.transform,
            seed=self.config.seed,
            batch_size=self.config.batch,
            workers=self.config.workers,
            collate=inputs.collate,
            pin_memory=self.config.accelerator != "cpu" and torch.cuda.is_available(),
            **options,
        )


@contextmanager
def seeded(seed: int, part: str) -> Iterator[None]:
    """Let torch draw from (seed, part) inside, such as a network's first weights, and go on as before outside."""
    with torch.random.fork_rng():
        torch.manual_seed(int(keyed.generator(seed, part).integers(2**63)))
        yield


class KeyedRandomness(Callback):
    """Seed torch for every batch from (seed, epoch, batch, process): what dropout drops survives an interruption."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, batch: Any, batch_index: int) -> None:
        """Seed torch."""
        item = f"batch {batch_index} process {trainer.global_rank}"
        generator = keyed.generator(self.seed, item, trainer.current_epoch)
        torch.manual_seed(int(generator.integers(2**63)))


class DataWait(Callback):
    """Log images per second and the share of time in which training waited for data.

    Parameters
    ----------
    batch : int
        Images of one process's batch.
    every : int
        Batches between entries.
    clock : WaitClock
        The trainer's profiler.
    """

    def __init__(self, batch: int, every: int, clock: WaitClock) -> None:
        self.batch = batch
        self.every = every
        self.clock = clock
        self._since = (0.0, 0.0, 0)

    def on_train_epoch_start(self, trainer: Trainer, module: LightningModule) -> None:
        """Start the clocks."""
        self._since = time.perf_counter(), self.clock.waited_s, 0

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, batch_index: int
    ) -> None:
        """Log now and then."""
        if (batch_index + 1) % self.every:
            return
        now = time.perf_counter(), self.clock.waited_s, batch_index + 1
        seconds, waited, batches = (after - before for after, before in zip(now, self._since, strict=True))
        self._since = now
        images = batches * self.batch * trainer.world_size
        module.log_dict({"speed/images_per_s": images / seconds, "speed/data_wait": waited / seconds})


class WaitClock(Profiler):
    """Lightning's profiler, reduced to the time that it takes to get the next training batch."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0
        self._asked_at = 0.0

    def start(self, action_name: str) -> None:
        """Take note of when a batch was asked for."""
        if action_name.endswith("train_dataloader_next"):
            self._asked_at = time.perf_counter()

    def stop(self, action_name: str) -> None:
        """Count the time until it came."""
        if action_name.endswith("train_dataloader_next"):
            self.waited_s += time.perf_counter() - self._asked_at
