"""Which light a network was trained under, and which effects it has not met before it is judged under them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lightnoise import transforms
from lightnoise.batch import BatchError, recipe
from lightnoise.params import Params
from lightnoise_train import config as configs
from lightnoise_train.config import FinetuneConfig, NoiseConfig, PretrainConfig
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation.conditions import MIXED
from lightnoise_train.evaluation.entry_points import is_entry_point

_DRAWS = 200  # of a transform, to see of what kinds it is made
_SHAPE = (90, 160, 3)


def trained_under(config: FinetuneConfig) -> list[str] | None:
    """Return the kinds of light noise that a run of fine-tuning has met, its pretraining included.

    Returns
    -------
    list of str, or None
        Some of "bloom", "gamma" and "glare"; None where it cannot be told: noise read from a folder, or a pretraining
        whose configuration is gone.
    """
    met = [config.noise] if config.recipe.light_noise else []
    if config.recipe.initialisation == "simclr":
        assert config.simclr_weights is not None  # the configuration saw to it
        try:
            met.append(configs.load(PretrainConfig, Path(config.simclr_weights).parent / configs.FILE_NAME).noise)
        except ConfigError:
            return None
    try:
        kinds = [kinds_of(_spec(noise)) for noise in met]
    except (BatchError, TypeError, ValueError):
        return None
    return sorted(set().union(*kinds))


def held_out(effects: Sequence[str], met: Iterable[str]) -> list[str]:
    """Return the effects of a benchmark no part of which is of a kind that was met in training.

    Foreign corruptions always are held out; mixed is one of all presets.
    """
    known = set(met)
    return [effect for effect in effects if is_entry_point(effect) or not known & kinds_of(_of_effect(effect))]


def kinds_of(spec: dict[str, Any]) -> set[str]:
    """Return the kinds of noise that a transform makes: "bloom", "glare", "gamma"."""
    transform = transforms.from_dict(spec)
    rng = np.random.default_rng(0)
    drawn = (params for _ in range(_DRAWS) for params in transform.sample(rng, _SHAPE))
    return {_kind(params) for params in drawn if params != type(params)()}  # one at its defaults changes nothing


def _kind(params: Params) -> str:
    return type(params).__name__.removesuffix("Params").lower()


def _of_effect(effect: str) -> dict[str, Any]:
    from lightnoise.severity import EFFECTS

    if effect in EFFECTS:
        return recipe([effect], 5)
    return recipe(preset=None if effect == MIXED else effect)


def _spec(noise: NoiseConfig) -> dict[str, Any]:
    if noise.folder is not None:
        raise ValueError("noise of a folder is not known")
    return noise.spec or recipe(noise.effects, noise.severity, noise.preset)
