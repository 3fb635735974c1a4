"""Lane labels drawn as segmentation masks."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import checks
from lightnoise_train.lanes.labels import FRAME_SIZE, LaneLabel

#: Width of a drawn line in pixels of the official frame; what most segmentation work on TuSimple draws.
LINE_WIDTH = 30
#: A line never gets thinner than this many pixels of the mask, lest it break into pieces.
_THINNEST = 1.5


def draw(
    label: LaneLabel,
    height: int = FRAME_SIZE[0],
    width: int = FRAME_SIZE[1],
    out_size: tuple[int, int] | None = None,
    line_width: float = LINE_WIDTH,
    instances: bool = False,
) -> NDArray[np.uint8]:
    """Draw a frame's lanes as a mask.

    Parameters
    ----------
    label : LaneLabel
        Lanes in pixels of the frame. A lane is joined up across rows where it is absent; one of a single point is not
        drawn.
    height, width : int
        Size of the frame that the label is given in, pixels.
    out_size : tuple of int, optional
        (height, width) of the mask; the frame's if not given. The frame is squashed to it as an image is that is
        resized: a mask pixel belongs to a lane of which it shows at least half a pixel's area.
    line_width : float
        Width of the drawn lines in pixels of the frame, [1, 200]; in a smaller mask at least 1.5 of its pixels.
    instances : bool
        Number the lanes 1 … n in the label's order, instead of 1 for all; a later one covers an earlier one.

    Returns
    -------
    ndarray of uint8, shape ``out_size``
        0 where there is no lane.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    """
    height, width = checks.integer("height", height, 1, 16384), checks.integer("width", width, 1, 16384)
    rows, columns = out_size or (height, width)
    rows = checks.integer("out_size[0]", rows, 1, 16384)
    columns = checks.integer("out_size[1]", columns, 1, 16384)
    pen = checks.number("line_width", line_width, 1.0, 200.0)
    pen = max(pen, _THINNEST * max(height / rows, width / columns))
    lanes = [_points(lane, label.h_samples) for lane in label.lanes]
    if not instances:
        return _covered(lanes, (height, width), (rows, columns), pen).astype(np.uint8)
    mask = np.zeros((rows, columns), dtype=np.uint8)
    for number, lane in enumerate(lanes, 1):
        mask[_covered([lane], (height, width), (rows, columns), pen)] = number
    return mask


def _points(lane: NDArray[np.float64], h_samples: NDArray[np.int64]) -> NDArray[np.float64]:
    there = lane >= 0
    return np.stack([lane[there], h_samples[there]], axis=1)


def _covered(
    lanes: list[NDArray[np.float64]], frame: tuple[int, int], out_size: tuple[int, int], pen: float
) -> NDArray[np.bool_]:
    """Return which pixels of a mask lines cover to at least one half."""
    canvas: NDArray[Any] = np.zeros(frame, dtype=np.uint8)
    curves = [np.rint(lane * 16).astype(np.int32) for lane in lanes if len(lane) > 1]  # in 1/16 of a pixel: shift=4
    cv2.polylines(canvas, curves, False, 255, math.ceil(pen), cv2.LINE_8, shift=4)
    if out_size != frame:
        canvas = cv2.resize(canvas, out_size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(canvas >= 128)
