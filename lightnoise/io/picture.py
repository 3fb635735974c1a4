"""One picture as read from a file: pixels, and all that must be known to write it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightnoise.io.formats import ImageFormat
from lightnoise.io.metadata import Metadata

Pixels = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Picture:
    """A decoded image file.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, (H, W), (H, W, 3) or (H, W, 4)
        Grey, RGB or RGBA, upright.
    format : ImageFormat
        Of the file.
    metadata : Metadata
        ICC profile and EXIF, already those of the upright picture.
    notes : tuple of str
        What had to be converted on the way in.
    """

    pixels: Pixels
    format: ImageFormat
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()


def turned_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return the pixels turned as an EXIF orientation asks (TIFF 6.0, tag 274), contiguous.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, C)
    orientation : int
        1 to 8: where the stored picture's first row and first column belong.
    """
    if orientation in (5, 6, 7, 8):  # rows are stored as columns
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
