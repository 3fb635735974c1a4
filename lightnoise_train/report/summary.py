"""All numbers of a report, worked out from result files once; figures, tables and words only show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation import joint, robustness
from lightnoise_train.evaluation.bootstrap import Interval, interval
from lightnoise_train.evaluation.results import CLEAN, Results, Run
from lightnoise_train.evaluation.tables import ArmTable, Condition, arm_tables
from lightnoise_train.evaluation.tusimple import MATCH, Score, f1

BASELINE = "baseline"
HELD_OUT = "held out"

_FAILURES_LISTED = 100  # of each arm


@dataclass(frozen=True)
class Overall:
    """An arm's means over the noised conditions that all arms of its encoder have.

    Parameters
    ----------
    accuracy, fp, fn, f1, retention : Interval
        As in `robustness.ConditionScore`.
    """

    accuracy: Interval
    fp: Interval
    fn: Interval
    f1: Interval
    retention: Interval


@dataclass(frozen=True)
class Likeness:
    """How alike a network's features of clean and noised frames are.

    Parameters
    ----------
    noised : float
        Mean cosine over the same noised conditions, all frames and seeds; NaN if it was not measured.
    chance : float
        Mean cosine of two different clean frames, mean over seeds; NaN if it was not measured.
    """

    noised: float
    chance: float


@dataclass(frozen=True, eq=False)
class ArmSummary:
    """What is reported of an arm.

    Parameters
    ----------
    table : ArmTable
    noised : Overall
    scores : list of ConditionScore
        Of every condition, the clean frames' first.
    errors : list of CorruptionError
        Against the baseline, by effect, the mean at last; empty for the baseline itself.
    differences : dict of str to Interval
        Accuracy minus the baseline's: over all noise under "", for "clean" and each effect, and over the effects that
        are new to all arms under "held out", if there are any; empty for the baseline itself.
    correlation : Correlation
    bins : list of Bin
    similarity, similarity_before : Likeness
        Of the arm's features, and of its encoder's before fine-tuning.
    alike : float
        The similarity halfway from the chance level to 1, from which on features count as alike; NaN if not measured.
    n_alike : int
        Noised frames, of all conditions and seeds, with features alike whose lanes were found on the clean frame.
    failures : list of Failure
        Those of them whose lanes are lost.
    """

    table: ArmTable
    noised: Overall
    scores: list[robustness.ConditionScore]
    errors: list[robustness.CorruptionError]
    differences: dict[str, Interval]
    correlation: joint.Correlation
    bins: list[joint.Bin]
    similarity: Likeness
    similarity_before: Likeness
    alike: float
    n_alike: int
    failures: list[joint.Failure]

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.table.arm

    @property
    def clean(self) -> robustness.ConditionScore:
        """The score on clean frames."""
        return self.scores[0]

    def score(self, effect: str, severity: int) -> robustness.ConditionScore:
        """Return the score of a condition; severity 0 of every effect is the clean frames."""
        return self.scores[self.table.conditions.index((effect, severity)) if severity else 0]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON has them, None where there is none."""
        found = {
            "arm": self.name,
            "seeds": list(self.table.seeds),
            "frames": len(self.table.frames),
            "blocks": len(set(self.table.blocks)),
            "noised": asdict(self.noised),
            "conditions": [asdict(score) for score in self.scores],
            "corruption_errors": [asdict(error) for error in self.errors],
            "differences": {name or "noised": asdict(found) for name, found in self.differences.items()},
            "similarity": asdict(self.similarity),
            "similarity_before": asdict(self.similarity_before),
            "similarity_alike": self.alike,
            "spearman": asdict(self.correlation),
            "accuracy_by_similarity": [asdict(each) for each in self.bins],
            "frames_alike": self.n_alike,
            "frames_alike_lost": len(self.failures),
            "most_lost_though_alike": [asdict(failure) for failure in self.failures[:_FAILURES_LISTED]],
        }
        cleaned: dict[str, Any] = _without_nan(found)
        return cleaned


