"""The probe: what a frozen encoder's features know, told by neighbours and by a line, clean and under light noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lightnoise import keyed
from lightnoise_train import config as configs
from lightnoise_train.data.classes import stratified
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation.class_results import Judgement, write
from lightnoise_train.evaluation.conditions import Condition
from lightnoise_train.evaluation.frozen_features import Features, Progress, ToConditions, frozen_features
from lightnoise_train.evaluation.knn import knn_classes
from lightnoise_train.evaluation.linear_probe import Standardisation, fit_chosen
from lightnoise_train.evaluation.similarity import chance_level, cosine
from lightnoise_train.models.encoder import Encoder, build_encoder, representation
from lightnoise_train.tasks import loop
from lightnoise_train.tasks.judging import device_of, known_parts, pictures_of, record
from lightnoise_train.tasks.settings import ProbeConfig

RESULT_FILE = "probe.json"
FORMAT = "lightnoise-train probe 1"
RANDOM = "random"


@dataclass(frozen=True, eq=False)
class Seen:
    """What one network makes of the pictures.

    Parameters
    ----------
    weights : str
        Where its weights come from.
    train : ndarray of float32, shape (n_train, C)
        Features of clean training pictures.
    test : ndarray of float32, shape (n_test, n_conditions, C)
    """

    weights: str
    train: Features
    test: Features


def probe(
    config: ProbeConfig,
    out: Path,
    *,
    frames: Mapping[str, FrameSet] | None = None,
    overwrite: bool = False,
    command: str = "",
    progress: Progress | None = None,
) -> Path:
    """Judge an encoder's features and return the file of the results.

    Parameters
    ----------
    config : ProbeConfig
    out : Path
        Gets ``probe.json``, ``probe.md`` and ``config.yaml``.
    frames : mapping or None
        "train" and "test" frames instead of those that the configuration opens.
    overwrite : bool
        Replace results that are there.
    command : str
        What to note beside the results.
    progress : callable, optional
        See `frozen_features`.

    Raises
    ------
    ConfigError, DataError, CheckpointError
    """
    if (out / RESULT_FILE).exists() and not overwrite:
        raise ConfigError(f"{out} holds results already: --overwrite replaces them")
    pictures = pictures_of(config.test, config.data, config.size)
    encoders = _encoders(config)
    known, n_classes = known_parts(config, frames, "train", "test")
    train, test = known["train"], known["test"]
    configs.save(config, out, command)

    seen = _look(config, encoders, train.frames, test.frames, pictures, progress)
    judgements = [one for features in seen for one in judge(config, features, train.classes, test.classes, n_classes)]

    similarity = [alike(features, pictures.conditions) for features in seen]
    write(
        out / RESULT_FILE,
        f"What frozen features of {config.encoder.name} know",
        judgements,
        pictures.conditions,
        {**record(FORMAT, config, command, train, test), "similarity": similarity},
        ("weights", "judge", "labels"),
        config.test.seed,
    )
    return out / RESULT_FILE


def judge(
    config: ProbeConfig, seen: Seen, train: NDArray[np.int64], test: NDArray[np.int64], n_classes: int
) -> list[Judgement]:
    """Return what neighbours and a line tell right of the test pictures, at each share of labels."""
    standard = Standardisation.of(seen.train)  # asks for no label
    found = []
    for fraction in config.label_fractions:
        count = max(round(fraction * len(train)), len(np.unique(train)))
        labelled = stratified(train, count, keyed.generator(config.seed, "labels"))
        features, classes = seen.train[labelled], train[labelled]
        about = {"weights": seen.weights, "label_fraction": fraction, "labels": count}

        bank, numbers = torch.from_numpy(features), torch.from_numpy(classes)
        options: dict[str, Any] = {"neighbours": config.neighbours, "temperature": config.temperature}
        told = [
            knn_classes(bank, numbers, torch.from_numpy(seen.test[:, each]), **options).numpy()
            for each in range(seen.test.shape[1])
        ]
        found.append(Judgement({**about, "judge": "knn", "weight_decay": None}, np.stack(told) == test))

        held_out = _held_out(classes, config.held_out, config.seed)
        line = fit_chosen(standard(features), classes, n_classes, config.weight_decays, held_out)
        told = [line.classes(standard(seen.test[:, each])) for each in range(seen.test.shape[1])]
        about |= {"judge": "linear", "weight_decay": line.weight_decay}
        found.append(Judgement(about, np.stack(told) == test))
    return found


def alike(seen: Seen, lights: Sequence[Condition]) -> dict[str, Any]:
    """Return the mean cosine of clean and noised features in each condition, beside that of two clean pictures."""
    clean = seen.test[:, 0]
    chance = chance_level(clean)
    return {
        "weights": seen.weights,
        "chance": round(chance.mean, 6) if chance.pairs else None,
        "conditions": [
            {**light._asdict(), "similarity": round(float(cosine(clean, seen.test[:, place]).mean()), 6)}
            for place, light in enumerate(lights)
            if place
        ],
    }


def _encoders(config: ProbeConfig) -> dict[str, Encoder]:
    """Return the encoder that is asked about, and the one of random weights beside it."""
    sought: list[str | None] = [config.weights] if config.weights is not None else []
    sought += [None] if config.floor or config.weights is None else []
    found = {}
    for weights in sought:
        with loop.seeded(config.seed, "model"):
            encoder = build_encoder(config.encoder.name, weights, output_stride=config.encoder.output_stride)
        found[RANDOM if weights is None else weights] = encoder
    return found


def _look(
    config: ProbeConfig,
    encoders: Mapping[str, Encoder],
    train: FrameSet,
    test: FrameSet,
    pictures: ToConditions,
    progress: Progress | None,
) -> list[Seen]:
    options: dict[str, Any] = {
        "batch": config.batch,
        "workers": config.workers,
        "device": device_of(config.accelerator),
        "progress": progress,
    }
    networks = [representation(encoder) for encoder in encoders.values()]
    known = frozen_features(networks, train, replace(pictures, conditions=pictures.conditions[:1]), **options)
    asked = frozen_features(networks, test, pictures, **options)
    return [Seen(name, clean[:, 0], noised) for name, clean, noised in zip(encoders, known, asked, strict=True)]


def _held_out(classes: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Return the indices of the labels that choose the weight decay: none where a class would be left without."""
    sizes = np.bincount(classes)
    if (sizes == 1).any():
        return np.empty(0, dtype=np.int64)
    count = max(round(share * len(classes)), int((sizes > 0).sum()))
    return stratified(classes, count, keyed.generator(seed, "held out"))
