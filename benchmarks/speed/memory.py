"""Peak memory of a call, read from the kernel's account of a forked process (Linux only)."""

from __future__ import annotations

import ctypes
import os
import select
import signal
from collections.abc import Callable

from benchmarks.speed.frames import Picture
from benchmarks.speed.subjects import Subject

#: glibc's M_MMAP_THRESHOLD: blocks from this size on come from the system and go back to it at once.
_MMAP_THRESHOLD = -3
_SECONDS = 120


def peak_mb(subject: Subject, frame: Picture) -> float | None:
    """Return by how many MB a call raises the resident memory at its highest, its result and kept scratch included.

    The process is forked, so that nothing kept from other calls is reused, the subject made ready, and called
    once, so that what is computed once (fitted weights, compiled code) does not count; two more calls count.
    None where the kernel does not tell, the call takes minutes, or it gives back memory that was there before it.
    """
    if not os.access("/proc/self/clear_refs", os.W_OK):
        return None
    answer = _in_fork(lambda: _measure(subject, frame))
    return float(answer) if answer and float(answer) >= 0.0 else None


def _measure(subject: Subject, frame: Picture) -> str:
    c_library = ctypes.CDLL(None)
    c_library.mallopt(_MMAP_THRESHOLD, 1 << 16)
    call = subject.prepare(frame)
    c_library.malloc_trim(0)  # give back what is free, else a call would find room there unseen
    before = _status_mb("VmRSS")
    call()
    c_library.malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forget the peak so far
    for _ in range(2):
        call()
    return str(_status_mb("VmHWM") - before)


def _status_mb(field: str) -> float:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1024e-6
    raise OSError(f"/proc/self/status has no {field}")


def _in_fork(work: Callable[[], str]) -> str:
    """Return what ``work`` says in a forked process; nothing if it fails or takes too long."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, work().encode())
        finally:
            os._exit(0)  # no handler of the parent's may run twice
    os.close(theirs)
    try:
        ready, _, _ = select.select([ours], [], [], _SECONDS)
        return os.read(ours, 64).decode() if ready else ""
    finally:
        os.close(ours)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
