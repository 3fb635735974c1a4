"""What light noise costs each arm: scores by effect and severity, what is retained, corruption errors, differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.bootstrap import Interval, Means, interval
from lightnoise_train.evaluation.results import CLEAN
from lightnoise_train.evaluation.similarity import Spread
from lightnoise_train.evaluation.tables import ArmTable
from lightnoise_train.evaluation.tusimple import f1


@dataclass(frozen=True)
class ConditionScore:
    """An arm at one effect and severity, over all seeds and frames.

    Parameters
    ----------
    effect : str
    severity : int
        0 for the clean frames.
    accuracy, fp, fn, f1 : Interval
        As `tusimple.Score`.
    retention : Interval
        Accuracy as a share of the accuracy on the clean frames; NaN if that is zero.
    similarity, similarity_before : Spread
        Cosine of features, clean against noised, over frames: of the model, and of its encoder before fine-tuning.
    """

    effect: str
    severity: int
    accuracy: Interval
    fp: Interval
    fn: Interval
    f1: Interval
    retention: Interval
    similarity: Spread
    similarity_before: Spread


@dataclass(frozen=True)
class CorruptionError:
    """An arm's errors under an effect as a multiple of the baseline's; below 1 is better than the baseline.

    Parameters
    ----------
    effect : str
        "mean" for the mean over effects, which is mCE.
    error : Interval
        Σ error / Σ baseline's error over the severities, error being 1 − accuracy.
    relative : Interval
        The same of what noise adds to the error on clean frames; NaN where it adds nothing to the baseline's.

    References
    ----------
    D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations",
    ICLR 2019, section 4.1. There the mean is over 15 corruptions and the baseline is AlexNet.
    """

    effect: str
    error: Interval
    relative: Interval


def condition_score(table: ArmTable, effect: str, severity: int, rng: np.random.Generator) -> ConditionScore:
    """Return what an arm scored at an effect and severity, with 95 % intervals.

    Parameters
    ----------
    table : ArmTable
    effect : str
    severity : int
        0 for the clean frames.
    rng : numpy.random.Generator
        Of the bootstrap.
    """
    metrics = [table.at(effect, severity, metric) for metric in ("accuracy", "fp", "fn")]
    values = np.stack([*metrics, table.at(CLEAN, 0)], axis=2)

    def of(statistic) -> Interval:  # type: ignore[no-untyped-def]
        return interval(values, table.blocks, rng, statistic)

    return ConditionScore(
        effect,
        severity,
        accuracy=of(lambda means: means[..., 0]),
        fp=of(lambda means: means[..., 1]),
        fn=of(lambda means: means[..., 2]),
        f1=of(lambda means: f1(means[..., 1], means[..., 2])),
        retention=of(lambda means: _ratio(means[..., 0], means[..., 3])),
        similarity=spread(table.at(effect, severity, "similarity")),
        similarity_before=spread(table.at(effect, severity, "similarity_before")),
    )


def all_scores(table: ArmTable, rng: np.random.Generator) -> list[ConditionScore]:
    """Return the score of every condition of an arm, the clean frames' first."""
    return [condition_score(table, *condition, rng) for condition in table.conditions]


def corruption_errors(table: ArmTable, baseline: ArmTable, rng: np.random.Generator) -> list[CorruptionError]:
    """Return an arm's corruption error for each effect, and at last their mean.

    Parameters
    ----------
    table, baseline : ArmTable
        Effects and severities that both have are compared, on the seeds that both have; see `paired`.
    rng : numpy.random.Generator

    Returns
    -------
    list of CorruptionError
        Empty if the two have no condition in common.
    """
    ours, theirs = paired(table, baseline)
    common = [condition for condition in ours.conditions if condition in theirs.conditions]
    effects = [effect for effect in ours.effects if any(effect == name for name, _ in common)]
    if not effects:
        return []
    values = np.stack(
        [1.0 - each.at(effect, severity) for each in (ours, theirs) for effect, severity in common], axis=2
    )
    of_effect = {effect: [i for i, (name, _) in enumerate(common) if name == effect] for effect in effects}
    clean, half = common.index((CLEAN, 0)), len(common)

    def error(effect: str, means: Means) -> Means:
        chosen = np.array(of_effect[effect])
        return _ratio(means[..., chosen].sum(axis=-1), means[..., chosen + half].sum(axis=-1))

    def relative(effect: str, means: Means) -> Means:
        chosen = np.array(of_effect[effect])
        ours_added = (means[..., chosen] - means[..., [clean]]).sum(axis=-1)
        theirs_added = (means[..., chosen + half] - means[..., [clean + half]]).sum(axis=-1)
        return _ratio(ours_added, theirs_added)

    def over(names: Sequence[str], what) -> Interval:  # type: ignore[no-untyped-def]
        return interval(values, ours.blocks, rng, lambda means: np.mean([what(name, means) for name in names], axis=0))

    found = [CorruptionError(effect, over([effect], error), over([effect], relative)) for effect in effects]
    return [*found, CorruptionError("mean", over(effects, error), over(effects, relative))]


