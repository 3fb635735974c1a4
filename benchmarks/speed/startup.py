"""Whole processes: what importing costs, and how long a user waits for the very first frame."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import lightnoise
from benchmarks.speed.timing import Ratio

_FIRST_FRAME = """
import numpy as np, lightnoise as ln
frame = np.full((720, 1280, 3), 20, np.uint8)
frame[300:310, 600:610] = 255
print(ln.chain(frame, [{}])[305, 640, 0], ln.__file__)
"""
_GAMMA = "ln.GammaParams(gamma=1.4, exposure_ev=0.5)"
_BLOOM = "ln.BloomParams(scatter=0.2)"
_CHAIN = f"{_BLOOM}, ln.GlareParams(veil=0.05, starburst=0.2), {_GAMMA}"


def imports(repeats: int) -> tuple[list[float], list[float], list[float]]:
    """Return seconds of processes that import lightnoise; numpy and cv2; nothing; run in turn."""
    programs = ("import lightnoise", "import numpy, cv2", "pass")
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for program in programs:
        _run(program, {})  # so that all files are in the disk cache
    for _ in range(repeats):
        for program, values in zip(programs, times, strict=True):
            values.append(_run(program, {})[0])
    return times


def ratio(ours: list[float], other: list[float]) -> Ratio:
    """Compare pair by pair."""
    return Ratio.of(ours, other)


def first_frames() -> dict[str, float]:
    """Return the seconds from process start to the first 1280×720 frame.

    With an empty cache of compiled kernels; with the one that run has left (the fastest of three); and installed
    where nothing can be written, neither beside the package nor in the user's home.
    """
    seconds = {}
    for name, effects in (("Gamma", _GAMMA), ("Bloom", _BLOOM), ("whole chain", _CHAIN)):
        program = _FIRST_FRAME.format(effects)
        with tempfile.TemporaryDirectory() as folder:
            cache = {"NUMBA_CACHE_DIR": folder}
            seconds[f"{name}, empty kernel cache"] = _run(program, cache)[0]
            seconds[f"{name}, warm kernel cache"] = min(_run(program, cache)[0] for _ in range(3))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "lightnoise"
        shutil.copytree(Path(lightnoise.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
        forbid_caching(copy)
        seconds["whole chain, read-only install that can cache nothing"], said = _run(
            program, {"PYTHONPATH": folder, "HOME": os.devnull, "XDG_CACHE_HOME": os.devnull}
        )
        if not said.split()[1].startswith(folder):
            raise RuntimeError(f"the read-only copy was not what ran: {said}")
    return seconds


def forbid_caching(package: Path) -> None:
    """Take away the right to write; for root, who may write anywhere, stand a file where each cache would go."""
    for parent, _, names in os.walk(package, topdown=False):
        Path(parent, "__pycache__").touch()
        for name in names:
            os.chmod(os.path.join(parent, name), 0o444)
    for parent, _, _ in os.walk(package):
        os.chmod(parent, 0o555)


def _run(program: str, environment: Mapping[str, str]) -> tuple[float, str]:
    """Run a program in a fresh interpreter; return seconds and what it printed."""
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    inherited["PYTHONPATH"] = str(Path(lightnoise.__file__).parents[1])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=600,
        env={**inherited, **environment},
        cwd=tempfile.gettempdir(),  # Python looks for packages in the working folder first
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"a fresh process failed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout
