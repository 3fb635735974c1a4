"""Result files: written whole, read with errors that name the line."""

import json

import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import Run, header, read_results, write_results


def row(**changes):
    return {
        "arm": "simclr",
        "encoder": "resnet18",
        "seed": 0,
        "effect": "bloom",
        "severity": 2,
        "frame": "clips/1/20.jpg",
        "block": "0313/0",
        "accuracy": 0.5,
        "fp": 0.25,
        "fn": 0.5,
        "similarity": 0.9,
        "similarity_before": None,
        **changes,
    }


def write(path, *rows):
    runs = [
        {
            "arm": "simclr",
            "encoder": "resnet18",
            "seed": 0,
            "chance": {"similarity": {"mean": 0.7, "std": 0.1, "pairs": 3}},
        }
    ]
    write_results(path, header(runs, {"seed": 0}, "a command"), rows)
    return path


def test_round_trip(tmp_path):
    path = write(
        tmp_path / "r.jsonl", row(), row(effect="clean", severity=0, similarity=np.float64("nan"), fp=np.float32(1))
    )
    results = read_results(path)
    assert len(results) == 2
    assert results.runs == [Run("simclr", "resnet18", 0)]
    assert results["accuracy"].tolist() == [0.5, 0.5]
    assert results["similarity"][0] == 0.9
    assert np.isnan(results["similarity"][1])
    assert np.isnan(results["similarity_before"]).all()
    assert results["severity"].dtype == np.int64
    assert results.headers[0]["command"] == "a command"
    assert "numpy" in results.headers[0]["versions"]
    assert results.chance(results.runs[0]) == {"mean": 0.7, "std": 0.1, "pairs": 3}
    assert results.chance(results.runs[0], "similarity_before") is None
    assert results.chance(Run("other", "resnet18", 0)) is None


def test_rows_can_be_chosen(tmp_path):
    results = read_results(write(tmp_path / "r.jsonl", row(), row(severity=3), row(effect="glare")))
    assert len(results.where(effect="bloom")) == 2
    assert len(results.where(effect="bloom", severity=3)) == 1
    assert results.unique("effect") == ["bloom", "glare"]


def test_files_make_one_table(tmp_path):
    results = read_results(write(tmp_path / "a.jsonl", row()), write(tmp_path / "b.jsonl", row(seed=1)))
    assert [run.seed for run in results.runs] == [0, 1]
    assert len(results.headers) == 2


def test_the_same_row_twice(tmp_path):
    first, second = write(tmp_path / "a.jsonl", row()), write(tmp_path / "b.jsonl", row(seed=1), row(accuracy=0.1))
    with pytest.raises(DataError, match=r"b\.jsonl:3: clips/1/20\.jpg has a row already"):
        read_results(first, second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracy": "high"}, "accuracy must be a number, got 'high'"),
        ({"accuracy": None}, "accuracy must be a number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"frame": 3}, "frame must be text"),
        ({"severity": 6}, "severity must be 0 for clean and 1 to 5"),
        ({"severity": 0}, "severity must be 0 for clean"),
        ({"effect": "clean"}, "severity must be 0 for clean"),
    ],
)
def test_wrong_values_are_refused_when_read_and_when_written(tmp_path, change, message):
    path = write(tmp_path / "r.jsonl", row())
    with open(path, "a") as file:
        file.write(json.dumps(row(frame="b") | change) + "\n")
    with pytest.raises(DataError) as caught:
        read_results(path)
    assert f"{path}:3: " in str(caught.value)
    assert message in str(caught.value)
    with pytest.raises(ValueError, match=r"must be"):
        write(tmp_path / "other.jsonl", row() | change)
    assert not (tmp_path / "other.jsonl").exists()


def test_a_row_that_lacks_a_key(tmp_path):
    path = write(tmp_path / "r.jsonl", row())
    with open(path, "a") as file:
        file.write('{"arm": "x"}\n')
    with pytest.raises(DataError, match=r":3: a result's row has no encoder"):
        read_results(path)


def test_other_files(tmp_path):
    (tmp_path / "labels.json").write_text('{"raw_file": "a"}\n')
    with pytest.raises(DataError, match="is no result file"):
        read_results(tmp_path / "labels.json")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DataError, match="is no result file"):
        read_results(tmp_path / "empty.jsonl")
    with pytest.raises(DataError, match="no such result file"):
        read_results(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match="no results"):
        read_results(write(tmp_path / "r.jsonl"))
    with pytest.raises(DataError, match="no results"):
        read_results()
