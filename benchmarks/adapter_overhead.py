"""What do the adapters cost over the functional call, beyond the copies that a host's layout forces?

    python -m benchmarks.adapter_overhead [--size 1280x720] [--seconds 3]

Each adapter's call is timed in turn with ``lightnoise.chain`` between the copies that turn the host's layout into
(H, W, C) and back, and that in turn with ``lightnoise.chain`` alone: same picture, same params, one thread. What is
left is the host's own work, the draw, and the adapter. Figures come from medians over the pairs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from typing import Any

ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else its import asks the network for news

import albumentations as A  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

import lightnoise as ln  # noqa: E402
from benchmarks.speed import frames, timing  # noqa: E402
from lightnoise.adapters import albumentations, torchvision  # noqa: E402
from lightnoise.transforms import Fixed  # noqa: E402

Call = Callable[[], Any]

GAMMA = ln.GammaParams(gamma=1.4, exposure_ev=0.5)
BLOOM = ln.BloomParams(scatter=0.2)
PARAMS = {
    "gamma": [GAMMA],
    "bloom": [BLOOM],
    "bloom + glare + gamma": [BLOOM, ln.GlareParams(veil=0.05, starburst=0.2), GAMMA],
}


def calls(picture: NDArray[np.uint8], params: list[Any]) -> Iterator[tuple[str, Call, Call]]:
    """Yield (host, the adapter's call, the functional call with the copies that the host's layout forces)."""

    def plain() -> Any:
        return ln.chain(picture, params)

    leaf = albumentations.LightNoise(transform=Fixed(params), p=1)
    yield "Albumentations, transform", lambda: leaf(image=picture), plain
    composed = A.Compose([leaf])
    yield "Albumentations, Compose", lambda: composed(image=picture), plain
    pipeline = v2.Compose([torchvision.LightNoise(transform=Fixed(params))])
    lying = torch.from_numpy(picture).permute(2, 0, 1)
    last, planes = tv_tensors.Image(lying), tv_tensors.Image(lying.contiguous())
    yield "torchvision, tensor in channels_last", lambda: pipeline(last), plain
    arrays = list(planes.numpy())

    def by_planes() -> Any:
        return cv2.split(ln.chain(cv2.merge(arrays), params), list(np.empty(planes.shape, np.uint8)))

    yield "torchvision, tensor", lambda: pipeline(planes), by_planes
    pil = Image.fromarray(picture)
    yield "torchvision, PIL", lambda: pipeline(pil), lambda: Image.fromarray(ln.chain(np.asarray(pil), params))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT [1280x720]")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row [3]")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    width, height = map(int, options.size.split("x"))
    picture = frames.night(width, height)
    print("| effect | host | functional, ms | copies, ms | overhead beyond copies, ms | overhead |")
    print("|---|---|---|---|---|---|")
    for effect, params in PARAMS.items():
        for host, ours, copying in calls(picture, params):
            copies = timing.pairs(copying, lambda params=params: ln.chain(picture, params), options.seconds)
            ratio = timing.pairs(ours, copying, options.seconds)
            functional = copies.other.median
            beyond = (ratio.ratio.median - 1.0) * ratio.other.median
            print(
                f"| {effect} | {host} | {1e3 * functional:.2f} | {1e3 * (copies.ratio.median - 1.0) * functional:.2f} "
                f"| {1e3 * beyond:+.2f} | {100 * beyond / functional:+.1f} % |"
            )


if __name__ == "__main__":
    main()
