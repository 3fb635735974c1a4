"""How a discrete Fourier transform is divided into short ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.kernels.radices import RADICES


@dataclass(frozen=True)
class Plan:
    """The stages of a transform, by decimation in frequency.

    Parameters
    ----------
    radices : ndarray of shape (s,), int64
        Of the stages; their product is the length n.
    lengths : ndarray of shape (s,), int64
        Of the runs that a stage divides.
    starts : ndarray of shape (s,), int64
        Where each stage's twiddles start.
    twiddles : ndarray of float32
        For every place k of a run's part, e^{−2πi·jk/length} for j = 1 … radix − 1, real and imaginary parts in turn.
    order : ndarray of shape (n,), int64
        The frequency that comes out at each place.
    """

    radices: NDArray[np.int64]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]
    twiddles: NDArray[np.float32]
    order: NDArray[np.int64]

    def for_kernels(self) -> tuple[Any, ...]:
        """Return what `lightnoise.kernels.fourier.transform` needs."""
        return self.radices, self.lengths, self.starts, self.twiddles


@lru_cache(maxsize=32)
def plan(n: int) -> Plan:
    """Return the plan of a transform of length n, whose prime factors are 2, 3 and 5."""
    radices = _radices(n)
    lengths = [n // int(np.prod(radices[:k])) for k in range(len(radices))]
    parts, order = [], np.zeros(1, np.int64)
    for radix, length in zip(radices, lengths, strict=True):
        angle = -2.0 * np.pi / length * np.outer(np.arange(length // radix), np.arange(1, radix)).ravel()
        parts.append(np.stack([np.cos(angle), np.sin(angle)], axis=1).ravel())
    for radix in reversed(radices):
        order = (np.arange(radix)[:, None] + radix * order).ravel()
    starts = np.cumsum([0, *(part.size for part in parts)])[:-1]
    twiddles = np.concatenate(parts) if parts else np.empty(0)
    return Plan(np.array(radices, np.int64), np.array(lengths, np.int64), starts, twiddles.astype(np.float32), order)


def _radices(n: int) -> list[int]:
    """Return few radices whose product is n."""
    result = []
    while n > 1:
        result.append(next(radix for radix in RADICES if n % radix == 0))
        n //= result[-1]
    return result
