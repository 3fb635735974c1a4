"""What all models of a benchmark are judged on: which frames, under which light; and what no look at them scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from lightnoise.camera import CAMERAS, Camera
from lightnoise_train import config as configs
from lightnoise_train.config import DataConfig, FinetuneConfig, Section
from lightnoise_train.data import splits, tusimple
from lightnoise_train.data.frames import FrameSet, Image, labelled
from lightnoise_train.data.sources import open_frames
from lightnoise_train.errors import ConfigError, DataError
from lightnoise_train.evaluation import conditions as cond
from lightnoise_train.evaluation.conditions import Condition, Drawn, Prepare, Read, as_it_is
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.evaluation.prior import mean_lanes
from lightnoise_train.evaluation.tusimple import Score, evaluate, without_empty_lanes


class BenchmarkConfig(Section):
    """``lightnoise-train benchmark``: which frames, under which light."""

    data: DataConfig = DataConfig()
    part: Literal["train", "val", "test"] = "test"
    noised: Path | None = Field(default=None, description="trees of `data noise` to read instead of drawing light")
    effects: list[str] = Field(default=list(cond.DEFAULT_EFFECTS), min_length=1)
    severities: list[Annotated[int, Field(ge=0, le=5)]] = Field(default=list(cond.SEVERITIES), min_length=1)
    camera: str | None = Field(default=None, description="a named camera; by default that of the data")
    height: int | None = Field(
        default=None, ge=32, le=8192, description="rows at which light is drawn; null for the frame's"
    )
    seed: int = Field(default=0, ge=0, description="of the light")
    workers: int = Field(default=0, ge=0, description="processes that draw light")
    unlabelled: list[Path] = Field(
        default=[], description="folders of images without labels, such as real night frames"
    )


@dataclass(frozen=True)
class Course:
    """The frames and conditions that all models are judged on.

    Parameters
    ----------
    frames : FrameSet
        Labelled.
    conditions : tuple of Condition
        The clean one first.
    blocks : tuple of str
        The block of each frame, for the bootstrap: a stretch of a drive.
    pictures : callable
        From a predictor's `Prepare` to the loader's transform, `Drawn` or `Read`.
    """

    frames: FrameSet
    conditions: tuple[Condition, ...]
    blocks: tuple[str, ...]
    pictures: Callable[[Prepare], Drawn | Read]

    def picture(self, key: str, condition: Condition) -> Image:
        """Return a frame in a condition, as the models get it before they prepare it."""
        index = next(i for i, frame in enumerate(self.frames.frames) if frame.key == key)
        return self.pictures(as_it_is).picture(self.frames[index], condition)


def course(config: BenchmarkConfig) -> Course:
    """Return the frames and conditions of a configuration.

    Raises
    ------
    ConfigError, DataError
        If there is no such effect, or the frames are not as they should be.
    """
    if config.noised is not None:
        return _course_of_trees(config, config.noised)
    try:
        chosen = tuple(cond.conditions(config.effects, config.severities))
    except (TypeError, ValueError) as error:
        raise ConfigError(str(error)) from error
    name = config.camera or (config.data.kind if config.data.kind in CAMERAS else None)
    if name is not None and name not in CAMERAS:
        raise ConfigError(f"camera must be one of {', '.join(CAMERAS)}; got {name!r}")
    camera = CAMERAS[name] if name else Camera()
    frames = open_frames(config.data, config.part)
    seed, height = config.seed, config.height
    return Course(
        frames,
        chosen,
        block_names(frames, config.data),
        lambda prepare: Drawn(chosen, prepare, camera, seed, height),
    )


def _course_of_trees(config: BenchmarkConfig, root: Path) -> Course:
    there, folders = cond.trees_of(root)
    wanted = [
        i for i, c in enumerate(there) if i == 0 or (c.effect in config.effects and c.severity in config.severities)
    ]
    chosen, trees = tuple(there[i] for i in wanted), tuple(folders[i] for i in wanted)
    frames = tusimple.load(trees[0], "test")
    return Course(frames, chosen, block_names(frames, config.data), lambda prepare: Read(chosen, prepare, trees))


def block_names(frames: FrameSet, data: DataConfig) -> tuple[str, ...]:
    """Return the name of each frame's block: stretches of a drive; embedded scenes have nothing in common."""
    if data.kind == "roads":
        return tuple(frame.key for frame in frames.frames)
    names = [""] * len(frames)
    for number, block in enumerate(splits.contiguous_blocks(frames.frames, data.blocks_per_drive)):
        for index in block:
            names[index] = f"{splits.drive(frames.frames[index])}/{number}"
    return tuple(names)


def prior(config: BenchmarkConfig, course: Course) -> Score | None:
    """Return what the mean lanes of the training part score on the course, looking at no picture; see `mean_lanes`.

    Light cannot change it, so that one score is for all conditions. None where there is no training part.
    """
    data = config.data
    if data.kind == "roads":
        data = data.model_copy(update={"count": min(data.count, _PRIOR_SCENES), "cache": None})
    try:
        answer = mean_lanes([labelled(frame) for frame in open_frames(data, "train").frames])
    except (ConfigError, DataError):  # such as data.blocks without a share for train
        return None
    labels = [without_empty_lanes(labelled(frame)) for frame in course.frames.frames]
    return evaluate([Prediction(label.raw_file, answer.at(label.h_samples)) for label in labels], labels)


_PRIOR_SCENES = 300  # enough for means; each costs a layout


def data_of_runs(folders: Sequence[Path]) -> DataConfig | None:
    """Return the data that runs of ``lightnoise-train finetune`` were trained on; None without any run.

    Raises
    ------
    ConfigError
        If they were trained on different data.
    """
    runs = [configs.load(FinetuneConfig, folder / configs.FILE_NAME).data for folder in folders]
    for other in runs[1:]:
        differ = differences(runs[0], other, but=("cache",))
        if differ:
            raise ConfigError(
                f"the runs were trained on data that differ in {', '.join(differ)}: say what to judge them on, with "
                "--in, --noised, --scenes or --config"
            )
    return runs[0] if runs else None


def differences(before: Section, after: Section, but: Sequence[str] = ()) -> list[str]:
    """Return the keys whose values differ, those of ``but`` left aside."""
    old = before.model_dump()
    return [key for key, value in after.model_dump().items() if value != old[key] and key not in but]
