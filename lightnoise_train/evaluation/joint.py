"""The joint question: where features stay alike under noise, does detection hold?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.evaluation.bootstrap import Interval, interval
from lightnoise_train.evaluation.tables import ArmTable
from lightnoise_train.evaluation.tusimple import MATCH


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of similarity with accuracy.

    Parameters
    ----------
    pooled : float
        Over all noised frames at once. Severity moves both, so that it may be high though similarity tells nothing
        about the frames of one severity.
    within : float
        Mean over conditions of the correlation among the frames of one condition and seed: what similarity tells
        where severity is held fixed.
    """

    pooled: float
    within: float


@dataclass(frozen=True)
class Bin:
    """Noised frames of like similarity.

    Parameters
    ----------
    low, high : float
        Least and greatest similarity.
    similarity : float
        Mean.
    count : int
        Frames × conditions × seeds.
    accuracy : Interval
        Mean accuracy.
    """

    low: float
    high: float
    similarity: float
    count: int
    accuracy: Interval


@dataclass(frozen=True)
class Failure:
    """A noised frame whose features stay alike while its lanes are lost.

    Parameters
    ----------
    frame, effect : str
    severity, seed : int
    similarity : float
    accuracy, clean_accuracy : float
        On the noised and on the clean frame.
    """

    frame: str
    effect: str
    severity: int
    seed: int
    similarity: float
    accuracy: float
    clean_accuracy: float


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the rank correlation of two sets of numbers; NaN if one of them is constant or has fewer than three."""
    from scipy.stats import rankdata

    if len(a) < 3:
        return float("nan")
    ranks = np.stack([rankdata(a), rankdata(b)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    scale = float(np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1])))
    return float(ranks[0] @ ranks[1]) / scale if scale > 0.0 else float("nan")


def correlation(table: ArmTable, effect: str | None = None) -> Correlation:
    """Return how similarity and accuracy of noised frames correlate, for one effect or for all."""
    similarity, accuracy = _noised(table, effect)
    known = np.isfinite(similarity)
    within = [
        spearman(s[k], a[k])
        for s, a, k in zip(
            *(each.reshape(-1, each.shape[-1]) for each in (similarity, accuracy, known)),
            strict=True,
        )
    ]
    finite = [rho for rho in within if np.isfinite(rho)]
    return Correlation(spearman(similarity[known], accuracy[known]), float(np.mean(finite)) if finite else float("nan"))


def accuracy_by_similarity(
    table: ArmTable, rng: np.random.Generator, bins: int = 10, effect: str | None = None
) -> list[Bin]:
    """Return mean accuracy of noised frames in bins of equal count by similarity, the least alike first.

    Parameters
    ----------
    table : ArmTable
    rng : numpy.random.Generator
        Of the bootstrap.
    bins : int
        At most so many; ties stay together.
    effect : str, optional
        All, if not given.

    Returns
    -------
    list of Bin
        Empty if no similarity was measured.
    """
    similarity, accuracy = (each.reshape(-1) for each in _noised(table, effect))
    blocks = np.tile(table.blocks, len(similarity) // max(len(table.frames), 1))
    known = np.isfinite(similarity)
    similarity, accuracy, blocks = similarity[known], accuracy[known], blocks[known]
    if not len(similarity):
        return []
    edges = np.unique(np.quantile(similarity, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    bin_of = np.searchsorted(edges, similarity, side="right")
    found = []
    for number in np.unique(bin_of):
        here = bin_of == number
        s = similarity[here]
        # trainings are not told apart here: the blocks carry what is correlated
        mean = interval(accuracy[here][None], blocks[here], rng)
        found.append(Bin(float(s.min()), float(s.max()), float(s.mean()), int(here.sum()), mean))
    return found


def failures(table: ArmTable, similar: float = 0.9, lost: float = MATCH) -> list[Failure]:
    """Return the noised frames with similar features whose lanes were found on the clean frame and are lost.

    Parameters
    ----------
    table : ArmTable
    similar : float
        Similarity from which features count as alike, [−1, 1]. Choose it well above the chance level.
    lost : float
        Accuracy that the clean frame reaches and the noised one does not.

    Returns
    -------
    list of Failure
        The greatest losses of accuracy first.
    """
    found = []
    for effect, severity in table.conditions[1:]:
        similarity, accuracy = table.at(effect, severity, "similarity"), table.at(effect, severity)
        clean = table.at(effect, 0)
        for s, f in np.argwhere((similarity >= similar) & (accuracy < lost) & (clean >= lost)):
            found.append(
                Failure(
                    table.frames[f],
                    effect,
                    severity,
                    table.seeds[s],
                    float(similarity[s, f]),
                    float(accuracy[s, f]),
                    float(clean[s, f]),
                )
            )
    return sorted(found, key=lambda failure: failure.accuracy - failure.clean_accuracy)


def _noised(table: ArmTable, effect: str | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return similarity and accuracy of the noised conditions, each of shape (n_conditions, n_seeds, n_frames)."""
    chosen = [c for c in table.conditions if c[1] and effect in (None, c[0])]
    if not chosen:
        empty = np.empty((0, len(table.seeds), len(table.frames)))
        return empty, empty
    return tuple(np.stack([table.at(*c, metric) for c in chosen]) for metric in ("similarity", "accuracy"))  # type: ignore[return-value]
