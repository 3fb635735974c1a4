"""One number for each arm, effect and severity, as colour and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lightnoise.optics.response import decode
from lightnoise_train.report import style
from lightnoise_train.report.curves import grid

_CELL_INCHES = 0.32  # its height


def heat_map(
    panels: Mapping[str, NDArray[np.float64]],
    arms: Sequence[str],
    severities: Sequence[int],
    neutral: float | None = None,
) -> Figure:
    """Draw a panel for each effect, arms down, severities across.

    Parameters
    ----------
    panels : mapping
        From effect to an array of shape (n_arms, n_severities); NaN where nothing was measured.
    arms, severities : sequences
        Names of rows and columns.
    neutral : float or None
        A value that means no difference: colours then part there, purple below and orange above. Without it they run
        from pale (low) to dark blue (high).
    """
    colors, norm = _scale(np.concatenate([values.ravel() for values in panels.values()]), neutral)
    figure, axes = grid(len(panels), height=_CELL_INCHES * len(arms) + 0.75)
    for ax, (effect, values) in zip(axes, panels.items(), strict=True):
        ax.pcolormesh(np.ma.masked_invalid(values), cmap=colors, norm=norm, edgecolors=style.PAPER, linewidth=1.0)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                ink = _readable_on(colors(norm(value)))
                ax.text(column + 0.5, row + 0.5, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
        ax.set_title(effect)
        ax.set_xticks(np.arange(len(severities)) + 0.5, [str(s) for s in severities])
        ax.set_yticks(np.arange(len(arms)) + 0.5, arms)
        ax.set_xlabel("severity")
        ax.tick_params(length=0)
        ax.grid(False)
        ax.spines[:].set_visible(False)
    axes[0].invert_yaxis()  # shared by all panels
    return figure


def _scale(values: NDArray[np.float64], neutral: float | None) -> tuple[Colormap, Normalize]:
    low, high = (float(np.nanmin(values)), float(np.nanmax(values))) if np.isfinite(values).any() else (0.0, 1.0)
    if neutral is None:
        return mpl.colormaps["Blues"], Normalize(min(low, high - 0.3), high)  # small differences look small
    reach = max(high - neutral, neutral - low, 0.3)
    return mpl.colormaps["PuOr_r"], TwoSlopeNorm(neutral, neutral - reach, neutral + reach)


def _readable_on(color: Sequence[float]) -> str:
    """Return black or white, whichever has more contrast with a colour (WCAG 2's relative luminance)."""
    luminance = decode(np.array(color[:3])) @ (0.2126, 0.7152, 0.0722)
    return "black" if luminance > 0.179 else "white"  # where 1.05 / (L + 0.05) = (L + 0.05) / 0.05
