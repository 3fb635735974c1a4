"""FixMatch's consistency: what a network is sure to see in a picture it is to see in the same picture under light."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Consistency(NamedTuple):
    """The loss of unlabelled pictures, and the share of them that took part in it; both of shape ()."""

    loss: Tensor
    accepted: Tensor


def consistency(clean: Tensor, noised: Tensor, threshold: float = 0.95) -> Consistency:
    """Return the cross-entropy of the noised views with the clean views' own classes, where these are sure.

    ``1/N · Σ_i 1[max q_i ≥ τ] · H(argmax q_i, p_i)`` with q and p the probabilities of the clean and the noised view.
    It is the mean over all pictures, also those left out, so that it grows as the network becomes sure. No gradient
    flows through the clean views.

    Parameters
    ----------
    clean, noised : Tensor of shape (N, K)
        Logits; row i of both is of one picture. Half precision is computed in float32.
    threshold : float
        τ, [0, 1].

    Raises
    ------
    ValueError
        If the shapes differ or the threshold is no probability.

    References
    ----------
    Sohn et al., "FixMatch: Simplifying Semi-Supervised Learning with Consistency and Confidence", 2020, eq. 4, with
    light noise as the strong augmentation.
    """
    if clean.shape != noised.shape or clean.ndim != 2 or not len(clean):
        raise ValueError(
            f"logits must have one shape (N, K), N ≥ 1; got {tuple(clean.shape)} and {tuple(noised.shape)}"
        )
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be in [0, 1], got {threshold!r}")
    confidence, pseudo = clean.detach().float().softmax(dim=1).max(dim=1)
    accepted = (confidence >= threshold).float()
    entropy = F.cross_entropy(noised.float(), pseudo, reduction="none")
    return Consistency((accepted * entropy).mean(), torch.mean(accepted))
