"""Each arm's accuracy minus the baseline's, with its interval: what lies across zero is within noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from lightnoise_train.evaluation.bootstrap import Interval
from lightnoise_train.report import style
from lightnoise_train.report.curves import grid


def forest_plot(panels: Mapping[str, Mapping[str, Interval]], looks: Mapping[str, style.Series]) -> Figure:
    """Draw a panel for each arm, a row for each of its differences, hollow where the interval holds zero.

    Parameters
    ----------
    panels : mapping
        From arm to what it was compared on to the difference of accuracies.
    looks : mapping
        How each arm is drawn.
    """
    n_rows = max(len(rows) for rows in panels.values())
    figure, axes = grid(len(panels), share_x=True, height=0.26 * n_rows + 0.75)
    for ax, (arm, rows) in zip(axes, panels.items(), strict=True):
        look = looks[arm]
        for row, found in enumerate(rows.values()):
            value, low, high = (100.0 * each for each in (found.estimate, found.low, found.high))
            ax.errorbar(
                value,
                row,
                xerr=np.clip([[value - low], [high - value]], 0.0, None),
                color=look.color,
                marker=look.marker,
                markerfacecolor=look.color if found.excludes_zero else "none",
                elinewidth=1.4,
                capsize=2.5,
            )
        ax.axvline(0.0, color=style.INK, linewidth=1.0)
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_title(arm)
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("points of accuracy")
    return figure
