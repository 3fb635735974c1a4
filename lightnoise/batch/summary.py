"""What a run did, as counts and names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightnoise.batch.progress import duration

INTERRUPTED = "interrupted"
_NAMED = 50  # failures that the summary names; the manifest has them all


@dataclass
class Summary:
    """Counts and names of one run.

    Parameters
    ----------
    manifest : Path
        The run's manifest.
    total : int
        Outputs in the plan.
    """

    manifest: Path
    total: int = 0
    ok: int = 0
    copied: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    linked_folders: list[str] = field(default_factory=list)
    stopped: str = ""

    def count(self, line: dict[str, Any]) -> None:
        """Count one manifest line."""
        status = line["status"]
        setattr(self, status, getattr(self, status) + 1)
        self.notes.update(line.get("notes", ()))
        if status == "failed" and len(self.failures) < _NAMED:
            self.failures.append(f"{line['source']}: {line['error']}")

    @property
    def exit_code(self) -> int:
        """0 if all is well, 1 if outputs failed or the run was stopped by a full disk, 130 if by Ctrl-C."""
        if self.stopped == INTERRUPTED:
            return 130
        return 1 if self.failed or self.stopped else 0

    def lines(self) -> list[str]:
        """Return the summary as text."""
        text = []
        if self.failures:
            text.append("Failed:")
            text += [f"  {name}" for name in dict.fromkeys(self.failures)]
            if self.failed > len(self.failures):
                text.append(f"  … and {self.failed - len(self.failures)} more: see the manifest")
        text += [f"Note: {count} × {note}" for note, count in self.notes.most_common()]
        if self.ignored:
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in self.ignored.most_common(8))
            text.append(f"Not copied, since they are no images: {kinds} (--copy-others copies them)")
        if self.linked_folders:
            text.append(f"Links to folders not followed: {', '.join(self.linked_folders[:8])}")
        rate = (self.ok + self.copied) / self.seconds if self.seconds else 0.0
        counts = {"ok": self.ok, "copied": self.copied, "failed": self.failed, "already there": self.skipped}
        shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "ok")
        text.append(f"{self.total} outputs: {shown}; {duration(self.seconds)}, {rate:.1f} images/s")
        text.append(f"Manifest: {self.manifest}")
        if self.stopped:
            text.append(f"Stopped: {self.stopped}. Go on with the same command and --resume.")
        return text
