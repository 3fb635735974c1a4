"""Where a frame's light noise comes from: drawn as training goes, or read from folders made before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from lightnoise import checks
from lightnoise.batch.errors import BatchError
from lightnoise.batch.manifest import CONFIG_NAME, read_lines
from lightnoise.camera import Camera
from lightnoise.params import GammaParams, Params
from lightnoise.transforms import Transform
from lightnoise_train.data.frames import Frame, Image, Sample, read_image
from lightnoise_train.data.pixels import resize, to_tensor
from lightnoise_train.errors import DataError

#: Rows at which light is drawn: the severities are calibrated there, and the optics do not depend on it.
HEIGHT = 360


class Noised(NamedTuple):
    """A clean picture and noised ones of it, all of one size, (H, W, 3) uint8."""

    clean: Image
    noised: tuple[Image, ...]


class Noise(Protocol):
    """A source of noised pictures."""

    def __call__(self, sample: Sample, generator: np.random.Generator, count: int) -> Noised:
        """Return ``count`` noised pictures of a sample, each of its own draw, beside the clean one."""


@dataclass(frozen=True)
class DrawnNoise:
    """Light noise drawn and rendered on the spot.

    Parameters
    ----------
    transform : lightnoise transform
        What to draw from, such as ``lightnoise.preset("low_sun")``.
    camera : Camera
        What took the pictures.
    height : int or None
        Rows of the picture when light is drawn, [32, 8192]: a higher one is shrunk first, which is faster. None
        leaves it as it is.
    """

    transform: Transform
    camera: Camera = field(default_factory=Camera)
    height: int | None = HEIGHT

    def __post_init__(self) -> None:
        if self.height is not None:
            checks.integer("height", self.height, 32, 8192)

    def __call__(self, sample: Sample, generator: np.random.Generator, count: int) -> Noised:
        """Return ``count`` noised pictures of a sample; see `Noise`."""
        from lightnoise import functional

        clean = shrunk(sample.image, self.height)
        draws = (self.draw(rng, clean.shape) for rng in generator.spawn(count))
        return Noised(clean, tuple(functional.chain(clean, params, camera=self.camera) for params in draws))

    def draw(self, rng: np.random.Generator, shape: Sequence[int]) -> list[Params]:
        """Draw one picture's params. Sensor noise whose seed is left at 0, as the severities do, gets its own."""
        seed = int(rng.integers(1, 2**32))
        return [
            replace(one, noise_seed=seed)
            if isinstance(one, GammaParams) and one.has_noise and one.noise_seed == 0
            else one
            for one in self.transform.sample(rng, shape)
        ]


class FolderNoise:
    """Noised pictures that ``lightnoise apply`` made, paired with the clean ones by its manifest.

    Parameters
    ----------
    folder : path
        The output folder of ``lightnoise apply``. Its input must have been the data root, or be where it was, so that
        the manifest's paths can be told to be the frames'.
    frames : iterable of Frame
        The frames that need noised pictures.
    count : int
        How many each frame needs; ``--copies`` of ``lightnoise apply`` makes them.

    Raises
    ------
    DataError
        If the manifest is missing or broken, or a frame has too few finished outputs in it.

    Notes
    -----
    Which copy a view gets is drawn anew in each epoch.
    """

    def __init__(self, folder: str | os.PathLike[str], frames: Iterable[Frame], count: int = 1) -> None:
        self.folder = Path(folder)
        outputs, source = _outputs(self.folder)
        self._paths: dict[str, tuple[Path, ...]] = {}
        for frame in frames:
            found = outputs.get(_relative(frame.path, source)) or outputs.get(frame.key, [])
            if len(found) < count:
                has = f"has {len(found)} noised pictures of {frame.key}, not the {count} that are needed"
                raise DataError(f"{self.folder}: {has}: lightnoise apply --copies {count} makes them")
            self._paths[frame.key] = tuple(self.folder / output for output in found)

    def __call__(self, sample: Sample, generator: np.random.Generator, count: int) -> Noised:
        """Return ``count`` of the frame's noised pictures; see `Noise`."""
        paths = self._paths[sample.frame.key]
        chosen = generator.choice(len(paths), size=count, replace=False)
        noised = tuple(read_image(paths[int(index)]) for index in chosen)
        for index, image in zip(chosen, noised, strict=True):
            if image.shape != sample.image.shape:
                raise DataError(
                    f"{paths[int(index)]}: is {image.shape[1]}×{image.shape[0]}, but the clean frame "
                    f"{sample.frame.key} is {sample.image.shape[1]}×{sample.image.shape[0]}"
                )
        return Noised(sample.image, noised)


def shrunk(image: Image, height: int | None) -> Image:
    """Return a picture at most ``height`` rows high, its aspect kept."""
    if height is None or image.shape[0] <= height:
        return image
    width = max(round(image.shape[1] * height / image.shape[0]), 1)
    return np.ascontiguousarray(resize(to_tensor(image), (height, width)).permute(1, 2, 0).numpy())


def _outputs(folder: Path) -> tuple[dict[str | None, list[str]], Path | None]:
    """Return the finished outputs of each source path, copies in order, and the input folder."""
    try:
        lines = [line for line in read_lines(folder / "manifest.jsonl") if line["status"] == "ok"]
        record = json.loads((folder / CONFIG_NAME).read_bytes())
        source = Path(record["input"])
    except (BatchError, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: is no output of lightnoise apply ({error})") from None
    outputs: dict[str | None, list[str]] = {}
    for line in sorted(lines, key=lambda line: (line["source"], line["copy"])):
        outputs.setdefault(line["source"], []).append(line["output"])
    return outputs, source if source.is_absolute() else None


def _relative(path: Path | None, source: Path | None) -> str | None:
    """Return a frame's path relative to the folder that was noised, or None where it is not below it."""
    if path is None or source is None:
        return None
    try:
        return Path(os.path.abspath(path)).relative_to(source).as_posix()
    except ValueError:
        return None
