"""Is the embedding still telling images apart? Figures that show a collapse before the loss does."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

NEGATIVE_COSINE_LIMIT = 0.3
_STUCK = 0.01  # nats below log(2N − 1) within which a loss is no better than chance


@dataclass(frozen=True)
class CollapseStatistics:
    """What two views' embeddings of N images say about the space they fill.

    Attributes
    ----------
    negative_cosine : float
        Mean cosine similarity of different images, from about 0 (spread out) to 1 (all the same); trouble from 0.3 on.
    positive_cosine : float
        Mean cosine similarity of the two views of an image.
    embedding_std : float
        Standard deviation of normalised embeddings over images, mean over dimensions, times √D: 1 when spread over the
        sphere, 0 when all are one point (Chen & He, "Exploring Simple Siamese Representation Learning", 2021, §4.1).
    rankme : float
        Effective rank, exp of the entropy of the normalised singular values, of the embeddings as they are, uncentred;
        from 1 to min(N, D) (Garrido et al., "RankMe", 2023, eq. 1).
    alignment : float
        Mean squared distance of the two views on the unit sphere (Wang & Isola, "Understanding Contrastive
        Representation Learning through Alignment and Uniformity on the Hypersphere", 2020, §4.2, α = 2); 0 is best.
    uniformity : float
        Log of the mean Gaussian potential of different images, t = 2 (ibid.); −4 at best, 0 when collapsed.
    chance_loss : float
        log(2N − 1), NT-Xent's value when all embeddings are the same.
    """

    negative_cosine: float
    positive_cosine: float
    embedding_std: float
    rankme: float
    alignment: float
    uniformity: float
    chance_loss: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)

    def warnings(self, loss: float) -> list[str]:
        """Return what is wrong, in words; ``loss`` is NT-Xent on the same N images."""
        found = []
        if self.negative_cosine >= NEGATIVE_COSINE_LIMIT:
            found.append(
                f"different images are alike: mean cosine {self.negative_cosine:.2f} ≥ {NEGATIVE_COSINE_LIMIT}"
            )
        if loss >= self.chance_loss - _STUCK:
            found.append(f"the loss {loss:.3f} stands at log(2N − 1) = {self.chance_loss:.3f}, that of a constant")
        return found


@torch.no_grad()
def collapse_statistics(first: Tensor, second: Tensor) -> CollapseStatistics:
    """Return the figures of two views' embeddings, each (N, D) with N ≥ 2, row i of both from image i.

    Raises
    ------
    ValueError
        If the shapes differ or there are fewer than two images.
    """
    if first.shape != second.shape or first.ndim != 2 or len(first) < 2:
        raise ValueError(f"views must have one shape (N, D), N ≥ 2; got {tuple(first.shape)} and {tuple(second.shape)}")
    device = "cpu" if first.device.type == "mps" else first.device  # which has no float64
    first, second = (F.normalize(view.to(device).double(), dim=1) for view in (first, second))
    both = torch.cat((first, second))
    count, dimensions = first.shape
    different = ~torch.eye(count, dtype=torch.bool, device=first.device).repeat(2, 2)
    cosine = (both @ both.T)[different]
    positive = (first * second).sum(1)
    return CollapseStatistics(
        negative_cosine=cosine.mean().item(),
        positive_cosine=positive.mean().item(),
        embedding_std=both.std(0, correction=0).mean().item() * math.sqrt(dimensions),
        rankme=effective_rank(both),
        alignment=(2 - 2 * positive).mean().item(),
        uniformity=torch.exp(4 * cosine - 4).mean().log().item(),
        chance_loss=math.log(2 * count - 1),
    )


def effective_rank(embeddings: Tensor) -> float:
    """Return RankMe of embeddings (N, D): exp of the entropy of their normalised singular values, uncentred."""
    values = torch.linalg.svdvals(embeddings)
    share = values / values.sum() + 1e-7  # the paper's ε
    return torch.exp(-(share * share.log()).sum()).item()
