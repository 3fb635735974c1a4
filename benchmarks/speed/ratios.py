"""The marks that lightnoise has to meet: ratios within one run, each a median over interleaved pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightnoise as ln
from benchmarks.speed import jobs, startup, subjects
from benchmarks.speed.frames import Picture
from benchmarks.speed.peers import SUN_FLARE
from benchmarks.speed.subjects import BLOOM, GAMMA, GLARE, NOISY, SUNNY, Subject
from benchmarks.speed.timing import Ratio, pairs, rounds

Size = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """One row: what against what, the limit, and what was measured.

    Parameters
    ----------
    what, against : str
        The two things compared.
    limit : float or None
        Most (or least) that the ratio may be; None for a ratio that is only told.
    measured : Ratio or None
        None where the other thing is not at hand, or was not asked for.
    unit : str
        "s" for times, the ratio being time over time; "frames/s" for rates.
    at_least : bool
        Whether the limit is a lower one.
    """

    what: str
    against: str
    limit: float | None
    measured: Ratio | None
    unit: str = "s"
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the ratio keeps its limit; None if there is none or nothing was measured."""
        if self.limit is None or self.measured is None:
            return None
        ratio = self.measured.ratio.median
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the verdict."""
        return asdict(self) | {"met": self.met}


def of_calls(
    frame: Callable[[Size], Picture], sizes: tuple[Size, ...], peers: list[Subject], seconds: float
) -> Iterator[Mark]:
    """Measure the marks that lie within one process.

    Parameters
    ----------
    frame : callable
        Gives the night frame of a size.
    sizes : tuple of (int, int)
        The size of all marks, and the large one against which it is held.
    peers : list of Subject
        What is at hand.
    seconds : float
        Time for each mark, s.
    """
    (width, height), large_size = sizes
    picture = frame((width, height))

    def bloom() -> Picture:
        return ln.bloom(picture, BLOOM)

    def chain() -> Picture:
        return ln.chain(picture, (BLOOM, GLARE, GAMMA))

    def in_turn() -> Picture:
        return ln.gamma(ln.glare(ln.bloom(picture, BLOOM), GLARE), GAMMA)

    look_ups = {one.name: one.prepare(picture) for one in subjects.table_look_ups()}
    speeds = rounds(look_ups, min(seconds, 1.0))
    fastest = min(speeds, key=lambda name: speeds[name].median)
    jpeg = subjects.jpeg(picture)
    fft = subjects.fft_convolution(picture)
    whole = "chain: Bloom + Glare (starburst) + Gamma"

    yield Mark("Gamma on uint8", fastest, 1.2, pairs(lambda: ln.gamma(picture, GAMMA), look_ups[fastest], seconds))
    yield Mark("Bloom", "JPEG decode + encode", 0.25, pairs(bloom, jpeg, seconds))
    yield Mark(whole, "JPEG decode + encode", 0.33, pairs(chain, jpeg, seconds))
    yield Mark("Bloom", "FFT convolution, same PSF", 0.03, pairs(bloom, fft, seconds))
    flare = next((peer.prepare(picture) for peer in peers if peer.name == SUN_FLARE), None)
    yield Mark("the whole chain", SUN_FLARE, 0.03, pairs(chain, flare, seconds) if flare else None)
    yield Mark("chain of three", "the three one after the other", 0.6, pairs(chain, in_turn, seconds))

    large = frame(large_size)
    scale = large[..., 0].size / picture[..., 0].size
    for name, params in (("Bloom", (BLOOM,)), ("the whole chain", (BLOOM, GLARE, GAMMA))):
        measured = pairs(
            lambda params=params: ln.chain(large, params),  # type: ignore[misc]
            lambda params=params: ln.chain(picture, params),  # type: ignore[misc]
            seconds,
        )
        yield Mark(
            f"{name}: time per pixel at {large_size[0]}×{large_size[1]}",
            f"at {width}×{height}",
            1.3,
            measured.divided(scale),
        )
    narrow = ln.BloomParams(scatter=BLOOM.scatter, radius_deg=0.5)
    for radius, limit in ((10.0, 1.2), (0.1, None)):
        other = ln.BloomParams(scatter=BLOOM.scatter, radius_deg=radius)
        measured = pairs(
            lambda other=other: ln.bloom(picture, other),  # type: ignore[misc]
            lambda: ln.bloom(picture, narrow),
            seconds,
        )
        yield Mark(f"Bloom of radius {radius:g}°", "of radius 0.5°", limit, measured)
    yield Mark("Bloom", "DCT convolution, same PSF", None, pairs(bloom, subjects.dct_convolution(picture), seconds))
    for part, alone in (("look-ups", subjects.word_look_ups), ("two passes over the frame", subjects.full_size_passes)):
        yield Mark(f"Bloom's {part} alone", "JPEG decode + encode", None, pairs(alone(picture), jpeg, seconds))
    eight_bits = "8 bits to a quarter, back and added, by OpenCV"
    yield Mark(
        eight_bits, "JPEG decode + encode", None, pairs(subjects.bytes_through_a_quarter(picture), jpeg, seconds)
    )
    starburst, transforms = subjects.starburst(picture), subjects.starburst_transforms(picture)
    yield Mark("the starburst alone", "JPEG decode + encode", None, pairs(starburst, jpeg, seconds))
    by_opencv = "the starburst's six transforms by OpenCV"
    yield Mark(by_opencv, "JPEG decode + encode", None, pairs(transforms, jpeg, seconds))
    for name, draw, same in (("Bloom", subjects.new_radius, bloom), ("the whole chain", subjects.new_iris, chain)):
        measured = pairs(subjects.redrawn(picture, draw), same, seconds)
        yield Mark(f"{name}, new params every frame", "the same params every frame", None, measured)
    for name, other in subjects.other_kinds(picture).items():
        yield Mark(f"the whole chain, {name}", "8 bits, even sides", None, pairs(other, chain, seconds))
    yield Mark("Bloom", "memcpy", None, pairs(bloom, picture.copy, seconds))
    yield Mark("the whole chain", "memcpy", None, pairs(chain, picture.copy, seconds))
    yield Mark(
        "chain with sensor noise",
        "JPEG decode + encode",
        None,
        pairs(lambda: ln.chain(picture, (BLOOM, GLARE, NOISY)), jpeg, seconds),
    )
    yield Mark(
        "chain with sun and ghosts",
        "JPEG decode + encode",
        None,
        pairs(lambda: ln.chain(picture, (BLOOM, SUNNY, GAMMA)), jpeg, seconds),
    )


def of_processes(folder: Path, size: Size, files: int, repeats: int, workers: int) -> Iterator[Mark]:
    """Measure the marks of whole processes: file jobs and imports.

    Parameters
    ----------
    folder : Path
        Empty, for inputs and outputs.
    size : (int, int)
        Width and height of the files.
    files : int
        Number of files of a job.
    repeats : int
        Pairs of jobs.
    workers : int
        Processes of each job.
    """
    whole, running = jobs.compare(folder, size, files, repeats, workers)
    what = f"lightnoise apply, whole chain, {workers} workers, {files} files"
    against = "decode + encode only, same codec and workers"
    yield Mark(f"{what}, start to end", against, 0.75, whole, "frames/s", at_least=True)
    yield Mark(f"{what}, once running", against, 0.75, running, "frames/s", at_least=True)
    ours, other, bare = startup.imports(max(5, 4 * repeats))
    yield Mark("import lightnoise", "import numpy, cv2", 1.5, startup.ratio(ours, other))
    yield Mark("import lightnoise", "a Python that imports nothing", None, startup.ratio(ours, bare))
