"""What is drawn for an item: the user's choice as one transform spec, and its draw by the item's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from posixpath import dirname
from typing import TYPE_CHECKING, Any

from lightnoise.batch.errors import BatchError
from lightnoise.keyed import generator
from lightnoise.params import GammaParams, Params

if TYPE_CHECKING:
    from lightnoise.batch.config import Config

EFFECT_CHOICES = ("bloom", "glare", "gamma", "gamma_over", "gamma_under")
"""Names that can be asked for: the calibrated effects, and "gamma" for one of its two directions."""

LEVELS = (1, 2, 3, 4, 5)

NOTHING: dict[str, Any] = {"fixed": {"params": []}}
"""The spec of no effect at all."""


def recipe(effects: Sequence[str] = (), severity: int | None = None, preset: str | None = None) -> dict[str, Any]:
    """Return the transform spec of a choice of effects and severity, or of a preset.

    Parameters
    ----------
    effects : sequence of str
        Of `EFFECT_CHOICES`; several make one chain, which holds each of bloom, glare and gamma at most once.
    severity : int or None
        1 to 5; 0 for no effect at all; None draws a level for each item.
    preset : str or None
        A preset's name, instead of effects.

    Returns
    -------
    dict
        As `lightnoise.transforms.from_dict` takes it. With neither effects nor a preset: one of all presets,
        or with a severity one of the calibrated effects.

    Raises
    ------
    BatchError
        If the choices contradict each other.
    """
    from lightnoise.presets import PRESETS
    from lightnoise.severity import EFFECTS

    if preset is not None and (effects or severity is not None):
        other = "--effect" if effects else "--severity"
        raise BatchError(f"--preset {preset} is a whole scene and takes no {other}: give one of the two")
    if preset is not None:
        return {"preset": preset}
    if severity == 0:
        return NOTHING
    levels = LEVELS if severity is None else (severity,)
    if effects:
        return {"chain": [_at_levels(_calibrated(name), levels) for name in _in_order(effects)]}
    if severity is not None:
        return _at_levels(EFFECTS, levels)
    return {"one_of": [{"preset": name} for name in PRESETS]}


def draw(config: Config, source: str, copy: int, shape: tuple[int, ...]) -> list[Params]:
    """Return the params of one output: a pure function of (seed, relative path, copy number, config).

    With ``per="clip"`` all frames of a folder share one draw, so the optics stand still from frame to frame.
    Noise does not freeze: each frame of a clip has a noise seed of its own, and so has each frame whose draw
    leaves the seed at 0, as the calibrated levels do.
    """
    key = dirname(source) + "/" if config.per == "clip" else source
    drawn = _transform(config.effects_json).sample(generator(config.seed, key, copy), shape)
    own_seed = int(generator(config.seed, f"{source}/noise", copy).integers(1, 2**32))
    return [
        replace(params, noise_seed=own_seed)
        if isinstance(params, GammaParams) and params.has_noise and (config.per == "clip" or params.noise_seed == 0)
        else params
        for params in drawn
    ]


def check_effects(spec: dict[str, Any]) -> None:
    """Raise BatchError if ``spec`` is no valid transform."""
    from lightnoise import transforms

    try:
        transforms.from_dict(spec)
    except (TypeError, ValueError) as error:
        raise BatchError(f"effects: {error}") from error


@lru_cache(maxsize=8)
def _transform(effects_json: str) -> Any:
    import json

    from lightnoise import transforms

    return transforms.from_dict(json.loads(effects_json))


def _in_order(effects: Sequence[str]) -> list[str]:
    """Return the effects in physical order, refusing two of one kind."""
    kinds = [name.partition("_")[0] for name in effects]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise BatchError(f"--effect {kind} is given more than once: a chain holds each of its effects once")
    return sorted(effects, key=EFFECT_CHOICES.index)


def _calibrated(name: str) -> tuple[str, ...]:
    return ("gamma_over", "gamma_under") if name == "gamma" else (name,)


def _at_levels(names: Sequence[str], levels: Sequence[int]) -> dict[str, Any]:
    specs = [{"severity": {"effect": name, "level": level}} for name in names for level in levels]
    return specs[0] if len(specs) == 1 else {"one_of": specs}
