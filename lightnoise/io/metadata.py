"""ICC profiles and EXIF blocks: found in a file's structure, and put into a freshly encoded one.

Pixels come and go through the fast codec, which knows nothing of them. What is kept: the ICC profile, and
EXIF with its orientation reset to upright, its sizes corrected and its embedded thumbnail unlinked (both
would contradict the new pixels); TIFF output keeps EXIF's texts only. PNG's own
colour chunks stay among PNG files. XMP and IPTC are not kept.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from lightnoise.io.containers import (
    JPEG_EXIF,
    JPEG_ICC,
    jpeg_segments,
    png_chunk,
    png_chunks,
    webp_chunk,
    webp_chunks,
)
from lightnoise.io.exif import Exif
from lightnoise.io.formats import BMP, JPEG, PNG, TIFF, WEBP, ImageFormat
from lightnoise.io.tiff import with_tags

_JPEG_PAYLOAD = 65533  # a segment's length field has 16 bits and counts itself
_PNG_COLOUR = (b"cICP", b"gAMA", b"cHRM", b"sRGB")


@dataclass(frozen=True)
class Metadata:
    """What travels beside the pixels.

    Parameters
    ----------
    icc : bytes or None
        The ICC profile.
    exif : bytes or None
        The EXIF block: a TIFF structure, without JPEG's ``Exif\\0\\0`` before it.
    png_colour : tuple of (bytes, bytes)
        PNG's colour chunks other than the profile: type and payload.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    png_colour: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8; 1 where there is none."""
        return Exif(self.exif).orientation if self.exif else 1

    def upright(self, width: int, height: int) -> Metadata:
        """Return the metadata of the turned picture of that size."""
        if not self.exif:
            return self
        return Metadata(self.icc, Exif(self.exif).upright(width, height), self.png_colour)


def jpeg_metadata(data: bytes) -> Metadata:
    """Return the metadata of a JPEG file (Exif 2.32, 4.5.4; ICC.1:2010, B.4)."""
    exif = None
    parts: dict[int, bytes] = {}
    for marker, start, end in jpeg_segments(data):
        if marker == 0xE1 and data.startswith(JPEG_EXIF, start, end) and exif is None:
            exif = data[start + len(JPEG_EXIF) : end]
        elif marker == 0xE2 and data.startswith(JPEG_ICC, start, end) and end - start > len(JPEG_ICC) + 2:
            at = start + len(JPEG_ICC)
            parts[data[at]] = data[at + 2 : end]
    icc = b"".join(parts[number] for number in sorted(parts)) if parts else None
    return Metadata(icc, exif)


def png_metadata(data: bytes) -> Metadata:
    """Return the metadata of a PNG file (PNG third edition, 11.3.2 and 11.3.4)."""
    icc = exif = None
    colour = []
    for kind, start, end in png_chunks(data):
        if kind == b"iCCP":
            icc = _png_profile(data[start:end])
        elif kind == b"eXIf":
            exif = data[start:end].removeprefix(JPEG_EXIF)
        elif kind in _PNG_COLOUR:
            colour.append((kind, data[start:end]))
    return Metadata(icc, exif, tuple(colour))


def webp_metadata(data: bytes) -> Metadata:
    """Return the metadata of a WebP file (RFC 9649, 2.7.1)."""
    chunks = {kind: data[start:end] for kind, start, end in webp_chunks(data) if kind in (b"ICCP", b"EXIF")}
    exif = chunks.get(b"EXIF")
    return Metadata(chunks.get(b"ICCP"), exif.removeprefix(JPEG_EXIF) if exif else None)


def with_metadata(
    encoded: bytes, image_format: ImageFormat, metadata: Metadata, width: int, height: int
) -> tuple[bytes, list[str]]:
    """Return an encoded file with the metadata put in, and notes on what its format could not hold."""
    if metadata.icc is None and metadata.exif is None and not (metadata.png_colour and image_format is PNG):
        return encoded, []
    if image_format is BMP:
        return encoded, ["BMP cannot hold the ICC profile or EXIF: dropped"]
    notes = []
    if image_format is JPEG and metadata.exif is not None and len(metadata.exif) > _JPEG_PAYLOAD - 6:
        notes = ["EXIF too large for a JPEG segment: dropped"]
        metadata = Metadata(metadata.icc, None)
    return _WRITERS[image_format.name](encoded, metadata, width, height), notes


def _into_jpeg(encoded: bytes, metadata: Metadata, width: int, height: int) -> bytes:
    segments = []
    if metadata.exif is not None:
        segments.append((0xE1, JPEG_EXIF + metadata.exif))
    if metadata.icc is not None:
        room = _JPEG_PAYLOAD - len(JPEG_ICC) - 2
        parts = [metadata.icc[at : at + room] for at in range(0, len(metadata.icc), room)]
        segments += [(0xE2, JPEG_ICC + bytes((number, len(parts))) + part) for number, part in enumerate(parts, 1)]
    added = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    # After JFIF's own segment, which must come first (JFIF 1.02, page 5).
    marker, _, end = next(jpeg_segments(encoded))
    at = end if marker == 0xE0 else 2
    return encoded[:at] + added + encoded[at:]


def _into_png(encoded: bytes, metadata: Metadata, width: int, height: int) -> bytes:
    added = b"".join(png_chunk(kind, body) for kind, body in metadata.png_colour)
    if metadata.icc is not None:
        added += png_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(metadata.icc))
    if metadata.exif is not None:
        added += png_chunk(b"eXIf", metadata.exif)
    at = 8 + 25  # the signature and IHDR: colour chunks must precede the pixels
    return encoded[:at] + added + encoded[at:]


def _into_webp(encoded: bytes, metadata: Metadata, width: int, height: int) -> bytes:
    """Rewrite as an extended file: VP8X, ICCP, the image chunks, EXIF (RFC 9649, 2.7)."""
    image = [(kind, encoded[start:end]) for kind, start, end in webp_chunks(encoded)]
    # VP8L holds its alpha flag in bit 28 of the header that follows its signature byte (RFC 9649, 3.4).
    alpha = any(
        kind == b"ALPH" or (kind == b"VP8L" and int.from_bytes(body[1:5], "little") >> 28 & 1) for kind, body in image
    )
    flags = 0x20 * (metadata.icc is not None) | 0x10 * alpha | 0x08 * (metadata.exif is not None)
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size)
    if metadata.icc is not None:
        body += webp_chunk(b"ICCP", metadata.icc)
    body += b"".join(webp_chunk(kind, part) for kind, part in image if kind in (b"ALPH", b"VP8 ", b"VP8L"))
    if metadata.exif is not None:
        body += webp_chunk(b"EXIF", metadata.exif)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _into_tiff(encoded: bytes, metadata: Metadata, width: int, height: int) -> bytes:
    return with_tags(encoded, metadata.icc, Exif(metadata.exif).texts() if metadata.exif else {})


_WRITERS: dict[str, Callable[[bytes, Metadata, int, int], bytes]] = {
    JPEG.name: _into_jpeg,
    PNG.name: _into_png,
    WEBP.name: _into_webp,
    TIFF.name: _into_tiff,
}


def _png_profile(payload: bytes) -> bytes | None:
    name_end = payload.find(b"\0")
    try:
        return zlib.decompress(payload[name_end + 2 :])
    except zlib.error:
        return None  # pixels are fine without a broken profile
