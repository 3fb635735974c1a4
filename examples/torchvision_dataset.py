"""Light noise in a torchvision v2 pipeline, with draws that no number of workers changes.

    python examples/torchvision_dataset.py [--workers 2] [--epochs 2]

The samples are embedded road scenes and their kind, as for a classifier of weather and light.
"""

from __future__ import annotations

import argparse

import torch
from torch.utils.data import DataLoader, RandomSampler
from torchvision import tv_tensors
from torchvision.transforms import v2

from lightnoise import scenes
from lightnoise.adapters.loading import EpochSampler, KeyedDataset
from lightnoise.adapters.torchvision import Bloom, DamageMap, LightNoise, keyed


class Roads:
    """Road scenes: (image, damage map of zeros, number of the scene's kind)."""

    def __init__(self, per_kind: int = 2, size: tuple[int, int] = (180, 320)) -> None:
        self.scenes = list(scenes.default_set(per_kind, size))

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> tuple[tv_tensors.Image, DamageMap, int]:
        scene = self.scenes[index]
        image = tv_tensors.Image(torch.from_numpy(scene.image).permute(2, 0, 1))
        return image, DamageMap.zeros_like(image), scenes.KINDS.index(scene.kind)


def main() -> None:
    """Go through the scenes, epoch by epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    pipeline = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomCrop((160, 256)),
            v2.RandomChoice([LightNoise(camera="bdd100k"), Bloom(scatter=(0.02, 0.3), radius_deg=(0.5, 3), p=0.8)]),
            v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
        ]
    )
    data = KeyedDataset(Roads(), keyed(pipeline), seed=7)
    sampler = EpochSampler(RandomSampler(data))
    workers = {"num_workers": options.workers, "persistent_workers": options.workers > 0}
    loader = DataLoader(data, batch_size=4, sampler=sampler, **workers)
    for epoch in range(options.epochs):
        sampler.set_epoch(epoch)
        for images, damage, kinds in loader:
            print(
                f"epoch {epoch}: images {tuple(images.shape)} {images.dtype}, kinds {kinds.tolist()}, "
                f"destroyed {float(damage.mean()):.0%}"
            )


if __name__ == "__main__":
    main()
