"""What a model is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.evaluation.conditions import Condition, Judged, Prepare
from lightnoise_train.evaluation.predictions import Prediction

Features = NDArray[np.float32]


class Answer(NamedTuple):
    """What a model says of one frame in all conditions.

    Parameters
    ----------
    predictions : list of Prediction
        One for each condition.
    features, features_before : ndarray of float32, shape (n_conditions, d), or None
        Pooled features of the model, and of its encoder before fine-tuning, where it gives them.
    """

    predictions: list[Prediction]
    features: Features | None = None
    features_before: Features | None = None


class Predictor(Protocol):
    """A model to be judged."""

    @property
    def identity(self) -> dict[str, Any]:
        """What it is: ``arm``, ``encoder``, ``seed`` and ``source``."""

    @property
    def prepare(self) -> Prepare:
        """What is done to each picture in the loader's workers; picklable."""

    def __call__(self, frame: Judged, conditions: Sequence[Condition]) -> Answer:
        """Return what the model says of a frame in all conditions."""
