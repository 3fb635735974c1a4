import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import lightnoise_train
from lightnoise_train.cli import main
from lightnoise_train.data import noised, tusimple

COMMAND = [sys.executable, "-c", "from lightnoise_train.cli import main; main(prog_name='lightnoise-train')"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(lightnoise_train.__file__).parents[1])}


def run(*arguments):
    """Run in a process of its own; return (exit code, stdout, stderr without progress lines)."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False
    )
    said = [line for line in done.stderr.splitlines() if " images/s, " not in line]
    return done.returncode, done.stdout, "\n".join(said)


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def small_roads(tmp_path_factory):
    out = tmp_path_factory.mktemp("tree") / "roads"
    options = ["--train", 2, "--val", 1, "--test", 3, "--height", 90, "--workers", 1]
    code, said, errors = run("data", "make", "--out", out, *options)
    assert (code, errors) == (0, ""), errors
    assert "6 outputs: 6 ok" in said
    return out


def test_make_and_check(small_roads):
    code, said, errors = run("data", "check", "--in", small_roads)
    assert (code, said, errors) == (0, "tusimple: 6 frames; no problem\n", "")


def test_check_names_every_problem_and_fails(small_roads, tmp_path):
    lines = (small_roads / "test_label.json").read_text().splitlines()
    (tmp_path / "test_label.json").write_text("\n".join([lines[0], "{", lines[1]]))
    result = invoke("data", "check", "--in", tmp_path)
    assert result.exit_code == 1
    said = result.output.splitlines()
    assert [line.partition(": ")[0] for line in said[:3]] == [f"{tmp_path}/test_label.json:{n}" for n in (1, 2, 3)]
    assert said[3] == "tusimple: 2 frames; 3 problems"


def test_noise(small_roads, tmp_path):
    chosen = ["--effect", "bloom", "--effect", "gamma_over", "--severity", 0, "--severity", 2, "--workers", 1]
    result = invoke("data", "noise", "--in", small_roads, "--out", tmp_path / "out", *chosen)
    assert result.exit_code == 0, result.output
    assert [tree.name for tree in noised.read_trees(tmp_path / "out")] == ["clean", "bloom-2", "gamma_over-2"]
    record = json.loads((tmp_path / "out" / "trees.json").read_text())["trees"][1]
    assert (record["source"], record["frames"], record["seed"]) == (str(small_roads), 3, 0)
    assert record["camera"]["fov_deg"] == 65.0
    assert len(tusimple.load(tmp_path / "out" / "bloom-2", "test")) == 3


def test_noise_goes_on_after_a_kill(small_roads, tmp_path):
    arguments = ["data", "noise", "--in", small_roads, "--effect", "gamma_over", "--severity", 1, "--workers", 1]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert run(*arguments, "--out", whole)[0] == 0
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments), "--out", str(cut)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    deadline = time.monotonic() + 300
    while (
        not list(cut.glob("gamma_over-1/clips/*/*/20.jpg")) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(*arguments, "--out", cut)[0] == 0
    trees = [
        {
            path.relative_to(out): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        for out in (whole, cut)
    ]
    assert trees[0] == trees[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["noise", "--in", "{roads}", "--out", "{roads}/noised"], "overlaps the input"),
        (["noise", "--in", "{tmp}/nowhere", "--out", "{tmp}/out"], "nowhere: no such folder"),
        (["noise", "--in", "{tmp}", "--out", "{tmp}-out"], "test_label.json: no such label file"),
        (["noise", "--in", "{roads}", "--out", "{tmp}/out", "--camera", "mine"], "camera must be one of"),
        (["make", "--out", "{tmp}/out", "--train", "0", "--val", "0", "--test", "0"], "nothing to make"),
        (["check"], "Missing option '--in'"),
        (["check", "--in", "{tmp}", "--kind", "kitti"], "'kitti' is not one of"),
    ],
)
def test_errors_are_one_line(small_roads, tmp_path, arguments, said):
    filled = [argument.format(roads=small_roads, tmp=tmp_path) for argument in arguments]
    code, out, errors = run("data", *filled)
    assert (code, out) == (2, "")
    assert errors.startswith("Error: ")
    assert said in errors
    assert "\n" not in errors


def test_help_tells_of_every_command():
    code, said, errors = run("--help")
    assert (code, errors) == (0, "")
    assert "data" in said
    for command in ("make", "check", "noise"):
        code, said, errors = run("data", command, "--help")
        assert (code, errors) == (0, "")
        assert f"lightnoise-train data {command} --" in said


def test_no_command_is_answered_with_the_help():
    code, _, errors = run()
    assert code == 2
    assert len(errors.splitlines()) > 5


def test_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys; from click.testing import CliRunner; from lightnoise_train.cli import main;"
        "CliRunner().invoke(main, ['--help']); CliRunner().invoke(main, ['data', 'noise', '--help']);"
        "print(*{'torch', 'lightning', 'numba', 'torchvision', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        ("cv2", 'Error: cv2 is not installed: pip install "lightnoise[train]"\n'),
        ("lightnoise_train.data.noised", "ModuleNotFoundError"),  # a mistake of ours is not the user's
    ],
)
def test_a_missing_package_is_told_with_the_mend(tmp_path, absent, said):
    code = f"import sys; sys.modules[{absent!r}] = None; from lightnoise_train.cli import main; main(sys.argv[1:])"
    arguments = ["data", "noise", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert said in done.stderr
