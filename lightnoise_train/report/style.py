"""How figures look: colours that colour-blind readers tell apart, which the page may change for the dark."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK, FAINT, PAPER = "#1b1f24", "#d5d9de", "#fefefd"

#: The colours of Okabe and Ito (2008, "Color Universal Design") that read as lines on white, the most distinct first.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b7280")
_MARKERS = "osD^vPX"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)))

#: Names of the page's CSS variables for the colours that figures are drawn with.
VARIABLES = {INK: "--ink", FAINT: "--faint", PAPER: "--paper"} | {c: f"--series-{i}" for i, c in enumerate(_COLOURS)}
_REM_PER_POINT = 0.0935  # on a wide screen, so that letters are as large in all figures

_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.handlelength": 3.0,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "svg.fonttype": "none",  # text stays text: it can be searched, and read aloud
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
    ),
}


@dataclass(frozen=True)
class Series:
    """How one arm is drawn: colour, marker and dashes differ at once, so that none of them must be seen."""

    color: str
    marker: str
    linestyle: Any


def series(names: Sequence[str]) -> dict[str, Series]:
    """Return how each name is drawn, in order; dashes change where colours begin anew."""
    n = len(_COLOURS)
    return {
        name: Series(_COLOURS[i % n], _MARKERS[i % n], _DASHES[i // n % len(_DASHES)]) for i, name in enumerate(names)
    }


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, inches; it belongs to no global state."""
    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.06, hspace=0.06))


def drawing() -> Any:
    """Return the context in which figures are made and rendered."""
    return mpl.rc_context(_SETTINGS)


def inline_svg(figure: Figure, description: str) -> str:
    """Return a figure as an SVG element for a page, its colours replaced by the page's variables.

    Parameters
    ----------
    figure : Figure
    description : str
        Alternative text: what the figure shows, for those who do not see it.
    """
    salt = hashlib.sha256(description.encode()).hexdigest()[:8]
    file = io.StringIO()
    with mpl.rc_context({**_SETTINGS, "svg.hashsalt": salt}):
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's own
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{salt}-", svg)  # ids of all figures share one page
    svg = re.sub("#[0-9a-f]{6}", lambda found: _variable(found[0]), svg)
    width, height = figure.get_size_inches() * 72
    opening = (
        f'<svg class="plot" style="max-width:{_REM_PER_POINT * width:.1f}rem" viewBox="0 0 {width:g} {height:g}" '
        f'role="img" aria-label="{html.escape(description)}"'
    )
    return re.sub(r"<svg\b[^>]*?(?=>)", lambda _: opening, svg, count=1)


def _variable(colour: str) -> str:
    return f"var({VARIABLES[colour]})" if colour in VARIABLES else colour