@dataclass(frozen=True, eq=False)
class EncoderSummary:
    """The arms of one encoder, which alone may be compared.

    Parameters
    ----------
    encoder : str
    baseline : str
        The arm that the others are judged against.
    conditions : tuple of (str, int)
        Noised conditions that all arms have.
    prior : Score or None
        Of the mean lanes of the training part, whatever the light; None if unknown.
    arms : list of ArmSummary
    held_out : tuple of str
        Effects that no arm met in training, as far as that is known.
    unlabelled : list of dict
        What runs say of frames without labels, as the result files' headers have it.
    """

    encoder: str
    baseline: str
    conditions: tuple[Condition, ...]
    prior: Score | None
    arms: list[ArmSummary]
    held_out: tuple[str, ...]
    unlabelled: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON has them."""
        prior = None if self.prior is None else self.prior.to_dict()
        found: dict[str, Any] = {"encoder": self.encoder, "baseline": self.baseline, "prior": prior}
        found["held_out"] = list(self.held_out)
        return {**found, "arms": [arm.to_dict() for arm in self.arms], "unlabelled": self.unlabelled}


def summarise(results: Results, baseline: str | None = None, seed: int = 0) -> list[EncoderSummary]:
    """Work out a report's numbers.

    Parameters
    ----------
    results : Results
    baseline : str, optional
        The arm to judge the others against; "baseline" if there is one, else the first.
    seed : int
        Of the bootstrap.

    Returns
    -------
    list of EncoderSummary
        In the order in which encoders first appear.

    Raises
    ------
    DataError
        If no encoder has the baseline that was named, or arms of one encoder have no noised condition in common or
        were judged on different frames.
    """
    groups: dict[str, list[ArmTable]] = {}
    for table in arm_tables(results):
        groups.setdefault(table.encoder, []).append(table)
    names = sorted({table.arm for tables in groups.values() for table in tables})
    if baseline is not None and baseline not in names:
        raise DataError(f"no arm is called {baseline}; there are {', '.join(names)}")
    rng = np.random.default_rng(seed)
    return [_encoder(tables, baseline or BASELINE, results, rng) for tables in groups.values()]


def _encoder(tables: Sequence[ArmTable], baseline: str, results: Results, rng: np.random.Generator) -> EncoderSummary:
    reference = next((table for table in tables if table.arm == baseline), tables[0])
    common = tuple(c for c in reference.conditions if c[0] != CLEAN and all(c in table.conditions for table in tables))
    if not common:
        raise DataError(f"the arms of {reference.encoder} have no effect and severity in common to be judged at")
    encoder = reference.encoder
    new = _held_out(encoder, [effect for effect, _ in common], results)
    arms = [_arm(table, reference, common, new, results, rng) for table in tables]
    looks = [look for head in results.headers for look in head.get("unlabelled", ()) if look["encoder"] == encoder]
    return EncoderSummary(encoder, reference.arm, common, _prior(encoder, results), arms, new, looks)


def _prior(encoder: str, results: Results) -> Score | None:
    """Return what the mean lanes score, unless result files with this encoder disagree, being of different frames."""
    headers = [head for head in results.headers if any(run.get("encoder") == encoder for run in head["runs"])]
    found = [head.get("prior") for head in headers]
    if not found or not found[0] or any(each != found[0] for each in found):
        return None
    return Score(**{name: float(found[0][name]) for name in ("accuracy", "fp", "fn", "f1")})


def _held_out(encoder: str, effects: Sequence[str], results: Results) -> tuple[str, ...]:
    """Return the effects that no run of an encoder met in training, in order; none where nothing is known."""
    runs = [run for head in results.headers for run in head["runs"] if run.get("encoder") == encoder]
    known = [run["held_out"] for run in runs if isinstance(run.get("held_out"), list)]
    new = [effect for effect in effects if known and all(effect in one for one in known)]
    return tuple(dict.fromkeys(new))


def _arm(
    table: ArmTable,
    reference: ArmTable,
    common: Sequence[Condition],
    held_out: Collection[str],
    results: Results,
    rng: np.random.Generator,
) -> ArmSummary:
    similarity = _likeness(table, common, results, "similarity")
    alike = (1.0 + similarity.chance) / 2.0
    judged = table is not reference
    return ArmSummary(
        table,
        noised=_overall(table, common, rng),
        scores=robustness.all_scores(table, rng),
        errors=robustness.corruption_errors(table, reference, rng) if judged else [],
        differences=_differences(table, reference, common, held_out, rng) if judged else {},
        correlation=joint.correlation(table),
        bins=joint.accuracy_by_similarity(table, rng),
        similarity=similarity,
        similarity_before=_likeness(table, common, results, "similarity_before"),
        alike=alike,
        n_alike=_count_alike(table, alike),
        failures=joint.failures(table, alike),
    )


def _likeness(table: ArmTable, conditions: Sequence[Condition], results: Results, which: str) -> Likeness:
    levels = [results.chance(Run(table.arm, table.encoder, seed), which) for seed in table.seeds]
    means = [level["mean"] for level in levels if level]
    noised = np.mean([robustness.spread(table.at(*c, which)).mean for c in conditions])
    return Likeness(float(noised), float(np.mean(means)) if means else float("nan"))


def _count_alike(table: ArmTable, alike: float) -> int:
    found_clean = table.at(CLEAN, 0) >= MATCH
    return sum(int((found_clean & (table.at(*c, "similarity") >= alike)).sum()) for c in table.conditions[1:])


def _overall(table: ArmTable, conditions: Sequence[Condition], rng: np.random.Generator) -> Overall:
    noised = [np.mean([table.at(*c, metric) for c in conditions], axis=0) for metric in ("accuracy", "fp", "fn")]
    values = np.stack([*noised, table.at(CLEAN, 0)], axis=2)

    def of(statistic) -> Interval:  # type: ignore[no-untyped-def]
        return interval(values, table.blocks, rng, statistic)

    return Overall(
        accuracy=of(lambda means: means[..., 0]),
        fp=of(lambda means: means[..., 1]),
        fn=of(lambda means: means[..., 2]),
        f1=of(lambda means: f1(means[..., 1], means[..., 2])),
        retention=of(lambda means: _share(means[..., 0], means[..., 3])),
    )


def _share(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0.0)


def _differences(
    table: ArmTable,
    reference: ArmTable,
    common: Sequence[Condition],
    held_out: Collection[str],
    rng: np.random.Generator,
) -> dict[str, Interval]:
    """Return differences from the reference over all noise, on clean frames, by effect, and over those held out."""
    over = {"": list(common), CLEAN: [(CLEAN, 0)]}
    for condition in common:
        over.setdefault(condition[0], []).append(condition)
    if held_out and len(held_out) < len(over) - 2:  # else they are all noise
        over[HELD_OUT] = [condition for condition in common if condition[0] in held_out]
    return {name: robustness.difference(table, reference, rng, chosen) for name, chosen in over.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
