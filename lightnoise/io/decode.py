"""Image files to arrays: structure and size are checked before any pixel is decoded.

OpenCV decodes; Pillow steps in for what OpenCV does badly: palettes, CMYK, BMP, and TIFF but for 16 bits.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from lightnoise.io.containers import jpeg_frame, png_chunks, webp_chunks
from lightnoise.io.files import read_bytes
from lightnoise.io.formats import (
    BMP,
    FORMATS,
    JPEG,
    PNG,
    TIFF,
    WEBP,
    ImageFileError,
    format_of_content,
    format_of_name,
)
from lightnoise.io.metadata import Metadata, jpeg_metadata, png_metadata, webp_metadata
from lightnoise.io.picture import Picture, Pixels, turned_upright
from lightnoise.io.stderr import captured_stderr

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
"""Largest picture that is decoded, pixels: beyond it, working memory grows to many GB."""

_UNDECODABLE = "is damaged: its pixels cannot be decoded"
_RGB = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def read_image(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> Picture:
    """Read an image file.

    Parameters
    ----------
    path : path
        A JPEG, PNG (8 or 16 bit), WebP, TIFF (8 or 16 bit) or BMP file.
    max_pixels : int
        Refuse larger pictures from their header alone.

    Returns
    -------
    Picture

    Raises
    ------
    ImageFileError
        If the file is missing, unreadable, empty, truncated, damaged, too large, none of these formats, or of
        another format than its suffix promises.
    """
    data = read_bytes(path)
    promised, found = format_of_name(os.fspath(path)), format_of_content(data)
    if promised and found and promised is not found:
        suffix = Path(path).suffix
        raise ImageFileError(f"is named {suffix} but holds {found.name}: rename it to {found.suffixes[0]}")
    with captured_stderr() as complaints:
        picture = decode(data, max_pixels)
    for complaint in complaints:
        if _tells_damage(complaint):
            raise ImageFileError(f"is damaged: {complaint.decode('latin-1').strip()}")
    return picture


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode the content of an image file; its format is told by its first bytes. See `read_image`.

    Damage inside JPEG data, which the codec tells on standard error alone, is noticed by `read_image` only.
    """
    found = format_of_content(data)
    if found is None:
        names = ", ".join(image_format.name for image_format in FORMATS)
        raise ImageFileError(f"is no image of a known format ({names})")
    picture = _DECODERS[found.name](data, max_pixels)
    orientation = picture.metadata.orientation
    pixels = turned_upright(picture.pixels, orientation) if orientation != 1 else picture.pixels
    height, width = pixels.shape[:2]
    return replace(picture, pixels=pixels, metadata=picture.metadata.upright(width, height))


def _tells_damage(complaint: bytes) -> bool:
    """Whether libjpeg says that pixels are missing or wrong. Spare bytes between segments do no harm."""
    return complaint.startswith((b"Corrupt JPEG data", b"Premature end")) and b"extraneous" not in complaint


def _decode_jpeg(data: bytes, max_pixels: int) -> Picture:
    width, height, components, bits = jpeg_frame(data)
    _check_size(width, height, max_pixels)
    if bits != 8:
        raise ImageFileError(f"is a {bits}-bit JPEG; only 8 bits are read")
    metadata = jpeg_metadata(data)
    if components == 4:
        with _pillow(data) as image:
            pixels, metadata, note = _to_srgb(image, metadata)
        return Picture(pixels, JPEG, metadata, (note,))
    return Picture(_imdecode(data, _GREY if components == 1 else _RGB), JPEG, metadata)


