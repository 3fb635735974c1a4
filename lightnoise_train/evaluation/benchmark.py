"""The light-noise benchmark: each model on each frame in each condition, and the files that hold what came out."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightnoise_train import config as configs
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation import unlabelled
from lightnoise_train.evaluation.answers import Predictor
from lightnoise_train.evaluation.course import BenchmarkConfig, Course, course, differences, prior
from lightnoise_train.evaluation.judging import Progress, Verdict, ask, conditions_of, judge, score
from lightnoise_train.evaluation.marks import Journal, clean_features
from lightnoise_train.evaluation.predictions import write_predictions
from lightnoise_train.evaluation.predictors import PredictionFiles
from lightnoise_train.evaluation.results import header, read_results, write_results
from lightnoise_train.evaluation.segmenters import SEGMENTER_FILE
from lightnoise_train.evaluation.tusimple import Score

__all__ = ["RESULTS_FILE", "BenchmarkConfig", "Course", "Verdict", "course", "judge", "prior", "run", "save"]

RESULTS_FILE = "results.jsonl"
_JOURNALS = "journal"


def run(
    config: BenchmarkConfig,
    predictors: Sequence[Predictor],
    course: Course,
    out: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    command: str = "",
    progress: Progress | None = None,
) -> Path:
    """Judge models and write what came out.

    Parameters
    ----------
    config : BenchmarkConfig
    predictors : sequence of Predictor
    course : Course
        Of the configuration.
    out : Path
        Gets ``config.yaml``; ``results.jsonl``; and ``predictions/`` in the official form, a file of each condition in
        a folder of each run, so that they can be submitted, or judged again. Until the end ``journal/`` has what is
        known of the frames so far.
    resume : bool
        Whether to go on after an interruption: frames that models have answered are not asked about again.
    overwrite : bool
        Whether to replace what is there.
    command : str
        What was typed.
    progress : callable, optional
        See `judging.Progress`.

    Returns
    -------
    Path
        Of ``results.jsonl``. It is there once all is done, and then whole.

    Raises
    ------
    ConfigError
        If the folder holds results or an interrupted benchmark and neither ``resume`` nor ``overwrite`` is set, or what
        is to go on has changed.
    DataError
        If the data are not as they should be, or a model fails.
    """
    results, journals = out / RESULTS_FILE, out / _JOURNALS
    if _is_done(config, predictors, out, resume=resume, overwrite=overwrite):
        return results
    if len({folder.name for folder in config.unlabelled}) < len(config.unlabelled):
        raise ConfigError("folders of unlabelled images must differ in their names, for the files of their lanes")
    for name, count in Counter(_name(each.identity) for each in predictors).items():
        if count > 1:
            raise ConfigError(f"{count} models' files would all be named {name}: name the models apart, ARM=MODEL")
    unlabelled_frames = {folder: unlabelled.load(folder) for folder in config.unlabelled}
    configs.save(config, out, command)
    marks = [Journal(journals / f"{_name(each.identity)}.jsonl", _about(each, course)) for each in predictors]
    ask(predictors, course, marks, workers=config.workers, progress=progress)
    verdicts = [score(each, course, theirs) for each, theirs in zip(predictors, marks, strict=True)]
    looks: list[dict[str, Any]] = []
    for predictor, verdict in zip(predictors, verdicts, strict=True):
        looks += _look(predictor, verdict, unlabelled_frames, out)
    save(verdicts, out, config, command, prior(config, course), looks)
    shutil.rmtree(journals)
    return results


def save(
    verdicts: Sequence[Verdict],
    out: Path,
    config: BenchmarkConfig,
    command: str = "",
    floor: Score | None = None,
    looks: Sequence[dict[str, Any]] = (),
) -> Path:
    """Write ``predictions/`` and ``results.jsonl`` of a benchmark, and return the path of the latter.

    ``floor`` is the score of the mean lanes and ``looks`` what runs say of frames without labels, for the header.
    """
    for verdict in verdicts:
        folder = _predictions(out, verdict.run)
        for condition, predictions in verdict.predictions.items():
            write_predictions(folder / f"{condition.name}.json", predictions)
    head = header([verdict.run for verdict in verdicts], config.model_dump(mode="json"), command, floor, looks)
    write_results(out / RESULTS_FILE, head, (row for verdict in verdicts for row in verdict.rows))
    return out / RESULTS_FILE


def _is_done(
    config: BenchmarkConfig, predictors: Sequence[Predictor], out: Path, *, resume: bool, overwrite: bool
) -> bool:
    """Return whether all is there already; raise a ConfigError where what is there is in the way."""
    results, journals, saved = out / RESULTS_FILE, out / _JOURNALS, out / configs.FILE_NAME
    if overwrite:
        results.unlink(missing_ok=True)
        shutil.rmtree(journals, ignore_errors=True)
        return False
    if not resume:
        if results.exists():
            raise ConfigError(f"{out} holds results already: --overwrite replaces them")
        if journals.exists():
            raise ConfigError(f"{out} holds an interrupted benchmark: --resume goes on, --overwrite starts anew")
        return False
    if saved.exists() and (results.exists() or journals.exists()):
        changed = differences(configs.load(BenchmarkConfig, saved), config, but=("workers",))
        if changed:
            raise ConfigError(f"{out} was begun with another {', '.join(changed)}: --overwrite starts anew")
    if not results.exists():
        return False
    there = set(read_results(results).runs)
    if there != {tuple(each.identity[name] for name in ("arm", "encoder", "seed")) for each in predictors}:
        raise ConfigError(f"{out} holds results of other models: --overwrite replaces them")
    shutil.rmtree(journals, ignore_errors=True)  # where the end was cut off
    return True


def _about(predictor: Predictor, course: Course) -> dict[str, Any]:
    """Return what a model's journal is of: the model, to the letter of its file, and the conditions."""
    source = Path(str(predictor.identity["source"]))
    file = source / SEGMENTER_FILE if source.is_dir() else source
    weights = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    conditions = [list(condition) for condition in conditions_of(predictor, course)]
    return {"run": predictor.identity, "weights": weights, "conditions": conditions}


def _look(predictor: Predictor, verdict: Verdict, frames: dict[Path, FrameSet], out: Path) -> list[dict[str, Any]]:
    """Show a model the frames without labels, write its lanes, and return what is said of them in the header."""
    if isinstance(predictor, PredictionFiles):
        return []
    said = []
    known = clean_features(verdict.marks)
    identity = {name: predictor.identity[name] for name in ("arm", "encoder", "seed")}
    for root, data in frames.items():
        found, predictions = unlabelled.look(predictor, data, known)
        write_predictions(_predictions(out, identity) / f"unlabelled-{root.name}.json", predictions)
        said.append({**identity, "folder": str(root), **found})
    return said


def _predictions(out: Path, identity: dict[str, Any]) -> Path:
    return out / "predictions" / _name(identity)


def _name(identity: dict[str, Any]) -> str:
    """Return the name of a run's files."""
    name = "-".join(str(identity[part]) for part in ("arm", "encoder", "seed"))
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
