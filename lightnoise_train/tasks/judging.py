"""What `probe` and `semi` have in common: the pictures, the light, the machine, and the record of what was judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from lightnoise_train.config import DataConfig, Section
from lightnoise_train.data import sources
from lightnoise_train.data.classes import Classified, classified, few, prior
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation.conditions import Condition, conditions
from lightnoise_train.evaluation.frozen_features import ToConditions
from lightnoise_train.evaluation.results import header
from lightnoise_train.tasks.settings import JudgingConfig, ProbeConfig, SemiConfig


def known_parts(
    config: ProbeConfig | SemiConfig, frames: Mapping[str, FrameSet] | None, *parts: str
) -> tuple[dict[str, Classified], int]:
    """Return the parts' frames of which the class is known, "train" and "test" as many as asked for, and their classes.

    ``frames`` None opens the configuration's; the number of classes is that of all parts before any is cut.
    """
    if frames is None:
        opened = {name: config.test.part if name == "test" else name for name in parts}
        frames = {name: sources.open_frames(config.data, part) for name, part in opened.items()}
    known = classified(frames, config.data, config.attribute)
    n_classes = 1 + max(int(part.classes.max()) for part in known.values())
    known["train"] = few(known["train"], config.train_count, config.seed, "train_count")
    known["test"] = few(known["test"], config.test.count, config.test.seed, "test.count")
    return known, n_classes


def lights_of(config: JudgingConfig) -> tuple[Condition, ...]:
    """Return the conditions in which classifiers are judged, the clean one first."""
    try:
        return tuple(conditions(config.effects, config.severities))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"test.effects: {error}") from error


def pictures_of(config: JudgingConfig, data: DataConfig, size: tuple[int, int]) -> ToConditions:
    """Return what makes a test frame's pictures in all conditions."""
    return ToConditions(lights_of(config), size, sources.camera_of(config.noise, data), config.seed, config.height)


def device_of(accelerator: str) -> str:
    """Return torch's name of a device; ConfigError if it is not there."""
    there = torch.cuda.is_available()
    if accelerator == "gpu" and not there:
        raise ConfigError("accelerator=gpu: there is none here; set accelerator=cpu")
    return "cuda" if there and accelerator != "cpu" else "cpu"


def record(form: str, config: Section, command: str, train: Classified, test: Classified) -> dict[str, Any]:
    """Return what a result file says beside the numbers: where they come from, and what no look would score."""
    head = header([], config.model_dump(mode="json"), command)
    return {
        "format": form,
        **{name: head[name] for name in ("command", "config", "versions")},
        "train_pictures": len(train.classes),
        "test_pictures": len(test.classes),
        "prior": prior(train, test),
    }
