"""What a report says of each encoder: verdict, table of arms and figures, whatever page they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lightnoise_train.evaluation.bootstrap import Interval
from lightnoise_train.evaluation.results import CLEAN
from lightnoise_train.evaluation.tusimple import MATCH
from lightnoise_train.report import style, verdict
from lightnoise_train.report.figures import Plot, plots
from lightnoise_train.report.summary import HELD_OUT, ArmSummary, EncoderSummary

#: How the prior is called beside the arms.
PRIOR = "prior"

#: What the words of a report mean.
TERMS = {
    "accuracy": "TuSimple's: the share of a labelled lane's points that the best predicted lane meets within 20 pixels "
    "across the lane, mean over lanes, then frames.",
    "FP, FN, F1": "Share of predicted lanes that match no labelled one (85 % of the points) and of labelled lanes that "
    "none matches; F1 is their harmonic mean as precision 1 − FP and recall 1 − FN.",
    "severity": "0 is the clean frame, 1 to 5 are lightnoise's calibrated levels.",
    "under noise": "Mean over all effects and severities 1 to 5 that all arms of the encoder were judged at.",
    "held out": "Effects of a kind (bloom, glare, gamma) that no arm met in fine-tuning or pretraining, and foreign "
    "corruptions.",
    "retained": "Accuracy under noise as a share of accuracy on clean frames.",
    "corruption error": "1 − accuracy as a multiple of the baseline's; below 1 is better. mCE is the mean over effects "
    "of the ratio of sums over severities; relative mCE takes only what noise adds to the clean error, and means "
    "little where noise adds next to nothing.",
    "similarity": "Cosine of the pooled encoder features of the clean and of the noised frame. The chance level is "
    "that of two different clean frames.",
    PRIOR: "The mean lanes of the training part, answered to every frame without a look at it: what an arm must "
    "beat for its numbers to speak of detection.",
    "ρ": "Spearman's rank correlation of similarity and accuracy: over all noised frames, where severity moves both, "
    "and within, the mean over the frames of one effect, severity and seed.",
    "interval": "95 %, percentile bootstrap: blocks of frames and training seeds are drawn anew with replacement 2,000 "
    "times; two arms are compared on the same draws.",
    "within noise": "The interval of the difference holds zero. That is no proof that there is no difference.",
}


#: How each finding is marked.
MARKS: Mapping[verdict.Finding, str] = {"better": "▲", "worse": "▼", "open": "≈"}


@dataclass(frozen=True)
class Sentence:
    """A statement of the verdict and what kind it is."""

    finding: verdict.Finding
    text: str


@dataclass(frozen=True)
class Cell:
    """A number of a table as text, with its interval."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of a name and numbers."""

    caption: str
    head: list[str]
    rows: list[tuple[str, list[Cell]]]


@dataclass(frozen=True)
class Words:
    """The verdict on an encoder's arms."""

    headline: str
    sentences: list[Sentence]
    caveats: list[str]


@dataclass(frozen=True)
class Section:
    """All that is said and shown of an encoder."""

    encoder: str
    words: Words
    arms: Table
    figures: list[Plot]
    tables: list[Table]


def section(summary: EncoderSummary, looks: Mapping[str, style.Series]) -> Section:
    """Return what is said and shown of an encoder; ``looks`` is how each arm is drawn."""
    return Section(
        encoder=summary.encoder,
        words=words(summary),
        arms=_arms(summary),
        figures=plots(summary, looks),
        tables=[
            *([_joint(summary), _failures(summary)] if any(arm.bins for arm in summary.arms) else []),
            *([_unlabelled(summary)] if summary.unlabelled else []),
        ],
    )


def words(summary: EncoderSummary) -> Words:
    """Return the verdict on an encoder's arms."""
    differences = _differences(summary)
    of_prior = _against_prior(summary)
    tables = [arm.table for arm in summary.arms]
    n_seeds = min([d.n_seeds for d in differences], default=min(len(table.seeds) for table in tables))
    n_compared = sum(len(arm.differences) for arm in summary.arms)
    return Words(
        headline=verdict.headline([d for d in differences if d.where == _UNDER_NOISE]) + _failing(summary),
        sentences=[*of_prior, *(Sentence(d.finding, verdict.sentence(d)) for d in differences)],
        caveats=verdict.caveats(*_size(summary), n_seeds, n_compared),
    )


def _failing(summary: EncoderSummary) -> str:
    """Return what a headline must add where arms do not beat the prior on clean frames, else nothing."""
    if summary.prior is None:
        return ""
    below = verdict.below_prior(summary.prior.accuracy, {arm.name: arm.clean.accuracy for arm in summary.arms})
    return f" {verdict.failing(below)}" if below else ""


def _against_prior(summary: EncoderSummary) -> list[Sentence]:
    """Return how the arms stand against the prior: on clean frames, and where noise takes them down to it."""
    if summary.prior is None:
        return []
    prior = summary.prior.accuracy
    clean = {arm.name: arm.clean.accuracy for arm in summary.arms}
    below = verdict.below_prior(prior, clean)
    said = [Sentence("worse" if below else "better", verdict.against_prior(prior, clean))]
    for arm in summary.arms:
        lost = [
            (score.effect, score.severity)
            for score in arm.scores[1:]
            if arm.name not in below and not score.accuracy.low > prior
        ]
        if lost:
            said.append(Sentence("worse", verdict.down_to_prior(arm.name, lost)))
    return said


