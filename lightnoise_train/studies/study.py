"""A study: arms × seeds from pretraining to the report, in one folder, which goes on where it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from lightnoise_train import config as configs
from lightnoise_train.config import DataConfig
from lightnoise_train.data import sources
from lightnoise_train.data.frames import FrameSet, Sample
from lightnoise_train.data.loading import loader
from lightnoise_train.errors import ConfigError
from lightnoise_train.evaluation import benchmark
from lightnoise_train.evaluation.benchmark import RESULTS_FILE
from lightnoise_train.evaluation.predictors import open_predictors
from lightnoise_train.evaluation.results import Results, read_results
from lightnoise_train.evaluation.segmenters import SEGMENTER_FILE
from lightnoise_train.models.encoder import build_encoder
from lightnoise_train.report.examples import show_course
from lightnoise_train.report.writer import write_report
from lightnoise_train.studies.settings import RECIPES, StudyConfig
from lightnoise_train.tasks.finetune import finetune
from lightnoise_train.tasks.loop import MAY_DIFFER
from lightnoise_train.tasks.pretrain import ENCODER_FILE, pretrain

PARTS = ("train", "val", "test")
# more arms and seeds leave the finished ones as they are
_MAY_GROW = {"arms", "seeds"}
_PRIOR = "mean lanes"


def run_study(
    config: StudyConfig,
    out: Path,
    *,
    resume: bool = False,
    command: str = "",
    say: Callable[[str], None] = print,
) -> Path:
    """Pretrain for each seed, fine-tune each arm with each seed, judge all of them together, and report.

    Parameters
    ----------
    config : StudyConfig
    out : Path
        Gets ``scenes/`` (of embedded roads, drawn once), ``pretrain/seed-0/``, ``finetune/baseline-seed-0/`` and so
        on, ``judged/``, ``report/`` and ``config.yaml``.
    resume : bool
        Go on with a study: finished runs are left alone, an interrupted one goes on. Arms and seeds may be other ones
        than before.
    command : str
        What to note in configurations and results.
    say : callable
        Gets a line of text as each part begins and ends.

    Returns
    -------
    Path
        Of the report's HTML.

    Raises
    ------
    ConfigError
        If the folder holds a study and ``resume`` is not set, or that study has another configuration.
    DataError, CheckpointError, TrainingError
        As the commands that it runs.
    """
    _check_folder(config, out, resume)
    configs.save(config, out, command)
    return _Study(config, out, command, Steps(say)).run()


class Steps:
    """Says what is being done, how long it took, and how long the rest of its kind will take.

    Parameters
    ----------
    say : callable
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._begun = time.perf_counter()
        self._took: dict[str, list[float]] = {}

    @contextmanager
    def step(self, kind: str, name: str, left: int = 0) -> Iterator[None]:
        """Say when something begins and ends; ``left`` more of its kind follow."""
        self.say(f"{kind}: {name} …")
        begun = time.perf_counter()
        yield
        took = self._took.setdefault(kind, [])
        took.append(time.perf_counter() - begun)
        rest = f", {left} more of its kind in about {duration(left * fmean(took))}" if left else ""
        self.say(f"{kind}: {name} took {duration(took[-1])}{rest}; {duration(self.elapsed)} in all")

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._begun


