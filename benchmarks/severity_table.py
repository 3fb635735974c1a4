"""Find the amounts at which each effect costs the SSIM of its severity level, and print `severity.AMOUNTS`.

For each effect the mean SSIM over the calibration scenes falls with the amount; bisection finds where it meets the
target. Copy the printed table into lightnoise/severity.py; tests/test_severity.py measures it again.

    python benchmarks/severity_table.py            # calibrate and print the table
    python benchmarks/severity_table.py --check    # only measure the table as it stands
"""

from __future__ import annotations

import argparse

import numpy as np
from skimage.metrics import structural_similarity

from lightnoise import chain, scenes
from lightnoise.params import Params
from lightnoise.severity import AMOUNTS, CALIBRATION_SCENES, EFFECTS, TARGET_SSIM, path

#: Smallest and largest amount searched, per effect.
BRACKETS = {
    "bloom": (0.001, 0.95),
    "glare": (0.001, 0.7),
    "gamma_over": (0.05, 6.0),
    "gamma_under": (0.05, 6.0),
}
TOLERANCE = 5e-4


def mean_ssim(images: list[np.ndarray], params: Params) -> float:
    """Return the mean SSIM between the images and the images with the params (Wang et al. 2004, RGB, σ = 1.5)."""
    values = [
        structural_similarity(
            image,
            chain(image, [params]),
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
        for image in images
    ]
    return float(np.mean(values))


def amount_for(images: list[np.ndarray], effect: str, target: float) -> float:
    """Return the amount at which the effect's mean SSIM is the target."""
    low, high = BRACKETS[effect]
    for _ in range(20):
        middle = 0.5 * (low + high)
        found = mean_ssim(images, path(effect, middle))
        if abs(found - target) < TOLERANCE:
            break
        low, high = (middle, high) if found > target else (low, middle)
    return middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="measure the present table, search nothing")
    args = parser.parse_args()
    images = [scene.image for scene in scenes.default_set(**CALIBRATION_SCENES)]
    for effect in EFFECTS:
        amounts = AMOUNTS[effect]
        if not args.check:
            amounts = tuple(round(amount_for(images, effect, target), 4) for target in TARGET_SSIM)
        reached = [mean_ssim(images, path(effect, amount)) for amount in amounts]
        print(f'    "{effect}": {amounts},  # SSIM {", ".join(f"{value:.3f}" for value in reached)}', flush=True)


if __name__ == "__main__":
    main()
