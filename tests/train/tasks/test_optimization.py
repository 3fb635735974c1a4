"""Learning rates over the run, what is decayed, and the choice of precision."""

import itertools
import math

import pytest
import torch
from torch import nn

from lightnoise_train.config import OptimizerConfig
from lightnoise_train.tasks import precision
from lightnoise_train.tasks.optimization import build_optimizer, schedule, warmup_cosine


def test_rate_rises_then_falls_by_half_a_cosine():
    factor = warmup_cosine(100, 0.1)
    rates = [factor(step) for step in range(101)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert max(rates) == 1
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert all(after <= before for before, after in itertools.pairwise(rates[10:]))


def test_a_later_start_stands_still_before():
    factor = warmup_cosine(100, 0.1, start=40)
    assert [factor(step) for step in range(40)] == [0] * 40
    assert factor(40) == pytest.approx(1 / 6)
    assert factor(46) == 1
    assert factor(73) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["lars", "sgd", "adamw"])
def test_normalisations_and_biases_are_not_decayed(name):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    config = OptimizerConfig(name=name, rate=0.1, weight_decay=0.5)
    optimizer = build_optimizer(config, [(network, 1.0)])
    before = [one.detach().clone() for one in network.parameters()]
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = [not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True)]
    assert moved == [True, False, False, False]


def test_sgd_takes_plain_steps_with_momentum():
    layer = nn.Linear(2, 2, bias=False)
    optimizer = build_optimizer(OptimizerConfig(name="sgd", rate=0.1, momentum=0.5, weight_decay=0), [(layer, 1.0)])
    before = layer.weight.detach().clone()
    for _ in range(2):
        layer.weight.grad = torch.ones(2, 2)
        optimizer.step()
    assert torch.allclose(layer.weight, before - 0.1 * (1 + 1.5))


def test_parts_have_their_share_of_the_rate():
    parts = [(nn.Linear(2, 2), 0.1), (nn.Linear(2, 2), 1.0)]
    optimizer = build_optimizer(OptimizerConfig(name="adamw", rate=0.5), parts)
    made = schedule(optimizer, [warmup_cosine(10, 0, start=5), warmup_cosine(10, 0)])
    scheduler = made["lr_scheduler"]["scheduler"]
    assert scheduler.get_last_lr() == pytest.approx([0, 0, 0.5, 0.5])
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.05, 0.05, 0.25 * (1 + math.cos(math.pi / 2)), 0.25])


@pytest.mark.parametrize(
    ("has", "chosen"),
    [
        ({}, "32-true"),
        ({"avx512_f": True, "avx512_vnni": True}, "32-true"),
        ({"amx_bf16": True}, "bf16-mixed"),
        ({"avx512_bf16": True}, "bf16-mixed"),
    ],
)
def test_bfloat16_on_cpus_that_multiply_it(monkeypatch, has, chosen):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert precision.choose("auto", "cpu") == chosen


@pytest.mark.parametrize(("supported", "chosen"), [(True, "bf16-mixed"), (False, "16-mixed")])
def test_half_precision_on_gpus(monkeypatch, supported, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert precision.choose("auto", "auto") == chosen
    assert precision.choose("32", "auto") == "32-true"
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert precision.choose("auto", "cpu") == "32-true"


@pytest.mark.parametrize("decay", [0.0, 1e-6])
def test_lars_scales_weights_by_trust_with_and_without_decay(decay):
    layer = nn.Linear(3, 2)
    config = OptimizerConfig(name="lars", rate=0.5, momentum=0, weight_decay=decay)
    optimizer = build_optimizer(config, [(layer, 1.0)])
    weight, bias = (one.detach().clone() for one in (layer.weight, layer.bias))
    layer.weight.grad, layer.bias.grad = torch.full((2, 3), 4.0), torch.ones(2)
    optimizer.step()
    gradient = torch.full((2, 3), 4.0) + decay * weight
    trust = 0.001 * weight.norm() / (4 * 6**0.5 + decay * weight.norm())
    assert torch.allclose(layer.weight, weight - 0.5 * trust * gradient, rtol=1e-4, atol=1e-8)
    assert torch.allclose(layer.bias, bias - 0.5)  # not adapted
