"""Arrays to image files: what a format cannot hold is converted with a note, or refused with the mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lightnoise.io.formats import JPEG, WEBP, ImageFileError, ImageFormat
from lightnoise.io.metadata import Metadata, with_metadata
from lightnoise.io.picture import Pixels

# Largest side: JPEG has 16-bit sizes (ITU-T T.81, B.2.2), WebP 14-bit ones (RFC 6386, 9.1).
_MAX_SIDE = {JPEG.name: 65500, WEBP.name: 16383}


@dataclass(frozen=True)
class Encoded:
    """The content of an image file, and notes on what was converted for it."""

    data: bytes
    notes: tuple[str, ...] = ()


def encode(pixels: Pixels, image_format: ImageFormat, quality: int = 95, metadata: Metadata | None = None) -> Encoded:
    """Encode a picture.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        Grey, RGB or RGBA.
    image_format : ImageFormat
        What to write. JPEG halves chroma both ways (4:2:0), OpenCV's default; TIFF is LZW-compressed.
    quality : int
        For JPEG and WebP (lossy), [1, 100].
    metadata : Metadata, optional
        Put into the file as far as the format can hold it.

    Returns
    -------
    Encoded

    Raises
    ------
    ImageFileError
        If the format cannot hold the picture: true transparency in JPEG, or too long a side.
    """
    height, width = pixels.shape[:2]
    if max(height, width) > _MAX_SIDE.get(image_format.name, 2**31 - 1):
        limit = _MAX_SIDE[image_format.name]
        raise ImageFileError(f"is {width}×{height}; {image_format.name} holds {limit} a side: use --format png")
    fitted, notes = _fitted(pixels, image_format)
    try:
        done, buffer = cv2.imencode(image_format.suffixes[0], _bgr(fitted), _codec_options(image_format, quality))
    except cv2.error as error:
        raise ImageFileError(f"cannot be encoded as {image_format.name}: {error.err}") from error
    if not done:
        raise ImageFileError(f"cannot be encoded as {image_format.name}")
    data, more = with_metadata(buffer.tobytes(), image_format, metadata or Metadata(), width, height)
    return Encoded(data, (*notes, *more))


def _fitted(pixels: Pixels, image_format: ImageFormat) -> tuple[Pixels, list[str]]:
    """Return the picture in a shape and depth that the format can hold."""
    notes = []
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype == np.uint16 and not image_format.deep:
        # Scaling 65535 to 255 with rounding, in whole numbers: 65535 = 257·255.
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        notes.append(f"16 bits became 8 for {image_format.name}")
    if pixels.ndim == 2 and not image_format.grey:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        notes.append(f"grey became RGB for {image_format.name}")
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not image_format.alpha:
        if np.any(pixels[:, :, 3] != np.iinfo(pixels.dtype).max):
            raise ImageFileError(
                f"is transparent in places, which {image_format.name} cannot hold: use --format png or webp"
            )
        pixels = pixels[:, :, :3]
        notes.append(f"opaque alpha dropped for {image_format.name}")
    return pixels, notes


def _bgr(pixels: Pixels) -> Any:
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    pixels = np.ascontiguousarray(pixels)
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)


def _codec_options(image_format: ImageFormat, quality: int) -> list[int]:
    if image_format is JPEG:
        return [cv2.IMWRITE_JPEG_QUALITY, quality]
    if image_format is WEBP:
        return [cv2.IMWRITE_WEBP_QUALITY, quality]
    return []
