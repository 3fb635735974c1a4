"""Accuracy of classifiers on clean pictures and under light noise, with intervals, as JSON and as tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import keyed
from lightnoise.io import write_atomically
from lightnoise_train.evaluation.bootstrap import RESAMPLES, Interval, percentile_interval, resampled_means
from lightnoise_train.evaluation.conditions import Condition

#: Heading of the second table.
BY_LIGHT = "## Accuracy by light, in per cent"


@dataclass(frozen=True, eq=False)
class Judgement:
    """Which pictures one classifier told right.

    Parameters
    ----------
    about : mapping
        What tells this classifier from others, for the rows; plain values.
    right : ndarray of bool, shape (n_conditions, n_frames)
    """

    about: Mapping[str, Any]
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """Accuracies of one classifier, each with its interval.

    Parameters
    ----------
    conditions : tuple of Interval
        In each condition.
    clean, noised, lost : Interval
        On clean pictures; the mean over all conditions with noise; and the first less the second.
    """

    conditions: tuple[Interval, ...]
    clean: Interval
    noised: Interval
    lost: Interval


def score(
    judgements: Sequence[Judgement],
    conditions: Sequence[Condition],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> list[Scores]:
    """Return the accuracies of classifiers that saw the same pictures.

    Parameters
    ----------
    judgements : sequence of Judgement
    conditions : sequence of Condition
        The clean one first, and at least one with noise.
    rng : numpy.random.Generator
    resamples : int

    Notes
    -----
    Percentile bootstrap over pictures, the same ones for all classifiers and conditions: a picture's conditions are
    resampled together. The intervals tell what other test pictures would have given, not what other labels or another
    training would have.
    """
    right = np.stack([judgement.right for judgement in judgements]).astype(np.float64)
    classifiers, _, frames = right.shape
    values = right.reshape(-1, frames).T[None]
    drawn = resampled_means(values, range(frames), rng, resamples).reshape(resamples, classifiers, -1)
    estimates, found = right.mean(axis=2), []
    for estimate, sample in zip(estimates, drawn.transpose(1, 0, 2), strict=True):
        noised, noised_sample = estimate[1:].mean(), sample[:, 1:].mean(axis=1)
        each = tuple(percentile_interval(one, sample[:, place]) for place, one in enumerate(estimate))
        lost = percentile_interval(estimate[0] - noised, sample[:, 0] - noised_sample)
        found.append(Scores(each, each[0], percentile_interval(noised, noised_sample), lost))
    return found


def write(
    path: Path,
    title: str,
    judgements: Sequence[Judgement],
    conditions: Sequence[Condition],
    record: Mapping[str, Any],
    columns: Sequence[str],
    seed: int,
) -> None:
    """Write what classifiers told right: all of it as JSON, and two tables beside it, as Markdown.

    Parameters
    ----------
    path : Path
        Of the JSON file; the tables' has the suffix ``.md``. It is there once all is written.
    title : str
        Of the tables.
    judgements, conditions
        As of `score`.
    record : mapping
        What else the JSON file says, ``prior`` and the number of ``test_pictures`` among it.
    columns : sequence of str
        Names of what the judgements are about that the tables show.
    seed : int
        Of the bootstrap.
    """
    scores = score(judgements, conditions, keyed.generator(seed, "bootstrap"))
    result = {
        **record,
        "summary": [
            {**one.about, **{name: _plain("estimate", getattr(each, name)) for name in ("clean", "noised", "lost")}}
            for one, each in zip(judgements, scores, strict=True)
        ],
        "conditions": [
            {**one.about, **condition._asdict(), **_plain("accuracy", interval)}
            for one, each in zip(judgements, scores, strict=True)
            for condition, interval in zip(conditions, each.conditions, strict=True)
        ],
    }
    names = [[str(one.about[column]) for column in columns] for one in judgements]
    lines = [f"# {title}", ""]
    lines += _table(
        [*(column.replace("_", " ") for column in columns), "clean", "under noise", "lost"],
        [[*name, *map(_text, (each.clean, each.noised, each.lost))] for name, each in zip(names, scores, strict=True)],
    )
    lines += [
        "",
        f"Accuracy in per cent, with 95 % intervals over {record['test_pictures']} test pictures; the most common "
        f"class: {_per_cent(record['prior'])}.",
    ]
    lines += ["", BY_LIGHT, ""]
    lines += _table(
        ["light", *map(" ".join, names)],
        [
            [condition.name, *(_per_cent(each.conditions[place].estimate) for each in scores)]
            for place, condition in enumerate(conditions)
        ],
    )
    write_atomically(path.with_suffix(".md"), ("\n".join(lines) + "\n").encode())
    write_atomically(path, json.dumps(result, indent=1, allow_nan=False).encode() + b"\n")


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table, padded so that it reads as it stands."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *body)]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, wide, strict=True)] for row in cells]
    rule = ["-" * width for width in wide]
    return ["| " + " | ".join(row) + " |" for row in (padded[0], rule, *padded[1:])]


def _text(interval: Interval) -> str:
    """Return an accuracy, or a difference of two, with its interval in per cent: "61.2 (58.1 to 64.0)"."""
    return f"{_per_cent(interval.estimate)} ({_per_cent(interval.low)} to {_per_cent(interval.high)})"


def _per_cent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:.1f}"  # no "-0.0"


def _plain(name: str, interval: Interval) -> dict[str, float]:
    named = {name: interval.estimate, "low": interval.low, "high": interval.high}
    return {key: round(value, 6) for key, value in named.items()}
