"""What light noise costs: against numbers worked out by hand."""

import made_tables
import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation import robustness
from lightnoise_train.evaluation.tables import arm_tables

RNG = np.random.default_rng


def flat(clean, step):
    """Return an arm that loses ``step`` of accuracy with each severity, twice as much under glare."""
    return lambda effect, severity, frame, seed: {"accuracy": clean - step * severity * (2 if effect == "glare" else 1)}


def noisy(effect, severity, frame, seed):
    rng = RNG([len(effect), severity, frame, seed])
    accuracy = float(np.clip(0.9 - 0.1 * severity + 0.05 * rng.normal(), 0, 1))
    return {"accuracy": accuracy, "fp": rng.random(), "fn": rng.random(), "similarity": 1 - 0.1 * severity}


def test_a_table_has_every_number_in_its_place():
    table = made_tables.tables({"a": lambda e, s, f, seed: {"accuracy": (len(e) * 10 + s) * 1000 + f * 10 + seed}})["a"]
    assert table.conditions[0] == ("clean", 0)
    assert table.effects == ("bloom", "glare")
    assert table.severities("glare") == (1, 2, 3)
    assert table.blocks.tolist() == [f"b{f // 3}" for f in range(12)]
    assert table.at("glare", 2).tolist() == [[52000 + f * 10 + seed for f in range(12)] for seed in (0, 1)]
    assert (table.at("bloom", 0) == table.at("clean", 0)).all()


def test_a_condition_that_was_not_measured():
    table = made_tables.tables({"a": flat(0.9, 0.1)})["a"]
    with pytest.raises(DataError, match="a has no results for bloom at severity 5"):
        table.at("bloom", 5)


def test_a_missing_frame_is_named():
    results = made_tables.results({"a": flat(0.9, 0.1)})
    keep = ~(
        (results["frame"] == "f7")
        & (results["severity"] == 2)
        & (results["seed"] == 1)
        & (results["effect"] == "glare")
    )
    results = type(results)({name: values[keep] for name, values in results.columns.items()})
    with pytest.raises(DataError, match="seed 1 has no result for f7 at glare 2"):
        arm_tables(results)


def test_the_clean_frames_are_needed():
    with pytest.raises(DataError, match="no results for the clean frames"):
        made_tables.tables({"a": flat(0.9, 0.1)}, conditions=[("bloom", 1)])


def test_scores_of_a_condition():
    table = made_tables.tables({"a": noisy})["a"]
    score = robustness.condition_score(table, "bloom", 2, RNG(0))
    for metric in ("accuracy", "fp", "fn"):
        interval = getattr(score, metric)
        assert interval.estimate == pytest.approx(table.at("bloom", 2, metric).mean())
        assert interval.low < interval.estimate < interval.high
    precision, recall = 1 - table.at("bloom", 2, "fp").mean(), 1 - table.at("bloom", 2, "fn").mean()
    assert score.f1.estimate == pytest.approx(2 * precision * recall / (precision + recall))
    assert score.retention.estimate == pytest.approx(table.at("bloom", 2).mean() / table.at("clean", 0).mean())
    assert score.similarity.mean == pytest.approx(0.8)
    assert score.similarity.pairs == 12
    assert score.similarity_before.pairs == 0


def test_the_clean_frames_retain_all():
    (clean, *_) = robustness.all_scores(made_tables.tables({"a": noisy})["a"], RNG(0))
    assert (clean.effect, clean.severity) == ("clean", 0)
    assert (clean.retention.estimate, clean.retention.low, clean.retention.high) == (1.0, 1.0, 1.0)


def test_retention_of_nothing_is_unknown():
    table = made_tables.tables({"a": flat(0.0, 0.0)})["a"]
    assert np.isnan(robustness.condition_score(table, "bloom", 1, RNG(0)).retention.estimate)


