"""How alike features are: of a clean frame and its noised self, beside two frames that have nothing in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of some similarities.

    Parameters
    ----------
    mean, std : float
        NaN if there are none.
    pairs : int
        How many there are.
    """

    mean: float
    std: float
    pairs: int

    def to_dict(self) -> dict[str, float]:
        """Return ``{"mean", "std", "pairs"}``."""
        return asdict(self)


def cosine(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the cosine of two sets of vectors, row by row.

    Parameters
    ----------
    a, b : array, shape (n, d)
        Pooled features, such as of clean frames and of the same frames with noise.

    Returns
    -------
    ndarray of float64, shape (n,)
        In [−1, 1]; 0 where a vector is zero, which points nowhere.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if np.shape(a) != np.shape(b):
        raise ValueError(f"features must have equal shapes, got {np.shape(a)} and {np.shape(b)}")
    found: NDArray[np.float64] = np.einsum("nd,nd->n", unit(a), unit(b))
    return np.clip(found, -1.0, 1.0)


def chance_level(features: ArrayLike, blocks: Sequence[Any] | None = None) -> Spread:
    """Return the similarity of two different clean frames.

    Parameters
    ----------
    features : array, shape (n, d)
        Pooled features of clean frames.
    blocks : sequence of length n, optional
        Names of the stretches of a drive that frames belong to: only frames of different ones are compared, since
        neighbours on the road look alike. Without it, or if all are of one, any two frames are.

    Returns
    -------
    Spread
        Over all pairs.
    """
    vectors = unit(features)
    names = np.arange(len(vectors)) if blocks is None else np.unique(np.asarray(blocks), return_inverse=True)[1]
    if len(np.unique(names)) < 2:
        names = np.arange(len(vectors))
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, len(vectors), _ROWS):
        stop = start + _ROWS
        apart = names[start:stop, None] != names[None, :]
        alike = (vectors[start:stop] @ vectors.T)[apart]
        count, total, squares = count + alike.size, total + float(alike.sum()), squares + float((alike**2).sum())
    if not count:
        return Spread(float("nan"), float("nan"), 0)
    mean = total / count
    return Spread(mean, float(np.sqrt(max(squares / count - mean * mean, 0.0))), count // 2)


_ROWS = 1024  # compared at once with all others


def unit(features: ArrayLike) -> NDArray[np.float64]:
    """Return vectors (n, d) scaled to length one; those of zero stay zero."""
    vectors = np.asarray(features, dtype=np.float64)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0.0, length, 1.0)
