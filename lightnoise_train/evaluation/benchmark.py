"""The light-noise benchmark: each model on each frame in each condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from lightnoise.camera import CAMERAS, Camera
from lightnoise_train import config as configs
from lightnoise_train.config import DataConfig, FinetuneConfig, Section
from lightnoise_train.data import splits, tusimple
from lightnoise_train.data.frames import FrameSet, Image
from lightnoise_train.data.loading import loader
from lightnoise_train.data.sources import open_frames
from lightnoise_train.errors import ConfigError, DataError
from lightnoise_train.evaluation import conditions as cond
from lightnoise_train.evaluation.answers import Answer, Features, Predictor
from lightnoise_train.evaluation.conditions import Condition, Drawn, Judged, Prepare, Read
from lightnoise_train.evaluation.predictions import Prediction, write_predictions
from lightnoise_train.evaluation.predictors import PredictionFiles
from lightnoise_train.evaluation.prior import mean_lanes
from lightnoise_train.evaluation.results import header, write_results
from lightnoise_train.evaluation.similarity import chance_level, cosine
from lightnoise_train.evaluation.tusimple import Score, evaluate, per_frame, without_empty_lanes

RESULTS_FILE = "results.jsonl"


class BenchmarkConfig(Section):
    """``lightnoise-train benchmark``: which frames, under which light."""

    data: DataConfig = DataConfig()
    part: Literal["train", "val", "test"] = "test"
    noised: Path | None = Field(None, description="trees of `data noise` to read instead of drawing light")
    effects: list[str] = Field(list(cond.DEFAULT_EFFECTS), min_length=1)
    severities: list[Annotated[int, Field(ge=0, le=5)]] = Field(list(cond.SEVERITIES), min_length=1)
    camera: str | None = Field(None, description="a named camera; by default that of the data")
    height: int | None = Field(None, ge=32, le=8192, description="rows at which light is drawn; null for the frame's")
    seed: int = Field(0, ge=0, description="of the light")
    workers: int = Field(0, ge=0, description="processes that draw light")


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
        return self.pictures(_as_it_is).picture(self.frames[index], condition)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a model scored.

    Parameters
    ----------
    run : dict
        Its entry in the result file's header: ``arm``, ``encoder``, ``seed``, ``source``, ``chance``.
    rows : list of dict
        Of the result file.
    predictions : dict of Condition to list of Prediction
    """

    run: dict[str, Any]
    rows: list[dict[str, Any]]
    predictions: dict[Condition, list[Prediction]]


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


def judge(
    predictor: Predictor,
    course: Course,
    *,
    workers: int = 0,
    progress: Callable[[Iterator[Judged], int], Iterable[Judged]] | None = None,
) -> Verdict:
    """Judge a model on every frame in every condition.

    Parameters
    ----------
    predictor : Predictor
    course : Course
    workers : int
        Processes that make pictures; 0 makes them in this one.
    progress : callable, optional
        Wraps the frames as they come, given their number: a progress bar.

    Returns
    -------
    Verdict

    Raises
    ------
    DataError
        If the model fails on a frame, or its files lack one.

    Notes
    -----
    Labelled lanes that are absent from every row are left out first; the official test set has none. Speed is not
    judged: the rule on run time does not apply here, it does in ``lightnoise-train evaluate``.
    """
    conditions = course.conditions
    if isinstance(predictor, PredictionFiles):
        conditions = tuple(predictor.available(conditions))
    labels = [without_empty_lanes(cond.labelled(frame)) for frame in course.frames.frames]
    answers = [
        predictor(frame, conditions)
        for frame in (progress or _unwatched)(_judged(predictor, course, workers), len(labels))
    ]
    similarity, chance = _similarities(answers, course.blocks, "features")
    before, chance_before = _similarities(answers, course.blocks, "features_before")
    rows: list[dict[str, Any]] = []
    predictions: dict[Condition, list[Prediction]] = {}
    identity = {name: predictor.identity[name] for name in ("arm", "encoder", "seed")}
    for number, condition in enumerate(conditions):
        found = predictions[condition] = [answer.predictions[number] for answer in answers]
        scores = per_frame([Prediction(p.raw_file, p.lanes) for p in found], labels)
        for i, label in enumerate(labels):
            rows.append(
                {
                    **identity,
                    "effect": condition.effect,
                    "severity": condition.severity,
                    "frame": label.raw_file,
                    "block": course.blocks[i],
                    "accuracy": scores.accuracy[i],
                    "fp": scores.fp[i],
                    "fn": scores.fn[i],
                    "similarity": similarity[i, number],
                    "similarity_before": before[i, number],
                }
            )
    levels = {"similarity": chance, "similarity_before": chance_before}
    run = {**predictor.identity, "chance": {name: level for name, level in levels.items() if level}}
    return Verdict(run, rows, predictions)


