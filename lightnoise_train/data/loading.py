"""DataLoaders whose batches depend on the seed and the epoch alone, and which go on in the middle of an epoch."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, default_collate

from lightnoise import checks, keyed
from lightnoise.adapters.loading import EpochIndex, Indexed, KeyedDataset
from lightnoise_train.errors import DataError


class KeyedSampler:
    """Indices of an epoch with the epoch, in an order keyed to (seed, epoch).

    Parameters
    ----------
    length : int
        Number of samples in the data set.
    seed : int
    shuffle : bool
        Whether each epoch has another order; else the indices go up.
    rank, replicas : int
        This process's number and how many there are: each takes every ``replicas``-th index of the order. Where the
        length does not divide, the order's first indices fill up the last round.
    alike : bool
        Whether all epochs are as the first one, in order and draws.

    Attributes
    ----------
    start : int
        Indices to leave out of the next pass, which were taken before an interruption.
    """

    def __init__(
        self, length: int, seed: int, shuffle: bool = True, rank: int = 0, replicas: int = 1, alike: bool = False
    ) -> None:
        self.length = checks.integer("length", length, 1, 2**62)
        self.replicas = checks.integer("replicas", replicas, 1, 2**31)
        self.rank = checks.integer("rank", rank, 0, replicas - 1)
        self.seed, self.shuffle, self.alike = seed, shuffle, alike
        self.epoch = self.start = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass; another one than before is begun at its start."""
        epoch = 0 if self.alike else epoch
        if epoch != self.epoch:
            self.start = 0
        self.epoch = epoch

    def __iter__(self) -> Iterator[EpochIndex]:
        epoch, start = self.epoch, self.start
        order = np.arange(self.length)
        if self.shuffle:
            keyed.generator(self.seed, "order", epoch).shuffle(order)
        mine = np.resize(order, self.replicas * self._whole)[self.rank :: self.replicas]
        return (EpochIndex(int(index), epoch) for index in mine[start:])

    def __len__(self) -> int:
        return self._whole

    @property
    def _whole(self) -> int:
        return math.ceil(self.length / self.replicas)


class KeyedLoader(DataLoader[Any]):
    """A DataLoader that tells how far it is in an epoch, and goes on there; `loader` makes one.

    ``set_epoch`` reaches its sampler (Lightning calls it by itself), ``state_dict`` counts the batches handed out, not
    those that workers have prepared. Lightning saves and restores it with its checkpoints. Lightning's own
    distributed sampler must stay off: ``Trainer(use_distributed_sampler=False)``.
    """

    sampler: KeyedSampler

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._taken = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass."""
        self.sampler.set_epoch(epoch)

    def __iter__(self) -> Any:
        batch = self.batch_size or 1
        self._taken = self.sampler.start // batch
        return self._counted(super().__iter__())

    def _counted(self, batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            if isinstance(batch, _Refusal):
                raise DataError(batch.reason)
            self._taken += 1
            yield batch
        self._taken = self.sampler.start = 0  # the next pass is whole

    def state_dict(self) -> dict[str, int]:
        """Return the epoch, and the batches of it that were handed out."""
        return {"epoch": self.sampler.epoch, "batches": self._taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where ``state`` was taken: the next pass leaves out the batches handed out before."""
        self.sampler.set_epoch(state["epoch"])
        self.sampler.start = state["batches"] * (self.batch_size or 1)


@dataclass(frozen=True)
class _Refusal:
    """A worker's DataError on its way to this process: torch would put the worker's whole traceback into its words."""

    reason: str


class _Refusing(KeyedDataset):
    """A data set that gives a refusal in place of an item that cannot be read."""

    def __getitem__(self, index: int) -> Any:
        try:
            return super().__getitem__(index)
        except DataError as error:
            return _Refusal(str(error))


@dataclass(frozen=True)
class _Collate:
    """Makes a batch of items, or lets the first refusal among them stand for it."""

    collate: Callable[[list[Any]], Any]

    def __call__(self, items: list[Any]) -> Any:
        refused = [item for item in items if isinstance(item, _Refusal)]
        try:
            return refused[0] if refused else self.collate(items)
        except DataError as error:
            return _Refusal(str(error))


def loader(
    data: Indexed,
    transform: Callable[[Any, np.random.Generator], Any],
    *,
    seed: int,
    batch_size: int,
    shuffle: bool = True,
    drop_last: bool = True,
    workers: int = 0,
    collate: Callable[[list[Any]], Any] | None = None,
    pin_memory: bool = False,
    rank: int = 0,
    replicas: int = 1,
    alike: bool = False,
) -> KeyedLoader:
    """Return a loader of a data set's transformed samples.

    Parameters
    ----------
    data : FrameSet
    transform : callable (Sample, Generator) -> item
        Such as `views.PairOfViews` or `lane_items.ToLaneItem`. With workers, both must be picklable.
    seed : int
        Of the order and of all draws. Batches are the same for any number of workers.
    batch_size : int
    shuffle : bool
        Whether each epoch has an order of its own.
    drop_last : bool
        Whether to leave out a last batch that is not full.
    workers : int
        Processes that read and draw, kept from epoch to epoch, each in one thread; 0 works in this process.
    collate : callable, optional
        Makes a batch of items; torch's own if not given.
    pin_memory : bool
        Whether batches come in page-locked memory, for a GPU.
    rank, replicas : int
        See `KeyedSampler`.
    alike : bool
        Whether all epochs are alike, as validation wants them.

    Raises
    ------
    ValueError
        If there are fewer samples than one batch, so that no batch would come.

    Notes
    -----
    A DataError of the data set or the transform comes out of the iteration as it is, from workers too.
    """
    sampler = KeyedSampler(len(data), seed, shuffle, rank, replicas, alike)
    if drop_last and len(sampler) < checks.integer("batch_size", batch_size, 1, 2**31):
        raise ValueError(f"batch_size must be at most the {len(sampler)} samples of each process, got {batch_size}")
    return KeyedLoader(
        _Refusing(data, transform, seed),
        batch_size=batch_size,
        sampler=sampler,
        drop_last=drop_last,
        num_workers=workers,
        collate_fn=_Collate(collate or default_collate),
        pin_memory=pin_memory,
        persistent_workers=workers > 0,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_prepare_worker if workers else None,
        multiprocessing_context=_context() if workers else None,
        generator=torch.Generator(),  # its draws decide nothing here; torch's global generator stays untouched
    )


def _context() -> BaseContext:
    """Return how workers start: never by forking this process, whose codecs' threads a fork would leave dead.

    Where there is a fork server, it loads what workers need once, so that later ones start at once.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lightnoise.functional", "lightnoise_train.data.views"])
    return context


def _prepare_worker(worker: int) -> None:
    """Let a worker compute in one thread, since as many workers as cores is faster, and end with its main process."""
    import cv2
    import numba

    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    numba.set_num_threads(1)
    torch.set_num_threads(1)


def _end_with_parent() -> None:
    """End this process when the one that asked for it is gone, killed perhaps.

    Torch looks whether the process that forked it is there; that is the fork server, which lives on with its workers.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
