"""Light noise in an Albumentations pipeline, with draws that no number of workers changes.

    python examples/albumentations_dataset.py [--workers 2] [--epochs 2]

The samples are embedded road scenes with their lane lines as a mask. The damage map says where the light has destroyed
the evidence; here it takes weight from lane pixels that nobody could see.
"""

from __future__ import annotations

import argparse

import albumentations as A
import cv2
import numpy as np
from torch.utils.data import DataLoader, RandomSampler

from lightnoise import scenes
from lightnoise.adapters.albumentations import Gamma, LightNoise, keyed
from lightnoise.adapters.loading import EpochSampler, KeyedDataset


class Roads:
    """Road scenes: ``{"image": (H, W, 3) uint8, "mask": (H, W) uint8, "damage": zeros}``."""

    def __init__(self, per_kind: int = 2, size: tuple[int, int] = (180, 320)) -> None:
        self.scenes = list(scenes.default_set(per_kind, size))

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        scene = self.scenes[index]
        mask = np.zeros(scene.image.shape[:2], np.uint8)
        for lane in scene.lanes:
            points = [(x, y) for x, y in zip(lane, scene.h_samples, strict=True) if x >= 0]
            cv2.polylines(mask, [np.array(points, np.int32)], isClosed=False, color=1, thickness=3)
        return {"image": scene.image, "mask": mask, "damage": np.zeros(mask.shape, np.float32)}


def main() -> None:
    """Go through the scenes, epoch by epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    pipeline = A.Compose(
        [
            A.HorizontalFlip(),
            A.RandomCrop(height=160, width=256),
            A.OneOf(
                [
                    LightNoise(["oncoming_headlights", "low_sun", "tunnel_exit"], damage_key="damage"),
                    LightNoise(effects=["bloom", "glare"], severity=(2, 5), damage_key="damage"),
                    Gamma(exposure_ev=(-2, 2), shot=(1e-4, 1e-2), damage_key="damage"),
                ],
                p=0.8,
            ),
        ],
        additional_targets={"damage": "mask"},  # so that it is cropped and flipped with the image
    )
    data = KeyedDataset(Roads(), keyed(pipeline), seed=7)
    sampler = EpochSampler(RandomSampler(data))
    workers = {"num_workers": options.workers, "persistent_workers": options.workers > 0}
    loader = DataLoader(data, batch_size=4, sampler=sampler, **workers)
    for epoch in range(options.epochs):
        sampler.set_epoch(epoch)
        for batch in loader:
            weight = batch["mask"] * (1.0 - batch["damage"])
            visible = float(weight.sum() / batch["mask"].sum())
            print(f"epoch {epoch}: images {tuple(batch['image'].shape)}, {visible:.0%} of the lane pixels can be seen")


if __name__ == "__main__":
    main()
