"""Luminance: how bright the eye finds linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.constants import LUMA

Image = NDArray[np.float32]


def luminance(light: Image, kept: Image | None = None) -> Image:
    """Return the luminance of linear light, or of parts ``kept`` (c,) of it: (h, w, c = 1 or 3) to (h, w), float32."""
    if light.shape[2] == 1:
        return light[..., 0] if kept is None else light[..., 0] * kept
    weights = luminance_weights(3)
    return np.asarray(cv2.transform(light, (weights if kept is None else weights * kept)[None]))


def luminance_weights(channels: int) -> NDArray[np.float32]:
    """Return the parts that 1 or 3 channels have in the luminance, (channels,)."""
    return np.array(LUMA if channels == 3 else [1.0], np.float32)
