"""Where a result file's numbers come from: command, versions, runs and configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Origin:
    """What a result file's header says, as text."""

    path: str
    command: str
    versions: str
    runs: list[str]
    config: str


def origin(path: Path, header: dict[str, Any]) -> Origin:
    """Return what the header of a result file says."""
    config = header.get("config")
    return Origin(
        path=path.name,
        command=str(header.get("command") or ""),
        versions=", ".join(f"{name} {number}" for name, number in (header.get("versions") or {}).items()),
        runs=_runs(header["runs"]),
        config=yaml.safe_dump(config, sort_keys=False, allow_unicode=True) if config else "",
    )


def _runs(runs: list[dict[str, Any]]) -> list[str]:
    """Return a line for each arm, with its seeds and what was judged."""
    arms: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        arms.setdefault(f"{run.get('arm')} ({run.get('encoder')})", []).append(run)
    lines = []
    for name, seeds in arms.items():
        numbers = ", ".join(str(run.get("seed")) for run in seeds)
        sources = ", ".join(dict.fromkeys(str(run["source"]) for run in seeds if run.get("source")))
        lines.append(f"{name}, seed {numbers}" + (f": {sources}" if sources else ""))
    return lines
