"""Processes take turns at jobs that one of them does for all, across the machine or wherever they share a folder.

A job is a byte of a file in that folder, which the one whose turn it is has locked. The system gives a lock back when
its holder ends, however it ends.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import zlib
from contextlib import suppress
from functools import cache

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: Name of the file.
FILE = "lightnoise.lock"

_PAUSE_S = 0.02


class Turns:
    """The turns at jobs in a folder.

    Parameters
    ----------
    folder : str
        Where the file stands. Where it cannot be written or locked, nobody has to wait.
    """

    def __init__(self, folder: str) -> None:
        # kept open: with a file's first descriptor that a process closes, all its locks on that file are gone
        try:
            self._file = os.open(os.path.join(folder, FILE), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError:
            self._file = -1

    def take(self, job: str, limit_s: float) -> bool:
        """Wait for the turn at a job, at most ``limit_s`` seconds. Return whether nobody else has it."""
        end = time.monotonic() + limit_s
        while not self._lock(job):
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE_S)
        return True

    def give_back(self, job: str) -> None:
        """End the turn at a job, if it was taken."""
        if self._file >= 0:
            with suppress(OSError):  # there was no lock to give back
                self._unlock(_place(job))

    def _lock(self, job: str) -> bool:
        if self._file < 0:
            return True
        try:
            self._try_lock(_place(job))
        except OSError as error:
            return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # or there are no locks here
        return True

    if sys.platform == "win32":

        def _try_lock(self, place: int) -> None:
            os.lseek(self._file, place, os.SEEK_SET)
            msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)

        def _unlock(self, place: int) -> None:
            os.lseek(self._file, place, os.SEEK_SET)
            msvcrt.locking(self._file, msvcrt.LK_UNLCK, 1)

    else:

        def _try_lock(self, place: int) -> None:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)

        def _unlock(self, place: int) -> None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)


@cache
def turns_in(folder: str) -> Turns:
    """Return the turns of this process in a folder."""
    return Turns(folder)


def _place(job: str) -> int:
    return zlib.crc32(job.encode()) & 0x7FFFFFFF
