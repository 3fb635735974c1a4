import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import LaneLabel, numbered_labels, read_labels, write_labels

OFFICIAL = Path(__file__).parents[4] / "shared" / "data" / "tusimple_labels_full"

GOOD = {"raw_file": "clips/0531/1/20.jpg", "lanes": [[-2, 640.5, 600]], "h_samples": [160, 170, 180]}


def file_of(path, *lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def line(**changes):
    return json.dumps({**GOOD, **changes})


@st.composite
def labels(draw):
    rows = draw(st.lists(st.integers(0, 719), max_size=6))
    columns = st.one_of(st.just(-2.0), st.floats(0, 1279), st.integers(0, 1279))
    lanes = draw(st.lists(st.lists(columns, min_size=len(rows), max_size=len(rows)), max_size=4))
    run_time = draw(st.none() | st.floats(0, 1e4))
    name = draw(st.text(min_size=1, max_size=20))
    return LaneLabel(name, np.array(lanes, dtype=float).reshape(len(lanes), len(rows)), np.array(rows, int), run_time)


@given(st.lists(labels(), max_size=4))
def test_what_is_written_is_read(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("labels") / "labels.json"
    write_labels(path, written)
    assert read_labels(path) == written


def test_official_keys_and_numbers_as_the_official_files_have_them(tmp_path):
    write_labels(tmp_path / "x.json", [LaneLabel("a.jpg", [[-2, 3.0, 4.5]], [10, 20, 30], 12.0)])
    assert (tmp_path / "x.json").read_text() == (
        '{"lanes": [[-2, 3, 4.5]], "h_samples": [10, 20, 30], "raw_file": "a.jpg", "run_time": 12}\n'
    )


def test_a_label_without_lanes_keeps_its_rows(tmp_path):
    [label] = read_labels(file_of(tmp_path / "x.json", line(lanes=[])))
    assert label.lanes.shape == (0, 3)


def test_blank_lines_are_skipped_and_counted(tmp_path):
    path = file_of(tmp_path / "x.json", "", line(), "  ", line(raw_file="b.jpg"))
    assert [number for number, _ in numbered_labels(path)] == [2, 4]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"raw_file": "a.jpg", "lanes": [[1, 2', "broken JSON"),
        ("[1, 2]", "object"),
        (json.dumps({"raw_file": "a.jpg", "lanes": []}), "has no h_samples"),
        (line(lanes=[[1, 2, 3], [1, 2]]), "lane 2 has 2 points, but h_samples has 3 rows"),
        (line(lanes=[[1, 2, "3"]]), "lane 1 must be a list of numbers"),
        (line(lanes=[[1, 2, True]]), "lane 1 must be a list of numbers"),
        (line(lanes=[[1, 2, 7e77]]).replace("7e+77", "1e400"), "lane 1"),
        (line(lanes=[[1, 2, 1e30]]), "lane 1"),
        (line(lanes=[[1, 2, float("nan")]]), "NaN"),
        (line(lanes={"0": [1]}), "lanes must be a list"),
        (line(h_samples=[160, 170.5, 180]), "h_samples must be a list of whole numbers"),
        (line(h_samples=[160, 2**70, 180]), "h_samples must be a list of whole numbers"),
        (line(raw_file=7), "raw_file must be a path"),
        (line(raw_file=""), "raw_file must be a path"),
        (line(run_time="fast"), "run_time must be a number"),
    ],
)
def test_a_bad_line_is_named_with_file_and_number(tmp_path, bad, said):
    path = file_of(tmp_path / "x.json", line(), "", bad, line(raw_file="c.jpg"))
    with pytest.raises(DataError) as error:
        read_labels(path)
    assert str(error.value).startswith(f"{path}:3: ")
    assert said in str(error.value)


def test_text_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(line().encode() + b'\n{"raw_file": "\xff"}\n')
    with pytest.raises(DataError, match=r"x\.json:2: is not UTF-8"):
        read_labels(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json: no such label file"):
        read_labels(tmp_path / "nowhere.json")


def test_lanes_and_rows_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match=r"\(n_lanes, 3\)"):
        LaneLabel("a.jpg", np.zeros((2, 4)), np.arange(3))
    with pytest.raises(ValueError, match="finite"):
        LaneLabel("a.jpg", np.array([[np.nan]]), np.arange(1))


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official label files are not there")
def test_official_files_come_back_line_for_line(tmp_path):
    for path in (OFFICIAL / "label_data_0531.json", OFFICIAL / "label_data_0601.json"):
        write_labels(tmp_path / path.name, read_labels(path))
        again, official = ((folder / path.name).read_text().splitlines() for folder in (tmp_path, OFFICIAL))
        assert len(again) == len(official)
        assert [json.loads(one) for one in again[::9]] == [json.loads(one) for one in official[::9]]
