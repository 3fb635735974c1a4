"""Time the TuSimple metric, all frames at once, against a plain loop over frames, lanes and points.

    python benchmarks/tusimple_metric.py [--frames 2782] [--labels FILE]

Without ``--labels`` the lanes are invented; with it they are those of an official label file. Predictions are the
labels, moved by some pixels. Three ways are timed: this package's; the same rules with NumPy for each pair of lanes
and scikit-learn for each angle, which is how the official script goes about it; and pure Python. Parsing is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import naive_tusimple

from lightnoise_train.evaluation import tusimple
from lightnoise_train.evaluation.predictions import Prediction
from lightnoise_train.lanes.labels import LaneLabel, read_labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2782)
    parser.add_argument("--labels", help="official label file")
    options = parser.parse_args()
    labels = read_labels(options.labels)[: options.frames] if options.labels else invented(options.frames)
    predictions = moved(labels)
    plain = [
        (p.lanes.tolist(), t.lanes.tolist(), t.h_samples.tolist()) for p, t in zip(predictions, labels, strict=True)
    ]
    ours = best_of(7, lambda: tusimple.evaluate(predictions, labels))
    ways: dict[str, Callable[[], Any]] = {
        "pure Python": lambda: [naive_tusimple.score_frame(*frame) for frame in plain]
    }
    try:
        from sklearn.linear_model import LinearRegression

        ways["NumPy and scikit-learn, lane by lane"] = lambda: [lane_by_lane(LinearRegression(), *f) for f in plain]
    except ImportError:
        print("scikit-learn is not installed: its row is left out")
    print(f"{len(labels)} frames, best of several runs")
    print(f"{'all frames at once':40} {1e3 * ours:9.1f} ms")
    for name, way in ways.items():
        seconds = best_of(2, way)
        print(f"{name:40} {1e3 * seconds:9.1f} ms   {seconds / ours:6.0f} × slower")


def lane_by_lane(regression: Any, predicted: list[Any], labelled: list[Any], rows: list[int]) -> list[float]:
    """Return each labelled lane's best accuracy: the costly part of the official script."""
    y = np.array(rows)
    best = []
    for lane in labelled:
        x = np.array(lane)
        there = x >= 0
        angle = np.arctan(regression.fit(y[there][:, None], x[there]).coef_[0]) if there.sum() > 1 else 0.0
        threshold = tusimple.PIXEL_THRESHOLD / np.cos(angle)
        truth = np.array([value if value >= 0 else -100 for value in x])
        guesses = [np.array([value if value >= 0 else -100 for value in np.array(guess)]) for guess in predicted]
        best.append(max(np.mean(np.abs(guess - truth) < threshold) for guess in guesses))
    return best


def invented(count: int) -> list[LaneLabel]:
    """Return frames of three to five straight lanes that fan out from a vanishing point."""
    rng = np.random.default_rng(0)
    rows = np.arange(160, 720, 10)
    labels = []
    for i in range(count):
        slopes = np.linspace(-2, 2, rng.integers(3, 6)) + rng.normal(0, 0.1)
        lanes = 640 + slopes[:, None] * (rows - rng.integers(200, 260))
        lanes[(lanes < 0) | (lanes >= 1280)] = -2
        labels.append(LaneLabel(str(i), lanes, rows))
    return labels


def moved(labels: list[LaneLabel]) -> list[Prediction]:
    rng = np.random.default_rng(1)
    return [
        Prediction(truth.raw_file, np.where(truth.lanes >= 0, truth.lanes + rng.normal(0, 10, truth.lanes.shape), -2))
        for truth in labels
    ]


def best_of(repeats: int, work: Callable[[], Any]) -> float:
    """Return the least time of some runs, seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