def _size(summary: EncoderSummary) -> tuple[int, int]:
    """Return the numbers of frames and of blocks."""
    table = summary.arms[0].table
    return len(table.frames), len(set(table.blocks))


_UNDER_NOISE = "under light noise"


def _differences(summary: EncoderSummary) -> list[verdict.Difference]:
    """Return what the verdict speaks of: differences from the baseline over all noise, then on clean frames."""
    seeds = set(next(arm.table.seeds for arm in summary.arms if arm.name == summary.baseline))

    def shared(arm: ArmSummary) -> int:
        return len(seeds.intersection(arm.table.seeds))

    new = f"under noise that no arm was trained under ({', '.join(summary.held_out)})"
    return [
        verdict.Difference(arm.name, summary.baseline, where, found.estimate, found.low, found.high, shared(arm))
        for name, where in (("", _UNDER_NOISE), (HELD_OUT, new), (CLEAN, "on clean frames"))
        for arm in summary.arms
        if (found := arm.differences.get(name)) is not None
    ]


def _arms(summary: EncoderSummary) -> Table:
    n_frames, n_blocks = _size(summary)
    caption = f"Encoder {summary.encoder}: {n_frames} frames in {n_blocks} blocks. Small: 95 % intervals."
    head = ["arm", "seeds", "clean", "under noise", "retained", "F1", "FP", "FN", "mCE", "relative mCE"]
    rows = []
    for arm in summary.arms:
        noised = arm.noised
        measured = [arm.clean.accuracy, noised.accuracy, noised.retention, noised.f1, noised.fp, noised.fn]
        error = arm.errors[-1] if arm.errors else None
        cells = [Cell(str(len(arm.table.seeds))), *map(_interval, measured)]
        cells += [_interval(error.error), _interval(error.relative)] if error else [Cell("1"), Cell("1")]
        rows.append((arm.name, cells))
    if summary.prior is not None:
        p = summary.prior
        numbers = [Cell(_number(each, 3)) for each in (p.accuracy, p.accuracy, 1.0, p.f1, p.fp, p.fn)]
        rows.append((PRIOR, [Cell("–"), *numbers, Cell("–"), Cell("–")]))
    return Table(caption, head, rows)


def _joint(summary: EncoderSummary) -> Table:
    rows = []
    for arm in summary.arms:
        lost = len(arm.failures)
        share = f" ({100 * lost / arm.n_alike:.1f} %)" if arm.n_alike else ""
        after, before = arm.similarity, arm.similarity_before
        numbers = [after.noised, after.chance, before.noised, before.chance]
        numbers += [arm.correlation.pooled, arm.correlation.within, arm.alike]
        cells = [Cell(_number(number, 2)) for number in numbers]
        rows.append((arm.name, [*cells, Cell(f"{arm.n_alike:,}"), Cell(f"{lost:,}{share}")]))
    return Table(
        "Similarity under noise and its chance level, then the same of the encoder before fine-tuning. "
        "Features count as alike from halfway between the chance level and 1 on. Of the noised frames with features "
        f"alike whose clean frame reaches an accuracy of {MATCH:.2f}, those are lost that do not.",
        [
            *("arm", "similarity", "its chance", "before", "its chance"),
            *("ρ", "ρ within", "alike from", "frames alike", "of them lost"),
        ],
        rows,
    )


def _failures(summary: EncoderSummary) -> Table:
    rows = []
    for arm in summary.arms:
        for failure in arm.failures[:_FAILURES_SHOWN]:
            numbers = (failure.similarity, failure.accuracy, failure.clean_accuracy)
            where = [Cell(failure.frame), Cell(f"{failure.effect} {failure.severity}"), Cell(str(failure.seed))]
            rows.append((arm.name, [*where, *(Cell(_number(number, 2)) for number in numbers)]))
    return Table(
        "The frames that lose most although their features stay alike.",
        ["arm", "frame", "noise", "seed", "similarity", "accuracy", "clean"],
        rows,
    )


def _unlabelled(summary: EncoderSummary) -> Table:
    """Return a row for each arm and folder, the mean over its seeds."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for look in summary.unlabelled:
        groups.setdefault((look["arm"], look["folder"]), []).append(look)
    chance = {arm.name: arm.similarity.chance for arm in summary.arms}
    rows = []
    for (arm, folder), looks in groups.items():
        alike = [look["similarity"] for look in looks if look["similarity"] is not None]
        cells = [Cell(_number(float(np.mean([look[name] for look in looks])), 2)) for name in ("lanes", "with_two")]
        similarity = float(np.mean(alike)) if alike else float("nan")
        cells += [Cell(_number(similarity, 2)), Cell(_number(chance.get(arm, float("nan")), 2))]
        rows.append((arm, [Cell(Path(folder).name), Cell(str(looks[0]["frames"])), *cells]))
    return Table(
        "Frames without labels: what is found there can be counted, not scored. Similarity is that to the clean frames "
        "of the benchmark; far below the chance level of two of those, the frames are foreign to the network.",
        ["arm", "folder", "frames", "lanes a frame", "two or more", "similarity", "chance"],
        rows,
    )


_FAILURES_SHOWN = 3  # of each arm


def _interval(found: Interval) -> Cell:
    bounds = "–".join(_number(each, 3) for each in (found.low, found.high)) if np.isfinite(found.low) else ""
    return Cell(_number(found.estimate, 3), bounds if "−" not in bounds else bounds.replace("–", " to "))


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else "–"
