"""Training curves from the ``metrics.csv`` that Lightning's CSV logger writes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lightnoise_train.errors import DataError
from lightnoise_train.report import style
from lightnoise_train.report.curves import add_legend, grid

FILE_NAME = "metrics.csv"

#: What is shown, where it was logged, and how it is called.
_SHOWN = {
    "train/loss": "training loss",
    "val/loss": "validation loss",
    "val/iou": "lane overlap (IoU)",
    "knn/retrieval": "retrieval of noised frames",
    "knn/accuracy": "kNN accuracy",
    "collapse/rankme": "RankMe",
    "collapse/negative_cosine": "mean cosine of negatives",
}

Metric = tuple[NDArray[np.float64], NDArray[np.float64]]


def read_metrics(path: Path) -> dict[str, Metric]:
    """Read a ``metrics.csv``.

    Returns
    -------
    dict
        From a metric's name to its steps and values; steps at which it was not logged are left out.

    Raises
    ------
    DataError
        Naming the file, and the line that holds no number.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if "step" not in (rows.fieldnames or ()):
                raise DataError(f"{path}: has no column step; it must be a metrics.csv of Lightning's CSVLogger")
            for row in rows:
                if None in row:  # DictReader's key for what is left over
                    raise ValueError("has more columns than the header")
                for name, text in row.items():
                    if name and text and name not in ("step", "epoch"):
                        found.setdefault(name, []).append((float(row["step"]), float(text)))
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}:{rows.line_num}: {error}") from None
    except (OSError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    return {name: tuple(np.array(points).T) for name, points in found.items()}


def read_run(folder: Path) -> dict[str, Metric]:
    """Read what a training run logged: every ``metrics.csv`` below its folder, joined in order of steps.

    Each resumption logs to a file of its own; a step that several have is taken from the last of them.
    """
    joined: dict[str, dict[float, float]] = {}
    for path in sorted(folder.rglob(FILE_NAME), key=lambda path: path.stat().st_mtime):
        for name, (steps, values) in read_metrics(path).items():
            joined.setdefault(name, {}).update(zip(steps.tolist(), values.tolist(), strict=True))
    return {name: tuple(np.array(sorted(points.items())).T) for name, points in joined.items()}


def training_curves(
    runs: Sequence[tuple[str, Mapping[str, Metric]]], looks: Mapping[str, style.Series]
) -> Figure | None:
    """Draw a panel for each metric that any run logged, a line for each run; None if there is nothing to draw.

    Parameters
    ----------
    runs : sequence of (name, metrics)
        Runs of one name, seeds of an arm, look alike.
    looks : mapping
        How each name is drawn.
    """
    shown = [name for name in _SHOWN if any(name in metrics for _, metrics in runs)]
    if not shown:
        return None
    figure, axes = grid(len(shown), share_y=False)
    for ax, metric in zip(axes, shown, strict=True):
        for name, metrics in runs:
            steps, values = metrics.get(metric, (np.empty(0), np.empty(0)))
            look = looks[name]
            ax.plot(steps, values, color=look.color, linestyle=look.linestyle, linewidth=1.3, label=name)
        ax.set_title(_SHOWN[metric])
        ax.set_xlabel("step")
    add_legend(figure, axes)
    return figure
