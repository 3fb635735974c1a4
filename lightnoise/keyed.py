"""Generators keyed to what is drawn for, not to who draws: no worker count or order changes a draw."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, item: str | int, epoch: int = 0) -> np.random.Generator:
    """Return the generator of one item in one epoch of one seeded run.

    Parameters
    ----------
    seed : int
        The run's seed; any whole number.
    item : str or int
        What is drawn for: a relative path in POSIX form, or an index. ``"7"`` and ``7`` are two items.
    epoch : int
        Training epoch, or number of the copy.

    Returns
    -------
    numpy.random.Generator
        PCG64, seeded with the 128-bit BLAKE2b digest of the three; it can spawn.

    Examples
    --------
    >>> bool(generator(1, "clip/0001.jpg").random() == generator(1, "clip/0001.jpg").random())
    True
    """
    kind = "name" if isinstance(item, str) else "index"
    # surrogateescape: file names need not be valid UTF-8
    text = f"{int(seed)}\0{int(epoch)}\0{kind}\0{item}".encode("utf-8", "surrogateescape")
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
