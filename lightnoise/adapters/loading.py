"""Draws keyed to (seed, item, epoch) in a DataLoader: the same pictures for any number of workers and after a resume.

Host libraries draw from generators that live in each worker, so what an item gets depends on the number of workers and
on what else they have done. Here an item's generator comes from `lightnoise.keyed.generator`, and the epoch travels
with the index, since workers that live on never hear of a new epoch.

>>> frames = [{"image": "a"}, {"image": "b"}]
>>> data = KeyedDataset(frames, lambda sample, generator: (sample["image"], generator.integers(100)), seed=7)
>>> sampler = EpochSampler(range(len(data)))
>>> sampler.set_epoch(3)
>>> [data[index] for index in sampler] == [data[index] for index in sampler]
True

Nothing here needs torch: a DataLoader takes any dataset and sampler that can be indexed and iterated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from lightnoise import keyed


class Indexed(Protocol):
    """A map-style dataset: has a length, gives the sample at an index."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __getitem__(self, index: Any, /) -> Any:
        """Return one sample."""


class EpochIndex(int):
    """An index that knows its epoch; everywhere else it is the plain number.

    Parameters
    ----------
    index : int
    epoch : int
    """

    epoch: int

    def __new__(cls, index: int, epoch: int) -> EpochIndex:
        """Return the index with its epoch."""
        self = super().__new__(cls, index)
        self.epoch = epoch
        return self

    def __getnewargs__(self) -> tuple[int, int]:  # type: ignore[override]
        return int(self), self.epoch


class EpochSampler:
    """Give the indices of another sampler together with the epoch.

    Parameters
    ----------
    sampler : iterable of int
        Any sampler, such as torch's RandomSampler or DistributedSampler, or ``range(len(dataset))``. For an order that
        depends on seed and epoch alone, too, take ``DistributedSampler(dataset, num_replicas=1, rank=0, seed=seed)``.

    Notes
    -----
    Call ``set_epoch(epoch)`` before each epoch, as with DistributedSampler, which is told as well; a resumed run starts
    with the epoch it stopped in. Trainers that call ``set_epoch`` by themselves find it here.
    """

    def __init__(self, sampler: Iterable[int]) -> None:
        self.sampler = sampler
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass."""
        self.epoch = operator.index(epoch)
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[EpochIndex]:
        epoch = self.epoch
        return (EpochIndex(index, epoch) for index in self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)  # type: ignore[arg-type]


class KeyedDataset:
    """Apply a transform to a dataset's samples, with a generator that depends on (seed, index, epoch) alone.

    Parameters
    ----------
    dataset : map-style dataset
        Gives samples without chance: what it draws itself is beyond this class's reach.
    transform : callable (sample, generator) -> sample
        Gets a numpy.random.Generator, its only source of chance. For a host library's pipeline:
        ``lightnoise.adapters.albumentations.keyed(pipeline)`` or ``lightnoise.adapters.torchvision.keyed(pipeline)``.
        To be sent to spawned workers it must be picklable.
    seed : int
        The run's seed.

    Notes
    -----
    An `EpochIndex` brings its epoch; a plain index is of epoch 0, as in validation.
    """

    def __init__(self, dataset: Indexed, transform: Callable[[Any, np.random.Generator], Any], seed: int) -> None:
        if not callable(transform):
            raise TypeError(f"transform must be a function (sample, generator) -> sample, got {transform!r}")
        self.dataset = dataset
        self.transform = transform
        self.seed = operator.index(seed)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        item = operator.index(index)
        if item < 0:
            item += len(self)
        generator = keyed.generator(self.seed, int(item), getattr(index, "epoch", 0))
        return self.transform(self.dataset[int(item)], generator)
