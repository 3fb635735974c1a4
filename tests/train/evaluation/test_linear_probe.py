"""The linear probe: at its optimum by an independent gradient, and in cases that are known."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lightnoise_train.evaluation.linear_probe import LinearProbe, Standardisation, cross_entropy, fit, fit_chosen


def clusters(count, spread, seed=0, classes=3, dimensions=5):
    random = np.random.default_rng(seed)
    numbers = np.arange(count) % classes
    return np.eye(dimensions)[numbers] + spread * random.normal(size=(count, dimensions)), numbers


def gradient(probe, features, classes):
    """Torch's gradient of the objective as it is written down, at a probe."""
    weight, bias = (torch.tensor(part, requires_grad=True) for part in (probe.weight, probe.bias))
    entropy = F.cross_entropy(torch.tensor(features) @ weight + bias, torch.tensor(classes))
    (entropy + probe.weight_decay / 2 * weight.square().sum()).backward()
    return torch.cat((weight.grad.flatten(), bias.grad)).abs().max().item()


@pytest.mark.parametrize("decay", [1e-4, 1e-2, 1.0])
def test_the_gradient_vanishes_at_the_optimum_from_any_start(decay):
    features, classes = clusters(90, 0.7)
    probe = fit(features, classes, 3, decay)
    assert gradient(probe, features, classes) < 1e-5
    random = np.random.default_rng(1)
    start = LinearProbe(random.normal(size=(5, 3)), random.normal(size=3), 5.0)
    other = fit(features, classes, 3, decay, start)
    assert gradient(other, features, classes) < 1e-5
    np.testing.assert_allclose(other.weight, probe.weight, atol=2e-3 if decay == 1e-4 else 1e-4)


def test_gradient_descent_arrives_where_it_does():
    features, classes = clusters(30, 0.5)
    weight, bias, truth = np.zeros((5, 3)), np.zeros(3), np.eye(3)[classes]
    for _ in range(20_000):
        odds = np.exp(features @ weight + bias)
        excess = (odds / odds.sum(axis=1, keepdims=True) - truth) / len(features)
        weight, bias = weight - 0.5 * (features.T @ excess + 0.05 * weight), bias - 0.5 * excess.sum(axis=0)
    probe = fit(features, classes, 3, 0.05)
    np.testing.assert_allclose(probe.weight, weight, atol=1e-4)
    np.testing.assert_allclose(probe.bias, bias, atol=1e-4)


def test_tells_apart_what_a_line_can_and_no_more():
    features, classes = clusters(300, 0.05)
    assert (fit(features, classes, 3, 1e-6).classes(features) == classes).all()
    square = np.array([[0, 0], [1, 1], [0, 1], [1, 0.0]]) - 0.5
    assert (fit(square, np.array([0, 0, 1, 1]), 2, 1e-6).classes(square) == [0, 0, 1, 1]).sum() <= 3


def test_without_weights_it_knows_how_common_classes_are():
    features = np.random.default_rng(0).normal(size=(100, 4))
    classes = np.repeat([0, 1, 2], [60, 30, 10])
    probe = fit(features, classes, 3, 1e6)
    assert np.abs(probe.weight).max() < 1e-5
    logits = probe.logits(features)
    np.testing.assert_allclose(np.exp(logits[0]) / np.exp(logits[0]).sum(), [0.6, 0.3, 0.1], atol=1e-4)


def test_the_weight_decay_is_that_which_is_best_on_what_is_held_out():
    random = np.random.default_rng(0)
    classes = np.arange(80) % 2
    features = np.hstack((random.normal(size=(80, 60)), classes[:, None] + random.normal(size=(80, 1))))
    held_out, rest = np.arange(0, 40), np.arange(40, 80)
    decays = [1e-5, 1e-2, 0.3, 30.0]
    measured = []
    for decay in decays:
        logits = fit(features[rest], classes[rest], 2, decay).logits(features[held_out])
        accuracy = np.mean(logits.argmax(1) == classes[held_out])
        measured.append((accuracy, -cross_entropy(logits, classes[held_out]), decay))
    assert len({accuracy for accuracy, _, _ in measured}) > 1
    chosen = fit_chosen(features, classes, 2, decays, held_out)
    assert chosen.weight_decay == max(measured)[2]
    again = fit(features, classes, 2, chosen.weight_decay)  # of all samples, those held out too
    np.testing.assert_allclose(chosen.weight, again.weight, atol=1e-3)
    assert fit_chosen(features, classes, 2, [3.0, 1.0, 2.0], np.empty(0, int)).weight_decay == 2.0


def test_standardised_features_have_mean_0_and_deviation_1():
    features = np.random.default_rng(0).normal(5, 3, (50, 4)).astype(np.float32)
    features[:, 2] = 0.1  # does not vary
    found = Standardisation.of(features)(features)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0), [1, 1, 0, 1], atol=1e-6)


def test_refuses_what_cannot_be_fitted():
    features, classes = clusters(9, 0.1)
    with pytest.raises(ValueError, match="finite"):
        fit(features * np.nan, classes, 3, 1.0)
    with pytest.raises(ValueError, match="weight_decay must be > 0, got 0"):
        fit(features, classes, 3, 0.0)
    with pytest.raises(ValueError, match="classes must be from 0 to 1, got 0 to 2"):
        fit(features, classes, 2, 1.0)
    with pytest.raises(ValueError, match=r"must be \(N, D\) for 9 classes"):
        fit(features[:5], classes, 3, 1.0)
