"""Tags added to a TIFF file: a new directory behind the data takes the first one's place."""

from __future__ import annotations

import struct

_ASCII, _UNDEFINED = 2, 7
_ICC_TAG = 34675


def with_tags(encoded: bytes, icc: bytes | None, texts: dict[int, bytes]) -> bytes:
    """Return a little-endian, single-page TIFF file with an ICC profile and ASCII tags added.

    Entries that hold offsets stay valid, since nothing in the file moves; only the directory is written anew,
    at the end (TIFF 6.0, section 2).
    """
    if encoded[:4] != b"II*\0":
        raise ValueError("encoded must be a little-endian classic TIFF file")
    (first,) = struct.unpack_from("<I", encoded, 4)
    (count,) = struct.unpack_from("<H", encoded, first)
    entries = {}
    for index in range(count):
        entry = encoded[first + 2 + 12 * index : first + 14 + 12 * index]
        entries[int.from_bytes(entry[:2], "little")] = entry
    body = bytearray(encoded)
    added = {tag: (_ASCII, text) for tag, text in texts.items()}
    if icc is not None:
        added[_ICC_TAG] = (_UNDEFINED, icc)
    for tag, (kind, payload) in added.items():
        if len(payload) <= 4:
            value = payload.ljust(4, b"\0")
        else:
            body += b"\0" * (len(body) & 1)  # values begin on a word boundary
            value = struct.pack("<I", len(body))
            body += payload
        entries[tag] = struct.pack("<HHI", tag, kind, len(payload)) + value
    body += b"\0" * (len(body) & 1)
    struct.pack_into("<I", body, 4, len(body))
    body += struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    return bytes(body)
