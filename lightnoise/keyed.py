"""Chance keyed to what is drawn for, not to who draws: no worker count or order changes a draw."""

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
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(seed, item, epoch), "little")))


def draws(seed: int, item: str | int, epoch: int = 0) -> Draws:
    """Return the named draws of one item in one epoch of one seeded run; see `generator` for the arguments."""
    return Draws(_digest(seed, item, epoch))


class Draws:
    """Numbers by name, all from one key: which are asked for, and in what order, changes none of them.

    Parameters
    ----------
    key : bytes
        1 to 64 bytes.

    Notes
    -----
    A number is the BLAKE2b digest of its name under the key. That takes some 2 µs, where a numpy generator for every
    branch of a draw would take 60 µs, as much as a small picture.

    Examples
    --------
    >>> of_frame = draws(1, "clip/0001.jpg")
    >>> of_frame.uniform("exposure") == draws(1, "clip/0001.jpg").uniform("exposure")
    True
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, rng: np.random.Generator) -> Draws:
        """Return draws from a key that a generator draws."""
        return cls(int(rng.integers(2**63)).to_bytes(8, "little"))

    def uniform(self, name: str) -> float:
        """Return a number in [0, 1), one of 2⁵³ that are equally likely."""
        return (self._bits(name) >> 11) * 2.0**-53

    def whole(self, name: str, below: int) -> int:
        """Return a whole number from 0 to ``below`` − 1, each as likely; ``below`` is up to 2³²."""
        return self._bits(name) * below >> 64

    def branch(self, name: str) -> Draws:
        """Return draws of their own: none of them is one of these."""
        return Draws(hashlib.blake2b(name.encode(), key=self._key, digest_size=16).digest())

    def _bits(self, name: str) -> int:
        return int.from_bytes(hashlib.blake2b(name.encode(), key=self._key, digest_size=8).digest(), "little")


def _digest(seed: int, item: str | int, epoch: int) -> bytes:
    kind = "name" if isinstance(item, str) else "index"
    # surrogateescape: file names need not be valid UTF-8
    text = f"{int(seed)}\0{int(epoch)}\0{kind}\0{item}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=16).digest()
