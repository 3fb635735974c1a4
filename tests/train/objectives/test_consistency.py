"""FixMatch's consistency against a loop written from eq. 4, and where its gradient flows."""

import math

import pytest
import torch

from lightnoise_train.objectives.consistency import consistency


def logits(seed, count=12, classes=4):
    return 3 * torch.randn(count, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive(clean, noised, threshold):
    total, accepted = 0.0, 0
    for q, p in zip(clean.tolist(), noised.tolist(), strict=True):
        q = [math.exp(one) / sum(map(math.exp, q)) for one in q]
        if max(q) >= threshold:
            accepted += 1
            total += -math.log(math.exp(p[q.index(max(q))]) / sum(map(math.exp, p)))
    return total / len(clean), accepted / len(clean)


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.9, 1.0])
def test_equals_a_loop(threshold):
    clean, noised = logits(0), logits(1)
    found = consistency(clean, noised, threshold)
    loss, accepted = naive(clean, noised, threshold)
    assert found.loss.item() == pytest.approx(loss, rel=1e-5)
    assert found.accepted.item() == pytest.approx(accepted)


def test_some_but_not_all_are_accepted():
    assert 0 < naive(logits(0), logits(1), 0.9)[1] < 1


def test_the_gradient_flows_through_accepted_noised_views_alone():
    clean, noised = logits(0).requires_grad_(), logits(1).requires_grad_()
    consistency(clean, noised, 0.9).loss.backward()
    assert clean.grad is None
    sure = clean.detach().softmax(1).max(1).values >= 0.9
    assert torch.equal(noised.grad.abs().sum(1) > 0, sure)


def test_nothing_sure_is_no_loss():
    found = consistency(torch.zeros(5, 3), torch.randn(5, 3), 0.95)
    assert found.loss == found.accepted == 0


def test_refuses_what_are_no_two_views():
    with pytest.raises(ValueError, match=r"one shape"):
        consistency(torch.zeros(5, 3), torch.zeros(4, 3))
    with pytest.raises(ValueError, match="threshold must be in"):
        consistency(torch.zeros(5, 3), torch.zeros(5, 3), 1.5)
