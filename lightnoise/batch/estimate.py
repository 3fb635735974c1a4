"""How long a run will take and how much disk it will need, from a few of its own items made in memory."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from lightnoise.batch.plan import Survey
from lightnoise.batch.pool import one_thread
from lightnoise.batch.progress import duration, size
from lightnoise.batch.work import Job, render
from lightnoise.io import ImageFileError


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to take.

    Parameters
    ----------
    seconds : float
        Working time with the workers asked for, as if they did not hinder each other.
    bytes : float
        Size of the outputs, damage maps included.
    measured : int
        Number of items made to find out.
    unreadable : int
        Number of items that could not be made.
    """

    seconds: float
    bytes: float
    measured: int
    unreadable: int

    def lines(self, found: Survey, job: Job) -> list[str]:
        """Return the estimate as text."""
        text = [f"{found.images} images, {found.outputs} outputs ({found.others} of them copied as they are)"]
        if not self.measured:
            return [*text, f"No estimate: none of {self.unreadable} sample items could be made"]
        free = shutil.disk_usage(_nearest_folder(Path(job.out))).free
        return [
            *text,
            f"About {duration(self.seconds)}, judged by {self.measured} of the images",
            f"About {size(self.bytes)} of images; {size(free)} are free"
            + (": NOT ENOUGH" if free < self.bytes else ""),
            "No two outputs meet in one name. Nothing was written.",
        ]


def _nearest_folder(path: Path) -> Path:
    path = path.absolute()
    return path if path.is_dir() else _nearest_folder(path.parent)


def estimate(job: Job, found: Survey, workers: int) -> Estimate:
    """Make the survey's samples in memory, write nothing, and extrapolate."""
    seconds: list[float] = []
    sizes: list[int] = []
    unreadable = 0
    with one_thread():  # as a worker has it
        for item in found.samples[:1] + found.samples:  # the first twice: compiling is no part of the rate
            began = time.monotonic()
            try:
                rendered = render(job, item)
            except ImageFileError:
                unreadable += 1
                continue
            seconds.append(time.monotonic() - began)
            sizes.append(len(rendered.data) + len(rendered.damage or b""))
    seconds, sizes = seconds[1:], sizes[1:]
    measured = len(sizes)
    if not measured:
        return Estimate(0.0, 0.0, 0, unreadable)
    pictures = found.outputs - found.others
    return Estimate(
        seconds=sum(seconds) / measured * pictures / workers,
        bytes=sum(sizes) / measured * pictures,
        measured=measured,
        unreadable=unreadable,
    )