def _decode_png(data: bytes, max_pixels: int) -> Picture:
    chunks = {kind: (start, end) for kind, start, end in png_chunks(data)}
    if b"IHDR" not in chunks or chunks[b"IHDR"][1] - chunks[b"IHDR"][0] != 13:
        raise ImageFileError("is damaged: a PNG file without its header")
    width, height, bits, colour = struct.unpack_from(">IIBB", data, chunks[b"IHDR"][0])
    _check_size(width, height, max_pixels)
    metadata = png_metadata(data)
    notes = ["only the first frame of an animation"] if b"acTL" in chunks else []
    keyed = b"tRNS" in chunks
    if colour == 3 or (keyed and bits <= 8):
        with _pillow(data) as image:
            pixels = np.asarray(image.convert("RGBA" if keyed else "RGB"))
        notes.append(f"{'palette' if colour == 3 else 'colour key'} became {'RGBA' if keyed else 'RGB'}")
    elif colour in (4, 6):
        pixels = _from_bgr(_imdecode(data, cv2.IMREAD_UNCHANGED))
        notes += ["grey with alpha became RGBA"] * (colour == 4)
    else:
        pixels = _imdecode(data, _GREY if colour == 0 else _RGB)
        notes += [f"{bits}-bit grey became 8-bit"] * (bits < 8) + ["colour key dropped"] * keyed
    return Picture(pixels, PNG, metadata, tuple(notes))


def _decode_webp(data: bytes, max_pixels: int) -> Picture:
    kinds: dict[bytes, bytes] = {}
    for kind, start, end in webp_chunks(data):
        kinds.setdefault(kind, data[start : min(end, start + 16)])
    # RFC 9649: 2.7 (canvas size), 3.4 (lossless header), RFC 6386, 9.1 (lossy frame header).
    if head := kinds.get(b"VP8X"):
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (4, 7))
    elif head := kinds.get(b"VP8L"):
        packed = int.from_bytes(head[1:5], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif head := kinds.get(b"VP8 "):
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        raise ImageFileError("is damaged: a WebP file without an image")
    _check_size(width, height, max_pixels)
    notes = ("only the first frame of an animation",) if b"ANIM" in kinds else ()
    return Picture(_from_bgr(_imdecode(data, cv2.IMREAD_UNCHANGED)), WEBP, webp_metadata(data), notes)


def _decode_tiff(data: bytes, max_pixels: int) -> Picture:
    try:
        return _decode_tiff_by_tags(data, max_pixels)
    except ImageFileError:
        raise
    except Exception as error:  # Pillow's TIFF reader has no narrower promise on damaged tags
        raise ImageFileError(f"{_UNDECODABLE} ({error})") from error


def _decode_tiff_by_tags(data: bytes, max_pixels: int) -> Picture:
    from PIL import ImageOps

    with _pillow(data, "float and 32-bit TIFF are not read: convert it to 16-bit integers") as image:
        _check_size(*image.size, max_pixels)
        tags = image.tag_v2  # type: ignore[attr-defined]
        bits = set(tags.get(258, (1,)))
        if set(tags.get(339, (1,))) - {1, 4} or not bits <= {1, 2, 4, 8, 16}:  # sample format: whole numbers
            raise ImageFileError("is a TIFF of float or wide samples: convert it to 16-bit integers")
        metadata = Metadata(image.info.get("icc_profile"), _tiff_exif(image))
        pages = getattr(image, "n_frames", 1)
        notes = (f"only the first of {pages} pages",) if pages > 1 else ()
        if bits != {16}:
            image.load()  # newer Pillow turns a TIFF here; for others, the next call does
            pixels, metadata, more = _from_pillow(ImageOps.exif_transpose(image), metadata)
            return Picture(pixels, TIFF, metadata, notes + more)
        white_is_zero = tags.get(262) == 0
        associated = tags.get(338, (0,))[0] == 1
    pixels = _imdecode(data, cv2.IMREAD_UNCHANGED)  # OpenCV turns a TIFF, whatever the flags
    if pixels.dtype != np.uint16:
        raise ImageFileError("is a 16-bit TIFF of a kind that cannot be read: save it as plain RGB or grey")
    if associated:
        raise ImageFileError("is a 16-bit TIFF with premultiplied alpha: save it with plain alpha")
    if white_is_zero and pixels.ndim == 2:
        pixels = 65535 - pixels
    return Picture(_from_bgr(pixels), TIFF, metadata, notes)


def _decode_bmp(data: bytes, max_pixels: int) -> Picture:
    with _pillow(data) as image:
        _check_size(*image.size, max_pixels)
        pixels, metadata, notes = _from_pillow(image, Metadata())
    return Picture(pixels, BMP, metadata, notes)


_DECODERS: dict[str, Callable[[bytes, int], Picture]] = {
    JPEG.name: _decode_jpeg,
    PNG.name: _decode_png,
    WEBP.name: _decode_webp,
    TIFF.name: _decode_tiff,
    BMP.name: _decode_bmp,
}


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width <= 0 or height <= 0:
        raise ImageFileError(f"has no pixels ({width}×{height})")
    if width * height > max_pixels:
        raise ImageFileError(
            f"is too large: {width}×{height} = {width * height / 1e6:.0f} Mpx, allowed are "
            f"{max_pixels / 1e6:g} Mpx (max_pixels in a --config file raises that)"
        )


def _imdecode(data: bytes, flags: int) -> Pixels:
    """Decode by OpenCV, which shall raise nothing of its own and print nothing."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageFileError(_UNDECODABLE) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    if pixels is None:
        raise ImageFileError(_UNDECODABLE)
    return pixels  # type: ignore[return-value]


def _from_bgr(pixels: Pixels) -> Pixels:
    """Return OpenCV's channel order as grey, RGB or RGBA."""
    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, code)  # type: ignore[return-value]


