import json

import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import read_results
from lightnoise_train.report.export import as_csv, as_json
from lightnoise_train.report.summary import summarise


@pytest.fixture(scope="module")
def rows(make_rows):
    return make_rows({"simclr": 0.02, "baseline": 0.04, "scratch": 0.04})


@pytest.fixture(scope="module")
def summary(rows, write_rows, tmp_path_factory):
    path = write_rows(tmp_path_factory.mktemp("summary") / "results.jsonl", rows)
    (summary,) = summarise(read_results(path))
    return summary


def mean(rows, metric="accuracy", **wanted):
    return np.mean([row[metric] for row in rows if all(row[key] == value for key, value in wanted.items())])


def noised(rows, arm, metric="accuracy"):
    return np.mean([row[metric] for row in rows if row["arm"] == arm and row["severity"]])


def test_the_arm_called_baseline_is_what_others_are_judged_against(summary):
    assert summary.baseline == "baseline"
    assert [arm.name for arm in summary.arms if not arm.differences] == ["baseline"]


def test_scores_are_means_of_the_rows(summary, rows):
    for arm in summary.arms:
        for score in arm.scores:
            wanted = {"arm": arm.name, "effect": score.effect, "severity": score.severity}
            assert score.accuracy.estimate == pytest.approx(mean(rows, **wanted))
            assert score.fp.estimate == pytest.approx(mean(rows, "fp", **wanted))
            assert score.similarity.mean == pytest.approx(mean(rows, "similarity", **wanted))
        assert arm.noised.accuracy.estimate == pytest.approx(noised(rows, arm.name))
        clean = mean(rows, arm=arm.name, severity=0)
        assert arm.noised.retention.estimate == pytest.approx(noised(rows, arm.name) / clean)
        precision, recall = 1 - noised(rows, arm.name, "fp"), 1 - noised(rows, arm.name, "fn")
        assert arm.noised.f1.estimate == pytest.approx(2 * precision * recall / (precision + recall))


def test_intervals_hold_their_estimates(summary):
    for arm in summary.arms:
        overall = [getattr(arm.noised, name) for name in ("accuracy", "fp", "fn", "f1", "retention")]
        for found in (*overall, *arm.differences.values()):
            assert found.low < found.estimate < found.high


def test_differences_are_those_of_the_means(summary, rows):
    simclr = summary.arms[0]
    assert list(simclr.differences) == ["", "clean", "bloom", "glare"]
    for name, found in simclr.differences.items():
        if name:
            expected = mean(rows, arm="simclr", effect=name) - mean(rows, arm="baseline", effect=name)
        else:
            expected = noised(rows, "simclr") - noised(rows, "baseline")
        assert found.estimate == pytest.approx(expected)


def test_differences_are_paired(make_rows, write_rows, tmp_path):
    """An arm that is better by the same on every frame is so beyond doubt, however much frames differ."""
    rows = make_rows({"baseline": 0.04}, n_blocks=6)
    rows += [{**row, "arm": "twin", "accuracy": row["accuracy"] - 0.001} for row in rows]
    twin = summarise(read_results(write_rows(tmp_path / "r.jsonl", rows)))[0].arms[1]
    assert twin.noised.accuracy.high - twin.noised.accuracy.low > 0.01
    for found in twin.differences.values():
        assert (found.low, found.estimate, found.high) == pytest.approx((-0.001,) * 3)


def test_only_conditions_that_all_arms_have_are_averaged(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.03, "simclr": 0.03})
    rows = [row for row in rows if row["arm"] == "baseline" or row["effect"] != "glare"]
    (summary,) = summarise(read_results(write_rows(tmp_path / "r.jsonl", rows)))
    assert summary.conditions == (("bloom", 1), ("bloom", 3), ("bloom", 5))
    expected = np.mean([r["accuracy"] for r in rows if r["arm"] == "baseline" and r["effect"] == "bloom"])
    assert summary.arms[0].noised.accuracy.estimate == pytest.approx(expected)


def test_frames_alike_and_lost_are_counted_by_hand(summary, rows):
    simclr = summary.arms[0]
    assert (simclr.similarity.chance, simclr.alike) == (0.5, 0.75)
    clean = {(r["seed"], r["frame"]): r["accuracy"] for r in rows if r["arm"] == "simclr" and not r["severity"]}
    alike = [
        row
        for row in rows
        if row["arm"] == "simclr" and row["severity"] and row["similarity"] >= 0.75
        if clean[row["seed"], row["frame"]] >= 0.85
    ]
    assert simclr.n_alike == len(alike) > 0
    assert len(simclr.failures) == sum(row["accuracy"] < 0.85 for row in alike) > 0


def test_each_encoder_stands_alone(make_rows, write_rows, tmp_path):
    one = write_rows(tmp_path / "a.jsonl", make_rows({"baseline": 0.03, "simclr": 0.02}, n_blocks=4))
    two = write_rows(tmp_path / "b.jsonl", make_rows({"other": 0.03}, encoder="vit", n_blocks=4))
    first, second = summarise(read_results(one, two))
    assert (first.encoder, first.baseline, second.encoder, second.baseline) == ("resnet18", "baseline", "vit", "other")
    assert not second.arms[0].differences


def test_without_features_there_is_no_similarity(make_rows, write_rows, tmp_path):
    path = write_rows(tmp_path / "r.jsonl", make_rows({"baseline": 0.03}, n_blocks=4, similar=False))
    (summary,) = summarise(read_results(path))
    assert summary.arms[0].bins == []
    assert summary.arms[0].n_alike == 0


def test_a_baseline_that_is_not_there(make_rows, write_rows, tmp_path):
    path = write_rows(tmp_path / "r.jsonl", make_rows({"a": 0.03, "b": 0.02}, n_blocks=2))
    with pytest.raises(DataError, match="no arm is called c; there are a, b"):
        summarise(read_results(path), "c")


def test_clean_frames_alone_are_nothing_to_report(make_rows, write_rows, tmp_path):
    path = write_rows(tmp_path / "r.jsonl", make_rows({"a": 0.03}, n_blocks=2, effects=()))
    with pytest.raises(DataError, match="no effect and severity"):
        summarise(read_results(path))


def test_csv_and_json_say_the_same_as_the_rows(summary, rows):
    import csv

    lines = list(csv.DictReader(as_csv([summary]).splitlines()))
    assert len(lines) == 3 * 7
    for line in lines:
        wanted = {"arm": line["arm"], "effect": line["effect"], "severity": int(line["severity"])}
        assert float(line["accuracy"]) == pytest.approx(mean(rows, **wanted), abs=1e-9)
        assert float(line["accuracy_low"]) <= float(line["accuracy"]) <= float(line["accuracy_high"])
        assert line["similarity_before_mean"] == ""  # not measured
    found = json.loads(as_json([summary], [["said"]], [{"command": "c"}]))
    assert found["encoders"][0]["verdict"] == ["said"]
    assert found["encoders"][0]["arms"][0]["differences"]["noised"]["estimate"] == pytest.approx(
        noised(rows, "simclr") - noised(rows, "baseline")
    )
