"""What frozen features know: nearest neighbours by class, and each noised image's own clean one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_ROWS = 1024  # queries compared at once


@torch.no_grad()
def knn_accuracy(
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    labels: Tensor,
    *,
    neighbours: int = 20,
    temperature: float = 0.07,
    same: bool = False,
) -> float:
    """Return the share of queries whose class their nearest neighbours in the bank vote for.

    Parameters
    ----------
    bank : Tensor of shape (M, C)
    bank_labels : Tensor of int, shape (M,)
        ≥ 0.
    queries : Tensor of shape (N, C)
    labels : Tensor of int, shape (N,)
    neighbours : int
        At most M are taken.
    temperature : float
        A neighbour of cosine similarity s has exp(s / temperature) votes.
    same : bool
        Query i is of the same image as row i of the bank, and not asked: leave one out.

    Returns
    -------
    float
        In [0, 1].

    References
    ----------
    Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", 2018, §3.4.
    """
    bank, queries = (F.normalize(features.float(), dim=1) for features in (bank, queries))
    classes = int(bank_labels.max()) + 1
    others = len(bank) - same
    right = 0
    for at in range(0, len(queries), _ROWS):
        similarity = queries[at : at + _ROWS] @ bank.T
        if same:
            similarity.diagonal(at).fill_(-torch.inf)
        similarity, nearest = similarity.topk(min(neighbours, others), dim=1)
        votes = torch.zeros(len(nearest), classes, device=bank.device)
        # less the largest, which changes no vote's rank
        weights = ((similarity - similarity[:, :1]) / temperature).exp()
        votes.scatter_add_(1, bank_labels[nearest], weights)
        right += int((votes.argmax(1) == labels[at : at + _ROWS]).sum())
    return right / len(queries)


@torch.no_grad()
def retrieval_accuracy(clean: Tensor, noised: Tensor) -> float:
    """Return the share of noised images whose nearest clean image is their own; features (N, C), in one order.

    It needs no labels; chance is 1 / N.
    """
    clean, noised = (F.normalize(features.float(), dim=1) for features in (clean, noised))
    own = torch.arange(len(clean), device=clean.device)
    nearest = torch.cat([(noised[at : at + _ROWS] @ clean.T).argmax(1) for at in range(0, len(noised), _ROWS)])
    return float((nearest == own).float().mean())
