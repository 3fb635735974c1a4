"""Models take the course together: each frame is drawn once under each light, whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lightnoise_train.data.frames import FrameSet, Image, labelled
from lightnoise_train.data.loading import loader
from lightnoise_train.evaluation.answers import Predictor
from lightnoise_train.evaluation.conditions import Condition, Judged, Prepare
from lightnoise_train.evaluation.course import Course
from lightnoise_train.evaluation.held_out import held_out
from lightnoise_train.evaluation.marks import Mark, Marks, Memory, clean_features, mark, similarities
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.evaluation.predictors import PredictionFiles
from lightnoise_train.evaluation.results import CLEAN
from lightnoise_train.evaluation.similarity import chance_level
from lightnoise_train.evaluation.tusimple import per_frame, without_empty_lanes

#: Wraps the frames as they come, given their number: a progress bar.
Progress: TypeAlias = Callable[[Iterator[Judged], int], Iterable[Judged]]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a model scored.

    Parameters
    ----------
    run : dict
        Its entry in the result file's header: ``arm``, ``encoder``, ``seed``, ``source``, ``chance``, and where it is
        known ``trained_under`` and ``held_out``; see `held_out`.
    rows : list of dict
        Of the result file.
    predictions : dict of Condition to list of Prediction
    marks : list of Mark
        In the frames' order.
    """

    run: dict[str, Any]
    rows: list[dict[str, Any]]
    predictions: dict[Condition, list[Prediction]]
    marks: list[Mark]


def judge(predictor: Predictor, course: Course, *, workers: int = 0, progress: Progress | None = None) -> Verdict:
    """Judge one model on every frame in every condition; see `ask` and `score`."""
    marks = Memory()
    ask([predictor], course, [marks], workers=workers, progress=progress)
    return score(predictor, course, marks)


def ask(
    predictors: Sequence[Predictor],
    course: Course,
    marks: Sequence[Marks],
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Ask models about every frame in every condition.

    Parameters
    ----------
    predictors : sequence of Predictor
    course : Course
    marks : sequence of Marks
        Those of each model; frames that have theirs are not asked about again.
    workers : int
        Processes that make pictures; 0 makes them in this one.
    progress : callable, optional
        See `Progress`.

    Raises
    ------
    DataError
        If a picture cannot be read, a model fails on a frame, or its files lack one.
    """
    looking: list[tuple[Predictor, Marks]] = []
    for predictor, theirs in zip(predictors, marks, strict=True):
        if not isinstance(predictor, PredictionFiles):
            looking.append((predictor, theirs))
            continue
        there = conditions_of(predictor, course)
        for frame in course.frames.frames:  # no picture is looked at, so that none is made
            if frame.key not in theirs:
                theirs.add(mark(frame.key, predictor(Judged(frame.key, labelled(frame), []), there)))
    left = [i for i, frame in enumerate(course.frames.frames) if any(frame.key not in theirs for _, theirs in looking)]
    if not left:
        return
    ways = tuple(dict.fromkeys(predictor.prepare for predictor, _ in looking))  # one for many models, as a rule
    for judged in (progress or _unwatched)(pictures(course.frames.subset(left), course, ways, workers), len(left)):
        for predictor, theirs in looking:
            if judged.key not in theirs:
                way = ways.index(predictor.prepare)
                prepared = judged._replace(pictures=[picture[way] for picture in judged.pictures])
                theirs.add(mark(judged.key, predictor(prepared, course.conditions)))


def pictures(frames: FrameSet, course: Course, ways: tuple[Prepare, ...], workers: int = 0) -> Iterator[Judged]:
    """Yield frames, whose picture in each condition is prepared in several ways, as a tuple."""
    yield from loader(
        frames,
        course.pictures(InWays(ways)),
        seed=0,
        batch_size=1,
        shuffle=False,
        drop_last=False,
        workers=workers,
        collate=_only,
    )


@dataclass(frozen=True)
class InWays:
    """Prepares a picture in several ways.

    Parameters
    ----------
    ways : tuple of Prepare
    """

    ways: tuple[Prepare, ...]

    def __call__(self, image: Image, /) -> tuple[Any, ...]:
        """Return what each way makes of it."""
        return tuple(way(image) for way in self.ways)


def conditions_of(predictor: Predictor, course: Course) -> tuple[Condition, ...]:
    """Return the conditions that a model can be judged in."""
    if isinstance(predictor, PredictionFiles):
        return tuple(predictor.available(course.conditions))
    return course.conditions


def score(predictor: Predictor, course: Course, marks: Iterable[Mark]) -> Verdict:
    """Score a model's marks, one for each frame of the course.

    Notes
    -----
    Labelled lanes that are absent from every row are left out first; the official test set has none. Speed is not
    judged: the rule on run time does not apply here, it does in ``lightnoise-train evaluate``.
    """
    conditions = conditions_of(predictor, course)
    labels = [without_empty_lanes(labelled(frame)) for frame in course.frames.frames]
    of = {each.frame: each for each in marks}
    ordered = [of[frame.key] for frame in course.frames.frames]
    similarity, before = (similarities(ordered, len(conditions), which) for which in ("features", "features_before"))
    rows: list[dict[str, Any]] = []
    predictions: dict[Condition, list[Prediction]] = {}
    identity = {name: predictor.identity[name] for name in ("arm", "encoder", "seed")}
    for number, condition in enumerate(conditions):
        found = predictions[condition] = [each.predictions[number] for each in ordered]
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
    levels = {
        "similarity": _chance(ordered, course.blocks, "features"),
        "similarity_before": _chance(ordered, course.blocks, "features_before"),
    }
    run = {**predictor.identity, "chance": {name: level for name, level in levels.items() if level}}
    if run.get("trained_under") is not None:
        effects = list(dict.fromkeys(condition.effect for condition in conditions if condition.effect != CLEAN))
        run["held_out"] = held_out(effects, run["trained_under"])
    return Verdict(run, rows, predictions, ordered)


def _chance(marks: Sequence[Mark], blocks: Sequence[str], which: str) -> dict[str, float] | None:
    """Return the chance level of a similarity, None without features."""
    features = clean_features(marks, which)
    level = None if features is None else chance_level(features, blocks)
    return level.to_dict() if level is not None and level.pairs else None


def _only(batch: list[Judged]) -> Judged:
    return batch[0]


def _unwatched(frames: Iterator[Judged], total: int) -> Iterator[Judged]:
    return frames
