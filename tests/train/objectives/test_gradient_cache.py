"""Gradient caching against one graph over the whole batch."""

import copy

import pytest
import torch
from torch import nn

from lightnoise_train.models.projector import build_projector
from lightnoise_train.objectives.gradient_cache import GradientCache
from lightnoise_train.objectives.nt_xent import nt_xent


def network(dropout=0.0):
    torch.manual_seed(0)
    encoder = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return nn.ModuleDict({"encoder": encoder.double(), "projector": build_projector(8, 16, 4).double()})


def images():
    return torch.randn(22, 3, 9, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def loss_of(model, features):
    embeddings = model["projector"](features)
    return nt_xent(*embeddings.chunk(2), 0.2)


@pytest.mark.parametrize("chunk", [4, 11, 22, 100])
def test_equals_one_graph_whose_encoder_runs_in_chunks(chunk):
    cached, whole = network(), network()
    cache = GradientCache(cached["encoder"], chunk)
    loss = loss_of(cached, cache.features(images()))
    loss.backward()
    cache.backward()
    true = loss_of(whole, torch.cat([whole["encoder"](part) for part in images().split(chunk)]))
    true.backward()
    assert loss.item() == pytest.approx(true.item(), rel=1e-12)
    for mine, theirs in zip(cached.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-9, atol=1e-12)
    # running statistics were counted once
    for mine, theirs in zip(cached.buffers(), whole.buffers(), strict=True):
        assert torch.allclose(mine, theirs)


def test_without_batch_normalisation_chunks_do_not_matter_at_all():
    cached, whole = network(), network()
    for model in (cached, whole):
        model["encoder"][1] = nn.Identity()
    cache = GradientCache(cached["encoder"], 4)
    loss_of(cached, cache.features(images())).backward()
    cache.backward()
    loss_of(whole, whole["encoder"](images())).backward()
    for mine, theirs in zip(cached.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-9, atol=1e-12)


def test_is_not_what_accumulation_gives():
    cached, accumulated = network(), network()
    cache = GradientCache(cached["encoder"], 11)
    loss_of(cached, cache.features(images())).backward()
    cache.backward()
    for part in images().view(2, 11, 3, 9, 9).unbind(1)[:10:5]:
        (loss_of(accumulated, accumulated["encoder"](part)) / 2).backward()
    mine, theirs = (model["encoder"][0].weight.grad for model in (cached, accumulated))
    assert not torch.allclose(mine, theirs, rtol=0.1)


def test_dropout_drops_the_same_in_both_passes():
    cached, whole = network(0.5), network(0.5)
    cache = GradientCache(cached["encoder"], 6)
    torch.manual_seed(3)
    loss_of(cached, cache.features(images())).backward()
    cache.backward()
    drawn_after = torch.rand(3)
    torch.manual_seed(3)
    features = torch.cat([whole["encoder"](part) for part in images().split(6)])
    loss_of(whole, features).backward()
    for mine, theirs in zip(cached.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-9, atol=1e-12)
    assert torch.equal(drawn_after, torch.rand(3))


def test_gradients_add_up_as_usual():
    model = network()
    once = copy.deepcopy(model)
    for target, times in ((model, 2), (once, 1)):
        for _ in range(times):
            cache = GradientCache(target["encoder"], 11)
            loss_of(target, cache.features(images())).backward()
            cache.backward()
    assert torch.allclose(model["encoder"][0].weight.grad, 2 * once["encoder"][0].weight.grad)


def test_refuses_a_wrong_order_and_size():
    with pytest.raises(ValueError, match="chunk must be ≥ 1, got 0"):
        GradientCache(nn.Identity(), 0)
    with pytest.raises(RuntimeError, match="backwards"):
        GradientCache(nn.Identity(), 1).backward()
