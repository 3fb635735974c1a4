"""Light noise on whole batches, on the device that trains: params are drawn by item, pixels are made by batch.

    python examples/torch_batch.py [--device cuda] [--workers 2] [--epochs 2]

Workers only draw: a sample is its picture and a list of params. The generator is keyed to (seed, item, epoch), so an
item gets the same light whatever the batch, the worker or the device.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, RandomSampler

import lightnoise as ln
from lightnoise import scenes
from lightnoise.adapters.loading import EpochSampler, KeyedDataset
from lightnoise.adapters.torch import chain

NOISE = ln.OneOf([ln.preset("oncoming_headlights"), ln.preset("tunnel_exit"), ln.Gamma(exposure_ev=(-2, 2))])


class Roads:
    """Pictures (3, H, W) uint8 of road scenes."""

    def __init__(self, per_kind: int = 2, size: tuple[int, int] = (180, 320)) -> None:
        self.scenes = list(scenes.default_set(per_kind, size))

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(self.scenes[index].image).permute(2, 0, 1)


def with_params(image: torch.Tensor, generator: np.random.Generator) -> tuple[torch.Tensor, list[Any]]:
    """Return the picture and the params that were drawn for it."""
    return image, NOISE.sample(generator, (*image.shape[1:], 3))


def collate(samples: list[tuple[torch.Tensor, list[Any]]]) -> tuple[torch.Tensor, list[list[Any]]]:
    """Return the pictures as a batch, and the params as a list."""
    images, params = zip(*samples, strict=True)
    return torch.stack(images), list(params)


def main() -> None:
    """Go through the scenes, epoch by epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    data = KeyedDataset(Roads(), with_params, seed=7)
    sampler = EpochSampler(RandomSampler(data))
    workers = {"num_workers": options.workers, "persistent_workers": options.workers > 0}
    loader = DataLoader(data, batch_size=4, sampler=sampler, collate_fn=collate, **workers)
    for epoch in range(options.epochs):
        sampler.set_epoch(epoch)
        for codes, params in loader:
            images = codes.to(options.device, torch.float32) / 255.0
            noised, damage = chain(images, params, return_damage=True)
            effects = [" + ".join(one.effect for one in own) for own in params]
            print(
                f"epoch {epoch}: images {tuple(noised.shape)} on {noised.device}, "
                f"destroyed {float(damage.mean()):.0%}: {', '.join(effects)}"
            )


if __name__ == "__main__":
    main()
