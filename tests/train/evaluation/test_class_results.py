"""Accuracies under light: their intervals, and what the files say."""

import json

import numpy as np
import pytest

from lightnoise_train.evaluation.bootstrap import interval
from lightnoise_train.evaluation.class_results import BY_LIGHT, Judgement, score, write
from lightnoise_train.evaluation.conditions import Condition

CONDITIONS = (Condition("clean", 0), Condition("bloom", 1), Condition("glare", 5))


def judgement(name, *shares, count=200):
    random = np.random.default_rng(len(name))
    return Judgement({"judge": name, "labels": 10}, np.stack([random.random(count) < share for share in shares]))


def test_intervals_are_those_of_the_bootstrap():
    right = judgement("a", 0.9, 0.6, 0.3).right
    (found,) = score([Judgement({}, right)], CONDITIONS, np.random.default_rng(0))

    def bootstrapped(values):
        return interval(values[None].astype(float), range(200), np.random.default_rng(0))

    for place, each in enumerate(found.conditions):
        assert each == bootstrapped(right[place])
    noised = right[1:].mean(axis=0)
    for mine, other in ((found.noised, noised), (found.lost, right[0] - noised)):
        expected = bootstrapped(other)
        assert (mine.estimate, mine.low, mine.high) == pytest.approx((expected.estimate, expected.low, expected.high))
    assert found.clean == found.conditions[0]


def test_classifiers_are_judged_on_the_same_resamples():
    one, other = judgement("a", 0.9, 0.6, 0.3), judgement("a", 0.9, 0.6, 0.3)
    first, second = score([one, other], CONDITIONS, np.random.default_rng(0))
    assert first == second


def test_what_is_written_is_what_was_judged(tmp_path):
    judgements = [judgement("a", 1.0, 1.0, 1.0), judgement("b|c", 0.5, 0.25, 0.0)]
    record = {"format": "x 1", "test_pictures": 200, "prior": 0.1}
    write(tmp_path / "probe.json", "Title", judgements, CONDITIONS, record, ("judge",), 0)
    result = json.loads((tmp_path / "probe.json").read_text())
    assert result["format"] == "x 1"
    assert [row["clean"]["estimate"] for row in result["summary"]] == [1, judgements[1].right[0].mean()]
    assert [(row["judge"], row["effect"], row["severity"]) for row in result["conditions"]] == [
        (name, effect, severity) for name in ("a", "b|c") for effect, severity in CONDITIONS
    ]
    last = result["conditions"][-1]
    assert (last["accuracy"], last["low"], last["high"]) == (0, 0, 0)
    text = (tmp_path / "probe.md").read_text()
    head, by_light = text.split(BY_LIGHT)
    assert "100.0 (100.0 to 100.0)" in head
    assert "the most common class: 10.0." in head
    assert "b\\|c" in head
    assert len(by_light.strip().splitlines()) == 2 + len(CONDITIONS)
