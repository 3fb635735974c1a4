"""The head that is trained with the encoder and thrown away."""

from __future__ import annotations

from torch import nn


def build_projector(channels: int = 512, hidden: int = 512, out: int = 256) -> nn.Sequential:
    """Return Linear–BN–ReLU–Linear–BN from pooled features (B, channels) to embeddings (B, out).

    The last normalisation has no scale and shift of its own, and a bias before a normalisation would be subtracted
    again: neither linear layer has one.

    References
    ----------
    Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, §4.2; the last
    normalisation as in Chen et al., "Big Self-Supervised Models are Strong Semi-Supervised Learners", 2020, code.
    """
    return nn.Sequential(
        nn.Linear(channels, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out, bias=False),
        nn.BatchNorm1d(out, affine=False),
    )
