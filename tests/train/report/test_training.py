import os

import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.report import style, training


def log(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_each_metric_has_the_steps_at_which_it_was_logged(tmp_path):
    path = log(tmp_path / "metrics.csv", "epoch,step,train/loss,val/loss", "0,0,3.5,", "0,9,,3.25", "1,10,2.5,nan")
    found = training.read_metrics(path)
    np.testing.assert_array_equal(found["train/loss"], [[0, 10], [3.5, 2.5]])
    np.testing.assert_array_equal(found["val/loss"], [[9, 10], [3.25, np.nan]])


def test_resumptions_are_joined_and_the_last_one_wins(tmp_path):
    old = log(tmp_path / "logs/version_0/metrics.csv", "step,train/loss", "0,5", "10,4", "20,9")
    log(tmp_path / "logs/version_1/metrics.csv", "step,train/loss", "20,3", "30,2")
    os.utime(old, (1, 1))
    np.testing.assert_array_equal(training.read_run(tmp_path)["train/loss"], [[0, 10, 20, 30], [5, 4, 3, 2]])


def test_a_run_that_logged_nothing(tmp_path):
    assert training.read_run(tmp_path) == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,b", "1,2"], r"metrics\.csv: has no column step"),
        ([""], r"metrics\.csv: has no column step"),
        (["step,loss", "0,1", "1,one"], r"metrics\.csv:3: could not convert"),
        (["step,loss", ",1"], r"metrics\.csv:2: could not convert"),
        (["step,loss", "0,1,2"], r"metrics\.csv:2: has more columns than the header"),
    ],
)
def test_broken_files_are_named(tmp_path, lines, message):
    with pytest.raises(DataError, match=message):
        training.read_metrics(log(tmp_path / "metrics.csv", *lines))


def test_curves_pass_through_the_points_that_were_logged():
    steps, values = np.arange(5.0), np.array([5.0, 4.0, 3.0, 2.5, 2.2])
    runs = [
        ("a", {"train/loss": (steps, values)}),
        ("a", {"train/loss": (steps, values + 1), "val/iou": (steps, values)}),
    ]
    with style.drawing():
        figure = training.training_curves(runs, style.series(["a"]))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["training loss", "lane overlap (IoU)"]
    first, second = figure.axes[0].lines
    np.testing.assert_array_equal(first.get_xydata(), np.stack([steps, values], axis=1))
    np.testing.assert_array_equal(second.get_ydata(), values + 1)
    assert [text.get_text() for text in figure.legends[0].texts] == ["a"]  # once, however many seeds


def test_nothing_that_is_known_nothing_to_draw():
    assert training.training_curves([("a", {"lr": (np.zeros(1), np.zeros(1))})], style.series(["a"])) is None
