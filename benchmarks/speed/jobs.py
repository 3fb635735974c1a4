"""`lightnoise apply` beside a pipeline that only decodes and encodes: same codec, format, quality and workers."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.speed import frames
from benchmarks.speed.subjects import BLOOM, GAMMA, GLARE
from benchmarks.speed.timing import Ratio
from lightnoise import scenes

_APPLY = "from lightnoise.cli import main; main(prog_name='lightnoise')"
_ROOT = Path(__file__).parents[2]


def compare(folder: Path, size: tuple[int, int], files: int, repeats: int, workers: int) -> tuple[Ratio, Ratio]:
    """Run both over the same files in turn; return frames/s from start to end, and once running."""
    source = folder / "in"
    write_inputs(source, size, files)
    config = folder / "chain.yaml"
    effects = [{one.pop("effect"): one} for one in (params.to_dict() for params in (BLOOM, GLARE, GAMMA))]
    config.write_text(json.dumps({"effects": effects, "quality": frames.QUALITY}))  # JSON is YAML
    apply = [sys.executable, "-c", _APPLY, "apply", "--config", str(config), "--workers", str(workers)]
    codec = [sys.executable, "-m", "benchmarks.speed.jobs", str(workers)]
    rates: dict[str, list[tuple[float, float]]] = {"apply": [], "codec": []}
    for _ in range(repeats):
        rates["apply"].append(_rates([*apply, "--in", str(source), "--out"], folder / "out", files))
        rates["codec"].append(_rates([*codec, str(source)], folder / "out", files))
    ours, other = (list(zip(*rates[name], strict=True)) for name in ("apply", "codec"))
    whole, running = (Ratio.of(list(ours[i]), list(other[i])) for i in (0, 1))
    return whole, running


def write_inputs(folder: Path, size: tuple[int, int], files: int) -> None:
    """Write copies of embedded road scenes, one of each kind in turn, as JPEG."""
    folder.mkdir()
    data = [
        frames.encode_jpeg(
            np.ascontiguousarray(scenes.render(kind, np.random.default_rng(7), size[::-1]).image[..., ::-1])
        ).tobytes()
        for kind in ("day", "dusk", "night", "tunnel", "wet_night")
    ]
    for index in range(files):
        (folder / f"{index:05}.jpg").write_bytes(data[index % len(data)])


def _rates(command: list[str], out: Path, files: int) -> tuple[float, float]:
    """Run a job into ``out``; return its frames/s over the whole process, and between its 10th and 90th output."""
    shutil.rmtree(out, ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
    start = time.perf_counter()
    done = subprocess.run(
        [*command, str(out)], capture_output=True, text=True, timeout=1200, env=environment, check=False
    )
    seconds = time.perf_counter() - start
    made = sorted(path.stat().st_mtime_ns for path in out.glob("*.jpg"))
    if done.returncode or len(made) != files:
        raise SystemExit(f"{' '.join(command)} made {len(made)} of {files} files:\n{done.stderr[-2000:]}")
    first, last = len(made) // 10, len(made) - 1 - len(made) // 10
    return files / seconds, (last - first) / max(1e-9, (made[last] - made[first]) * 1e-9)


def _pass_through(task: tuple[str, str]) -> None:
    source, target = task
    with open(source, "rb") as file:
        picture = frames.decode_jpeg(np.frombuffer(file.read(), np.uint8))
    with open(target, "wb") as file:
        file.write(frames.encode_jpeg(picture).data)


def pass_all_through(workers: int, source: str, out: str) -> None:
    """Decode and encode every file of a folder, nothing else."""
    os.makedirs(out)
    tasks = [(os.path.join(source, name), os.path.join(out, name)) for name in sorted(os.listdir(source))]
    with multiprocessing.get_context("spawn").Pool(workers, cv2.setNumThreads, (1,)) as pool:
        for _ in pool.imap_unordered(_pass_through, tasks, chunksize=4):
            pass


if __name__ == "__main__":
    pass_all_through(int(sys.argv[1]), sys.argv[2], sys.argv[3])
