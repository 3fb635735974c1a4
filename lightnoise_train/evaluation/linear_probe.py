"""The linear probe: multinomial logistic regression on frozen features, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

_ITERATIONS = 1000
_GRADIENT = 1e-6  # largest entry of the gradient at which the optimum is reached


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """A linear classifier of features: the class of the largest of ``features @ weight + bias``.

    Parameters
    ----------
    weight : ndarray of float64, shape (D, K)
    bias : ndarray of float64, shape (K,)
    weight_decay : float
        With which it was fitted.
    """

    weight: Floats
    bias: Floats
    weight_decay: float

    def logits(self, features: ArrayLike) -> Floats:
        """Return the unnormalised log-probabilities of the classes, (N, K), of features (N, D)."""
        found: Floats = np.asarray(features, dtype=np.float64) @ self.weight + self.bias
        return found

    def classes(self, features: ArrayLike) -> Classes:
        """Return the most probable class of each row of the features, (N,)."""
        return np.asarray(self.logits(features).argmax(axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Standardisation:
    """Features less their mean, by their standard deviation; one that does not vary becomes 0.

    Parameters
    ----------
    mean, scale : ndarray of float64, shape (D,)
    """

    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, features: ArrayLike) -> Standardisation:
        """Return that of features (N, D)."""
        table = np.asarray(features, dtype=np.float64)
        deviation = table.std(axis=0)
        # what rounding leaves of a constant is no scale
        varies = deviation > 1e-9 * np.abs(table).max(axis=0, initial=0.0)
        return cls(table.mean(axis=0), np.where(varies, deviation, np.inf))

    def __call__(self, features: ArrayLike) -> Floats:
        """Return features (…, D) standardised."""
        return np.asarray((np.asarray(features, dtype=np.float64) - self.mean) / self.scale)


def cross_entropy(logits: Floats, classes: Classes) -> float:
    """Return the mean of −log p of the true classes, in nats; logits (N, K), classes (N,)."""
    return float(-log_softmax(logits, axis=1)[np.arange(len(classes)), classes].mean())


def fit(
    features: ArrayLike, classes: Classes, n_classes: int, weight_decay: float, start: LinearProbe | None = None
) -> LinearProbe:
    """Return the probe that minimises the mean cross-entropy + weight_decay / 2 · ‖weight‖².

    The objective is strictly convex in the weights, so the start changes the time and not the weights. The bias is not
    decayed; of all biases that differ by a constant, which are the same classifier, it is the one of the start's sum.

    Parameters
    ----------
    features : array, shape (N, D)
        Standardised; see `Standardisation`.
    classes : ndarray of int, shape (N,)
        In [0, n_classes).
    n_classes : int
        K.
    weight_decay : float
        > 0.
    start : LinearProbe or None
        To start from, such as one of another weight decay; zeros if not given.

    Raises
    ------
    ValueError
        If shapes or values are others than these, or a feature is not finite.

    References
    ----------
    Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, §B.8.1; Liu & Nocedal,
    "On the limited memory BFGS method for large scale optimization", 1989.
    """
    table = np.asarray(features, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(classes) or not len(table):
        raise ValueError(f"features must be (N, D) for {len(classes)} classes, N ≥ 1; got {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("features must be finite")
    if not (weight_decay > 0 and np.isfinite(weight_decay)):
        raise ValueError(f"weight_decay must be > 0, got {weight_decay!r}")
    if classes.min() < 0 or classes.max() >= n_classes:
        raise ValueError(f"classes must be from 0 to {n_classes - 1}, got {classes.min()} to {classes.max()}")
    size = table.shape[1] * n_classes
    truth = np.zeros((len(table), n_classes))
    truth[np.arange(len(table)), classes] = 1.0

    def objective(parameters: Floats) -> tuple[float, Floats]:
        weight, bias = parameters[:size].reshape(-1, n_classes), parameters[size:]
        log_probability = log_softmax(table @ weight + bias, axis=1)
        excess = (np.exp(log_probability) - truth) / len(table)
        value = -float((truth * log_probability).sum()) / len(table) + 0.5 * weight_decay * float((weight**2).sum())
        gradient = table.T @ excess + weight_decay * weight
        return value, np.concatenate((gradient.ravel(), excess.sum(axis=0)))

    first = np.zeros(size + n_classes)
    if start is not None:
        first = np.concatenate((start.weight.ravel(), start.bias))
    options: dict[str, Any] = {"maxiter": _ITERATIONS, "maxfun": 2 * _ITERATIONS, "gtol": _GRADIENT, "ftol": 1e-14}
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x
    return LinearProbe(found[:size].reshape(-1, n_classes), found[size:], weight_decay)


def fit_chosen(
    features: ArrayLike,
    classes: Classes,
    n_classes: int,
    weight_decays: Sequence[float],
    held_out: NDArray[np.int64],
) -> LinearProbe:
    """Return the probe of all samples with the weight decay that is best on those held out.

    Parameters
    ----------
    features, classes, n_classes
        As of `fit`.
    weight_decays : sequence of float
        To choose from.
    held_out : ndarray of int
        Indices of the samples by which the choice is made: the highest accuracy, of equal ones the lowest
        cross-entropy. If there are none, the choice is the middle one.
    """
    table = np.asarray(features, dtype=np.float64)
    decays = sorted(weight_decays, reverse=True)  # from strong to weak each is a good start for the next
    if not len(held_out) or len(decays) == 1:
        return fit(table, classes, n_classes, decays[len(decays) // 2])
    rest = np.setdiff1d(np.arange(len(classes)), held_out)
    tried: list[tuple[float, float, LinearProbe]] = []
    probe = None
    for decay in decays:
        probe = fit(table[rest], classes[rest], n_classes, decay, probe)
        logits = probe.logits(table[held_out])
        accuracy = float((logits.argmax(axis=1) == classes[held_out]).mean())
        tried.append((-accuracy, cross_entropy(logits, classes[held_out]), probe))
    best = min(tried, key=lambda one: one[:2])[2]
    return fit(table, classes, n_classes, best.weight_decay, best)