def test_corruption_errors_by_hand():
    """Arm: error .1 clean and +.05 a level of bloom; baseline: .2 and +.1. Severities 1 to 3 sum to 6 levels."""
    tables = made_tables.tables({"arm": flat(0.9, 0.05), "baseline": flat(0.8, 0.1)})
    errors = {error.effect: error for error in robustness.corruption_errors(tables["arm"], tables["baseline"], RNG(0))}
    bloom = (3 * 0.1 + 6 * 0.05) / (3 * 0.2 + 6 * 0.1)
    glare = (3 * 0.1 + 12 * 0.05) / (3 * 0.2 + 12 * 0.1)
    assert errors["bloom"].error.estimate == pytest.approx(bloom)
    assert errors["glare"].error.estimate == pytest.approx(glare)
    assert errors["mean"].error.estimate == pytest.approx((bloom + glare) / 2)
    for error in errors.values():
        assert error.relative.estimate == pytest.approx(0.5)


def test_the_baselines_own_corruption_error_is_one():
    table = made_tables.tables({"baseline": noisy})["baseline"]
    for error in robustness.corruption_errors(table, table, RNG(0)):
        assert (error.error.estimate, error.error.low, error.error.high) == pytest.approx((1.0, 1.0, 1.0))


def test_noise_that_adds_nothing_has_no_relative_error():
    tables = made_tables.tables({"arm": flat(0.9, 0.05), "baseline": flat(0.8, 0.0)})
    for error in robustness.corruption_errors(tables["arm"], tables["baseline"], RNG(0)):
        assert np.isnan(error.relative.estimate)


def test_differences_are_paired():
    arms = {
        "a": noisy,
        "b": lambda e, s, f, seed: {"accuracy": noisy(e, s, f, seed)["accuracy"] - (0.02 if s else 0.0)},
    }
    tables = made_tables.tables(arms)
    noised = robustness.difference(tables["a"], tables["b"], RNG(0))
    assert (noised.estimate, noised.low, noised.high) == pytest.approx((0.02, 0.02, 0.02))
    assert noised.excludes_zero
    clean = robustness.difference(tables["a"], tables["b"], RNG(0), [("clean", 0)])
    assert clean.estimate == 0.0
    assert not clean.excludes_zero


def test_frames_are_paired_by_name_not_by_place():
    def by_name(effect, severity, frame, seed):
        return {"accuracy": 0.05 * frame}

    first = made_tables.tables({"a": by_name})["a"]
    shuffled = made_tables.results({"b": by_name})
    order = RNG(0).permutation(len(shuffled))
    (other,) = arm_tables(type(shuffled)({name: values[order] for name, values in shuffled.columns.items()}))
    found = robustness.difference(first, other, RNG(0))
    assert (found.low, found.high) == pytest.approx((0.0, 0.0))


def test_arms_are_compared_within_one_encoder_and_on_the_same_frames():
    a = made_tables.tables({"a": noisy})["a"]
    with pytest.raises(DataError, match="only within one encoder"):
        robustness.difference(a, made_tables.tables({"b": noisy}, encoder="vit")["b"], RNG(0))
    with pytest.raises(DataError, match="different frames"):
        robustness.difference(a, made_tables.tables({"b": noisy}, n_frames=9)["b"], RNG(0))


def test_only_seeds_of_both_arms_are_compared():
    a, b = made_tables.tables({"a": noisy}, seeds=(0, 1, 2))["a"], made_tables.tables({"b": noisy}, seeds=(2, 1))["b"]
    ours, theirs = robustness.paired(a, b)
    assert ours.seeds == theirs.seeds == (1, 2)
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_without_a_common_seed_means_are_compared():
    a, b = made_tables.tables({"a": noisy}, seeds=(0, 1))["a"], made_tables.tables({"b": noisy}, seeds=(5,))["b"]
    ours, theirs = robustness.paired(a, b)
    assert ours.values.shape[1] == theirs.values.shape[1] == 1
    np.testing.assert_allclose(ours.at("bloom", 1), a.at("bloom", 1).mean(axis=0, keepdims=True))
