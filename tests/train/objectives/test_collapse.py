"""Collapse statistics on embeddings whose figures are known."""

import math

import numpy as np
import pytest
import torch

from lightnoise_train.objectives.collapse import collapse_statistics, effective_rank
from lightnoise_train.objectives.nt_xent import nt_xent


def spread(count=512, dimensions=64, seed=0):
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


def test_spread_embeddings_are_well():
    views = spread(), spread() * 1e-3 + spread()
    found = collapse_statistics(*views)
    assert abs(found.negative_cosine) < 0.01
    assert found.positive_cosine == pytest.approx(1, abs=1e-4)
    assert found.embedding_std == pytest.approx(1, abs=0.01)
    assert found.rankme == pytest.approx(64, rel=0.05)
    assert found.alignment == pytest.approx(0, abs=1e-4)
    # E exp(4c − 4) with c ~ N(0, 1/D)
    assert found.uniformity == pytest.approx(-4 + 8 / 64, abs=0.02)
    assert not found.warnings(loss=nt_xent(*views).item())


def test_collapsed_embeddings_are_named():
    same = torch.ones(32, 8) + 1e-6 * spread(32, 8)
    found = collapse_statistics(same, same)
    assert found.negative_cosine == pytest.approx(1, abs=1e-5)
    assert found.embedding_std == pytest.approx(0, abs=1e-4)
    assert found.rankme == pytest.approx(1, abs=1e-3)
    assert found.uniformity == pytest.approx(0, abs=1e-4)
    first, second = found.warnings(loss=nt_xent(same, same).item())
    assert "mean cosine 1.00 ≥ 0.3" in first
    assert f"log(2N − 1) = {math.log(63):.3f}" in second


def test_dimensional_collapse_shows_in_the_rank_alone():
    flat = spread(dimensions=64)
    flat[:, 4:] = 0
    found = collapse_statistics(flat, flat)
    assert found.rankme == pytest.approx(4, rel=0.05)
    assert abs(found.negative_cosine) < 0.05


def test_figures_equal_loops():
    first, second = spread(5, 3, 1), spread(5, 3, 2)
    a, b = (view / view.norm(dim=1, keepdim=True) for view in (first, second))
    both = [*zip(range(5), a, strict=True), *zip(range(5), b, strict=True)]
    cosines = [float(x @ y) for i, x in both for j, y in both if i != j]
    found = collapse_statistics(first, second)
    assert found.negative_cosine == pytest.approx(np.mean(cosines), abs=1e-6)
    distances = [float(((x - y) ** 2).sum()) for i, x in both for j, y in both if i != j]
    assert found.uniformity == pytest.approx(math.log(np.mean(np.exp(-2 * np.array(distances)))), abs=1e-5)
    assert found.alignment == pytest.approx(
        np.mean([float(((x - y) ** 2).sum()) for x, y in zip(a, b, strict=True)]), abs=1e-6
    )


def test_rank_of_equal_singular_values_is_their_number():
    assert effective_rank(torch.eye(7)) == pytest.approx(7, rel=1e-4)


def test_refuses_one_image():
    with pytest.raises(ValueError, match="N ≥ 2"):
        collapse_statistics(torch.ones(1, 3), torch.ones(1, 3))