def duration(seconds: float) -> str:
    """Return seconds as one reads them: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@dataclass
class _Study:
    config: StudyConfig
    out: Path
    command: str
    steps: Steps
    _opened: dict[str, FrameSet] = field(default_factory=dict)

    def run(self) -> Path:
        self._check_weights()
        self._draw_scenes()
        if self.config.pretrains:
            self._pretrain()
        self._finetune()
        self._judge()
        with self.steps.step("report", "tables and figures"):
            runs = [self._pretraining(seed) for seed in self.config.seeds] if self.config.pretrains else []
            return write_report([self.out / "judged"], self.out / "report", runs=runs)

    def _check_weights(self) -> None:
        """Find out now, not after hours of pretraining, whether ImageNet's weights can be had."""
        left = [arm for arm in self.config.arms for seed in self.config.seeds if not self._is_finetuned(arm, seed)]
        if any(RECIPES[arm].initialisation == "imagenet" for arm in left):
            encoder = self.config.finetune.encoder
            build_encoder(encoder.name, self.config.finetune.imagenet_weights, output_stride=encoder.output_stride)

    def _is_finetuned(self, arm: str, seed: int) -> bool:
        return (self._finetuning(arm, seed) / SEGMENTER_FILE).exists()

    def _pretraining(self, seed: int) -> Path:
        return self.out / "pretrain" / f"seed-{seed}"

    def _finetuning(self, arm: str, seed: int) -> Path:
        return self.out / "finetune" / f"{arm}-seed-{seed}"

    def _pretrain(self) -> None:
        left = [seed for seed in self.config.seeds if not (self._pretraining(seed) / ENCODER_FILE).exists()]
        for done, seed in enumerate(left, 1):
            folder = self._pretraining(seed)
            with self.steps.step("pretrain", f"seed {seed}", len(left) - done):
                pretrain(
                    self.config.pretraining(seed),
                    folder,
                    frames=self._frames(self.config.pretrain.data, "train", "val"),
                    resume=_begun(folder),
                    command=self.command,
                )

    def _finetune(self) -> None:
        runs = [(arm, seed) for seed in self.config.seeds for arm in self.config.arms]
        left = [run for run in runs if not self._is_finetuned(*run)]
        for done, (arm, seed) in enumerate(left, 1):
            folder = self._finetuning(arm, seed)
            with self.steps.step("finetune", f"{arm}, seed {seed}", len(left) - done):
                finetune(
                    self.config.finetuning(arm, seed, self._pretraining(seed) / ENCODER_FILE),
                    folder,
                    frames=self._frames(self.config.finetune.data, "train", "val"),
                    resume=_begun(folder),
                    command=self.command,
                )

    def _judge(self) -> None:
        config, folder = self.config.benchmark, self.out / "judged"
        runs = [self._finetuning(arm, seed) for arm in self.config.arms for seed in self.config.seeds]
        results = folder / RESULTS_FILE
        there = _sources(results)
        if there != {run.resolve() for run in runs}:
            accelerated = self.config.finetune.accelerator != "cpu" and torch.cuda.is_available()
            predictors = open_predictors([str(run) for run in runs], device="cuda" if accelerated else "cpu")
            course = benchmark.course(config)
            if config.noised is None:
                course = replace(course, frames=self._frames(config.data, config.part)[config.part])
            what = f"{len(runs)} runs on {len(course.frames)} frames under {len(course.conditions)} lights"
            with self.steps.step("judge", what):
                # results of fewer arms or seeds make way; an interrupted benchmark goes on
                benchmark.run(
                    config, predictors, course, folder, resume=not there, overwrite=bool(there), command=self.command
                )
                show_course(folder, course, predictors, results)
        for line in _table(read_results(results)):
            self.steps.say(line)

    def _frames(self, data: DataConfig, *parts: str) -> Mapping[str, FrameSet]:
        """Return parts of a data set, opened once for all runs; embedded scenes are kept as files."""
        if data.kind == "roads" and data.cache is None:
            data = data.model_copy(update={"cache": self.out / "scenes"})
        found = {}
        for part in parts:
            name = f"{part} {data.model_dump_json()}"
            if name not in self._opened:
                self._opened[name] = sources.open_frames(data, part)
            found[part] = self._opened[name]
        return found

    def _draw_scenes(self) -> None:
        """Draw embedded scenes before anything waits for them, on all workers."""
        config = self.config
        needed = [(part, config.finetune.data) for part in ("train", "val")]
        needed += [(part, config.pretrain.data) for part in ("train", "val") if config.pretrains]
        needed += [(config.benchmark.part, config.benchmark.data)] if config.benchmark.noised is None else []
        sets: dict[int, FrameSet] = {}
        for part, data in needed:
            if data.kind == "roads":
                frames = self._frames(data, part)[part]
                sets[id(frames)] = frames
        total = sum(map(len, sets.values()))
        if not total:
            return
        workers = max(config.finetune.workers, config.benchmark.workers)
        with self.steps.step("scenes", f"{total} of embedded roads"):
            for frames in sets.values():
                for _ in loader(
                    frames, _key, seed=0, batch_size=1, shuffle=False, drop_last=False, workers=workers, collate=_only
                ):
                    pass


def _key(sample: Sample, generator: Any) -> str:
    return sample.frame.key


def _only(batch: list[str]) -> str:
    return batch[0]


def _begun(folder: Path) -> bool:
    return (folder / configs.FILE_NAME).exists()


def _sources(results: Path) -> set[Path]:
    """Return the folders of the runs that a result file has, none without one."""
    if not results.exists():
        return set()
    return {Path(run["source"]).resolve() for header in read_results(results).headers for run in header["runs"]}


def _check_folder(config: StudyConfig, out: Path, resume: bool) -> None:
    saved = out / configs.FILE_NAME
    if not saved.exists():
        return
    if not resume:
        raise ConfigError(f"{out} holds a study already; add --resume to go on, or name another folder")
    before = _flat(configs.load(type(config), saved).model_dump())
    now = _flat(config.model_dump())
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    changed = [name for name in names if name not in _MAY_GROW and name.rpartition(".")[2] not in MAY_DIFFER]
    if changed:
        raise ConfigError(f"{out} was begun with another {', '.join(changed)}; a resumed study must keep them")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found.update(_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return found


def _table(results: Results) -> Iterator[str]:
    """Yield a line for each arm: the accuracy on clean and on noised frames, means over its seeds."""
    prior = results.headers[0]["prior"]
    arms = list(dict.fromkeys(run.arm for run in results.runs))
    wide = max(map(len, [*arms, _PRIOR]))
    yield f"{'accuracy':{wide}}   clean    noised"
    for arm in arms:
        rows = results.where(arm=arm)
        noised = rows["severity"] > 0
        under = f"{np.mean(rows['accuracy'][noised]):.4f}" if noised.any() else "-"
        yield f"{arm:{wide}}   {np.mean(rows['accuracy'][~noised]):.4f}   {under}"
    if prior:
        yield f"{_PRIOR:{wide}}   {prior['accuracy']:.4f}   {prior['accuracy']:.4f}   the prior: looks at no picture"
