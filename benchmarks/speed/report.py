"""What was measured, as JSON, Markdown and a plot."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numba
import numpy as np

import lightnoise
from benchmarks.speed.ratios import Mark
from benchmarks.speed.subjects import OURS, PEER
from benchmarks.speed.table import Cell, Curve


@dataclass
class Report:
    """One run's results, filled as they come."""

    command: str
    frame: str
    versions: dict[str, str]
    absent: dict[str, str]
    machine: dict[str, Any] = field(default_factory=lambda: machine())
    load_before: tuple[float, ...] = field(default_factory=os.getloadavg)
    load_after: tuple[float, ...] = ()
    marks: list[Mark] = field(default_factory=list)
    first_frames: dict[str, float] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def finish(self) -> None:
        """Note the machine's load at the end."""
        self.load_after = os.getloadavg()

    def json(self) -> str:
        """Return everything; times in seconds."""
        whole = {
            **{name: getattr(self, name) for name in ("command", "frame", "versions", "absent", "machine")},
            "load_average": {"before": self.load_before, "after": self.load_after},
            "marks": [mark.to_dict() for mark in self.marks],
            "first_frame_s": self.first_frames,
            "cells": [cell.to_dict() for cell in self.cells],
            "curves": [curve.to_dict() for curve in self.curves],
        }
        return json.dumps(whole, indent=1) + "\n"

    def markdown(self) -> str:
        """Return the tables for people."""
        return "\n".join(
            [
                "# Speed of lightnoise",
                "",
                f"`{self.command}`; frame: {self.frame}.",
                "; ".join(f"{name} {value}" for name, value in self.machine.items())
                + f"; load average {_loads(self.load_before)} before, {_loads(self.load_after)} after.",
                "Versions: " + ", ".join(f"{name} {value}" for name, value in self.versions.items()) + ".",
                *(["Absent: " + "; ".join(f"{a} ({b})" for a, b in self.absent.items()) + "."] * bool(self.absent)),
                *_marks(self.marks),
                *_first(self.first_frames),
                *_cells(self.cells),
                *_curves(self.curves),
                "",
            ]
        )

    def plot(self, path: Path) -> None:
        """Draw the growth with pixels, radius and lamps.

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(17, 6), layout="constrained")
        pixels, radius, lamps = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
        names = list(dict.fromkeys(cell.name for cell in self.cells))
        for index, name in enumerate(names):
            row = [cell for cell in self.cells if cell.name == name]
            is_ours, is_peer = row[0].group == OURS, row[0].group == PEER
            pixels.plot(
                [cell.width * cell.height / 1e6 for cell in row],
                [1e3 * cell.one_thread.median for cell in row],
                label=name,
                color=f"C{index % 10}",
                marker="o" if is_ours else ("^" if is_peer else "s"),
                linestyle="-" if is_ours else (":" if is_peer else "--"),
                linewidth=2.5 if is_ours else 1.0,
                markersize=4,
            )
        pixels.set(xscale="log", yscale="log", xlabel="pixels", title="one thread: ● lightnoise, ▲ peers, ■ floors")
        pixels.set_visible(bool(names))
        if names:
            sizes = sorted({(cell.width * cell.height / 1e6, f"{cell.width}×{cell.height}") for cell in self.cells})
            pixels.set_xticks([at for at, _ in sizes], [label for _, label in sizes], fontsize=8)
            pixels.set_xticks([], minor=True)
            pixels.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        for axes, axis in ((radius, "radius, degrees"), (lamps, "lamps")):
            for curve in self.curves:
                if curve.axis == axis:
                    axes.plot(curve.at, [1e3 * seconds for seconds in curve.seconds], "o-", label=curve.name)
            axes.set_visible(any(curve.axis == axis for curve in self.curves))
            axes.set(xscale="symlog" if axis == "lamps" else "log", xlabel=axis, title=f"growth with {axis}")
            axes.set_yscale("log")
            if axes.get_visible():
                axes.legend(fontsize=8)
        for axes in (pixels, radius, lamps):
            axes.set_ylabel("ms per frame")
            axes.grid(alpha=0.3, which="both")
        figure.savefig(path, dpi=130)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "Python": sys.version.split()[0],
    }


def versions() -> dict[str, str]:
    """Return the versions of what lightnoise itself uses."""
    return {
        "lightnoise": lightnoise.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "opencv": cv2.__version__,
    }


def _loads(loads: tuple[float, ...]) -> str:
    return f"{loads[0]:.1f}" if loads else "unknown"


def _marks(marks: list[Mark]) -> list[str]:
    if not marks:
        return []
    lines = ["", "## Ratios", "", "One thread, medians over interleaved pairs; in brackets the quartiles.", ""]
    lines += ["| what | against | limit | ratio | met | medians |", "|---|---|---|---|---|---|"]
    for mark in marks:
        limit = "–" if mark.limit is None else f"{'≥' if mark.at_least else '≤'} {mark.limit:g}"
        if mark.measured is None:
            lines.append(f"| {mark.what} | {mark.against} | {limit} | not measured | – | – |")
            continue
        ratio, ours, other = mark.measured.ratio, mark.measured.ours.median, mark.measured.other.median
        pair = f"{_ms(ours)} : {_ms(other)} ms" if mark.unit == "s" else f"{ours:.1f} : {other:.1f} {mark.unit}"
        lines.append(
            f"| {mark.what} | {mark.against} | {limit} | {ratio.median:.3g} ({ratio.p25:.3g}–{ratio.p75:.3g}) "
            f"| {_VERDICTS[mark.met]} | {pair} |"
        )
    return lines


_VERDICTS = {True: "met", False: "**not met**", None: "–"}


def _first(first_frames: dict[str, float]) -> list[str]:
    if not first_frames:
        return []
    lines = ["", "## First use", "", "From process start to the first 1280×720 frame.", ""]
    lines += ["| state | seconds |", "|---|---|"]
    return lines + [f"| {state} | {seconds:.2f} |" for state, seconds in first_frames.items()]


def _cells(cells: list[Cell]) -> list[str]:
    lines = []
    for size in dict.fromkeys((cell.width, cell.height) for cell in cells):
        lines += ["", f"## {size[0]}×{size[1]}", ""]
        lines += [
            "| | one thread, ms | quartiles | ns per pixel | all threads, frames/s | peak memory, MB |",
            "|---|---|---|---|---|---|",
        ]
        for cell in cells:
            if (cell.width, cell.height) == size:
                stat, peak = cell.one_thread, cell.peak_mb
                lines.append(
                    f"| {cell.name} | {_ms(stat.median)} | {_ms(stat.p25)}–{_ms(stat.p75)} "
                    f"| {1e9 * stat.median / (size[0] * size[1]):.3g} | {cell.threads_frames_per_s:.4g} "
                    f"| {'–' if peak is None else f'{peak:.1f}'} |"
                )
    return lines


def _curves(curves: list[Curve]) -> list[str]:
    lines = []
    for axis in dict.fromkeys(curve.axis for curve in curves):
        those = [curve for curve in curves if curve.axis == axis]
        lines += ["", f"## Growth with {axis}", "", f"| {axis} | " + " | ".join(f"{c.name}, ms" for c in those) + " |"]
        lines += ["|---" * (1 + len(those)) + "|"]
        for i, x in enumerate(those[0].at):
            lines.append(f"| {x:g} | " + " | ".join(_ms(curve.seconds[i]) for curve in those) + " |")
    return lines


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3g}" if seconds < 1.0 else f"{1e3 * seconds:.0f}"
