"""What the README shows, runs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lightnoise.cli import main
from lightnoise_train.cli import main as train

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands():
    lines = "\n".join(blocks("bash")).replace("\\\n", " ").splitlines()
    parts = [part.strip() for line in lines for part in line.partition(" #")[0].split("&&")]
    return [part for part in parts if part.startswith(("lightnoise ", "lightnoise-train "))]


def test_the_python_examples_run(tmp_path):
    code = "\n".join(blocks("python"))
    assert "ln.chain(" in code
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"},  # it would ask the network for its newest version
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", commands())
def test_commands_and_options_exist(command):
    program, *words = shlex.split(command)
    names = words[: 2 if words[0] == "data" else 1]
    shown = CliRunner().invoke(main if program == "lightnoise" else train, [*names, "--help"])
    assert shown.exit_code == 0, shown.output
    for word in words:
        if word.startswith("--"):
            assert word in shown.output, f"{' '.join(names)} has no {word}"


def test_the_run_command_is_there():
    assert any(command.startswith("lightnoise apply --out") for command in commands())


def test_files_that_are_named_exist():
    named = re.findall(r"(?:benchmarks|examples|tests)/[\w/]+\.(?:py|yaml|jpg)", README)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_no_figure_is_missing():
    assert "@@" not in README
