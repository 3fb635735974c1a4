"""Frames with the numbers of their classes, and draws of a few in which every class is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lightnoise import keyed
from lightnoise_train.config import DataConfig
from lightnoise_train.data import sources
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.errors import ConfigError, DataError

Classes = NDArray[np.int64]


class Classified(NamedTuple):
    """Frames and the number of each one's class, (N,) from 0 on."""

    frames: FrameSet
    classes: Classes

    def subset(self, indices: NDArray[np.int64]) -> Classified:
        """Return some of the frames, in the order of ``indices``."""
        return Classified(self.frames.subset(indices), self.classes[indices])


def classified(
    parts: Mapping[str, FrameSet], config: DataConfig, attribute: str | None = None
) -> dict[str, Classified]:
    """Return the frames of which the class is known, with numbers that mean the same in all parts.

    Parameters
    ----------
    parts : mapping of str to FrameSet
    config : DataConfig
        What the frames are.
    attribute : str or None
        Its values are the classes; by default the data's: ``class`` of CIFAR-10, ``scene`` of BDD100K, ``kind`` of
        the embedded roads.

    Raises
    ------
    ConfigError
        If no frame has the attribute.
    DataError
        If a part has no frame of a known class, or there is but one class.
    """
    everyone = [frame for frames in parts.values() for frame in frames.frames]
    if attribute and not any(attribute in frame.attributes for frame in everyone):
        there = sorted({name for frame in everyone for name in frame.attributes})
        raise ConfigError(f"attribute: no frame has {attribute!r}; they have {', '.join(there) or 'no attributes'}")
    numbers = sources.classes(everyone, config, attribute).numpy()
    found, start = {}, 0
    for part, frames in parts.items():
        own = numbers[start : start + len(frames)]
        start += len(frames)
        known = np.flatnonzero(own >= 0)
        if not len(known):
            raise DataError(
                f"no {part} frame of data.kind={config.kind} has a known class: set attribute, or take other data"
            )
        found[part] = Classified(frames.subset(known), own[known])
    if numbers.max() < 1:
        raise DataError(f"all frames of data.kind={config.kind} are of one class: there is nothing to tell apart")
    return found


def few(part: Classified, count: int | None, seed: int, setting: str) -> Classified:
    """Return so many of the frames, of every class its share, keyed to the seed; all of them if the count is None.

    ``setting`` is the name of the count, for the ConfigError when there are fewer frames, or more classes.
    """
    if count is None:
        return part
    try:
        return part.subset(stratified(part.classes, count, keyed.generator(seed, "pictures")))
    except ValueError as error:
        raise ConfigError(f"{setting}: {error}") from error


def prior(train: Classified, test: Classified) -> float:
    """Return the share of the test frames that are of the training frames' most common class: what no look scores."""
    return float(np.mean(test.classes == np.bincount(train.classes).argmax()))


def stratified(classes: Classes, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of some samples, each class having its share of them, ascending.

    Parameters
    ----------
    classes : ndarray of int, shape (N,)
    count : int
        How many, at least as many as there are classes and at most N. Equal generators give of each class the first
        ones of one order, so that a few are, but for rounding, among more.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (count,)
        Of each class its share of the count, rounded by largest remainders, and at least one.

    Raises
    ------
    ValueError
        If there are fewer samples than that, or more classes.
    """
    names, sizes = np.unique(classes, return_counts=True)
    if not len(names) <= count <= len(classes):
        raise ValueError(f"count must be from {len(names)}, one of each class, to {len(classes)}, got {count}")
    # one of each class first, then what is left by the share of what is left
    exact = (sizes - 1) * (count - len(names)) / max(1, len(classes) - len(names))
    quotas = 1 + np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact % 1), kind="stable")[: count - quotas.sum()]
    quotas[largest] += 1
    chosen = [
        generator.permutation(np.flatnonzero(classes == name))[:quota]
        for name, quota in zip(names, quotas, strict=True)
    ]
    return np.sort(np.concatenate(chosen))
