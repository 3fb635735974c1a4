"""Files: read whole with a reason when it fails, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lightnoise.io.formats import ImageFileError

TEMPORARY_PREFIX = ".lightnoise-tmp-"


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return a regular file's content; symbolic links are followed.

    Raises
    ------
    ImageFileError
        If the file is missing, unreadable, empty, or no regular file.
    """
    try:
        status = os.stat(path)  # before opening: a named pipe would block
        if not stat.S_ISREG(status.st_mode):
            raise ImageFileError("is no regular file")
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise ImageFileError("is a broken link" if os.path.islink(path) else "does not exist") from None
    except OSError as error:
        raise ImageFileError(f"cannot be read: {error.strerror or error}") from error
    if not data:
        raise ImageFileError("is empty (0 bytes)")
    return data


@contextmanager
def new_file(path: str | os.PathLike[str], tag: str) -> Iterator[BinaryIO]:
    """Open a temporary file for writing that takes the final name at the end, or vanishes on any failure."""
    target = Path(path)
    temporary = target.with_name(temporary_name(tag))
    try:
        handle = _create(temporary)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = _create(temporary)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: str | os.PathLike[str], data: bytes | memoryview, tag: str = "file") -> None:
    """Write ``data`` under ``path``: other processes see the old state or the whole new file, never a part.

    The data go to a temporary file in the same folder, which then takes the final name. On any failure, an
    interrupt included, the temporary file is removed; after a kill −9 `sweep_temporaries` finds it. Nothing
    is forced to the disk, which would cost more than the work: a power cut may take the last files' content.

    Parameters
    ----------
    path : path
        The final name. Missing folders are made.
    data : bytes
        The whole content.
    tag : str
        Names the run in the temporary file's name, so that runs that share a folder sweep only their own.

    Raises
    ------
    OSError
        If the disk is full, the folder not writable, and so on; nothing changed under the final name.
    """
    with new_file(path, tag) as file:
        file.write(data)


def copy_atomically(
    source: str | os.PathLike[str], target: str | os.PathLike[str], tag: str = "file"
) -> tuple[int, str]:
    """Copy a regular file byte for byte, as `write_atomically` writes; return its size and its `digest`."""
    if not stat.S_ISREG(os.stat(source).st_mode):
        raise ImageFileError("is no regular file")
    checksum = hashlib.blake2b(digest_size=16)
    with open(source, "rb") as original, new_file(target, tag) as file:
        while block := original.read(1 << 20):
            checksum.update(block)
            file.write(block)
        return file.tell(), checksum.hexdigest()


def digest(data: bytes) -> str:
    """Return the 128-bit BLAKE2b of a file's content, in hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def temporary_name(tag: str) -> str:
    """Return a fresh, clearly temporary file name; its length does not depend on the final name's."""
    return f"{TEMPORARY_PREFIX}{tag}-{os.getpid()}-{secrets.token_hex(4)}"


def sweep_temporaries(folder: str | os.PathLike[str], tag: str) -> int:
    """Remove what a killed run with this ``tag`` left under ``folder``; return the number of files."""
    removed = 0
    for path in _walk_files(folder):
        if os.path.basename(path).startswith(f"{TEMPORARY_PREFIX}{tag}-"):
            os.unlink(path)
            removed += 1
    return removed


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)


def _walk_files(folder: str | os.PathLike[str]) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(parent, name)
