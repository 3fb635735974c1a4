"""Lanes read back out of a segmentation: follow each line from row to row, join what belongs together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks
from lightnoise_train.lanes.labels import ABSENT, FRAME_SIZE

#: Most lanes that a TuSimple frame has.
MAX_LANES = 5
#: Shortest line that is taken for a lane, pixels of the frame along the line.
MIN_LENGTH = 80.0
#: Longest gap that is bridged between two pieces in line, as a share of the frame's height.
MAX_GAP = 0.25

_REACH = 0.07  # share of the height over which a line's direction is measured
_HOLE = 0.015  # share of the height that a line may miss and still be followed
_SEEN = 0.4  # share of the longest gap over which a piece's direction towards a gap is measured
_MOST_RUNS, _MOST_PIECES = 16, 32  # bounds on the work that pure noise can make


def lanes_from_probability(
    probability: NDArray[Any],
    h_samples: Sequence[int] | NDArray[np.integer[Any]],
    frame_size: tuple[int, int] = FRAME_SIZE,
    *,
    threshold: float = 0.5,
    max_lanes: int = MAX_LANES,
    min_length: float = MIN_LENGTH,
) -> NDArray[np.float64]:
    """Return the lanes that a binary segmentation shows.

    Parameters
    ----------
    probability : ndarray of float or bool, shape (h, w)
        That a pixel belongs to a lane line, [0, 1]; the whole frame squashed to any size.
    h_samples : sequence of int, length n_h
        Rows of the frame at which columns are wanted.
    frame_size : tuple of int
        (height, width) of the frame in pixels.
    threshold : float
        A pixel shows a line from this probability on, [0, 1].
    max_lanes : int
        The longest lanes are kept.
    min_length : float
        Shorter lines are left out, pixels of the frame along the line.

    Returns
    -------
    ndarray of float64, shape (n_lanes, n_h)
        Columns in pixels of the frame, −2 where a lane is absent; lanes from left to right by where they end below.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    Notes
    -----
    From the bottom up, each row's runs of lane pixels are given to the lines that head for them; a line's column is
    its run's middle. Where lines meet in one run, as they do towards the vanishing point, and where the frame's
    border cuts a run, the line's direction and width say where its middle is. Pieces in line with each other are
    joined across gaps. A drawn line reaches half its width beyond its last point, which is cut off again.
    """
    shown = np.asarray(probability)
    if shown.ndim != 2 or 0 in shown.shape:
        raise ValueError(f"probability must have the shape (h, w), got {shown.shape}")
    frame_height = checks.integer("frame_size[0]", frame_size[0], 1, 16384)
    frame_width = checks.integer("frame_size[1]", frame_size[1], 1, 16384)
    wanted = np.asarray(h_samples, dtype=np.float64)
    height, width = shown.shape
    grid = _Grid(frame_height / height, frame_width / width, frame_height, frame_width)
    pieces = [piece for track in _follow(shown >= threshold, height) if (piece := _line(track, grid, width))]
    lanes = [lane for line in _join(pieces, MAX_GAP * frame_height) if (lane := line.trimmed(grid))]
    lanes = [lane for lane in lanes if lane.length >= min_length]
    lanes = sorted(lanes, key=lambda lane: -lane.length)[: checks.integer("max_lanes", max_lanes, 1, 1000)]
    found = [lane.at(wanted, frame_width) for lane in sorted(lanes, key=lambda lane: float(lane.x[0]))]
    found = [columns for columns in found if (columns >= 0).any()]
    return np.array(found, dtype=np.float64).reshape(len(found), len(wanted))


@dataclass(frozen=True)
class _Grid:
    """How the segmentation's pixels lie in the frame."""

    row_step: float
    column_step: float
    frame_height: int
    frame_width: int

    def x(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the frame's columns of the segmentation's pixel borders (0 … w)."""
        return columns * self.column_step - 0.5

    def y(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the frame's rows of the segmentation's pixel centres."""
        return (rows + 0.5) * self.row_step - 0.5


@dataclass
class _Track:
    """A line being followed upwards: in each row the borders of its run, in pixels of the segmentation."""

    rows: list[int] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    guessed: list[bool] = field(default_factory=list)  # the run is shared with other lines

    def add(self, row: int, left: float, right: float, guessed: bool = False) -> None:
        self.rows.append(row)
        self.left.append(left)
        self.right.append(right)
        self.guessed.append(guessed)

    def shift(self, row: int, reach: int, width: int) -> float:
        """Return by how many columns the line moves from its last row to ``row``."""
        first = max(0, len(self.rows) - 1 - reach)
        rise = self.rows[first] - self.rows[-1]
        if rise == 0:
            return 0.0
        by_left = (self.left[-1] - self.left[first]) / rise
        by_right = (self.right[-1] - self.right[first]) / rise
        if self.left[first] <= 0:  # the frame's border cuts the run: only its other side moves with the line
            by_left = by_right
        elif self.right[first] >= width:
            by_right = by_left
        return 0.5 * (by_left + by_right) * (self.rows[-1] - row)


def _follow(shown: NDArray[np.bool_], height: int) -> list[_Track]:
    """Return all lines of a binary picture, each followed from its lowest row upwards."""
    width = shown.shape[1]
    reach, hole = max(2, round(_REACH * height)), max(1, round(_HOLE * height))
    finished: list[_Track] = []
    active: list[_Track] = []
    for row, runs in _runs(shown):
        finished += [track for track in active if track.rows[-1] - row > hole]
        active = [track for track in active if track.rows[-1] - row <= hole]
        heading = [track.shift(row, reach, width) for track in active]
        claims: list[list[int]] = [[] for _ in runs]
        for i, track in enumerate(active):
            chosen = _nearest(runs, track.left[-1] + heading[i], track.right[-1] + heading[i])
            if chosen is not None:
                claims[chosen].append(i)
        for (left, right), claimants in zip(runs, claims, strict=True):
            if not claimants:
                track = _Track()
                track.add(row, left, right)
                active.append(track)
            elif len(claimants) == 1 and not _swollen(active[claimants[0]], left, right):
                active[claimants[0]].add(row, left, right)
            else:
                for i in claimants:
                    track = active[i]
                    breadth = min(track.right[-1] - track.left[-1], right - left)
                    start = min(max(track.left[-1] + heading[i], left), right - breadth)
                    track.add(row, start, start + breadth, guessed=True)
    return finished + active


def _swollen(track: _Track, left: float, right: float) -> bool:
    """Return whether a run is so much wider than the line that another line must have joined it."""
    return len(track.rows) > 2 and right - left > 1.5 * (track.right[-1] - track.left[-1]) + 2.0


def _nearest(runs: list[tuple[int, int]], left: float, right: float) -> int | None:
    """Return which run overlaps most with where a line is expected, None if none touches it."""
    best, chosen = -1.0, None  # a gap of up to one pixel still touches
    for i, (start, end) in enumerate(runs):
        overlap = min(right, end) - max(left, start)
        if overlap > best:
            best, chosen = overlap, i
    return chosen


def _runs(shown: NDArray[np.bool_]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Return (row, [(first column, column after the last), …]) of all rows with lane pixels, from the bottom up."""
    height, width = shown.shape
    padded = np.zeros((height, width + 2), dtype=np.int8)
    padded[:, 1:-1] = shown
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    found: dict[int, list[tuple[int, int]]] = {}
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        found.setdefault(row, []).append((start, end))
    return [(row, sorted(runs, key=_breadth)[-_MOST_RUNS:]) for row, runs in sorted(found.items(), reverse=True)]


def _breadth(run: tuple[int, int]) -> int:
    return run[1] - run[0]


@dataclass(frozen=True, eq=False)
class _Line:
    """A line in pixels of the frame, from its lowest row upwards."""

    y: NDArray[np.float64]
    x: NDArray[np.float64]
    breadth: NDArray[np.float64]  # along the row
    cut_below: bool  # the frame's side border ends it
    cut_above: bool

    @property
    def length(self) -> float:
        return float(np.hypot(np.diff(self.x), np.diff(self.y)).sum())

    def direction(self, near: NDArray[np.bool_]) -> tuple[float, float, float]:
        """Return (mean y, mean x, dx/dy) of the straight line through some of the points, by least squares."""
        # where something covers a side of the line its run is narrow and its middle wrong
        near = near & (self.breadth >= 0.75 * np.median(self.breadth[near]))
        y, x = self.y[near], self.x[near]
        mean_y, mean_x = float(y.mean()), float(x.mean())
        spread = float(((y - mean_y) ** 2).sum())
        return mean_y, mean_x, float(((y - mean_y) * (x - mean_x)).sum()) / spread if spread else 0.0

    def joined(self, upper: _Line) -> _Line:
        """Return this line with another one above it."""
        y, x = np.concatenate([self.y, upper.y]), np.concatenate([self.x, upper.x])
        return _Line(y, x, np.concatenate([self.breadth, upper.breadth]), self.cut_below, upper.cut_above)

    def trimmed(self, grid: _Grid) -> _Line | None:
        """Return the line without the round ends that only its width makes; None if nothing is left.

        An end at the frame's border is no round one. The tip of a round end is too thin to show.
        """
        upright = math.hypot(1.0, self.direction(np.ones(len(self.y), dtype=bool))[2])
        cap = max(0.5 * float(np.median(self.breadth)) / upright - 0.5 * grid.row_step, 0.0)
        at_bottom = self.cut_below or self.y[0] >= grid.frame_height - 1 - grid.row_step
        at_top = self.cut_above or self.y[-1] <= grid.row_step
        bottom = self.y[0] - (0.0 if at_bottom else cap)
        top = self.y[-1] + (0.0 if at_top else cap)
        if bottom <= top:
            return None
        y = np.concatenate([[bottom], self.y[(self.y < bottom) & (self.y > top)], [top]])
        x, breadth = (np.interp(y, self.y[::-1], values[::-1]) for values in (self.x, self.breadth))
        return _Line(y, x, breadth, self.cut_below, self.cut_above)

    def at(self, rows: NDArray[np.float64], frame_width: int) -> NDArray[np.float64]:
        """Return the columns at the frame's rows, absent beyond the ends and outside the frame.

        A labelled lane ends at one of the rows, so that an end near one is taken to be there.
        """
        near = 0.4 * float(np.abs(np.diff(rows)).min()) if len(rows) > 1 else 0.0
        columns = np.interp(rows, self.y[::-1], self.x[::-1])
        there = (rows >= self.y[-1] - near) & (rows <= self.y[0] + near)
        there &= (columns >= 0) & (columns <= frame_width - 1)
        return np.where(there, columns, float(ABSENT))


def _line(track: _Track, grid: _Grid, width: int) -> _Line | None:
    """Return a track's middle line in the frame, None if it is a single row."""
    if len(track.rows) < 2:
        return None
    rows = np.array(track.rows, dtype=np.float64)
    left, right, guessed = np.array(track.left, float), np.array(track.right, float), np.array(track.guessed)
    cut_left, cut_right = left <= 0, right >= width
    cut = cut_left | cut_right
    x, breadth = 0.5 * (left + right), right - left
    whole = ~(cut | guessed)
    if whole.any():
        full = np.interp(-rows, -rows[whole], _smooth(breadth[whole]))
        x = np.where(cut_left & ~cut_right, right - 0.5 * full, x)
        x = np.where(cut_right & ~cut_left, left + 0.5 * full, x)
        breadth = np.where(cut, full, breadth)
    return _Line(grid.y(rows), grid.x(x), breadth * grid.column_step, bool(cut[0]), bool(cut[-1]))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a running median over nine."""
    padded = np.pad(values, 4, mode="edge")
    smoothed: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    return smoothed


def _join(pieces: list[_Line], max_gap: float) -> list[_Line]:
    """Join pieces that lie in line with each other, the best pair first."""
    longest = sorted(pieces, key=lambda piece: -piece.length)[:_MOST_PIECES]
    left = dict(enumerate(longest))
    misfits = {(i, j): _misfit(left[i], left[j], max_gap) for i in left for j in left if i != j}
    while misfits and min(misfits.values()) < math.inf:
        i, j = min(misfits, key=misfits.__getitem__)
        left[i] = left[i].joined(left.pop(j))
        for k in left:
            misfits[i, k], misfits[k, i] = _misfit(left[i], left[k], max_gap), _misfit(left[k], left[i], max_gap)
        misfits = {pair: off for pair, off in misfits.items() if j not in pair and pair != (i, i)}
    return list(left.values())


def _misfit(lower: _Line, upper: _Line, max_gap: float) -> float:
    """Return how far two pieces miss each other in the middle of their gap, pixels across; infinite if too far."""
    gap = float(lower.y[-1] - upper.y[0])
    if not 0.0 < gap <= max_gap:
        return math.inf
    reach = max(gap, _SEEN * max_gap)
    y_low, x_low, up = lower.direction(lower.y <= lower.y[-1] + reach)
    y_high, x_high, down = upper.direction(upper.y >= upper.y[0] - reach)
    middle = 0.5 * (lower.y[-1] + upper.y[0])
    off = abs((x_low + up * (middle - y_low)) - (x_high + down * (middle - y_high)))
    across = float(off * math.cos(math.atan(0.5 * (up + down))))
    turn = abs(math.atan(up) - math.atan(down))
    return across if across <= 16.0 + 0.1 * gap and turn < math.radians(25.0) else math.inf
