"""Other libraries' effects, each as its users would call it; one that is not installed is told as absent."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

import numpy as np

import lightnoise as ln
from benchmarks.speed.frames import Picture
from benchmarks.speed.subjects import BLOOM, PEER, Subject
from benchmarks.speed.timing import Call


@dataclass(frozen=True)
class Found:
    """The peers at hand, by version, and why the others are not."""

    subjects: list[Subject]
    versions: dict[str, str]
    absent: dict[str, str]


def find() -> Found:
    """Try each peer on a small frame; one that cannot be imported or fails there is absent, with the reason."""
    found = Found([], {}, {})
    small = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    for module, package, subjects in PEERS:
        try:
            importlib.import_module(module)
            offered = list(subjects())
        except Exception as error:  # a peer that is broken beside these versions must not end the run
            gone = isinstance(error, ModuleNotFoundError) and error.name == module
            found.absent[package] = "not installed" if gone else _reason(error)
            continue
        found.versions[package] = metadata.version(package)
        for subject in offered:
            try:
                subject.prepare(small)()
            except Exception as error:
                found.absent[subject.name] = _reason(error)
            else:
                found.subjects.append(subject)
    return found


def _reason(error: Exception) -> str:
    return f"fails: {type(error).__name__}: {error}".splitlines()[0]


SUN_FLARE = "Albumentations RandomSunFlare physics_based"


def _albumentations() -> Iterator[Subject]:
    import albumentations as al

    def calls(transform: al.BasicTransform) -> Callable[[Picture], Call]:
        transform.set_random_seed(0)
        return lambda frame: lambda: transform(image=frame)["image"]

    yield Subject("Albumentations RandomGamma", PEER, calls(al.RandomGamma(gamma_limit=(140, 140), p=1.0)))
    yield Subject("Albumentations RandomSunFlare overlay", PEER, calls(al.RandomSunFlare(method="overlay", p=1.0)))
    yield Subject(SUN_FLARE, PEER, calls(al.RandomSunFlare(method="physics_based", p=1.0)))
    yield Subject("Albumentations RandomFog", PEER, calls(al.RandomFog(p=1.0)))


def _imagecorruptions() -> Iterator[Subject]:
    from imagecorruptions import corrupt

    for name in ("brightness", "fog"):
        yield Subject(f"imagecorruptions {name}", PEER, _corruption(corrupt, name))


def _corrupt_tta() -> Iterator[Subject]:
    from corrupt_tta import corrupt

    for name in ("brightness", "fog"):
        yield Subject(f"corrupt-tta {name}", PEER, _corruption(corrupt, name))


def _corruption(corrupt: Callable[..., Picture], name: str) -> Callable[[Picture], Call]:
    return lambda frame: lambda: corrupt(frame, severity=3, corruption_name=name).astype(np.uint8)


def _augrs() -> Iterator[Subject]:
    import augrs

    transform = augrs.Compose([augrs.RandomGamma(gamma_limit=(140, 140), p=1.0)])
    yield Subject("augrs-py RandomGamma", PEER, lambda frame: lambda: transform(image=frame)["image"])


def _optic_fx() -> Iterator[Subject]:
    from optic_fx.blend import blend_screen
    from optic_fx.flare.bloom import render_bloom

    def prepare(frame: Picture) -> Call:
        radius = np.tan(np.radians(BLOOM.radius_deg)) * ln.Camera().focal_px(frame.shape[1])[1]

        def bloom() -> Picture:  # its interface is video files; these are the steps for one frame
            encoded = frame.astype(np.float32) / 255.0
            mixed = blend_screen(encoded, render_bloom(encoded, float(radius)))
            return (np.clip(mixed, 0.0, 1.0) * 255.0).astype(np.uint8)

        return bloom

    yield Subject("optic-fx bloom", PEER, prepare)


def _kornia() -> Iterator[Subject]:
    import torch
    from kornia.augmentation import RandomGamma

    torch.set_num_threads(1)
    transform = RandomGamma(gamma=(1.4, 1.4), gain=(1.0, 1.0), p=1.0)

    def prepare(frame: Picture) -> Call:
        # as in training: float planes in, float planes out, on the CPU
        batch = torch.from_numpy(frame).permute(2, 0, 1)[None].contiguous().float().div(255.0)
        return lambda: transform(batch)

    yield Subject("Kornia RandomGamma (float32 tensor)", PEER, prepare)


#: Module, distribution, and the rows it gives.
PEERS: tuple[tuple[str, str, Callable[[], Iterator[Subject]]], ...] = (
    ("albumentations", "albumentations", _albumentations),
    ("imagecorruptions", "imagecorruptions", _imagecorruptions),
    ("corrupt_tta", "corrupt-tta", _corrupt_tta),
    ("kornia", "kornia", _kornia),
    ("augrs", "augrs-py", _augrs),
    ("optic_fx", "optic-fx", _optic_fx),
)
