"""``lightnoise-train evaluate`` as a process of its own."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lightnoise_train.evaluation import tusimple
from lightnoise_train.evaluation.predictions import Prediction, write_predictions
from lightnoise_train.lanes.labels import LaneLabel, write_labels

ROWS = np.arange(160, 720, 10)
_COMMAND = "from lightnoise_train.cli import main; main(prog_name='lightnoise-train')"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, "evaluate", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def files(tmp_path):
    labels = [LaneLabel(f"clips/{i}/20.jpg", np.stack([ROWS + 50.0 * i, ROWS + 400.0]), ROWS) for i in range(4)]
    predictions = [Prediction(label.raw_file, label.lanes[:1] + 12.0 * i, 9.0) for i, label in enumerate(labels)]
    write_labels(tmp_path / "gt.json", labels)
    write_predictions(tmp_path / "pred.json", predictions)
    return tmp_path, labels, predictions


def test_json_has_exactly_the_four_numbers(files):
    folder, labels, predictions = files
    done = run("--pred", folder / "pred.json", "--gt", folder / "gt.json", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert list(found) == ["accuracy", "fp", "fn", "f1"]
    assert found == pytest.approx(tusimple.evaluate(predictions, labels).to_dict())
    assert 0.2 < found["accuracy"] < 0.8


def test_text_for_people(files):
    folder, *_ = files
    done = run("--pred", folder / "pred.json", "--gt", folder / "gt.json")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["accuracy", "fp", "fn", "f1", "frames"]


def test_labels_as_predictions_are_perfect_and_noted_as_untimed(files):
    folder, *_ = files
    done = run("--pred", folder / "gt.json", "--gt", folder / "gt.json", "--json")
    assert json.loads(done.stdout) == {"accuracy": 1.0, "fp": 0.0, "fn": 0.0, "f1": 1.0}
    assert "4 predictions have no run_time" in done.stderr


def drop_a_frame(lines):
    return lines[1:]


def add_a_frame(lines):
    return [*lines, lines[0].replace("clips/0", "clips/9")]


def repeat_a_frame(lines):
    return [*lines, lines[0]]


def break_a_line(lines):
    return [lines[0], lines[1][:20], *lines[2:]]


def shorten_a_lane(lines):
    values = json.loads(lines[2])
    values["lanes"] = [lane[:-1] for lane in values["lanes"]]
    return [*lines[:2], json.dumps(values), *lines[3:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_a_frame, "clips/0/20.jpg: labelled but not predicted"),
        (add_a_frame, "clips/9/20.jpg: predicted but not labelled"),
        (repeat_a_frame, "clips/0/20.jpg is predicted twice"),
        (break_a_line, "pred.json:2: broken JSON at column"),
        (shorten_a_lane, "clips/2/20.jpg: predicted lanes have 55 points, but its label has 56 h_samples"),
    ],
)
def test_errors_are_one_line_that_names_file_and_place(files, change, message):
    folder, *_ = files
    path = folder / "pred.json"
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    done = run("--pred", path, "--gt", folder / "gt.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert str(path) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_file(files):
    folder, *_ = files
    done = run("--pred", folder / "pred.json", "--gt", folder / "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr
