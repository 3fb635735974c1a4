"""Accuracy against severity, one panel for each effect, one line for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lightnoise_train.report import style

WIDTH_INCHES = 9.5
_PANEL_HEIGHT_INCHES = 2.4


@dataclass(frozen=True, eq=False)
class Curve:
    """A line with its interval.

    Parameters
    ----------
    x, y, low, high : ndarray of float64, shape (n,)
        ``low`` and ``high`` bound the interval of ``y``; NaN where there is none.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def accuracy_curves(
    panels: Mapping[str, Mapping[str, Curve]], looks: Mapping[str, style.Series], prior: float | None = None
) -> Figure:
    """Draw a panel for each effect.

    Parameters
    ----------
    panels : mapping
        From effect to arm to its accuracy against severity.
    looks : mapping
        How each arm is drawn.
    prior : float, optional
        Accuracy without looking, a dotted line.
    """
    arms = list(dict.fromkeys(arm for curves in panels.values() for arm in curves))
    figure, axes = grid(len(panels))
    for ax, (effect, curves) in zip(axes, panels.items(), strict=True):
        shift = np.linspace(-0.08, 0.08, len(arms)) if len(arms) > 1 else [0.0]  # bars side by side
        for arm, dx in zip(arms, shift, strict=True):
            if arm in curves:
                draw_curve(ax, curves[arm], looks[arm], arm, dx)
        if prior is not None:
            ax.axhline(prior, color=style.INK, linestyle=":", linewidth=1.2, label="prior")
        ax.set_title(effect)
        ax.set_xticks(sorted({x for curve in curves.values() for x in curve.x}))
        ax.set_xlabel("severity")
    label_first(axes, "accuracy")
    add_legend(figure, axes)
    return figure


def grid(
    n_panels: int, *, share_x: bool = False, share_y: bool = True, height: float = _PANEL_HEIGHT_INCHES
) -> tuple[Figure, list[Any]]:
    """Return a figure with panels in rows of at most four, and their axes; ``height`` is a panel's, inches."""
    columns = n_panels if n_panels <= 4 else 4 if n_panels in (7, 8) else 3
    rows = -(-n_panels // columns)
    figure = style.new_figure(WIDTH_INCHES * (0.6 if n_panels == 1 else 1.0), height * rows + 0.3)
    axes = figure.subplots(rows, columns, sharex=share_x, sharey=share_y, squeeze=False).ravel()
    for unused in axes[n_panels:]:
        unused.remove()
    return figure, list(axes[:n_panels])


def draw_curve(ax: Any, curve: Curve, look: style.Series, label: str, shift: float = 0.0) -> None:
    """Draw a line with error bars."""
    bars = np.clip([curve.y - curve.low, curve.high - curve.y], 0.0, None)
    ax.errorbar(
        curve.x + shift,
        curve.y,
        yerr=bars,
        color=look.color,
        marker=look.marker,
        linestyle=look.linestyle,
        elinewidth=1.2,
        capsize=2.0,
        label=label,
    )


def label_first(axes: Sequence[Any], label: str) -> None:
    """Name the vertical axis that panels share, on the first of each row."""
    for ax in axes:
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel(label)


def add_legend(figure: Figure, axes: Sequence[Any]) -> None:
    """Name the series of all panels once: where a panel is missing in the last row, else under all."""
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    grid_of_panels = axes[0].get_subplotspec().get_gridspec()
    if len(axes) < grid_of_panels.nrows * grid_of_panels.ncols:
        hole = figure.add_subplot(grid_of_panels[-1])
        hole.axis("off")
        hole.legend(handles.values(), handles.keys(), loc="center")
    else:
        columns = min(len(handles), 4)
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=columns)
