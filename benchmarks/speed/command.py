"""The command: parse, measure part by part, print and save."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import warnings
from functools import lru_cache
from pathlib import Path

import cv2

from benchmarks.speed import frames, peers, ratios, report, startup, subjects, table

PARTS = ("ratios", "jobs", "first", "table", "growth")

_RESULTS = Path("benchmarks/results")

_DESCRIPTION = """\
Measure how fast lightnoise is beside its peers and the machine's floors, in one run.

The ratios are medians over interleaved pairs (A B A B ...), the table's medians over interleaved rounds, so that
other load on the machine falls on both sides. One thread means one; "all threads" is a pool of threads over frames.
Peers come with  pip install "lightnoise[bench]"; those absent or broken are named and left out.

    python -m benchmarks.speed                              everything, some 15 minutes
    python -m benchmarks.speed --quick                      everything, a few samples each
    python -m benchmarks.speed --only ratios --no-peers     what a change of a kernel is judged by
    python -m benchmarks.speed --frame night.jpg            a real frame instead of the embedded scene
"""


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    result = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--quick", action="store_true", help="a short run: less time for each figure")
    result.add_argument("--seconds", type=float, help="time for each ratio and cell of the table [5; quick 0.7]")
    result.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)} [all]"
    )
    result.add_argument(
        "--sizes",
        nargs="+",
        type=_size,
        default=list(frames.SIZES),
        metavar="WxH",
        help="of the table; the ratios are taken at 1280x720, or the first if it is not among them, and the last"
        " [640x360 1280x720 1920x1080 3840x2160]",
    )
    result.add_argument("--frame", type=_picture, metavar="FILE", help="night frame [an embedded scene]")
    result.add_argument("--files", type=int, help="files of each `apply` job [400; quick 100]")
    result.add_argument("--workers", type=int, default=2, help="worker processes of each `apply` job [2]")
    result.add_argument("--no-peers", action="store_true", help="leave other libraries out")
    for name, suffix, kind in (("json", "json", Path), ("markdown", "md", Path), ("plot", "png", _drawing)):
        result.add_argument(
            f"--{name}", type=kind, default=_RESULTS / f"speed.{suffix}", metavar="FILE", help="[%(default)s]"
        )
    return result


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark; what is there when it is interrupted is saved too."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `timeout` does not lose the results
    warnings.simplefilter("ignore")  # peers' own
    cv2.setNumThreads(1)
    _say("looking for peers")
    found = peers.Found([], {}, {}) if options.no_peers else peers.find()
    result = report.Report(
        command=" ".join(["python -m benchmarks.speed", *(sys.argv[1:] if arguments is None else arguments)]),
        frame=options.frame.name if options.frame else "embedded night scene",
        versions=report.versions() | found.versions,
        absent=found.absent,
    )
    try:
        measure(result, options, found.subjects)
    finally:
        result.finish()
        if result.marks or result.first_frames or result.cells or result.curves:
            _save(result, options)


def measure(result: report.Report, options: argparse.Namespace, others: list[subjects.Subject]) -> None:
    """Measure the parts asked for, one after the other."""
    seconds = options.seconds or (0.7 if options.quick else 5.0)
    least = 3 if options.quick else 7
    main_size = (1280, 720) if (1280, 720) in options.sizes else options.sizes[0]

    @lru_cache(maxsize=2)
    def night(size: tuple[int, int]) -> frames.Picture:
        return frames.night(*size, options.frame)

    if "ratios" in options.only:
        for mark in ratios.of_calls(night, (main_size, options.sizes[-1]), others, seconds):
            result.marks.append(mark)
            _say(f"{mark.what} : {mark.against}")
    if "jobs" in options.only:
        files = options.files or (100 if options.quick else 400)
        _say(f"apply, {files} files")
        with tempfile.TemporaryDirectory() as folder:
            repeats = 1 if options.quick else 3
            result.marks += ratios.of_processes(Path(folder), main_size, files, repeats, options.workers)
    if "first" in options.only:
        _say("first frames")
        result.first_frames = startup.first_frames()
    if "table" in options.only:
        everything = [*subjects.ours(), *subjects.floors(), *others]
        for size in options.sizes:
            _say(f"table, {size[0]}x{size[1]}")
            result.cells += table.cells(everything, night(size), 0.4 * seconds, least)
    if "growth" in options.only:
        _say("growth with radius and lamps")
        result.curves += table.radius_curves(night(main_size), 0.4 * seconds, least)
        result.curves += table.lamp_curves(main_size, 0.4 * seconds, least)


def _save(result: report.Report, options: argparse.Namespace) -> None:
    for path in (options.json, options.markdown, options.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    text = result.markdown()
    options.json.write_text(result.json())
    options.markdown.write_text(text)
    print(text)
    try:
        result.plot(options.plot)
    except ModuleNotFoundError as error:
        _say(f"no plot: {error.name} is not installed (pip install matplotlib)")


def _picture(text: str) -> Path:
    if not cv2.haveImageReader(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no picture that OpenCV can read")
    return Path(text)


def _drawing(text: str) -> Path:
    if Path(text).suffix not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .png, .svg or .pdf")
    return Path(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and min(int(width), int(height)) >= 32):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write WIDTHxHEIGHT, each at least 32")
    return int(width), int(height)


_START = time.perf_counter()


def _say(text: str) -> None:
    print(f"[{time.perf_counter() - _START:5.0f} s, load {os.getloadavg()[0]:.1f}] {text}", file=sys.stderr, flush=True)
