"""Clocks for a noisy machine: interleaved, repeated, and told as medians with their spread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Call = Callable[[], Any]

#: A sample lasts at least so long (s): shorter calls are repeated within it.
SAMPLE_SECONDS = 2e-3

#: Calls this long (s) do not feel what other calls have left in the processor's caches.
SLOW_SECONDS = 0.25


@dataclass(frozen=True)
class Stat:
    """Seconds per call: median, quartiles, the fastest, and the number of samples."""

    median: float
    p25: float
    p75: float
    least: float
    samples: int

    @classmethod
    def of(cls, values: list[float]) -> Stat:
        """Summarise samples."""
        p25, median, p75 = np.percentile(values, [25, 50, 75])
        return cls(float(median), float(p25), float(p75), float(min(values)), len(values))

    def divided(self, by: float) -> Stat:
        """Return all times divided by a number."""
        return Stat(self.median / by, self.p25 / by, self.p75 / by, self.least / by, self.samples)


@dataclass(frozen=True)
class Ratio:
    """Time of one thing over the time of another, as the median over pairs measured one after the other."""

    ratio: Stat
    ours: Stat
    other: Stat

    @classmethod
    def of(cls, ours: list[float], other: list[float]) -> Ratio:
        """Compare pair by pair."""
        return cls(Stat.of([a / b for a, b in zip(ours, other, strict=True)]), Stat.of(ours), Stat.of(other))

    def divided(self, by: float) -> Ratio:
        """Return the ratio divided by a number, e.g. of pixels; the absolute times stay."""
        return Ratio(self.ratio.divided(by), self.ours, self.other)


def sample(call: Call, repeats: int = 1) -> float:
    """Return the seconds that one call takes, as the mean of ``repeats`` in a row."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def sample_again(call: Call, repeats: int, before: list[float]) -> float:
    """Take one more sample, once what ran in between has left the caches; ``before`` are the call's own samples."""
    if not before or before[-1] < SLOW_SECONDS:
        call()
    return sample(call, repeats)


def warm(call: Call) -> int:
    """Call until what is computed once is there; return how many calls make a sample."""
    first = sample(call)
    return max(1, round(SAMPLE_SECONDS / max(first if first > SLOW_SECONDS else sample(call), 1e-7)))


def pairs(ours: Call, other: Call, seconds: float, least: int = 7, most: int = 300) -> Ratio:
    """Time two calls in turn, A B A B …, and compare each A with the B beside it, each as in a loop of its own.

    Parameters
    ----------
    ours, other : callable
        Called alternately.
    seconds : float
        Time to spend, s.
    least, most : int
        Bounds of the number of pairs.
    """
    repeats = warm(ours), warm(other)
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while len(times[0]) < least or (time.perf_counter() < end and len(times[0]) < most):
        for call, count, own in zip((ours, other), repeats, times, strict=True):
            own.append(sample_again(call, count, own))
    return Ratio.of(*times)


def rounds(calls: Mapping[str, Call], seconds: float, least: int = 5, most: int = 300) -> dict[str, Stat]:
    """Time many calls in turn, round after round, so that all meet the same load.

    Parameters
    ----------
    calls : mapping of str to callable
        What to time, by name.
    seconds : float
        Time to spend on each, s. One that has had it, and its ``least`` samples, rests in later rounds.
    least, most : int
        Bounds of the number of samples of each.
    """
    repeats = {name: warm(call) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    active = list(calls)
    while active:
        for name in active:
            times[name].append(sample_again(calls[name], repeats[name], times[name]))
        active = [
            name
            for name in active
            if len(times[name]) < least or (len(times[name]) < most and repeats[name] * sum(times[name]) < seconds)
        ]
    return {name: Stat.of(values) for name, values in times.items()}
