"""One draw for a sample, and what becomes of the frames and the damage map it is applied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise import keyed
from lightnoise.params import GammaParams, Params
from lightnoise.transforms import Transform


def draw(transform: Transform, seed: int, owner: str, shape: Sequence[int]) -> list[Params]:
    """Draw params from a number that the host library drew.

    Parameters
    ----------
    transform : lightnoise transform
    seed : int
        The host's draw.
    owner : str
        Name of the host's transform: two that got the same number, as Albumentations 2.0 hands them out, draw apart.
    shape : sequence of int
        Shape of the image.

    Returns
    -------
    list of params
    """
    return transform.draw(keyed.draws(seed, owner), shape)


def of_frame(params: list[Params], number: int) -> list[Params]:
    """Return the params of one frame of a film: those of the draw, frame 0's; later ones have noise of their own.

    Light and lens stand still from frame to frame, but a sensor's noise does not.
    """
    return [
        replace(one, noise_seed=(one.noise_seed + number) % 2**32)
        if isinstance(one, GammaParams) and one.has_noise
        else one
        for one in params
    ]


def add_damage(before: NDArray[Any] | None, damage: NDArray[np.float32]) -> NDArray[Any]:
    """Return the damage after one more effect: light that is still direct must have come through both.

    Parameters
    ----------
    before : ndarray of float or None
        Damage done by earlier transforms, in [0, 1], of the new map's shape or with a trailing or leading axis of 1.
    damage : ndarray of float32
        Damage done by this one.

    Returns
    -------
    ndarray
        1 − (1 − before)·(1 − damage), in the shape and dtype of ``before``.

    Raises
    ------
    TypeError, ValueError
        If ``before`` is no float array of that size.
    """
    if before is None:
        return damage
    if not isinstance(before, np.ndarray) or not np.issubdtype(before.dtype, np.floating):
        got = before.dtype if isinstance(before, np.ndarray) else type(before).__name__
        raise TypeError(f"a damage map must be a float array, zeros at first; got {got}")
    if [n for n in before.shape if n != 1] != [n for n in damage.shape if n != 1]:
        raise ValueError(f"the damage map must have the image's size {damage.shape}, got {before.shape}")
    return (before + (1.0 - before) * damage.reshape(before.shape)).astype(before.dtype, copy=False)
