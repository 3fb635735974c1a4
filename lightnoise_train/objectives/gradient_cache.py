"""Gradient caching: the gradient of one big contrastive batch in the memory of a small one.

Accumulating gradients over batches adds no negatives: each batch is only told apart from itself. Here all embeddings of
the big batch meet in one loss. Its gradient with respect to the features is found first, features having been computed
chunk by chunk without a graph; then each chunk is run again with a graph, into which its cached gradient is fed.

>>> cache = GradientCache(encoder, chunk=64)             # doctest: +SKIP
>>> loss = objective(projector(cache.features(images)))  # doctest: +SKIP
>>> loss.backward()                                      # doctest: +SKIP
>>> cache.backward()                                     # doctest: +SKIP

Batch normalisation inside the encoder sees one chunk at a time, in both passes the same; the projector's sees all
embeddings. The gradient equals that of one graph over the whole batch whose encoder runs chunk by chunk.

References
----------
Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class GradientCache:
    """One big batch's way through an encoder, forwards and backwards.

    Parameters
    ----------
    encoder : nn.Module
        From images (N, …) to features (N, C).
    chunk : int
        Images to hold a graph of at once, ≥ 1. An encoder with batch normalisation wants at least 16 or so.
    """

    def __init__(self, encoder: nn.Module, chunk: int) -> None:
        if chunk < 1:
            raise ValueError(f"chunk must be ≥ 1, got {chunk!r}")
        self.encoder = encoder
        self.chunk = chunk
        self._chunks: tuple[Tensor, ...] = ()
        self._random: list[_RandomState] = []
        self._features = torch.empty(0)
        self._autocast: tuple[bool, torch.dtype] = (False, torch.float32)

    def features(self, images: Tensor) -> Tensor:
        """Return the features (N, C) as a leaf that will collect its gradient.

        Running statistics of batch normalisation stay as they are until `backward`.
        """
        self._chunks = images.split(self.chunk)
        device = images.device.type
        self._autocast = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
        self._random = []
        features = []
        with torch.no_grad(), _running_statistics_kept(self.encoder):
            for chunk in self._chunks:
                self._random.append(_RandomState(chunk.device))
                features.append(self.encoder(chunk))
        self._features = torch.cat(features).requires_grad_()
        return self._features

    def backward(self) -> None:
        """Add to the encoder's gradients what the loss, already run backwards, means for its features."""
        if self._features.grad is None:
            raise RuntimeError("run the loss backwards to the features before the gradient cache")
        for chunk, random, gradient in zip(
            self._chunks, self._random, self._features.grad.split(self.chunk), strict=True
        ):
            enabled, dtype = self._autocast
            with random.again(), torch.autocast(chunk.device.type, dtype, enabled=enabled):
                features = self.encoder(chunk)
            features.backward(gradient)
        self._chunks, self._random, self._features = (), [], torch.empty(0)


class _RandomState:
    """The state of torch's generators before a chunk, so that dropout drops the same in both passes."""

    def __init__(self, device: torch.device) -> None:
        self._devices = [device] if device.type == "cuda" else []
        self._cpu = torch.get_rng_state()
        self._cuda = [torch.cuda.get_rng_state(one) for one in self._devices]

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw the same numbers again inside, and leave the generators outside as they were."""
        with torch.random.fork_rng(self._devices):
            torch.set_rng_state(self._cpu)
            for device, state in zip(self._devices, self._cuda, strict=True):
                torch.cuda.set_rng_state(state, device)
            yield


@contextmanager
def _running_statistics_kept(module: nn.Module) -> Iterator[None]:
    """Normalise by batch statistics inside without counting them."""
    counting = [part for part in module.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
    for part in counting:
        part.track_running_stats = False
    try:
        yield
    finally:
        for part in counting:
            part.track_running_stats = True
