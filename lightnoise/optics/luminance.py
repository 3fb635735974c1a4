"""Luminance: how bright the eye finds linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.constants import LUMA

Image = NDArray[np.float32]


def luminance(light: Image) -> Image:
    """Return the luminance of linear light, (h, w, 1 or 3) to (h, w), float32."""
    if light.shape[2] == 1:
        return light[..., 0]
    return np.asarray(cv2.transform(light, luminance_weights(3)[None]))


def luminance_weights(channels: int) -> NDArray[np.float32]:
    """Return the parts that 1 or 3 channels have in the luminance, (channels,)."""
    return np.array(LUMA if channels == 3 else [1.0], np.float32)
