"""What frozen features know: nearest neighbours by class, and each noised image's own clean one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_ROWS = 1024  # queries compared at once


@torch.no_grad()
def knn_classes(
    bank: Tensor,
    bank_classes: Tensor,
    queries: Tensor,
    *,
    neighbours: int = 20,
    temperature: float = 0.07,
    same: bool = False,
) -> Tensor:
    """Return the class that each query's nearest neighbours in the bank vote for, (N,) int64.

    Parameters
    ----------
    bank : Tensor of shape (M, C)
    bank_classes : Tensor of int, shape (M,)
        ≥ 0.
    queries : Tensor of shape (N, C)
    neighbours : int
        At most M are taken.
    temperature : float
        A neighbour of cosine similarity s has exp(s / temperature) votes.
    same : bool
        Query i is of the same image as row i of the bank, and not asked: leave one out.

    References
    ----------
    Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", 2018, §3.4.
    """
    bank, queries = (F.normalize(features.float(), dim=1) for features in (bank, queries))
    others = len(bank) - same
    voted = []
    for number, rows in enumerate(queries.split(_ROWS)):
        similarity = rows @ bank.T
        if same:
            similarity.diagonal(number * _ROWS).fill_(-torch.inf)
        similarity, nearest = similarity.topk(min(neighbours, others), dim=1)
        votes = torch.zeros(len(rows), int(bank_classes.max()) + 1, device=bank.device)
        # less the largest, which changes no vote's rank
        votes.scatter_add_(1, bank_classes[nearest], ((similarity - similarity[:, :1]) / temperature).exp())
        voted.append(votes.argmax(1))
    return torch.cat(voted)


def knn_accuracy(bank: Tensor, bank_classes: Tensor, queries: Tensor, classes: Tensor, **options: Any) -> float:
    """Return the share of queries, [0, 1], whose class is what `knn_classes` says; ``options`` are its own."""
    return float((knn_classes(bank, bank_classes, queries, **options) == classes).double().mean())


@torch.no_grad()
def retrieval_accuracy(clean: Tensor, noised: Tensor) -> float:
    """Return the share of noised images whose nearest clean image is their own; features (N, C), in one order.

    It needs no labels; chance is 1 / N.
    """
    clean, noised = (F.normalize(features.float(), dim=1) for features in (clean, noised))
    own = torch.arange(len(clean), device=clean.device)
    nearest = torch.cat([(noised[at : at + _ROWS] @ clean.T).argmax(1) for at in range(0, len(noised), _ROWS)])
    return float((nearest == own).float().mean())
