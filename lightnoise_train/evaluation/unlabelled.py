"""Frames without labels, such as real night frames: what a model says of them can be counted, not scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lightnoise_train.data import folder as folders
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.evaluation.answers import Features, Predictor
from lightnoise_train.evaluation.conditions import Condition, Drawn
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.evaluation.results import CLEAN
from lightnoise_train.evaluation.similarity import unit
from lightnoise_train.lanes.labels import LaneLabel

#: Rows of TuSimple's labels, at which lanes are asked for.
ROWS = np.arange(160, 720, 10)


def load(root: Path) -> FrameSet:
    """Return the images below a folder, each asked about at TuSimple's rows.

    Raises
    ------
    DataError
        If there is no such folder, or no image in it.
    """
    found = folders.load(root)
    empty = np.empty((0, len(ROWS)))
    return FrameSet(Frame(one.path, one.key, LaneLabel(one.key, empty, ROWS)) for one in found.frames)


def look(predictor: Predictor, frames: FrameSet, known: Features | None) -> tuple[dict[str, Any], list[Prediction]]:
    """Ask a model about frames without labels, as they are.

    Parameters
    ----------
    predictor : Predictor
    frames : FrameSet
        See `load`.
    known : ndarray of float32, shape (n, d), or None
        Its features of the clean frames that it is judged on.

    Returns
    -------
    dict
        ``frames``, how many; ``lanes``, mean number of lanes found; ``with_two``, share of frames with two or more;
        ``similarity``, mean cosine of their features with those of ``known``, None without features: near the chance
        level these frames are as any other clean one to the network, far below they are foreign to it.
    list of Prediction
    """
    draw = Drawn((Condition(CLEAN, 0),), predictor.prepare)
    predictions: list[Prediction] = []
    features: list[Features] = []
    for index in range(len(frames)):
        answer = predictor(draw(frames[index], np.random.default_rng(0)), draw.conditions)
        predictions += answer.predictions
        if answer.features is not None:
            features.append(answer.features[0])
    counts = np.array([len(prediction.lanes) for prediction in predictions])
    alike = None
    if known is not None and len(features) == len(predictions):
        alike = float((unit(np.stack(features)) @ unit(known).T).mean())
    found = {"frames": len(counts), "lanes": float(counts.mean()), "with_two": float((counts >= 2).mean())}
    return {**found, "similarity": alike}, predictions
