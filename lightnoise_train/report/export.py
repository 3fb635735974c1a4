"""A report's numbers for machines: CSV with one row for each arm and condition, and JSON with all of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from lightnoise_train.report.summary import EncoderSummary

_INTERVALS = ("accuracy", "fp", "fn", "f1", "retention")
_SPREADS = ("similarity", "similarity_before")


def as_csv(summaries: Sequence[EncoderSummary]) -> str:
    """Return every condition's scores: a column for each number and for the ends of its interval; empty if unknown."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    numbers = [f"{name}{part}" for name in _INTERVALS for part in ("", "_low", "_high")]
    similar = [f"{name}_{part}" for name in _SPREADS for part in ("mean", "std", "pairs")]
    writer.writerow(["encoder", "arm", "effect", "severity", *numbers, *similar])
    for summary in summaries:
        for arm in summary.arms:
            for score in arm.scores:
                values = [value for name in (*_INTERVALS, *_SPREADS) for value in astuple(getattr(score, name))]
                writer.writerow([summary.encoder, arm.name, score.effect, score.severity, *map(_plain, values)])
    return file.getvalue()


def as_json(summaries: Sequence[EncoderSummary], verdicts: Sequence[Sequence[str]], sources: Sequence[Any]) -> str:
    """Return everything that was worked out, the verdicts' sentences, and the headers of the result files."""
    found = [{**summary.to_dict(), "verdict": list(said)} for summary, said in zip(summaries, verdicts, strict=True)]
    return (
        json.dumps({"encoders": found, "sources": list(sources)}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def _plain(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else ""
