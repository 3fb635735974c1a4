"""Cosines, and what they are by chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lightnoise_train.evaluation.similarity import chance_level, cosine

FEATURES = arrays(np.float64, (4, 3), elements=st.floats(-100, 100).map(lambda x: round(x, 3)))


@given(FEATURES, FEATURES, st.floats(0.1, 10))
def test_cosine(a, b, scale):
    found = cosine(a, b)
    for i in range(4):
        lengths = np.sqrt(sum(x * x for x in a[i])) * np.sqrt(sum(x * x for x in b[i]))
        expected = sum(x * y for x, y in zip(a[i], b[i], strict=True)) / lengths if lengths else 0.0
        assert found[i] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(cosine(scale * a, b), found, atol=1e-9)


def test_features_of_nothing_are_like_nothing():
    assert cosine(np.zeros((1, 3)), np.ones((1, 3)))[0] == 0.0


def test_chance_is_over_pairs_of_different_blocks():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 6)) + 1.0
    blocks = ["abcde"[i // 6] for i in range(30)]
    pairs = [cosine(features[[i]], features[[j]])[0] for i in range(30) for j in range(i) if blocks[i] != blocks[j]]
    found = chance_level(features, blocks)
    assert found.pairs == len(pairs)
    assert found.mean == pytest.approx(np.mean(pairs))
    assert found.std == pytest.approx(np.std(pairs))


def test_frames_of_one_block_are_compared_with_each_other():
    features = np.random.default_rng(0).normal(size=(10, 4))
    assert chance_level(features, ["a"] * 10) == chance_level(features)
    assert chance_level(features).pairs == 45


def test_a_single_frame_has_no_chance_level():
    found = chance_level(np.ones((1, 3)))
    assert found.pairs == 0
    assert np.isnan(found.mean)


def test_many_frames_in_parts(monkeypatch):
    features = np.random.default_rng(0).normal(size=(50, 4))
    whole = chance_level(features)
    monkeypatch.setattr("lightnoise_train.evaluation.similarity._ROWS", 7)
    parts = chance_level(features)
    assert (parts.pairs, parts.mean, parts.std) == (whole.pairs, pytest.approx(whole.mean), pytest.approx(whole.std))


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="equal shapes"):
        cosine(np.ones((2, 3)), np.ones((2, 4)))
