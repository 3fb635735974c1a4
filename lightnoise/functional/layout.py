"""What an image may look like, and its colour planes apart from alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

TOPS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True)
class Planes:
    """An image taken apart: ``color`` (H, W, 1 or 3), ``alpha`` (H, W) or None, and its own shape and dtype."""

    color: NDArray[Any]
    alpha: NDArray[Any] | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def join(self, color: NDArray[Any]) -> NDArray[Any]:
        """Return colour of the image's size in the image's own shape and byte order, with its alpha."""
        if self.alpha is None:
            return color.astype(self.dtype, copy=False).reshape(self.shape)
        out = _converted(color, cv2.COLOR_RGB2RGBA)
        if out is None:
            out = np.concatenate([color, self.alpha[..., None]], axis=2)
        out[..., 3] = self.alpha
        return out.astype(self.dtype, copy=False)


def split(image: Any) -> Planes:
    """Check an image and take it apart.

    Parameters
    ----------
    image : ndarray of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        uint8, uint16, or float32 or float64 in [0, 1].

    Returns
    -------
    Planes

    Raises
    ------
    TypeError
        If it is no array or of another dtype.
    ValueError
        If its shape is another, it is empty, or floats are not finite or out of range.
    """
    planes = split_shape(image)
    dtype = planes.color.dtype
    if dtype not in TOPS:
        if dtype not in FLOATS:
            raise TypeError(f"image dtype must be uint8, uint16, float32 or float64; got {dtype}")
        low, high = float(planes.color.min()), float(planes.color.max())
        if not (low >= 0.0 and high <= 1.0):  # NaN fails too
            hint = "; divide by 255" if 1.0 < high <= 255.0 and low >= 0.0 else ""
            raise ValueError(f"float images must be finite and in [0, 1]; got [{low:g}, {high:g}]{hint}")
    return planes


def split_shape(image: Any) -> Planes:
    """Check only that an image is a non-empty array of an allowed shape, and take it apart."""
    if not isinstance(image, np.ndarray):
        raise TypeError(f"image must be a numpy array, got {type(image).__name__}")
    channels = 1 if image.ndim == 2 else image.shape[-1] if image.ndim == 3 else 0
    if channels not in (1, 3, 4) or image.size == 0:
        hint = ""
        if image.ndim == 3 and image.shape[0] in (1, 3, 4):
            hint = "; channels come last: use image.transpose(1, 2, 0)"
        elif image.ndim == 4:
            hint = "; use chain_batch for (N, H, W, C)"
        raise ValueError(
            f"image must be a non-empty (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array; got shape {image.shape}{hint}"
        )
    native = image.astype(image.dtype.newbyteorder("="), copy=False)  # the kernels read no foreign byte order
    if channels == 4:
        color, alpha = _converted(native, cv2.COLOR_RGBA2RGB), native[..., 3]
        color = np.ascontiguousarray(native[..., :3]) if color is None else color
    else:
        color, alpha = _contiguous(native), None
    return Planes(color.reshape(*image.shape[:2], -1), alpha, image.shape, image.dtype)


def _contiguous(color: NDArray[Any]) -> NDArray[Any]:
    """Return an array in C order; where red and blue are exchanged by a view, by what is far faster than NumPy."""
    if color.flags.c_contiguous:
        return color
    exchanged = color.ndim == 3 and color.shape[2] == 3
    found = _converted(color[..., ::-1], cv2.COLOR_BGR2RGB) if exchanged else None
    return np.ascontiguousarray(color) if found is None else found


def _converted(image: NDArray[Any], conversion: int) -> NDArray[Any] | None:
    """Return an image with other channels, None where OpenCV does not take its like."""
    if image.dtype not in (np.uint8, np.uint16, np.float32) or not image.flags.c_contiguous:
        return None
    return np.asarray(cv2.cvtColor(image, conversion))
