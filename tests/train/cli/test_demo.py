"""The demo as a newcomer runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lightnoise_train

COMMAND = [sys.executable, "-c", "from lightnoise_train.cli import main; main(prog_name='lightnoise-train')"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(lightnoise_train.__file__).parents[1])}


def demo(folder, *arguments):
    return subprocess.run(
        [*COMMAND, "demo", "--out", "demo", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_every_arm_beats_the_mean_lanes(tmp_path):
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    report = tmp_path / done.stdout.splitlines()[-1]
    assert report.suffix == ".html"
    assert report.read_text(encoding="utf-8").rstrip().endswith("</html>")
    header, *rows = map(json.loads, (tmp_path / "demo" / "judged" / "results.jsonl").read_text().splitlines())
    for arm in ("scratch", "scratch_noise", "simclr"):
        clean = [row["accuracy"] for row in rows if row["arm"] == arm and row["severity"] == 0]
        assert len(clean) == 40
        assert sum(clean) / len(clean) > header["prior"]["accuracy"] + 0.03


def test_a_setting_that_does_not_exist_is_refused(tmp_path):
    done = demo(tmp_path, "--set", "finetune.epoch=1")
    assert done.returncode == 2
    assert "unknown key finetune.epoch; there are" in done.stderr
    assert not (tmp_path / "demo").exists()
