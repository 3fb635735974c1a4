"""Lane labels in TuSimple's form."""

from __future__ import annotations

from lightnoise.scenes.layout import Layout
from lightnoise.scenes.view import View

_ABSENT = -2
_FARTHEST_M = 95.0
_MOST = 5


def sample_rows(height: int) -> list[int]:
    """Return the labelled rows: 160, 170 … 710 of a picture 720 rows high, scaled to ``height``."""
    return [round(row * height / 720) for row in range(160, 711, 10)]


def label_lanes(layout: Layout, view: View, lowest_row: float) -> list[list[int]]:
    """Return the column of every labelled line at each of `sample_rows`, lines from left to right.

    Columns count pixels from 0; −2 marks rows where the line is outside the picture, nearer than
    ``lowest_row`` (the bonnet's edge), or farther than 95 m. As in TuSimple, a line goes on behind
    vehicles and between dashes, and only lines with at least two points are kept, at most the five nearest
    to the camera.
    """
    rows = sample_rows(view.height)
    lines = sorted((line for line in layout.road.lines if line.labelled), key=lambda line: abs(line.s))[:_MOST]
    labels = []
    for line in sorted(lines, key=lambda line: line.s):
        columns = []
        for row in rows:
            centre = row + 0.5
            column = _ABSENT
            if view.horizon + 0.5 < centre < lowest_row:
                z = view.fy * view.camera_height_m / (centre - view.horizon)
                x = round(float(view.across(line.s, z)) - 0.5)
                if z <= _FARTHEST_M and 0 <= x < view.width:
                    column = x
            columns.append(column)
        if sum(column != _ABSENT for column in columns) >= 2:
            labels.append(columns)
    return labels
