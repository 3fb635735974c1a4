"""NT-Xent against loops from the paper, two libraries, a closed form, and itself in tiles and over two processes."""

import json
import math
import subprocess
import sys

import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from lightnoise_train.objectives.nt_xent import NTXent, nt_xent


def naive(first, second, temperature):
    """Equation 1 of the paper, one pair and one negative at a time."""
    views = [*first, *second]
    count = len(first)

    def similarity(i, j):
        return torch.dot(views[i], views[j]) / (views[i].norm() * views[j].norm()) / temperature

    loss = 0.0
    for i in range(2 * count):
        others = sum(torch.exp(similarity(i, k)) for k in range(2 * count) if k != i)
        loss = loss - torch.log(torch.exp(similarity(i, (i + count) % (2 * count))) / others)
    return loss / (2 * count)


def views(count, dimensions, seed=0, dtype=torch.float32, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(count, dimensions, generator=generator, dtype=dtype) * scale
    second = first + 0.5 * torch.randn(count, dimensions, generator=generator, dtype=dtype) * scale
    return first.requires_grad_(), second.requires_grad_()


def value_and_gradients(function, first, second):
    loss = function(first, second)
    return loss.detach(), *torch.autograd.grad(loss, (first, second))


def assert_same(one, other, limit):
    for mine, theirs in zip(one, other, strict=True):
        assert torch.max(torch.abs(mine - theirs)) <= limit


@settings(max_examples=25)
@given(st.integers(1, 7), st.integers(1, 9), st.floats(0.05, 2.0), st.integers(0, 1000), st.integers(1, 200))
def test_is_equation_one_in_any_tiling(count, dimensions, temperature, seed, tile_elements):
    first, second = views(count, dimensions, seed, torch.float64)
    mine = value_and_gradients(lambda a, b: nt_xent(a, b, temperature, tile_elements=tile_elements), first, second)
    assert_same(mine, value_and_gradients(lambda a, b: naive(a, b, temperature), first, second), 1e-10)


@pytest.mark.parametrize("temperature", [0.05, 0.35, 1.0])
@pytest.mark.parametrize(("count", "dimensions"), [(2, 3), (32, 128), (96, 64)])
def test_equals_lightly_and_metric_learning(count, dimensions, temperature):
    lightly = pytest.importorskip("lightly.loss").NTXentLoss(temperature=temperature)
    metric = pytest.importorskip("pytorch_metric_learning.losses").NTXentLoss(temperature=temperature)
    labels = torch.arange(count).repeat(2)
    first, second = views(count, dimensions)
    mine = value_and_gradients(NTXent(temperature), first, second)
    assert_same(mine, value_and_gradients(lightly, first, second), 1e-5)
    assert_same(mine, value_and_gradients(lambda a, b: metric(torch.cat((a, b)), labels), first, second), 1e-5)


def test_gradient_is_the_derivative():
    first, second = views(4, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.2, tile_elements=24), (first, second))


def test_tiles_change_nothing_but_memory():
    first, second = views(300, 32)
    whole = value_and_gradients(lambda a, b: nt_xent(a, b, tile_elements=10**9), first, second)
    tiled = value_and_gradients(lambda a, b: nt_xent(a, b, tile_elements=5000), first, second)
    assert_same(whole, tiled, 1e-6)


def test_memory_does_not_grow_with_the_square():
    largest = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                largest[-1] = max(largest[-1], result.numel())
            return result

    for count in (512, 2048):
        largest.append(0)
        first, second = views(count, 8)
        with Watch():
            nt_xent(first, second, tile_elements=2**16).backward()
    assert largest == [2**16, 2**16]


def test_collapsed_embeddings_stand_at_the_log_of_the_others():
    one = torch.ones(16, 4)
    assert nt_xent(one, one, 0.35).item() == pytest.approx(math.log(2 * 16 - 1), rel=1e-6)


def test_perfect_embeddings_have_the_closed_form():
    identity = torch.eye(8)
    expected = math.log(math.exp(1 / 0.5) + 14) - 1 / 0.5
    assert nt_xent(identity, identity, 0.5).item() == pytest.approx(expected, rel=1e-6)


def test_length_of_embeddings_does_not_matter_and_small_temperatures_do_not_overflow():
    first, second = views(8, 4)
    assert torch.allclose(nt_xent(first, second), nt_xent(first * 1e4, second * 1e-4), rtol=1e-5)
    opposite = torch.cat((torch.ones(1, 4), -torch.ones(1, 4)))
    value, *gradients = value_and_gradients(
        lambda a, b: nt_xent(a, b, 1e-3), opposite.clone().requires_grad_(), opposite.flip(0).clone().requires_grad_()
    )
    assert value.item() == pytest.approx(2000)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_half_precision_is_computed_in_float32():
    first, second = views(64, 32, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        value, gradient, _ = value_and_gradients(nt_xent, first, second)
    exact = nt_xent(first.detach().float(), second.detach().float())
    assert value.dtype == torch.float32
    assert torch.equal(value, exact)
    assert gradient.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("first", "second", "temperature", "said"),
    [
        (torch.ones(2, 3), torch.ones(3, 3), 0.35, "one shape"),
        (torch.ones(2, 3, 1), torch.ones(2, 3, 1), 0.35, "one shape"),
        (torch.ones(0, 3), torch.ones(0, 3), 0.35, "N ≥ 1"),
        (torch.ones(2, 3), torch.ones(2, 3), 0.0, "temperature must be > 0, got 0.0"),
    ],
)
def test_refuses(first, second, temperature, said):
    with pytest.raises(ValueError, match=said):
        nt_xent(first, second, temperature)


def _one_of_two(rank, rendezvous):
    """Train one step of a shared layer as data-parallel training does: gather, backward, average."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=2)
    layer, images = _layer_and_images()
    own = [view[rank * 6 : (rank + 1) * 6] for view in images]
    loss = NTXent(0.2, gather=True)(layer(own[0]), layer(own[1]))
    loss.backward()
    dist.all_reduce(layer.weight.grad)
    print(json.dumps([loss.item(), (layer.weight.grad / 2).tolist()]))
    dist.barrier()
    dist.destroy_process_group()


def _layer_and_images():
    torch.manual_seed(5)
    layer = torch.nn.Linear(10, 7, bias=False)
    return layer, [torch.randn(12, 10), torch.randn(12, 10)]


def test_two_processes_are_one(tmp_path):
    # processes of their own: a fork of one whose torch has threads would wait for them for ever
    commands = [[sys.executable, __file__, str(rank), str(tmp_path / "rendezvous")] for rank in range(2)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    found = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    layer, images = _layer_and_images()
    loss = nt_xent(layer(images[0]), layer(images[1]), 0.2)
    loss.backward()
    for value, gradient in found:
        assert value == pytest.approx(loss.item(), rel=1e-6)
        assert torch.allclose(torch.tensor(gradient), layer.weight.grad, rtol=1e-5, atol=1e-7)


def test_gradient_pulls_views_together():
    first, second = views(16, 8)
    _, gradient, _ = value_and_gradients(nt_xent, first, second)
    moved = first - 0.1 * gradient
    assert nt_xent(moved, second) < nt_xent(first, second)
    # similarity does not change along an embedding
    assert torch.allclose((gradient * F.normalize(first, dim=1)).sum(1), torch.zeros(16), atol=1e-6)


if __name__ == "__main__":
    _one_of_two(int(sys.argv[1]), sys.argv[2])
