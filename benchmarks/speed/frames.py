"""What is measured on: a night street, as 8-bit picture and as JPEG, and dark frames with a counted number of lamps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import scenes

Picture = NDArray[np.uint8]

#: Width × height.
SIZES = ((640, 360), (1280, 720), (1920, 1080), (3840, 2160))

#: JPEG quality of all files.
QUALITY = 95


def night(width: int, height: int, file: Path | None = None) -> Picture:
    """Return an RGB night street that has been through JPEG: ``file`` brought to that size, or an embedded scene."""
    if file is None:
        picture = scenes.render("night", np.random.default_rng(7), (height, width)).image
    else:
        read = cv2.imread(str(file), cv2.IMREAD_COLOR)
        assert read is not None, file
        shrinks = read.shape[1] > width
        resized = cv2.resize(read, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        picture = np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), np.uint8)
    return decode_jpeg(encode_jpeg(picture))


def encode_jpeg(picture: Picture) -> NDArray[np.uint8]:
    """Return a picture's JPEG; the order of channels is left as it is, a file job's cost without any extra pass."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return data


def decode_jpeg(data: NDArray[np.uint8]) -> Any:
    """Return the picture of a JPEG."""
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def lamps(count: int, width: int, height: int) -> Picture:
    """Return a dark textured frame with ``count`` clipped discs, 3 to 9 pixels wide, anywhere."""
    random = np.random.default_rng(0)
    picture = random.integers(5, 40, (height, width, 3), np.uint8)
    for _ in range(count):
        centre = int(random.integers(width)), int(random.integers(height))
        cv2.circle(picture, centre, int(random.integers(1, 5)), (255, 255, 255), -1)
    return picture
