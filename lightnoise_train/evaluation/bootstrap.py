"""Intervals for means over frames and training seeds, where frames of one stretch of a drive are correlated.

Both are resampled with replacement, and independently: whole blocks of frames, since a block's frames rise and fall
together and single ones would make intervals too narrow; and whole trainings, since another seed gives another network.
What is compared is resampled together, so that a difference of two arms is a paired one.

With few seeds the interval is too narrow: of n, the spread between resampled means is √((n − 1)/n) of the true one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightnoise import checks

RESAMPLES = 2000
LEVEL = 0.95

Means = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number and the interval that holds it.

    Parameters
    ----------
    estimate : float
        Of the sample as it is.
    low, high : float
        Percentiles of the resampled estimates; NaN where there is but one block of one seed.
    """

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside: of a difference, that it is more than chance; False where unknown."""
        return bool(self.low > 0.0 or self.high < 0.0)


def first(means: Means) -> Means:
    """Return the first metric's mean: the statistic of `interval` unless told otherwise."""
    return means[..., 0]


def interval(
    values: ArrayLike,
    blocks: Sequence[Any] | NDArray[Any],
    rng: np.random.Generator,
    statistic: Callable[[Means], Means] = first,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return a function of means over seeds and frames with its interval.

    Parameters
    ----------
    values : array, shape (n_seeds, n_frames) or (n_seeds, n_frames, n_metrics)
        One number, or several, of each frame in each training. Seeds and frames stand at the same place in all
        metrics: what is compared shares an array.
    blocks : sequence of length n_frames
        The name of each frame's block.
    rng : numpy.random.Generator
    statistic : callable
        Takes means of shape (…, n_metrics) and returns (…): `first`, a difference, a ratio, F1.
    resamples : int
        Number of resamples, [10, 10⁶].
    level : float
        Share of the resamples that the interval holds, [0.5, 0.999].

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If there are no values, blocks are not one per frame, or a value is not finite.

    Notes
    -----
    Percentile bootstrap of blocks without overlap [1]_, crossed with seeds [2]_. The estimate is the mean over all
    frames, whatever the blocks' lengths.

    References
    ----------
    .. [1] E. Carlstein, "The use of subseries values for estimating the variance of a general statistic from a
       stationary sequence", Annals of Statistics 14 (1986).
    .. [2] A. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007).
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[..., None] if table.ndim == 2 else table
    checks.integer("resamples", resamples, 10, 10**6)
    checks.number("level", level, 0.5, 0.999)
    if table.ndim != 3 or 0 in table.shape:
        raise ValueError(f"values must have the shape (n_seeds, n_frames) or (…, n_metrics), got {np.shape(values)}")
    if len(blocks) != table.shape[1]:
        raise ValueError(f"blocks must name one block per frame, {table.shape[1]}; got {len(blocks)}")
    if not np.isfinite(table).all():
        raise ValueError("values must be finite")
    estimate = float(statistic(table.mean(axis=(0, 1))))
    drawn = statistic(resampled_means(table, blocks, rng, resamples))
    if len(set(blocks)) == 1 and len(table) == 1:
        return Interval(estimate, np.nan, np.nan)
    return percentile_interval(estimate, drawn, level)


def percentile_interval(estimate: float, drawn: Means, level: float = LEVEL) -> Interval:
    """Return an estimate with the middle share ``level`` of its resamples, (n,); of those that are numbers."""
    tail = 50.0 * (1.0 - level)
    low, high = np.nanpercentile(drawn, [tail, 100.0 - tail]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return Interval(float(estimate), float(low), float(high))


def resampled_means(
    values: Means, blocks: Sequence[Any] | NDArray[Any], rng: np.random.Generator, resamples: int
) -> Means:
    """Return means over resampled seeds and blocks, shape (resamples, n_metrics); see `interval`."""
    seeds, _, metrics = values.shape
    _, member_of = np.unique(np.asarray(blocks), return_inverse=True)
    n_blocks = int(member_of.max()) + 1
    sizes = np.bincount(member_of, minlength=n_blocks).astype(np.float64)
    sums = np.zeros((n_blocks, seeds, metrics))
    np.add.at(sums, member_of, values.transpose(1, 0, 2))
    seed_counts = _counts(rng, resamples, seeds)
    block_counts = _counts(rng, resamples, n_blocks)
    totals = np.einsum("rb,rs,bsm->rm", block_counts, seed_counts, sums, optimize=True)
    means: Means = totals / (block_counts @ sizes * seeds)[:, None]
    return means


def _counts(rng: np.random.Generator, resamples: int, size: int) -> NDArray[np.float64]:
    """Return how often each of ``size`` things is drawn in each resample, shape (resamples, size)."""
    return rng.multinomial(size, np.full(size, 1.0 / size), size=resamples).astype(np.float64)
