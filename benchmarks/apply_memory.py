"""Make 10,000 outputs with `lightnoise apply`, and watch the memory of its processes over time.

    python benchmarks/apply_memory.py [--outputs 10000] [--workers 2] [options of apply, e.g. --effect bloom]

Prints the resident memory of parent and workers as the run goes, and a verdict: the memory is flat if the
mean over the last tenth of the run is at most 5 % + 10 MB above the mean over the second tenth. Exit status 1
if not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import psutil

_COMMAND = "from lightnoise.cli import main; main(prog_name='lightnoise')"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--size", default="160x90", help="of the images, WIDTHxHEIGHT")
    options, effects = parser.parse_known_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        samples = watch(Path(folder), options.outputs, options.workers, (height, width), effects)
    report(samples, options.workers)
    return verdict(samples)


def watch(
    folder: Path, outputs: int, workers: int, size: tuple[int, int], effects: list[str]
) -> list[tuple[float, float, float]]:
    """Run the command; return (fraction done, parent MB, workers MB) over time."""
    random = np.random.default_rng(0)
    (folder / "in").mkdir()
    for index in range(10):
        picture = cv2.GaussianBlur(random.integers(0, 256, (*size, 3), np.uint8), (0, 0), 3)
        cv2.circle(picture, (size[1] // 2, size[0] // 3), 4, (255, 255, 255), -1)
        cv2.imwrite(str(folder / "in" / f"{index}.jpg"), picture)
    out = folder / "out"
    given = {"--in": folder / "in", "--out": out, "--copies": outputs // 10, "--workers": workers}
    arguments = [str(part) for option in given.items() for part in option]
    process = subprocess.Popen([sys.executable, "-c", _COMMAND, "apply", *arguments, *effects])
    parent = psutil.Process(process.pid)
    manifest = out / "manifest.jsonl"
    samples = []
    line_length = None
    while process.poll() is None:
        time.sleep(0.5)
        if not manifest.exists() or not manifest.stat().st_size:
            continue
        line_length = line_length or _mean_line(manifest)
        try:
            children = sum(child.memory_info().rss for child in parent.children(recursive=True))
            own = parent.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        samples.append((manifest.stat().st_size / line_length / outputs, own / 1e6, children / 1e6))
    made = sum(1 for _ in out.glob("*.jpg"))
    if process.returncode or made != outputs:
        raise SystemExit(f"the run failed: exit status {process.returncode}, {made} of {outputs} outputs")
    return samples


def _mean_line(manifest: Path) -> float:
    content = manifest.read_bytes()
    return len(content) / max(1, content.count(b"\n"))


def report(samples: list[tuple[float, float, float]], workers: int) -> None:
    print(f"{'done':>6} {'parent MB':>10} {f'{workers} workers MB':>14}")
    for step in range(11):
        done, own, children = min(samples, key=lambda sample: abs(sample[0] - step / 10))
        print(f"{done:6.0%} {own:10.1f} {children:14.1f}")


def verdict(samples: list[tuple[float, float, float]]) -> int:
    # Without the end, when workers leave.
    total = np.array([own + children for done, own, children in samples if done < 0.99])
    tenth = max(1, len(total) // 10)
    early, late = total[tenth : 2 * tenth].mean(), total[-tenth:].mean()
    flat = late <= 1.05 * early + 10.0
    print(f"second tenth {early:.1f} MB, last tenth {late:.1f} MB: {'flat' if flat else 'NOT FLAT'}")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
