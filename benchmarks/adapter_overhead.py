"""What do the adapters cost over the functional call, beyond what their hosts force?

    python -m benchmarks.adapter_overhead [--size 1280x720] [--rounds 400]

Four calls are timed in turn, round after round, on the same picture with one thread, by the thread's processor time:

functional
    ``transform.sample(rng, shape)`` and ``lightnoise.chain``.
copies
    The same between the conversions that the host's layout forces: its tensor or picture to an (H, W, C) array, and
    back.
host
    The same pipeline of the host with a transform that draws one number from the host's generator and changes nothing.
adapter
    The host's pipeline with lightnoise's transform.

Overhead is the adapter's time less the host's and less that of the functional call with the copies, as the median over
the rounds, and told as a part of the functional call. It can come out a little below zero: called by itself, the host's
code has to be fetched into the caches that the picture has just filled.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from benchmarks.speed import frames  # noqa: E402
from lightnoise.adapters import albumentations, torchvision  # noqa: E402
from lightnoise.transforms import Transform  # noqa: E402

Call = Callable[[], Any]

BLOOM = ln.Bloom(scatter=(0.15, 0.25))
GLARE = ln.Glare(veil=(0.03, 0.06), starburst=0.2)
GAMMA = ln.Gamma(gamma=1.4, exposure_ev=0.5)
TRANSFORMS: dict[str, Transform] = {
    "gamma": GAMMA,
    "bloom": BLOOM,
    "bloom + glare + gamma": ln.Chain([BLOOM, GLARE, GAMMA]),
}


class _DrawingNoOp(A.ImageOnlyTransform):  # type: ignore[misc]
    """What Albumentations' own transforms do at least: draw, and hand the picture on."""

    def apply(self, img: NDArray[Any], **params: Any) -> NDArray[Any]:
        return img

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        return {"drawn": self.random_generator.integers(2**63)}


class _DrawingIdentity(v2.Transform):
    """What torchvision's own transforms do at least."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"drawn": torch.rand(1).item()}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt


@dataclass(frozen=True)
class Comparison:
    """One adapter's calls; see the module."""

    name: str
    functional: Call
    copying: Call
    host: Call
    adapter: Call


@dataclass(frozen=True)
class Cost:
    """Medians over the rounds, seconds; the last three are of differences within a round."""

    functional: float
    host: float
    copies: float
    adapter: float
    overhead: float


def comparisons(picture: NDArray[np.uint8], transform: Transform) -> Iterator[Comparison]:
    """Yield what to compare for each host and layout."""
    rng = np.random.default_rng(0)

    def chain(pixels: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(ln.chain(pixels, transform.sample(rng, pixels.shape)))

    def functional() -> Any:
        return chain(picture)

    one, nothing = albumentations.LightNoise(transform=transform, p=1), _DrawingNoOp(p=1)
    yield Comparison(
        "Albumentations, transform", functional, functional, lambda: nothing(image=picture), lambda: one(image=picture)
    )
    composed, empty = A.Compose([one]), A.Compose([nothing])
    yield Comparison(
        "Albumentations, Compose", functional, functional, lambda: empty(image=picture), lambda: composed(image=picture)
    )

    pipeline, identity = v2.Compose([torchvision.LightNoise(transform=transform)]), v2.Compose([_DrawingIdentity()])
    lying = torch.from_numpy(picture).permute(2, 0, 1)
    last, planes = tv_tensors.Image(lying), tv_tensors.Image(lying.contiguous())

    def by_views() -> Any:
        pixels = last.as_subclass(torch.Tensor).permute(1, 2, 0).numpy()
        return tv_tensors.wrap(torch.from_numpy(chain(pixels)).permute(2, 0, 1), like=last)

    def by_planes() -> Any:
        source = planes.as_subclass(torch.Tensor)
        out = torch.empty_like(source)
        cv2.split(chain(cv2.merge(list(source.numpy()))), list(out.numpy()))
        return tv_tensors.wrap(out, like=planes)

    pil = Image.fromarray(picture)
    for name, image, copying in (
        ("torchvision, tensor in channels_last", last, by_views),
        ("torchvision, tensor", planes, by_planes),
        ("torchvision, PIL", pil, lambda: Image.fromarray(chain(np.asarray(pil)))),
    ):
        yield Comparison(
            name, functional, copying, lambda image=image: identity(image), lambda image=image: pipeline(image)
        )


def cost(compared: Comparison, rounds: int) -> Cost:
    """Time the calls in turn; whichever comes first in one round comes later in the next."""
    calls = [compared.functional, compared.copying, compared.host, compared.adapter]
    times = np.empty((rounds, len(calls)))
    for call in calls * 3:
        call()
    for number in range(rounds):
        for k in np.roll(range(len(calls)), number):
            start = time.thread_time()
            calls[k]()
            times[number, k] = time.thread_time() - start
    functional, copying, host, adapter = times.T
    return Cost(
        float(np.median(functional)),
        float(np.median(host)),
        float(np.median(copying - functional)) if compared.copying is not compared.functional else 0.0,
        float(np.median(adapter)),
        float(np.median(adapter - host - copying)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT [1280x720]")
    parser.add_argument("--rounds", type=int, default=400, help="for each row [400]")
    parser.add_argument("--effects", nargs="+", choices=list(TRANSFORMS), default=list(TRANSFORMS), help="[all]")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    width, height = map(int, options.size.split("x"))
    picture = frames.night(width, height)
    print("| effect | host | functional, ms | host, ms | copies, ms | adapter, ms | overhead, ms | overhead |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for effect in options.effects:
        for compared in comparisons(picture, TRANSFORMS[effect]):
            found = cost(compared, options.rounds)
            columns = [found.functional, found.host, found.copies, found.adapter, found.overhead]
            told = " | ".join(f"{1e3 * value:.3f}" for value in columns)
            percent = 100 * found.overhead / found.functional
            print(f"| {effect} | {compared.name} | {told} | {percent:+.1f} % |", flush=True)


if __name__ == "__main__":
    main()
