"""The figures of an encoder's arms, each with its alternative text and caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.evaluation.bootstrap import Interval
from lightnoise_train.report import style
from lightnoise_train.report.curves import Curve, accuracy_curves
from lightnoise_train.report.differences import forest_plot
from lightnoise_train.report.heatmap import heat_map
from lightnoise_train.report.similarity import Cloud, similarity_scatter
from lightnoise_train.report.summary import ArmSummary, EncoderSummary


@dataclass(frozen=True)
class Plot:
    """A figure as an SVG element."""

    heading: str
    svg: str
    caption: str


def plots(summary: EncoderSummary, looks: Mapping[str, style.Series]) -> list[Plot]:
    """Draw an encoder's figures; ``looks`` is how each arm is drawn."""
    with style.drawing():
        drawn = [_accuracy(summary, looks), _differences(summary, looks), _retained(summary), _errors(summary)]
        return [plot for plot in (*drawn, _similarity(summary, looks)) if plot]


def _accuracy(summary: EncoderSummary, looks: Mapping[str, style.Series]) -> Plot:
    arms = summary.arms
    panels = {
        effect: {a.name: _curve(a, effect) for a in arms if effect in a.table.effects} for effect in _effects(arms)
    }
    means = "; ".join(f"{arm.name} {arm.noised.accuracy.estimate:.3f}" for arm in arms)
    return Plot(
        "Accuracy as noise grows",
        style.inline_svg(
            accuracy_curves(panels, looks, summary.prior.accuracy if summary.prior else None),
            f"Lines of accuracy against severity for {', '.join(panels)}. Mean under noise: {means}.",
        ),
        "Mean accuracy of each arm with its 95 % interval; severity 0 is the clean frame."
        + (" Dotted: the prior, which answers the mean lanes." if summary.prior else ""),
    )


def _differences(summary: EncoderSummary, looks: Mapping[str, style.Series]) -> Plot | None:
    judged = {
        arm.name: {name or "all noise": found for name, found in arm.differences.items()}
        for arm in summary.arms
        if arm.differences
    }
    if not judged:
        return None
    said = "; ".join(f"{name} {100 * rows['all noise'].estimate:+.1f} points" for name, rows in judged.items())
    return Plot(
        f"Difference from {summary.baseline}",
        style.inline_svg(
            forest_plot(judged, looks), f"Differences of accuracy from {summary.baseline} under all noise: {said}."
        ),
        f"Accuracy minus that of {summary.baseline} on the same frames, with its 95 % interval. Hollow: the interval "
        "holds zero, the difference is within noise.",
    )


def _retained(summary: EncoderSummary) -> Plot:
    means = "; ".join(f"{arm.name} {arm.noised.retention.estimate:.2f}" for arm in summary.arms)
    return Plot(
        "What is retained",
        _map(summary, lambda arm, *c: arm.score(*c).retention.estimate, None, f"Accuracy retained, mean: {means}."),
        "Accuracy as a share of accuracy on clean frames.",
    )


def _errors(summary: EncoderSummary) -> Plot | None:
    if not any(arm.errors for arm in summary.arms):
        return None
    base = next(arm for arm in summary.arms if arm.name == summary.baseline)

    def ratio(arm: ArmSummary, effect: str, severity: int) -> float:
        if (effect, severity) not in base.table.conditions:
            return float("nan")
        ours, theirs = (1.0 - each.score(effect, severity).accuracy.estimate for each in (arm, base))
        return ours / theirs if theirs > 0.0 else float("nan")

    means = "; ".join(f"{arm.name} {arm.errors[-1].error.estimate:.2f}" for arm in summary.arms if arm.errors)
    return Plot(
        "Corruption error",
        _map(summary, ratio, 1.0, f"Errors as multiples of {summary.baseline}'s, mean: {means}."),
        f"1 − accuracy as a multiple of that of {summary.baseline}. Below 1, purple, is better.",
    )


def _similarity(summary: EncoderSummary, looks: Mapping[str, style.Series]) -> Plot | None:
    clouds = {arm.name: _cloud(arm) for arm in summary.arms if arm.bins}
    if not clouds:
        return None
    said = "; ".join(f"{name} ρ = {cloud.correlation.pooled:+.2f}" for name, cloud in clouds.items())
    return Plot(
        "Does detection hold where features stay alike?",
        style.inline_svg(
            similarity_scatter(clouds, looks),
            f"Accuracy of noised frames against the cosine of their features with the clean frame's: {said}.",
        ),
        "Dots: noised frames of all effects and severities. Line: means of bins of equal count with 95 % intervals. "
        "Dashed: chance level, the mean similarity of two different clean frames.",
    )


def _map(
    summary: EncoderSummary, number: Callable[[ArmSummary, str, int], float], neutral: float | None, description: str
) -> str:
    """Draw a number of each arm, effect and severity."""
    arms = summary.arms
    severities = sorted({severity for arm in arms for _, severity in arm.table.conditions if severity})
    panels = {effect: np.full((len(arms), len(severities)), np.nan) for effect in _effects(arms)}
    for row, arm in enumerate(arms):
        for effect, severity in arm.table.conditions[1:]:
            panels[effect][row, severities.index(severity)] = number(arm, effect, severity)
    return style.inline_svg(heat_map(panels, [arm.name for arm in arms], severities, neutral), description)


def _effects(arms: Sequence[ArmSummary]) -> list[str]:
    return list(dict.fromkeys(effect for arm in arms for effect in arm.table.effects))


def _curve(arm: ArmSummary, effect: str) -> Curve:
    severities = (0, *arm.table.severities(effect))
    return Curve(np.array(severities, dtype=np.float64), *_bounds([arm.score(effect, s).accuracy for s in severities]))


def _cloud(arm: ArmSummary) -> Cloud:
    noised = arm.table.conditions[1:]
    similarity, accuracy = (
        np.concatenate([arm.table.at(*c, metric).ravel() for c in noised]) for metric in ("similarity", "accuracy")
    )
    known = np.isfinite(similarity)
    binned = Curve(np.array([each.similarity for each in arm.bins]), *_bounds([each.accuracy for each in arm.bins]))
    return Cloud(similarity[known], accuracy[known], binned, arm.similarity.chance, arm.correlation)


def _bounds(found: Sequence[Interval]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return estimates, lower and upper bounds."""
    estimate, low, high = np.array([(each.estimate, each.low, each.high) for each in found]).T
    return estimate, low, high
