"""A report as Markdown: the words and the tables, for an issue or a README."""

from __future__ import annotations

from collections.abc import Sequence

from lightnoise_train.report.content import MARKS, PRIOR, TERMS, Cell, Section
from lightnoise_train.report.origin import Origin
from lightnoise_train.report.summary import EncoderSummary


def render(
    title: str, sections: Sequence[Section], summaries: Sequence[EncoderSummary], origins: Sequence[Origin]
) -> str:
    """Return the report's text."""
    lines = [f"# {title}"]
    for section, summary in zip(sections, summaries, strict=True):
        lines += ["", f"## Verdict: {section.encoder}", "", f"**{section.words.headline}**", ""]
        lines += [f"- {MARKS[said.finding]} {said.text}" for said in section.words.sentences]
        lines += [f"- {said}" for said in section.words.caveats]
        for table in (section.arms, *(table for table in section.tables if table.rows)):
            lines += ["", table.caption, ""]
            lines += _table(table.head, [[name, *map(_cell, cells)] for name, cells in table.rows])
        lines += ["", "Accuracy by effect and severity:", "", *_conditions(summary)]
    lines += ["", "## What the numbers mean", ""]
    lines += [f"- **{term}**: {meaning}" for term, meaning in TERMS.items()]
    lines += ["", "## Where the numbers come from"]
    for origin in origins:
        lines += ["", f"- {origin.path}", f"- versions: {origin.versions}", *(f"- run: {run}" for run in origin.runs)]
        lines += ["", "```", origin.command, "```"] if origin.command else []
        lines += ["", "```yaml", origin.config.rstrip(), "```"] if origin.config else []
    return "\n".join(lines) + "\n"


def _conditions(summary: EncoderSummary) -> list[str]:
    conditions = list(dict.fromkeys(c for arm in summary.arms for c in arm.table.conditions))
    rows = []
    for effect, severity in conditions:
        cells = []
        for arm in summary.arms:
            there = (effect, severity) in arm.table.conditions
            cells.append(f"{arm.score(effect, severity).accuracy.estimate:.3f}" if there else "–")
        cells += [f"{summary.prior.accuracy:.3f}"] if summary.prior else []
        rows.append([f"{effect} {severity}" if severity else effect, *cells])
    return _table(["", *(arm.name for arm in summary.arms), *([PRIOR] if summary.prior else [])], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, rule, *rows)]


def _cell(cell: Cell) -> str:
    return f"{cell.text} ({cell.interval})" if cell.interval else cell.text
