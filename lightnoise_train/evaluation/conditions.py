"""The conditions of the benchmark: each frame clean, under each effect at each severity, and under foreign corruptions.

A frame's light is drawn by (seed, key) alone: the same as in the noised test set that ``lightnoise-train data noise``
writes, before its codec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from lightnoise import batch, checks, keyed
from lightnoise.camera import Camera
from lightnoise.functional.chain import chain
from lightnoise.params import BloomParams, GammaParams, GlareParams, Params
from lightnoise.presets import PRESETS
from lightnoise.severity import EFFECTS
from lightnoise_train.data import noised
from lightnoise_train.data.frames import Image, Sample, labelled, read_image
from lightnoise_train.data.noise import shrunk
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.entry_points import entry_point, is_entry_point
from lightnoise_train.evaluation.results import CLEAN
from lightnoise_train.lanes.labels import LaneLabel

#: One of all presets by chance for each frame; severity k has k fifths of its amounts.
MIXED = noised.MIXED
SEVERITIES = (1, 2, 3, 4, 5)
#: The effects of the benchmark unless told otherwise.
DEFAULT_EFFECTS = (*EFFECTS, MIXED)


_IN_FILE_NAMES = str.maketrans({":": ".", "/": "_", "\\": "_"})


class Condition(NamedTuple):
    """What is done to frames: an effect's name and a severity; ("clean", 0) is nothing.

    Effects are `lightnoise.EFFECTS`; "mixed"; a preset's name; and a foreign corruption as ``module:function``.
    """

    effect: str
    severity: int

    @property
    def name(self) -> str:
        """A file's stem: "clean", "bloom-3"."""
        if self.effect == CLEAN:
            return CLEAN
        return f"{self.effect.translate(_IN_FILE_NAMES)}-{self.severity}"


def conditions(effects: Sequence[str] = DEFAULT_EFFECTS, severities: Sequence[int] = SEVERITIES) -> list[Condition]:
    """Return the clean condition and each effect at each severity.

    Parameters
    ----------
    effects : sequence of str
        See `Condition`; a foreign corruption is imported, to see that it is there.
    severities : sequence of int
        0 to 5; 0 adds nothing to the clean frames, which are always judged.

    Raises
    ------
    ValueError
        If there is no such effect or severity.
    """
    levels = sorted({checks.integer("severity", level, 0, 5) for level in severities} - {0})
    for effect in effects:
        if is_entry_point(effect):
            entry_point(effect)
        else:
            checks.choice("effect", effect, (*EFFECTS, MIXED, *PRESETS, "module:function"))
    return [Condition(CLEAN, 0)] + [Condition(effect, level) for effect in dict.fromkeys(effects) for level in levels]


class Judged(NamedTuple):
    """A frame in all conditions.

    Parameters
    ----------
    key : str
    label : LaneLabel
    pictures : list
        One for each condition: what ``prepare`` made of it.
    """

    key: str
    label: LaneLabel
    pictures: list[Any]


class Prepare(Protocol):
    """What a predictor wants done to a picture in the loader's workers."""

    def __call__(self, image: Image, /) -> Any:
        """Return the picture as the predictor takes it."""


def as_it_is(image: Image, /) -> Image:
    """Return a picture untouched: the `Prepare` of models that do all by themselves."""
    return image


def unseen(image: Image, /) -> None:
    """Return nothing: the `Prepare` of models that look at no picture."""


@dataclass(frozen=True)
class Drawn:
    """Makes a frame's conditions on the spot; a transform for `data.loading.loader`.

    Parameters
    ----------
    conditions : tuple of Condition
    prepare : Prepare
        Applied to each picture.
    camera : Camera
    seed : int
        Of the light.
    height : int or None
        Rows to which higher frames are shrunk before light is drawn, which is faster; None leaves them.
    """

    conditions: tuple[Condition, ...]
    prepare: Prepare
    camera: Camera = field(default_factory=Camera)
    seed: int = 0
    height: int | None = None

    def __call__(self, sample: Sample, generator: np.random.Generator) -> Judged:
        """Return a frame in all conditions. ``generator`` is not used: light is keyed to the frame."""
        pictures = [self.prepare(self.picture(sample, condition)) for condition in self.conditions]
        return Judged(sample.frame.key, labelled(sample.frame), pictures)

    def picture(self, sample: Sample, condition: Condition) -> Image:
        """Return a frame in one condition, not prepared."""
        return apply(condition, shrunk(sample.image, self.height), sample.frame.key, self.camera, self.seed)


