"""The image formats: their suffixes, how their content is recognised, what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


class ImageFileError(ValueError):
    """An image file that cannot be read or written; the message says why, and the mend where there is one."""


@dataclass(frozen=True)
class ImageFormat:
    """One file format.

    Parameters
    ----------
    name : str
        As people write it.
    suffixes : tuple of str
        Lower-case suffixes with their dot; the first is the one that ``--format`` writes.
    deep : bool
        Whether 16 bits per sample can be stored.
    grey : bool
        Whether one-channel pictures can be stored as such.
    alpha : bool
        Whether an alpha channel can be stored.
    lossy : bool
        Whether ``quality`` means anything.
    """

    name: str
    suffixes: tuple[str, ...]
    deep: bool
    grey: bool
    alpha: bool
    lossy: bool


JPEG = ImageFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), deep=False, grey=True, alpha=False, lossy=True)
PNG = ImageFormat("PNG", (".png",), deep=True, grey=True, alpha=True, lossy=False)
WEBP = ImageFormat("WebP", (".webp",), deep=False, grey=False, alpha=True, lossy=True)
TIFF = ImageFormat("TIFF", (".tif", ".tiff"), deep=True, grey=True, alpha=True, lossy=False)
BMP = ImageFormat("BMP", (".bmp", ".dib"), deep=False, grey=True, alpha=True, lossy=False)

FORMATS = (JPEG, PNG, WEBP, TIFF, BMP)
SUFFIXES = {suffix: image_format for image_format in FORMATS for suffix in image_format.suffixes}


def format_of_name(name: str) -> ImageFormat | None:
    """Return the format that a file's suffix promises, or None where it is no image's suffix."""
    return SUFFIXES.get(PurePosixPath(name).suffix.lower())


def format_of_content(data: bytes) -> ImageFormat | None:
    """Return the format that the first bytes of a file show, or None where they show none of ours."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return TIFF
    if data[:2] == b"BM":
        return BMP
    return None
