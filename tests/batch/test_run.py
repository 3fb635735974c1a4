"""Runs without a command line."""

import errno
import os

import cv2
import numpy as np
import pytest

from lightnoise.batch import Config, Execution, Folder, Job, apply, make, recipe
from lightnoise.batch.manifest import read_lines
from lightnoise.batch.plan import Item
from lightnoise.batch.recipe import NOTHING
from lightnoise.io import files


@pytest.fixture
def job(tmp_path):
    (tmp_path / "in").mkdir()
    random = np.random.default_rng(0)
    for index in range(6):
        cv2.imwrite(str(tmp_path / "in" / f"{index}.png"), random.integers(0, 256, (20, 30, 3), np.uint8))
    return Job(Folder(str(tmp_path / "in")), str(tmp_path / "out"), Config(recipe(["bloom"], 1)))


def failing_after(count, error, monkeypatch):
    """Let the system's replace fail from the given call on."""
    calls = []
    replace = os.replace

    def failing(source, target):
        if os.fspath(target).endswith(".png"):
            calls.append(target)
            if len(calls) > count:
                raise error
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", failing)


def test_a_full_disk_stops_the_run(job, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        failing_after(2, OSError(errno.ENOSPC, "No space left on device"), patched)
        summary = apply(job, Execution())
    assert (summary.ok, summary.failed, summary.exit_code) == (2, 0, 1)
    assert summary.stopped == "No space left on device (at 2.png)"
    assert sorted(os.listdir(job.out)) == ["0.png", "1.png", "manifest.config.json", "manifest.jsonl"]
    resumed = apply(job, Execution(resume=True))
    assert (resumed.ok, resumed.skipped, resumed.exit_code) == (4, 2, 0)


def test_a_full_disk_at_the_manifest_stops_the_run_too(job, monkeypatch):
    from lightnoise.batch.manifest import Manifest

    add = Manifest.add

    def full(self, line):
        if line["output"] == "3.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, line)

    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "add", full)
        summary = apply(job, Execution())
    assert (summary.ok, summary.exit_code) == (3, 1)
    assert "at the manifest" in summary.stopped
    assert apply(job, Execution(resume=True)).ok == 3


def test_one_output_that_cannot_be_written_is_one_failure(job, monkeypatch):
    with monkeypatch.context() as patched:
        failing_after(5, OSError(errno.EACCES, "Permission denied"), patched)
        summary = apply(job, Execution())
    assert (summary.ok, summary.failed, summary.stopped) == (5, 1, "")
    assert summary.failures == ["5.png: Permission denied"]
    assert [line["status"] for line in read_lines(summary.manifest)] == ["ok"] * 5 + ["failed"]


def test_workers_that_cannot_start_stop_the_run(job, monkeypatch):
    from lightnoise.batch import pool

    with monkeypatch.context() as patched:
        patched.setattr(pool, "_worker_main", os._exit)  # ends at once, having no use for a pipe
        summary = apply(job, Execution(workers=2))
    assert summary.exit_code == 1
    assert "before it could begin" in summary.stopped


def test_ctrl_c_between_two_items_is_a_clean_stop(job, monkeypatch):
    with monkeypatch.context() as patched:
        failing_after(3, KeyboardInterrupt(), patched)
        summary = apply(job, Execution())
    assert (summary.ok, summary.stopped, summary.exit_code) == (3, "interrupted", 130)
    assert "Go on with the same command and --resume." in summary.lines()[-1]
    assert apply(job, Execution(resume=True)).ok == 3


def test_the_work_is_a_function_of_the_item(job, tmp_path):
    item = Item("3.png", "3.png")
    first = make(job, item).line
    second = make(Job(job.source, str(tmp_path / "elsewhere"), job.config), item).line
    assert first == second
    assert (tmp_path / "out" / "3.png").read_bytes() == (tmp_path / "elsewhere" / "3.png").read_bytes()


def test_long_lists_of_failures_are_cut_in_the_summary(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(60):
        (tmp_path / "in" / f"{index:02d}.png").write_bytes(b"")
    summary = apply(
        Job(Folder(str(tmp_path / "in")), str(tmp_path / "out"), Config(NOTHING)),
        Execution(),
    )
    text = summary.lines()
    assert text[1] == "  00.png: is empty (0 bytes)"
    assert "  … and 10 more: see the manifest" in text
    assert sum(line["status"] == "failed" for line in read_lines(summary.manifest)) == 60
