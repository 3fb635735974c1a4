"""Splits that do not leak: frames of one drive look alike, so whole stretches of a drive go to one part."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks, keyed
from lightnoise_train.data.frames import Frame, FrameSet

Indices = NDArray[np.int64]


def drive(frame: Frame) -> str:
    """Return what a frame was driven in: its attribute ``date``, else its folder's folder."""
    return str(frame.attributes.get("date", frame.key.rpartition("/")[0].rpartition("/")[0]))


def contiguous_blocks(frames: Sequence[Frame], per_drive: int) -> list[Indices]:
    """Cut every drive into stretches of consecutive frames.

    Parameters
    ----------
    frames : sequence of Frame
        Within a drive they follow each other by the numbers in their keys, as TuSimple's clips do.
    per_drive : int
        Stretches of each drive, as equal in length as can be; a drive of fewer frames has one for each frame.

    Returns
    -------
    list of ndarray of int64
        Indices into ``frames``, drive by drive, in the order of driving. They are also the blocks to resample where
        frames of a drive are correlated.
    """
    checks.integer("per_drive", per_drive, 1, 10**9)
    drives: dict[str, list[int]] = {}
    for index in sorted(range(len(frames)), key=lambda index: _natural(frames[index].key)):
        drives.setdefault(drive(frames[index]), []).append(index)
    blocks = []
    for name in sorted(drives):
        members = np.array(drives[name], dtype=np.int64)
        blocks += np.array_split(members, min(per_drive, len(members)))
    return blocks


def block_split(
    frames: Sequence[Frame], parts: Mapping[str, float], seed: int = 0, per_drive: int = 10, gap: int = 0
) -> dict[str, Indices]:
    """Split frames into parts, drive by drive, by whole stretches.

    Parameters
    ----------
    frames : sequence of Frame
    parts : mapping of str to float
        Share of each part, positive; they are scaled to add up to one.
    seed : int
        Which stretches go where.
    per_drive : int
        Stretches of each drive; see `contiguous_blocks`.
    gap : int
        Frames left out on both sides of a border between two parts.

    Returns
    -------
    dict of str to ndarray of int64
        Sorted indices of each part. In every drive each part gets its share of the stretches as closely as whole
        stretches allow.

    Raises
    ------
    ValueError
        If a share is not positive, or a part gets no frame.
    """
    shares = {name: checks.number(f"share of {name}", share, 1e-9, 1e9) for name, share in parts.items()}
    checks.integer("gap", gap, 0, 10**9)
    taken: dict[str, list[Indices]] = {name: [] for name in shares}
    drives: dict[str, list[Indices]] = {}
    for block in contiguous_blocks(frames, per_drive):
        drives.setdefault(drive(frames[block[0]]), []).append(block)
    for name, blocks in drives.items():
        owners = keyed.generator(seed, f"split/{name}").permutation(_apportioned(shares, len(blocks)))
        for number, (owner, block) in enumerate(zip(owners, blocks, strict=True)):
            before = number > 0 and owners[number - 1] != owner
            after = number + 1 < len(blocks) and owners[number + 1] != owner
            taken[owner].append(block[gap * before : len(block) - gap * after])
    found = {name: np.sort(np.concatenate([*blocks, np.empty(0, np.int64)])) for name, blocks in taken.items()}
    for name, indices in found.items():
        if not len(indices):
            raise ValueError(
                f"{len(frames)} frames, {per_drive} stretches for each drive and a gap of {gap} leave none for {name!r}"
            )
    return found


def split(
    data: FrameSet, parts: Mapping[str, float], seed: int = 0, per_drive: int = 10, gap: int = 0
) -> dict[str, FrameSet]:
    """Split a data set; see `block_split`."""
    found = block_split(data.frames, parts, seed, per_drive, gap)
    return {name: data.subset(indices) for name, indices in found.items()}


def _apportioned(shares: Mapping[str, float], count: int) -> list[str]:
    """Return ``count`` names in proportion to their shares, by largest remainders."""
    whole = sum(shares.values())
    wanted = {name: count * share / whole for name, share in shares.items()}
    seats = {name: int(quota) for name, quota in wanted.items()}
    by_remainder = sorted(shares, key=lambda name: seats[name] - wanted[name])
    for name in by_remainder[: count - sum(seats.values())]:
        seats[name] += 1
    return [name for name, number in seats.items() for _ in range(number)]


def _natural(key: str) -> tuple[str | int, ...]:
    """Return a sort key by which clip 60 comes before clip 300."""
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", key))
