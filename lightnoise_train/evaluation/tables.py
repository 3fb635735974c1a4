"""Results of one arm as an array over conditions, seeds and frames, the form in which they are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import CLEAN, Results

METRICS = ("accuracy", "fp", "fn", "similarity", "similarity_before")

Condition = tuple[str, int]


@dataclass(frozen=True, eq=False)
class ArmTable:
    """What an arm scored, all its seeds on the same frames.

    Parameters
    ----------
    arm, encoder : str
    seeds : tuple of int
    frames : tuple of str
    blocks : ndarray of str, shape (n_frames,)
        The block of each frame.
    conditions : tuple of (str, int)
        Effect and severity; the first is ("clean", 0).
    values : ndarray of float64, shape (n_conditions, n_seeds, n_frames, 5)
        The `METRICS`; a similarity is NaN where it was not measured.
    """

    arm: str
    encoder: str
    seeds: tuple[int, ...]
    frames: tuple[str, ...]
    blocks: NDArray[np.object_]
    conditions: tuple[Condition, ...]
    values: NDArray[np.float64]

    @property
    def effects(self) -> tuple[str, ...]:
        """The effects, without "clean"."""
        return tuple(dict.fromkeys(effect for effect, _ in self.conditions if effect != CLEAN))

    def severities(self, effect: str) -> tuple[int, ...]:
        """Return the severities of an effect, ascending, without 0."""
        return tuple(sorted(severity for name, severity in self.conditions if name == effect and severity))

    def at(self, effect: str, severity: int, metric: str = "accuracy") -> NDArray[np.float64]:
        """Return a metric, shape (n_seeds, n_frames); severity 0 of every effect is the clean frames.

        Raises
        ------
        DataError
            If the condition was not measured.
        """
        wanted = (effect, severity) if severity else (CLEAN, 0)
        if wanted not in self.conditions:
            raise DataError(f"{self.arm} has no results for {effect} at severity {severity}")
        return self.values[self.conditions.index(wanted), :, :, METRICS.index(metric)]

    def of_seeds(self, seeds: Sequence[int]) -> ArmTable:
        """Return the table of some of the seeds, in their order."""
        chosen = [self.seeds.index(seed) for seed in seeds]
        return ArmTable(
            self.arm,
            self.encoder,
            tuple(seeds),
            self.frames,
            self.blocks,
            self.conditions,
            np.ascontiguousarray(self.values[:, chosen]),
        )


def arm_tables(results: Results) -> list[ArmTable]:
    """Return the table of each arm and encoder, in the order in which they first appear.

    Raises
    ------
    DataError
        If an arm lacks the clean frames, or not all of its seeds and conditions have the same frames.
    """
    columns = results.columns
    effects, effect_of = _numbered(columns["effect"])
    groups: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(columns["arm"].tolist(), columns["encoder"].tolist(), strict=True)):
        groups.setdefault(key, []).append(row)
    return [_table(results, np.array(rows), effects, effect_of, *key) for key, rows in groups.items()]


def _table(
    results: Results, rows: NDArray[np.int64], effects: list[str], effect_of: NDArray[np.int64], arm: str, encoder: str
) -> ArmTable:
    seeds, seed_at = _numbered(results["seed"][rows])
    frames, frame_at = _numbered(results["frame"][rows])
    keys, condition_at = _numbered(effect_of[rows] * 10 + results["severity"][rows])
    conditions = [(effects[key // 10], int(key % 10)) for key in keys]
    values = np.full((len(conditions), len(seeds), len(frames), len(METRICS)), np.nan)
    there = np.zeros(values.shape[:3], dtype=bool)
    there[condition_at, seed_at, frame_at] = True
    if not there.all():
        c, s, f = np.argwhere(~there)[0]
        effect, severity = conditions[c]
        raise DataError(
            f"{arm} ({encoder}): seed {seeds[s]} has no result for {frames[f]} at {effect} {severity}, "
            "but other seeds or conditions have: benchmark all on the same frames"
        )
    if (CLEAN, 0) not in conditions:
        raise DataError(f"{arm} ({encoder}) has no results for the clean frames, severity 0: benchmark them too")
    for number, metric in enumerate(METRICS):
        values[condition_at, seed_at, frame_at, number] = results[metric][rows]
    blocks = np.empty(len(frames), dtype=object)
    blocks[frame_at] = results["block"][rows]
    order = sorted(range(len(conditions)), key=lambda c: conditions[c] != (CLEAN, 0))
    return ArmTable(
        arm,
        encoder,
        tuple(int(seed) for seed in seeds),
        tuple(frames),
        blocks,
        tuple(conditions[c] for c in order),
        values[order],
    )


def _numbered(values: NDArray[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the different values in the order of their first appearance, and each entry's number among them."""
    numbers: dict[Any, int] = {}
    where = np.array([numbers.setdefault(value, len(numbers)) for value in values.tolist()], dtype=np.int64)
    return list(numbers), where
