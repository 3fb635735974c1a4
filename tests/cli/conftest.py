import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import lightnoise
from lightnoise.cli import main

#: Ctrl-C must reach the command even where the tests run in a script's background, whose jobs ignore it.
HEARS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
COMMAND = [sys.executable, "-c", HEARS_CTRL_C + "from lightnoise.cli import main; main(prog_name='lightnoise')"]


@pytest.fixture(autouse=True)
def _importable_in_subprocesses(monkeypatch):
    """Let real subprocesses import the package under test, installed or not."""
    root = str(Path(lightnoise.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])))


def frame(seed, height=54, width=96):
    """Return a small dark frame with two lamps, so that every effect has something to do."""
    random = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(random.integers(0, 140, (height, width, 3), np.uint8), (0, 0), 2)
    for x, y in random.integers((5, 5), (width - 5, height - 5), (2, 2)):
        cv2.circle(picture, (int(x), int(y)), 3, (255, 255, 255), -1)
    return picture


@pytest.fixture
def frames(tmp_path):
    """A small data set: two clips, several formats, a label file."""
    root = tmp_path / "frames"
    names = ["clip1/001.jpg", "clip1/002.jpg", "clip1/003.jpg", "clip2/001.png", "clip2/002.webp", "top.bmp"]
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), frame(seed))
    (root / "clip1" / "labels.json").write_text('{"lanes": []}\n')
    return root


@pytest.fixture
def many_frames(tmp_path):
    """Enough work that a run can be interrupted."""
    root = tmp_path / "many"
    root.mkdir()
    for seed in range(10):
        cv2.imwrite(str(root / f"{seed:02d}.jpg"), frame(seed, 270, 480))
    return root


class Tool:
    """The command, in this process or as one of its own."""

    @staticmethod
    def invoke(*arguments):
        """Run in this process; return click's result, both streams in ``output``."""
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    def ok(self, *arguments):
        """Run in this process, and return what was printed; it must succeed."""
        result = self.invoke(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    @staticmethod
    def start(*arguments, **options):
        """Start a process, in a group of its own."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
            **options,
        )

    @staticmethod
    def finish(process, timeout=120):
        """Wait for a started process; return (exit code, stdout, stderr without progress lines)."""
        out, err = process.communicate(timeout=timeout)
        said = [line for line in err.splitlines(keepends=True) if " images/s, " not in line]
        return process.returncode, out, "".join(said)

    @staticmethod
    def wait_for_lines(process, manifest, count):
        """Wait until a started process has written some manifest lines."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and process.poll() is None:
            if manifest.exists() and manifest.read_bytes().count(b"\n") >= count:
                return
            time.sleep(0.005)
        process.kill()
        raise AssertionError(f"no {count} lines: {process.communicate()}")


@pytest.fixture
def tool():
    return Tool()


@pytest.fixture
def lines():
    """Read a manifest."""
    return lambda out, name="manifest.jsonl": [json.loads(line) for line in (out / name).read_text().splitlines()]


@pytest.fixture
def pictures():
    """Return the bytes of all files of a folder but the run's own, by relative path."""
    return lambda folder: {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("manifest")
    }
