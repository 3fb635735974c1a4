"""EXIF blocks edited where they stand, so that whatever else they hold (maker notes too) stays intact."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION, _EXIF_POINTER = 0x0112, 0x8769
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_ASCII, _SHORT, _LONG = 2, 3, 4
# Description, make, model, software, date, artist, copyright: the ASCII tags that TIFF 6.0 shares with EXIF.
_TEXT_TAGS = (270, 271, 272, 305, 306, 315, 33432)


class Exif:
    """A view of one EXIF block (a TIFF structure: TIFF 6.0, section 2; Exif 2.32, 4.6).

    Parameters
    ----------
    block : bytes
        The block, beginning with its byte order. A damaged block reads as an empty one.
    """

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._order = {b"II": "<", b"MM": ">"}.get(block[:2], "")

    @property
    def orientation(self) -> int:
        """How the stored picture must be turned, 1 (not at all) to 8."""
        for tag, _, _, at in self._entries(self._first()):
            if tag == _ORIENTATION:
                value = self._number(at + 8, 2)
                return value if 1 <= value <= 8 else 1
        return 1

    def texts(self) -> dict[int, bytes]:
        """Return the descriptive ASCII tags, NUL-terminated."""
        found = {}
        for tag, kind, count, at in self._entries(self._first()):
            if tag in _TEXT_TAGS and kind == _ASCII:
                start = at + 8 if count <= 4 else self._number(at + 8, 4)
                found[tag] = self._block[start : start + count]
        return found

    def upright(self, width: int, height: int) -> bytes:
        """Return the block of the turned picture: upright, of that size, its thumbnail unlinked."""
        block = bytearray(self._block)
        first = self._first()
        nested = 0
        after = first + 2
        for tag, _, _, at in self._entries(first):
            if tag == _ORIENTATION:
                self._put(block, at, _SHORT, 1)
            elif tag == _EXIF_POINTER:
                nested = self._number(at + 8, 4)
            after = at + 12
        for tag, kind, _, at in self._entries(nested):
            if tag in (_EXIF_WIDTH, _EXIF_HEIGHT):
                self._put(block, at, kind, width if tag == _EXIF_WIDTH else height)
        if first and after + 4 <= len(block):
            block[after : after + 4] = bytes(4)  # no next directory: that one is the thumbnail
        return bytes(block)

    def _first(self) -> int:
        return self._number(4, 4) if self._order else 0

    def _entries(self, directory: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield (tag, type, count, position) of a directory's entries; nothing where it is damaged."""
        if not self._order or not 8 <= directory <= len(self._block) - 2:
            return
        for index in range(self._number(directory, 2)):
            at = directory + 2 + 12 * index
            if at + 12 > len(self._block):
                return
            tag, kind, count = struct.unpack_from(f"{self._order}HHI", self._block, at)
            yield tag, kind, count, at

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._block[at : at + size], "little" if self._order == "<" else "big")

    def _put(self, block: bytearray, at: int, kind: int, value: int) -> None:
        """Store a SHORT or LONG value in the entry at ``at``."""
        code = {_SHORT: "HH", _LONG: "I"}.get(kind)
        if code and value < 1 << (16 if kind == _SHORT else 32):
            struct.pack_into(self._order + code, block, at + 8, *((value, 0) if kind == _SHORT else (value,)))
