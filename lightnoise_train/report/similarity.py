"""Does detection hold where features do? Accuracy against the cosine of clean and noised features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lightnoise_train.evaluation.joint import Correlation
from lightnoise_train.report import style
from lightnoise_train.report.curves import Curve, draw_curve, grid, label_first

_MOST_POINTS = 4000  # of an arm; more only make the cloud solid and the page heavy


@dataclass(frozen=True, eq=False)
class Cloud:
    """The noised frames of one arm.

    Parameters
    ----------
    similarity, accuracy : ndarray of float64, shape (n,)
        Of each frame at each effect and severity.
    binned : Curve
        Mean accuracy against mean similarity of each bin.
    chance : float
        Similarity of two different clean frames, mean; NaN if unknown.
    correlation : Correlation
    """

    similarity: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    binned: Curve
    chance: float
    correlation: Correlation


def similarity_scatter(clouds: Mapping[str, Cloud], looks: Mapping[str, style.Series]) -> Figure:
    """Draw a panel for each arm: its frames as dots, the mean of each bin over them, the chance level dashed."""
    figure, axes = grid(len(clouds), share_x=True)
    for ax, (arm, cloud) in zip(axes, clouds.items(), strict=True):
        shown = np.linspace(0, len(cloud.accuracy) - 1, min(len(cloud.accuracy), _MOST_POINTS)).astype(int)
        ax.scatter(
            cloud.similarity[shown],
            cloud.accuracy[shown],
            s=7,
            color=looks[arm].color,
            alpha=0.25,
            linewidths=0,
            rasterized=True,
        )
        over = style.Series(style.INK, looks[arm].marker, looks[arm].linestyle)
        draw_curve(ax, cloud.binned, over, "")
        ax.annotate(
            f"ρ {cloud.correlation.pooled:+.2f}\nwithin {cloud.correlation.within:+.2f}",
            (0.03, 0.97),
            xycoords="axes fraction",
            fontsize=8,
            va="top",
        )
        if np.isfinite(cloud.chance):
            ax.axvline(cloud.chance, color=style.INK, linestyle=(0, (4, 3)), linewidth=1.0)
        ax.set_title(arm)
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("similarity")
    label_first(axes, "accuracy")
    return figure