@dataclass(frozen=True)
class Read:
    """Reads a frame's conditions from the trees that ``lightnoise-train data noise`` wrote.

    Parameters
    ----------
    conditions : tuple of Condition
    prepare : Prepare
    folders : tuple of Path
        The tree of each condition.
    """

    conditions: tuple[Condition, ...]
    prepare: Prepare
    folders: tuple[Path, ...]

    def __call__(self, sample: Sample, generator: np.random.Generator) -> Judged:
        """Return a frame in all conditions. ``generator`` is not used."""
        pictures = [self.prepare(self.picture(sample, condition)) for condition in self.conditions]
        return Judged(sample.frame.key, labelled(sample.frame), pictures)

    def picture(self, sample: Sample, condition: Condition) -> Image:
        """Return a frame in one condition, not prepared."""
        if condition.effect == CLEAN:
            return sample.image
        return read_image(self.folders[self.conditions.index(condition)] / sample.frame.key)


def trees_of(root: Path) -> tuple[tuple[Condition, ...], tuple[Path, ...]]:
    """Return the conditions that a noised test set has and their trees, the clean one first.

    Raises
    ------
    DataError
        If it has no clean tree.
    """
    found = noised.read_trees(root)
    if noised.CLEAN not in found:
        raise DataError(f"{root}: has no clean tree; make it with  lightnoise-train data noise --severity 0")
    ordered = sorted(found, key=lambda tree: tree != noised.CLEAN)
    # the presets as they are drawn are their greatest severity here
    named = [Condition(tree.effect, 5 if tree.severity is None else tree.severity) for tree in ordered]
    return tuple(named), tuple(root / tree.name for tree in ordered)


def apply(condition: Condition, image: Image, key: str, camera: Camera, seed: int) -> Image:
    """Return a frame under a condition.

    Parameters
    ----------
    condition : Condition
    image : ndarray of uint8, shape (H, W, 3)
    key : str
        The frame's.
    camera : Camera
        What took it.
    seed : int

    Raises
    ------
    DataError
        If a foreign corruption fails or does not return a picture like the one it got.
    """
    if condition.effect == CLEAN:
        return image
    if is_entry_point(condition.effect):
        return _foreign(condition, image, key, seed)
    return chain(image, draw(condition, key, image.shape, camera, seed), camera=camera)


def draw(condition: Condition, key: str, shape: tuple[int, ...], camera: Camera, seed: int) -> list[Params]:
    """Return the params of a frame under a condition of `lightnoise`'s own effects."""
    drawn = batch.draw(_config(condition, camera, seed), key, 0, shape)
    if condition.effect in EFFECTS:
        return drawn
    return [scaled(params, condition.severity / SEVERITIES[-1]) for params in drawn]


def scaled(params: Params, share: float) -> Params:
    """Return params with a share of their amounts, their sizes and angles untouched; 0 is the identity, 1 all."""
    if isinstance(params, BloomParams):
        return replace(params, scatter=params.scatter * share)
    if isinstance(params, GlareParams):
        return replace(
            params,
            veil=params.veil * share,
            starburst=params.starburst * share,
            ghosts=params.ghosts * share,
            sun_strength=params.sun_strength * share,
        )
    if isinstance(params, GammaParams):
        return replace(
            params,
            gamma=params.gamma**share,
            exposure_ev=params.exposure_ev * share,
            shot=params.shot * share,
            read=params.read * share,
        )
    raise TypeError(f"no params: {params!r}")


@lru_cache(maxsize=64)
def _config(condition: Condition, camera: Camera, seed: int) -> batch.Config:
    if condition.effect in EFFECTS:
        recipe = batch.recipe([condition.effect], condition.severity)
    else:
        recipe = batch.recipe(preset=None if condition.effect == MIXED else condition.effect)
    return batch.Config(recipe, camera.to_dict(), seed)


def _foreign(condition: Condition, image: Image, key: str, seed: int) -> Image:
    """Return what a third party's function (image, severity) makes of a frame.

    Most such code draws from NumPy's global generator: it is seeded by the frame's key, and put back afterwards.
    """
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(keyed.generator(seed, f"{key}/{condition.effect}").integers(2**32)))  # noqa: NPY002
    try:
        made = np.asarray(entry_point(condition.effect)(image.copy(), condition.severity))
    except Exception as error:  # whatever it raises
        raise DataError(
            f"{condition.effect} failed on {key} at severity {condition.severity}: {type(error).__name__}: {error}"
        ) from error
    finally:
        np.random.set_state(before)  # noqa: NPY002
    if made.shape != image.shape:
        raise DataError(f"{condition.effect} must return a picture of shape {image.shape}, got {made.shape} for {key}")
    return np.clip(made, 0, 255).astype(np.uint8)
