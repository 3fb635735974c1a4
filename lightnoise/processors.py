"""The processors of this machine."""

from __future__ import annotations

import os


def available() -> int:
    """Return on how many processors this process may run, as far as the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
