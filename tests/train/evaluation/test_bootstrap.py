"""Intervals: they hold what they should as often as they should, and know correlated frames."""

import numpy as np
import pytest

from lightnoise_train.evaluation.bootstrap import interval, resampled_means

RNG = np.random.default_rng


def naive_means(values, blocks, rng, resamples):
    """Draw seeds and blocks one by one, and average what was drawn."""
    names = sorted(set(blocks))
    found = []
    for _ in range(resamples):
        seeds = rng.integers(len(values), size=len(values))
        drawn = [names[i] for i in rng.integers(len(names), size=len(names))]
        frames = [f for name in drawn for f in range(len(blocks)) if blocks[f] == name]
        found.append(np.mean([values[s, f] for s in seeds for f in frames], axis=0))
    return np.array(found)


def test_the_distribution_is_that_of_drawing_one_by_one():
    rng = RNG(0)
    values = rng.normal(size=(3, 24, 1)) + rng.normal(size=(3, 1, 1))
    blocks = ["a"] * 3 + ["b"] * 9 + ["c"] * 4 + ["d"] * 8
    fast = resampled_means(values, blocks, RNG(1), 4000)[:, 0]
    slow = naive_means(values, blocks, RNG(2), 1500)[:, 0]
    assert fast.mean() == pytest.approx(slow.mean(), abs=0.05)
    assert fast.std() == pytest.approx(slow.std(), rel=0.1)


def test_the_estimate_is_the_plain_mean_whatever_the_blocks():
    values = RNG(0).random((2, 30))
    assert interval(values, [0] * 25 + [1] * 5, RNG(1)).estimate == pytest.approx(values.mean())


def test_95_percent_hold_the_truth():
    rng = RNG(0)
    hits = 0
    for _ in range(300):
        block_effects = np.repeat(rng.normal(size=40), 5)
        values = (block_effects + 0.5 * rng.normal(size=200))[None]
        found = interval(values, np.repeat(np.arange(40), 5), rng, resamples=400)
        hits += found.low <= 0.0 <= found.high
    assert 0.90 < hits / 300 < 0.98


def test_correlated_frames_widen_the_interval():
    values = np.repeat(RNG(0).normal(size=20), 10)[None]  # ten frames of a block are one and the same
    alone = interval(values, np.arange(200), RNG(1))
    blocked = interval(values, np.repeat(np.arange(20), 10), RNG(1))
    assert (blocked.high - blocked.low) > 2.5 * (alone.high - alone.low)


def test_seeds_widen_the_interval():
    frames = 0.01 * RNG(0).normal(size=(1, 200))
    seeds = np.array([[0.0], [0.3], [-0.3]])
    apart = interval(frames + seeds, np.arange(200), RNG(1))
    same = interval(np.repeat(frames, 3, axis=0), np.arange(200), RNG(1))
    assert (apart.high - apart.low) > 20 * (same.high - same.low)


def test_a_paired_difference_is_tighter_than_its_parts():
    rng = RNG(0)
    common = rng.normal(size=(1, 300))
    pair = np.stack([common + 0.05, common + 0.01 * rng.normal(size=(1, 300))], axis=2)
    difference = interval(pair, np.arange(300), RNG(1), lambda means: means[..., 0] - means[..., 1])
    single = interval(pair[..., 0], np.arange(300), RNG(1))
    assert difference.excludes_zero
    assert difference.estimate == pytest.approx(0.05, abs=0.005)
    assert (difference.high - difference.low) < 0.1 * (single.high - single.low)


def test_a_ratio_of_means():
    values = np.stack([np.full((1, 10), 2.0), np.full((1, 10), 4.0)], axis=2)
    found = interval(values, np.arange(10), RNG(0), lambda means: means[..., 0] / means[..., 1])
    assert (found.estimate, found.low, found.high) == (0.5, 0.5, 0.5)


def test_the_same_generator_gives_the_same_interval():
    values = RNG(0).random((2, 50))
    assert interval(values, np.arange(50), RNG(7)) == interval(values, np.arange(50), RNG(7))


def test_one_block_of_one_seed_has_no_interval():
    found = interval(np.ones((1, 5)), ["a"] * 5, RNG(0))
    assert found.estimate == 1.0
    assert np.isnan([found.low, found.high]).all()
    assert not found.excludes_zero


@pytest.mark.parametrize(
    ("values", "blocks", "message"),
    [
        (np.ones((1, 3)), [0, 1], "one block per frame, 3; got 2"),
        (np.ones(3), [0, 1, 2], "shape"),
        (np.ones((0, 3)), [0, 1, 2], "shape"),
        (np.array([[1.0, np.nan]]), [0, 1], "finite"),
    ],
)
def test_bad_input(values, blocks, message):
    with pytest.raises(ValueError, match=message):
        interval(values, blocks, RNG(0))
