"""Similarity against detection."""

import made_tables
import numpy as np
import pytest
from scipy import stats

from lightnoise_train.evaluation import joint

RNG = np.random.default_rng


def confounded(effect, severity, frame, seed):
    """Severity lowers both; at a fixed severity they are unrelated."""
    rng = RNG([len(effect), severity, frame, seed])
    return {
        "accuracy": 1 - 0.2 * severity + 0.02 * rng.normal(),
        "similarity": 1 - 0.2 * severity + 0.02 * rng.normal(),
    }


def test_spearman_is_scipys():
    rng = RNG(0)
    a, b = rng.integers(0, 10, 80).astype(float), rng.normal(size=80)  # with ties
    assert joint.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert joint.spearman(a, np.exp(a)) == pytest.approx(1.0)


@pytest.mark.parametrize(("a", "b"), [([1.0, 2.0], [1.0, 2.0]), ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])])
def test_spearman_of_too_little(a, b):
    assert np.isnan(joint.spearman(np.array(a), np.array(b)))


def test_severity_alone_is_told_from_similarity():
    table = made_tables.tables({"a": confounded}, n_frames=60)["a"]
    found = joint.correlation(table)
    assert found.pooled > 0.8
    assert abs(found.within) < 0.15
    assert joint.correlation(table, "bloom").pooled > 0.8


def test_no_similarity_no_correlation():
    table = made_tables.tables({"a": lambda *_: {"accuracy": 0.5}})["a"]
    found = joint.correlation(table)
    assert np.isnan([found.pooled, found.within]).all()
    assert joint.accuracy_by_similarity(table, RNG(0)) == []
    assert joint.failures(table) == []


def test_bins_hold_all_noised_frames_in_order():
    table = made_tables.tables({"a": confounded}, n_frames=50)["a"]
    bins = joint.accuracy_by_similarity(table, RNG(0), bins=5)
    assert [b.count for b in bins] == [120] * 5  # 6 conditions × 2 seeds × 50 frames
    similarity = np.concatenate([table.at(*c, "similarity").ravel() for c in table.conditions[1:]])
    accuracy = np.concatenate([table.at(*c).ravel() for c in table.conditions[1:]])
    for b, after in zip(bins, [*bins[1:], None], strict=True):
        here = (similarity >= b.low) & (similarity <= b.high)
        assert here.sum() == b.count
        assert b.accuracy.estimate == pytest.approx(accuracy[here].mean())
        assert b.low <= b.similarity <= b.high
        assert b.accuracy.low <= b.accuracy.estimate <= b.accuracy.high
        assert after is None or b.high < after.low


def test_ties_share_a_bin():
    table = made_tables.tables({"a": lambda e, s, f, seed: {"accuracy": 0.5, "similarity": 0.7}})["a"]
    (only,) = joint.accuracy_by_similarity(table, RNG(0))
    assert only.count == 6 * 2 * 12


def test_failures_are_similar_found_before_and_lost():
    def values(effect, severity, frame, seed):
        accuracy = 0.95
        if severity and frame == 4:
            accuracy = 0.6  # lost although similar
        if severity and frame == 5:
            accuracy = 0.5  # lost, but not similar
        if frame == 6:
            accuracy = 0.3  # never found
        if severity == 3 and frame == 4 and seed == 1:
            accuracy = 0.1
        return {"accuracy": accuracy, "similarity": 0.5 if frame == 5 else 0.95}

    found = joint.failures(made_tables.tables({"a": values})["a"], similar=0.9)
    assert {failure.frame for failure in found} == {"f4"}
    assert len(found) == 6 * 2
    assert (found[0].accuracy, found[0].severity, found[0].seed, found[0].clean_accuracy) == (0.1, 3, 1, 0.95)
    assert found[-1].accuracy == 0.6
