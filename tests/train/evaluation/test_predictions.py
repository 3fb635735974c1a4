"""Prediction files: what is written is read again, and what is wrong is named with its line."""

import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.predictions import Prediction, read_predictions, write_predictions


def test_round_trip(tmp_path):
    written = [
        Prediction("clips/1/20.jpg", np.array([[-2.0, 100.0, 250.5], [300.0, 400.0, -2.0]]), 12.5),
        Prediction("clips/2/20.jpg", np.empty((0, 0)), 3.0),
    ]
    write_predictions(tmp_path / "new" / "pred.json", written)
    read = read_predictions(tmp_path / "new" / "pred.json")
    assert [p.raw_file for p in read] == [p.raw_file for p in written]
    assert [p.run_time for p in read] == [12.5, 3.0]
    np.testing.assert_array_equal(read[0].lanes, written[0].lanes)
    assert len(read[1].lanes) == 0


def test_the_file_has_the_official_keys(tmp_path):
    write_predictions(tmp_path / "pred.json", [Prediction("a", np.array([[-7.0, 1279.96, 5.0]]))])
    (line,) = (tmp_path / "pred.json").read_text().splitlines()
    assert json.loads(line) == {"raw_file": "a", "lanes": [[-2, 1280, 5]], "run_time": 0.0}


@given(st.lists(st.floats(-3, 1280), min_size=1, max_size=5))
@settings(max_examples=30)
def test_columns_keep_a_tenth_of_a_pixel_and_absence(tmp_path_factory, xs):
    path = tmp_path_factory.mktemp("predictions") / "pred.json"
    write_predictions(path, [Prediction("a", np.array([xs]))])
    (read,) = read_predictions(path)
    for before, after in zip(xs, read.lanes[0], strict=True):
        assert after == -2 if before < 0 else abs(after - before) <= 0.05 + 1e-9


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "pred.json"
    write_predictions(path, [Prediction("a", np.array([[1.0]]))])
    before = path.read_bytes()

    def broken():
        yield Prediction("b", np.array([[1.0]]))
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_predictions(path, broken())
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["pred.json"]


GOOD = '{"raw_file": "a", "lanes": [[1, 2]], "run_time": 5}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"raw_file": "a", ', "broken JSON at column"),
        ("[1, 2]", "one JSON object per line"),
        ('{"lanes": [[1]]}', "has no raw_file; it has lanes"),
        ('{"raw_file": "a"}', "has no lanes"),
        ('{"raw_file": 3, "lanes": []}', "raw_file must be a path"),
        ('{"raw_file": "a", "lanes": [1, 2]}', "lanes must be a list of lists"),
        ('{"raw_file": "a", "lanes": [[1, 2], [1, 2, 3]]}', "lane 2 has 3 points, but lane 1 has 2"),
        ('{"raw_file": "a", "lanes": [[1, "2"]]}', 'lane 1 must hold numbers, got "2"'),
        ('{"raw_file": "a", "lanes": [[1, null]]}', "lane 1 must hold numbers, got null"),
        ('{"raw_file": "a", "lanes": [[1, true]]}', "lane 1 must hold numbers, got true"),
        ('{"raw_file": "a", "lanes": [[NaN]]}', "NaN is no number"),
        ('{"raw_file": "a", "lanes": [[1e999]]}', "lane 1 must hold numbers"),
        ('{"raw_file": "a", "lanes": [], "run_time": "5"}', "run_time must be a number"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, message):
    path = tmp_path / "pred.json"
    path.write_text(f"{GOOD}\n\n{line}\n")
    with pytest.raises(DataError) as caught:
        read_predictions(path)
    assert f"{path}:3: " in str(caught.value)
    assert message in str(caught.value)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "pred.json"
    path.write_bytes(b'{"raw_file": "\xff"}\n')
    with pytest.raises(DataError, match=r"pred.json:1: is not UTF-8"):
        read_predictions(path)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(DataError, match="no such prediction file"):
        read_predictions(tmp_path / "none.json")
    (tmp_path / "empty.json").write_text("\n")
    with pytest.raises(DataError, match="holds no predictions"):
        read_predictions(tmp_path / "empty.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_predictions(tmp_path)