@contextmanager
def _pillow(data: bytes, unidentified: str = "") -> Iterator[Image.Image]:
    """Open by Pillow; its errors become ours, its warnings stay silent."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                yield image
        except ImageFileError:
            raise
        except Image.DecompressionBombError as error:
            raise ImageFileError(f"is too large: {error}") from error
        except UnidentifiedImageError as error:
            raise ImageFileError(f"{_UNDECODABLE}{f' ({unidentified})' * bool(unidentified)}") from error
        except (OSError, SyntaxError, ValueError, struct.error) as error:
            raise ImageFileError(f"{_UNDECODABLE} ({error})") from error


def _from_pillow(image: Image.Image, metadata: Metadata) -> tuple[Pixels, Metadata, tuple[str, ...]]:
    """Return the pixels of an 8-bit picture as grey, RGB or RGBA, noting what was converted."""
    mode = image.mode
    if mode in ("CMYK", "LAB", "YCbCr"):
        pixels, metadata, note = _to_srgb(image, metadata)
        return pixels, metadata, (note,)
    becomes = {"L": "L", "RGB": "RGB", "RGBA": "RGBA", "1": "L", "LA": "RGBA", "RGBa": "RGBA", "La": "RGBA"}
    target = becomes.get(mode, "RGBA" if mode == "PA" or "transparency" in image.info else "RGB")
    names = {"1": "1-bit", "P": "palette", "PA": "palette with alpha", "LA": "grey with alpha"}
    shown = {"L": "8-bit grey"}.get(target, target)
    notes = (f"{names.get(mode, mode)} became {shown}",) if mode != target else ()
    if mode == "La":  # premultiplied grey: Pillow converts it by way of plain alpha
        image = image.convert("LA")
    return np.asarray(image.convert(target)), metadata, notes


def _to_srgb(image: Image.Image, metadata: Metadata) -> tuple[Pixels, Metadata, str]:
    """Return a picture of another colour model in sRGB, by its profile where it has one."""
    from PIL import ImageCms

    converted, how = None, "without a profile"
    if metadata.icc is not None:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(metadata.icc))
            converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            how = "by its profile"
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile of another colour space, or a broken one
    if converted is None:
        converted = image.convert("RGB")
    # The profile described the old colour model; the pixels are sRGB now.
    return np.asarray(converted), replace(metadata, icc=None), f"{image.mode} became sRGB {how}"


def _tiff_exif(image: Image.Image) -> bytes | None:
    """Return a TIFF file's descriptive tags and its EXIF directory as an EXIF block; it is read upright."""
    from PIL import Image as pil

    source, block = image.getexif(), pil.Exif()
    for tag in (270, 271, 272, 305, 306, 315, 33432):
        if tag in source:
            block[tag] = source[tag]
    nested = source.get_ifd(0x8769)
    if nested:
        block.get_ifd(0x8769).update(nested)
    return block.tobytes().removeprefix(b"Exif\0\0") if len(block) or nested else None
