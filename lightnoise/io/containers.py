"""The structure of JPEG, PNG and WebP files: what stands where, and whether all of it is there.

Decoders are forgiving: several fill what a truncated file lacks with grey. So completeness is read from the
structure, before any pixel is decoded, and so are the size and the metadata.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from lightnoise.io.formats import ImageFileError

JPEG_EXIF = b"Exif\0\0"
JPEG_ICC = b"ICC_PROFILE\0"
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# Start-of-frame markers; 0xC4, 0xC8 and 0xCC are tables and a reserved code (ITU-T T.81, table B.1).
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of every segment's payload up to the first scan, whose start ends the walk.

    Raises
    ------
    ImageFileError
        If the file ends before its first scan, or is no sequence of segments.
    """
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ImageFileError("is damaged: no JPEG marker where one must stand")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= _SOI:  # markers without a payload
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if marker == _EOI or length < 2 or end > len(data):
            break
        yield marker, at + 4, end
        if marker == _SOS:
            return
        at = end
    raise ImageFileError("is truncated: the JPEG data end before the first scan")


def jpeg_frame(data: bytes) -> tuple[int, int, int, int]:
    """Return (width, height, components, bits) of a JPEG file, checking that its last scan is finished.

    In a scan's coded data the byte 0xFF is always followed by a stuffed zero or a restart marker, so an
    end-of-image marker after the start of the first scan is a true one (ITU-T T.81, B.1.1.2 and B.1.1.5).

    Raises
    ------
    ImageFileError
        If the file is truncated or damaged.
    """
    frame = None
    scan = 0
    for marker, start, end in jpeg_segments(data):
        if marker in _SOF and end - start >= 6:
            bits, height, width, components = struct.unpack(">BHHB", data[start : start + 6])
            frame = width, height, components, bits
        scan = end
    if frame is None:
        raise ImageFileError("is damaged: a JPEG file without a frame header")
    if data.rfind(b"\xff\xd9", scan) < 0:
        raise ImageFileError("is truncated: the JPEG data have no end-of-image marker")
    return frame


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of every chunk's payload, its checksum checked, through the last, IEND.

    Raises
    ------
    ImageFileError
        If the file is truncated or a checksum is wrong.
    """
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        kind = data[at + 4 : at + 8]
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise ImageFileError(f"is damaged: wrong checksum in the PNG chunk {kind.decode('latin-1')!r}")
        yield kind, at + 8, end
        if kind == b"IEND":
            return
        at = end + 4
    raise ImageFileError("is truncated: the PNG data have no IEND chunk")


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of every chunk's payload.

    Raises
    ------
    ImageFileError
        If the file is shorter than it says.
    """
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise ImageFileError("is truncated: the WebP data are shorter than their header says")
    at = 12
    while at + 8 <= stop:
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > stop:
            raise ImageFileError("is damaged: a WebP chunk is longer than the file")
        yield data[at : at + 4], at + 8, end
        at = end + (end & 1)


def webp_chunk(kind: bytes, payload: bytes) -> bytes:
    """Return a chunk with its length, padded to an even number of bytes."""
    return kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) & 1)