def _judged(predictor: Predictor, course: Course, workers: int) -> Iterator[Judged]:
    if isinstance(predictor, PredictionFiles):  # it looks at no picture, so that none is made
        for frame in course.frames.frames:
            yield Judged(frame.key, cond.labelled(frame), [])
        return
    batches = loader(
        course.frames,
        course.pictures(predictor.prepare),
        seed=0,
        batch_size=1,
        shuffle=False,
        drop_last=False,
        workers=workers,
        collate=_only,
    )
    yield from batches


def _similarities(
    answers: Sequence[Answer], blocks: Sequence[str], which: str
) -> tuple[np.ndarray[Any, Any], dict[str, float] | None]:
    """Return each frame's similarity in each condition, and the chance level; NaN and None without features."""
    features: list[Features | None] = [getattr(answer, which) for answer in answers]
    known = [each for each in features if each is not None]
    if len(known) < len(answers):
        return np.full((len(answers), len(answers[0].predictions)), np.nan), None
    similarity = np.stack([cosine(np.broadcast_to(each[:1], each.shape), each) for each in known])
    level = chance_level(np.stack([each[0] for each in known]), blocks)
    return similarity, level.to_dict() if level.pairs else None


def prior(config: BenchmarkConfig, course: Course) -> Score | None:
    """Return what the mean lanes of the training part score on the course, looking at no picture; see `mean_lanes`.

    Light cannot change it, so that one score is for all conditions. None where there is no training part.
    """
    data = config.data
    if data.kind == "roads":
        data = data.model_copy(update={"count": min(data.count, _PRIOR_SCENES), "cache": None})
    try:
        training = open_frames(data, "train")
    except DataError:
        return None
    answer = mean_lanes([cond.labelled(frame) for frame in training.frames])
    labels = [without_empty_lanes(cond.labelled(frame)) for frame in course.frames.frames]
    return evaluate([Prediction(label.raw_file, answer.at(label.h_samples)) for label in labels], labels)


_PRIOR_SCENES = 300  # enough for means; each costs a layout


def save(
    verdicts: Sequence[Verdict], out: Path, config: BenchmarkConfig, command: str = "", floor: Score | None = None
) -> Path:
    """Write ``results.jsonl`` and ``predictions/`` of a benchmark, and return the path of the former.

    ``floor`` is the score of the mean lanes, for the header.

    Predictions are in the official form, a file of each condition in a folder of each run, so that they can be
    submitted, or judged again.
    """
    for verdict in verdicts:
        folder = out / "predictions" / "-".join(str(verdict.run[name]) for name in ("arm", "encoder", "seed"))
        for condition, predictions in verdict.predictions.items():
            write_predictions(folder.with_name(_file_name(folder.name)) / f"{condition.name}.json", predictions)
    head = header([verdict.run for verdict in verdicts], config.model_dump(mode="json"), command, floor)
    write_results(out / RESULTS_FILE, head, (row for verdict in verdicts for row in verdict.rows))
    return out / RESULTS_FILE


def data_of_runs(folders: Sequence[Path]) -> DataConfig | None:
    """Return the data that runs of ``lightnoise-train finetune`` were trained on; None without any run.

    Raises
    ------
    ConfigError
        If they were trained on different data.
    """
    runs = [configs.load(FinetuneConfig, folder / configs.FILE_NAME).data for folder in folders]
    for other in runs[1:]:
        before = runs[0].model_dump()
        differ = [key for key, value in other.model_dump().items() if value != before[key] and key != "cache"]
        if differ:
            raise ConfigError(
                f"the runs were trained on data that differ in {', '.join(differ)}: say what to judge them on, with "
                "--in, --noised, --scenes or --config"
            )
    return runs[0] if runs else None


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)


def _only(batch: list[Judged]) -> Judged:
    return batch[0]


def _as_it_is(image: Image, /) -> Image:
    return image


def _unwatched(frames: Iterator[Judged], total: int) -> Iterator[Judged]:
    return frames
