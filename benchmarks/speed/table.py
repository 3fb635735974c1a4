"""The table of all subjects at all sizes, and the curves along which their time grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import lightnoise as ln
from benchmarks.speed import frames, memory
from benchmarks.speed.subjects import BLOOM, GAMMA, GLARE, Subject, gaussian_blur
from benchmarks.speed.timing import Call, Stat, rounds

#: Bloom radii of the growth curve, degrees.
RADII_DEG = (0.1, 0.3, 0.5, 1.0, 3.0, 10.0)

#: Numbers of lamps of the growth curve.
LAMPS = (0, 1, 10, 100, 1000)


@dataclass(frozen=True)
class Cell:
    """One subject at one size.

    Parameters
    ----------
    name, group : str
        The subject's.
    width, height : int
        Of the frame, pixels.
    one_thread : Stat
        Seconds per frame.
    threads_frames_per_s : float
        Frames per second of as many threads as there are cores, each at frames of its own.
    peak_mb : float or None
        See `memory.peak_mb`.
    """

    name: str
    group: str
    width: int
    height: int
    one_thread: Stat
    threads_frames_per_s: float
    peak_mb: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, nested."""
        return asdict(self)


def cells(all_subjects: list[Subject], frame: frames.Picture, seconds: float, least: int) -> Iterator[Cell]:
    """Measure every subject on one frame, each for ``seconds`` and at ``least`` so often."""
    height, width = frame.shape[:2]
    peaks = {subject.name: memory.peak_mb(subject, frame) for subject in all_subjects}
    calls = {subject.name: subject.prepare(frame) for subject in all_subjects}
    times = rounds(calls, seconds, least)
    for subject in all_subjects:
        name = subject.name
        rate = frames_per_second(calls[name], times[name].median, 0.5 * seconds)
        yield Cell(name, subject.group, width, height, times[name], rate, peaks[name])


def frames_per_second(call: Call, estimate: float, seconds: float, workers: int | None = None) -> float:
    """Return the rate at which a pool of threads, one per core, makes frames; ``estimate``: s per frame."""
    workers = workers or os.cpu_count() or 1
    count = workers * int(min(200, max(2, seconds / max(estimate, 1e-6))))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda _: call(), range(workers)))  # threads and their scratch memory exist
        start = time.perf_counter()
        list(pool.map(lambda _: call(), range(count)))
        return count / (time.perf_counter() - start)


@dataclass(frozen=True)
class Curve:
    """Median seconds per frame of one thing along one axis."""

    name: str
    axis: str
    at: tuple[float, ...]
    seconds: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def radius_curves(frame: frames.Picture, seconds: float, least: int) -> list[Curve]:
    """Measure Bloom and a Gaussian blur over the radius."""
    makers: dict[str, Callable[[float], Call]] = {
        "Bloom": lambda r: lambda: ln.bloom(frame, ln.BloomParams(scatter=BLOOM.scatter, radius_deg=r)),
        "cv2.GaussianBlur": lambda r: gaussian_blur(frame, r),
    }
    return _curves(makers, "radius, degrees", RADII_DEG, seconds, least)


def lamp_curves(size: tuple[int, int], seconds: float, least: int) -> list[Curve]:
    """Measure Bloom and the chain over the number of lamps."""
    pictures = {count: frames.lamps(count, *size) for count in LAMPS}
    makers: dict[str, Callable[[float], Call]] = {
        "Bloom": lambda n: lambda: ln.bloom(pictures[int(n)], BLOOM),
        "chain: Bloom + Glare + Gamma": lambda n: lambda: ln.chain(pictures[int(n)], (BLOOM, GLARE, GAMMA)),
    }
    return _curves(makers, "lamps", LAMPS, seconds, least)


def _curves(
    makers: dict[str, Callable[[float], Call]], axis: str, at: tuple[float, ...], seconds: float, least: int
) -> list[Curve]:
    calls = {f"{name} {x:g}": make(x) for name, make in makers.items() for x in at}
    times = rounds(calls, seconds, least)
    return [Curve(name, axis, at, tuple(times[f"{name} {x:g}"].median for x in at)) for name in makers]
