"""One image under every effect, severity and preset, labelled, on one sheet."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise.camera import Camera
from lightnoise.io.picture import Pixels
from lightnoise.keyed import generator
from lightnoise.params import Params

Sheet = NDArray[np.uint8]

_GAP = 6
_BACKGROUND, _INK, _FAINT = (24, 24, 26), (240, 240, 240), (165, 165, 170)
_LEVELS = (1, 2, 3, 4, 5)
_COLUMNS = 1 + len(_LEVELS)


def contact_sheet(image: Pixels, camera: Camera, title: str = "", width: int = 400, seed: int = 0) -> Sheet:
    """Return the sheet.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, (H, W), (H, W, 3) or (H, W, 4)
        Grey, RGB or RGBA. Effects are made at its full size, and then shrunk.
    camera : Camera
    title : str
        Head line.
    width : int
        Width of each picture on the sheet, pixels; never more than the image's.
    seed : int
        Of the presets' draws.

    Returns
    -------
    ndarray of uint8, (H', W', 3)
        A row for each effect: the clean image and levels 1 to 5; then the presets.
    """
    from lightnoise.presets import PRESETS, preset
    from lightnoise.severity import EFFECTS, severity

    width = min(width, image.shape[1])
    rows = [
        [("clean", _thumbnail(image, [], camera, width))]
        + [(f"{effect} {level}", _thumbnail(image, [severity(effect, level)], camera, width)) for level in _LEVELS]
        for effect in EFFECTS
    ]
    scenes = [
        (name, _thumbnail(image, preset(name).sample(generator(seed, name), image.shape), camera, width))
        for name in PRESETS
    ]
    rows += [scenes[at : at + _COLUMNS] for at in range(0, len(scenes), _COLUMNS)]
    return _laid_out(rows, title, captions=max(11, width // 22))


def _thumbnail(image: Pixels, params: list[Params], camera: Camera, width: int) -> Sheet:
    from lightnoise import functional

    pixels = functional.chain(image, params, camera=camera)
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257.0).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    height = max(1, round(width * image.shape[0] / image.shape[1]))
    small = cv2.resize(np.ascontiguousarray(pixels[:, :, :3]), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _laid_out(rows: list[list[tuple[str, Sheet]]], title: str, captions: int) -> Sheet:
    """Paste the pictures on a grid, each with its caption beneath."""
    from PIL import Image, ImageDraw

    height, width = rows[0][0][1].shape[:2]
    font, head = _font(captions), _font(captions * 3 // 2)
    strip, top = captions + captions // 2, captions * 3
    step_x, step_y = width + _GAP, height + strip + _GAP
    size = _GAP + _COLUMNS * step_x, top + len(rows) * step_y
    sheet = Image.new("RGB", size, _BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, top // 5), title, font=head, fill=_INK)
    for row, pictures in enumerate(rows):
        for column, (caption, picture) in enumerate(pictures):
            x, y = _GAP + column * step_x, top + row * step_y
            sheet.paste(Image.fromarray(picture), (x, y))
            pen.text((x, y + height + captions // 8), caption.replace("_", " "), font=font, fill=_FAINT)
    return np.asarray(sheet)


def _font(pixels: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(pixels)