def difference(
    table: ArmTable,
    other: ArmTable,
    rng: np.random.Generator,
    conditions: Sequence[tuple[str, int]] | None = None,
    metric: str = "accuracy",
) -> Interval:
    """Return by how much an arm's mean lies above another's, frame by frame and seed by seed.

    Parameters
    ----------
    table, other : ArmTable
        Of one encoder; see `paired`.
    rng : numpy.random.Generator
    conditions : sequence of (str, int), optional
        Effects and severities to average over; every noised one that both have, if not given.
    metric : str
        "accuracy", "fp", "fn" or "similarity".

    Returns
    -------
    Interval
        ``excludes_zero`` tells whether it is more than chance.

    Raises
    ------
    DataError
        If the two cannot be compared, or there is nothing to compare.
    """
    ours, theirs = paired(table, other)
    common = [c for c in ours.conditions if c in theirs.conditions and c[0] != CLEAN]
    chosen = list(common if conditions is None else conditions)
    if not chosen:
        raise DataError(f"{table.arm} and {other.arm} have no condition in common")
    values = np.mean([ours.at(*c, metric) - theirs.at(*c, metric) for c in chosen], axis=0)
    return interval(values, ours.blocks, rng)


def paired(table: ArmTable, other: ArmTable) -> tuple[ArmTable, ArmTable]:
    """Return two arms on the seeds that both have, so that they can be compared run by run.

    With no seed in common, as for a model that was brought along, each arm is the mean of its seeds, and intervals
    are over frames alone.

    Raises
    ------
    DataError
        If the encoders or the frames differ.
    """
    if table.encoder != other.encoder:
        raise DataError(
            f"{table.arm} has encoder {table.encoder} and {other.arm} has {other.encoder}: "
            "arms are compared only within one encoder"
        )
    if set(table.frames) != set(other.frames):
        raise DataError(f"{table.arm} and {other.arm} were judged on different frames")
    where = {frame: number for number, frame in enumerate(other.frames)}
    order = [where[frame] for frame in table.frames]
    other = ArmTable(
        other.arm,
        other.encoder,
        other.seeds,
        table.frames,
        table.blocks,
        other.conditions,
        np.ascontiguousarray(other.values[:, :, order]),
    )
    seeds = [seed for seed in table.seeds if seed in other.seeds]
    if seeds:
        return table.of_seeds(seeds), other.of_seeds(seeds)
    return _mean_of_seeds(table), _mean_of_seeds(other)


def spread(similarities: NDArray[np.float64]) -> Spread:
    """Return mean and standard deviation over frames of their mean similarity over seeds; NaN if not measured."""
    per_frame = similarities.mean(axis=0)
    known = per_frame[np.isfinite(per_frame)]
    if not len(known):
        return Spread(float("nan"), float("nan"), 0)
    return Spread(float(known.mean()), float(known.std()), len(known))


def _mean_of_seeds(table: ArmTable) -> ArmTable:
    return ArmTable(
        table.arm,
        table.encoder,
        (-1,),
        table.frames,
        table.blocks,
        table.conditions,
        table.values.mean(axis=1, keepdims=True),
    )


def _ratio(top: Means, bottom: Means) -> Means:
    """Return top / bottom, NaN where the bottom is not positive."""
    return np.where(bottom > 0.0, top / np.where(bottom > 0.0, bottom, 1.0), np.nan)
