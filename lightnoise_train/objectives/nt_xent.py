"""NT-Xent, the contrastive loss of SimCLR: exact, in float32, in bounded memory, over one process or many."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

_TILE_ELEMENTS = 2**22  # similarities held at once: 16 MiB in float32


class NTXent(nn.Module):
    """`nt_xent` as a module that remembers its options.

    Parameters
    ----------
    temperature : float
        > 0.
    gather : bool
        Take the other processes' embeddings as further negatives.
    """

    def __init__(self, temperature: float = 0.35, *, gather: bool = False) -> None:
        super().__init__()
        self.temperature = temperature
        self.gather = gather

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of two views, each (N, D)."""
        return nt_xent(first, second, self.temperature, gather=self.gather)

    def extra_repr(self) -> str:
        """Return the options, for print(module)."""
        return f"temperature={self.temperature}, gather={self.gather}"


def nt_xent(
    first: Tensor,
    second: Tensor,
    temperature: float = 0.35,
    *,
    gather: bool = False,
    tile_elements: int = _TILE_ELEMENTS,
) -> Tensor:
    """Return the normalised-temperature cross-entropy of two views of the same N images.

    Every embedding is to tell its other view from the 2N − 2 embeddings of other images:
    ``mean_i [ logsumexp_{j ≠ i} s_ij / T − s_ip(i) / T ]`` with the cosine similarity s.

    Parameters
    ----------
    first, second : Tensor of shape (N, D)
        Embeddings; row i of both comes from image i. They need not be normalised. Half precision, also under autocast,
        is computed in float32; float64 stays.
    temperature : float
        T > 0.
    gather : bool
        Over all processes of `torch.distributed`, which must hold equally many rows: the value is then that of the
        whole batch, and the gradient is scaled by the number of processes, since data-parallel training averages
        gradients. The parameters' averaged gradient is that of one process with the whole batch.
    tile_elements : int
        Largest number of similarities held at once, whatever N is; at least one row of them.

    Returns
    -------
    Tensor of shape ()

    Raises
    ------
    ValueError
        If the shapes differ or the temperature is not positive.

    References
    ----------
    Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, eq. 1.
    """
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise ValueError(f"views must have one shape (N, D), N ≥ 1; got {tuple(first.shape)} and {tuple(second.shape)}")
    if not temperature > 0:
        raise ValueError(f"temperature must be > 0, got {temperature!r}")
    dtype = torch.promote_types(first.dtype, torch.float32)
    with torch.autocast(first.device.type, enabled=False):
        embeddings = F.normalize(torch.cat((first, second)).to(dtype), dim=1)
        gather = gather and dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        loss: Tensor = _TiledNTXent.apply(embeddings, temperature, gather, tile_elements)
    return loss


class _TiledNTXent(torch.autograd.Function):
    """The loss of normalised rows, whose similarities are computed tile by tile and again in the backward pass.

    Similarities are symmetric, so the gradient of a row needs only that row's similarities and everybody's
    log-sum-exps: processes exchange embeddings and log-sum-exps, never gradients.
    """

    @staticmethod
    def forward(ctx: Any, local: Tensor, temperature: float, gather: bool, tile_elements: int) -> Tensor:
        rank, processes = (dist.get_rank(), dist.get_world_size()) if gather else (0, 1)
        everyone = _gathered(local) if gather else local
        start = rank * len(local)
        step = max(1, tile_elements // len(everyone))
        log_sums = torch.cat(
            [_similarities(local, everyone, at, step, start, temperature).logsumexp(1) for at in _steps(local, step)]
        )
        positives = (local * local.roll(len(local) // 2, 0)).sum(1) / temperature
        loss = (log_sums - positives).mean()
        if gather:
            dist.all_reduce(loss)
            loss /= processes
        ctx.save_for_backward(local, everyone, _gathered(log_sums) if gather else log_sums)
        ctx.options = temperature, start, step
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        local, everyone, log_sums = ctx.saved_tensors
        temperature, start, step = ctx.options
        with torch.autocast(local.device.type, enabled=False):
            gradient = -2 * local.roll(len(local) // 2, 0)
            for at in _steps(local, step):
                similarities = _similarities(local, everyone, at, step, start, temperature)
                own = log_sums[start + at : start + at + len(similarities), None]
                weights = (similarities - own).exp_() + similarities.sub_(log_sums).exp_()
                gradient[at : at + step].addmm_(weights, everyone)
            # the mean over everyone's rows, times the processes that averaging divides by
            return gradient * (upstream / (temperature * len(local))), None, None, None


def _steps(rows: Tensor, step: int) -> range:
    return range(0, len(rows), step)


def _similarities(local: Tensor, everyone: Tensor, at: int, step: int, start: int, temperature: float) -> Tensor:
    """Return some rows' similarities / T to everyone, (rows, M), with −inf for a row's similarity to itself."""
    similarities = local[at : at + step] @ everyone.T
    similarities /= temperature
    similarities.diagonal(start + at).fill_(-torch.inf)
    return similarities


def _gathered(rows: Tensor) -> Tensor:
    """Return all processes' rows, in the order of rank."""
    parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, rows.contiguous())
    return torch.cat(parts)
