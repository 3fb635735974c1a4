"""``lightnoise-train report``: from result files to tables, figures and a verdict."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options


@click.command("report", short_help="Turn result files into tables and figures.")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.out_folder
@click.option(
    "--runs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="May be given more than once: a training run whose curves are shown too, such as pretraining. Fine-tuning "
    "runs are found where the results name them.",
)
@click.option(
    "--baseline", metavar="ARM", help='The arm to judge the others against.  [default: "baseline", else the first]'
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the bootstrap.")
def command(results: tuple[Path, ...], out: Path, runs: tuple[Path, ...], baseline: str | None, seed: int) -> None:
    """Turn result files into a report.

    \b
    lightnoise-train report judged/ --out report/
    lightnoise-train report a/results.jsonl b/results.jsonl --runs runs/pretrain --out report/

    RESULTS are files that `benchmark` wrote, or folders that hold some; no two may judge the same run. OUT gets
    report.html, one page that needs no network, report.md with the words and tables, report.csv with the score of
    each arm, effect and severity, and report.json with all numbers.
    """
    from lightnoise_train.report.writer import write_report

    click.echo(write_report(results, out, runs=runs, baseline=baseline, seed=seed))
