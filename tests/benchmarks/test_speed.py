"""The speed benchmark runs from end to end at tiny sizes, and its clocks and floors are what they say."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def run(*arguments, cwd=ROOT):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.speed", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_prints_and_saves_what_it_measured(tmp_path):
    saved = {name: tmp_path / "out" / f"speed.{name}.png" for name in ("json", "markdown", "plot")}
    options = [part for name, path in saved.items() for part in (f"--{name}", path)]
    sizes = ("--sizes", "96x54")
    done = run("--quick", "--seconds", "0.01", "--only", "ratios", "table", "--no-peers", *sizes, *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == saved["markdown"].read_text().strip()
    told = json.loads(saved["json"].read_text())
    gamma = told["marks"][0]
    assert gamma["what"] == "Gamma on uint8"
    assert gamma["met"] == (gamma["measured"]["ratio"]["median"] <= 1.2)
    absent = next(mark for mark in told["marks"] if "RandomSunFlare" in mark["against"])
    assert absent["measured"] is None
    assert absent["met"] is None
    assert {(cell["width"], cell["height"]) for cell in told["cells"]} == {(96, 54)}
    assert all(cell["one_thread"]["median"] > 0.0 for cell in told["cells"])
    assert "| Bloom | JPEG decode + encode | ≤ 0.25 |" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("--sizes", "96"), ("--sizes", "8x8"), ("--only", "nothing"), ("--plot", "speed.txt"), ("--frame", "none.jpg")],
)
def test_bad_options_are_named(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert arguments[1] in done.stderr


def test_pairs_find_the_ratio_of_two_sleeps():
    from benchmarks.speed.timing import pairs

    measured = pairs(lambda: time.sleep(0.03), lambda: time.sleep(0.01), seconds=0.0, least=5)
    assert measured.ratio.samples == 5
    assert 2.0 < measured.ratio.median < 4.0
    assert measured.divided(3.0).ratio.median == pytest.approx(measured.ratio.median / 3.0)


def test_rounds_give_the_fast_more_samples_than_the_slow():
    from benchmarks.speed.timing import rounds

    found = rounds({"slow": lambda: time.sleep(0.02), "fast": lambda: time.sleep(0.002)}, seconds=0.1)
    assert found["slow"].samples < found["fast"].samples
    assert found["slow"].median > 3.0 * found["fast"].median


def test_a_mark_is_met_on_the_right_side_of_its_limit():
    from benchmarks.speed.ratios import Mark
    from benchmarks.speed.timing import Ratio

    half = Ratio.of([1.0], [2.0])
    assert Mark("a", "b", 0.6, half).met is True
    assert Mark("a", "b", 0.4, half).met is False
    assert Mark("a", "b", 0.6, half, at_least=True).met is False
    assert Mark("a", "b", None, half).met is None


def test_spectral_floors_convolve_with_the_psf_of_bloom():
    from benchmarks.speed import subjects

    frame = np.random.default_rng(3).integers(0, 256, (12, 18, 3), np.uint8)
    planes = (frame.astype(float) / 255.0).transpose(2, 0, 1) ** 2.2
    quadrant = subjects.psf_quadrant(12, 18)
    half = np.concatenate([quadrant[:0:-1], quadrant])
    kernel = np.concatenate([half[:, :0:-1], half], axis=1)
    zero_padded = np.stack([ndimage.convolve(plane, kernel, mode="constant") for plane in planes])
    np.testing.assert_allclose(subjects.fft_convolution(frame)(), zero_padded, atol=2e-6)
    period = kernel[:-1, :-1]  # the far edge occurs once in a period, not on both sides
    mirrored = np.stack([ndimage.convolve(plane, period, mode="reflect") for plane in planes])
    np.testing.assert_allclose(subjects.dct_convolution(frame)(), mirrored, atol=2e-6)


def test_peak_memory_of_an_allocation_is_its_size():
    from benchmarks.speed import memory
    from benchmarks.speed.subjects import FLOOR, Subject

    subject = Subject("20 MB", FLOOR, lambda frame: lambda: np.ones(20_000_000, np.uint8))
    for _ in range(3):
        np.ones(25_000_000, np.uint8)  # leaves a hole in the heap, which must not hide the allocation
    peak = memory.peak_mb(subject, np.zeros((2, 2, 3), np.uint8))
    if peak is None:
        pytest.skip("this system does not tell peak memory")
    assert 19.0 < peak < 24.0


def test_a_pool_of_four_threads_sleeps_four_at_a_time():
    from benchmarks.speed.table import frames_per_second

    together = threading.Barrier(4, timeout=60.0)  # breaks unless four calls run at a time

    def call():
        together.wait()
        time.sleep(0.02)

    rate = frames_per_second(call, 0.02, 0.2, workers=4)
    assert 0.0 < rate < 201.0


def test_lamps_are_counted_and_clipped():
    from benchmarks.speed import frames

    assert frames.lamps(0, 64, 48).max() < 255
    labels, count = ndimage.label((frames.lamps(3, 640, 480) == 255).all(axis=2))
    assert count == 3
    assert labels.shape == (480, 640)
