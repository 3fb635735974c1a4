"""``lightnoise replay``: the outputs of a manifest, made again."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise import batch
from lightnoise.cli import options


@click.command("replay", short_help="Rebuild outputs from a manifest, byte for byte.")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--in",
    "source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The input folder of the first run; not for the embedded scenes.",
)
@options.out_folder
@options.workers
@options.overwrite
@click.pass_context
def command(ctx: click.Context, manifest: Path, source: Path | None, out: Path, workers: int, overwrite: bool) -> None:
    """Make the outputs of MANIFEST again, and compare their bytes with those of the first run.

    Each line of a manifest holds all that its output needs, so some lines alone, copied into a file, rebuild
    just those outputs.

    \b
    lightnoise replay noised/manifest.jsonl --in frames/ --out again/

    Exit status: 0 all outputs are the same bytes, 1 some differ or failed (each is named), 2 nothing done.
    """
    with options.one_line_errors():
        job = batch.Job(
            source=batch.Folder.of(source) if source else batch.EmbeddedScenes(),
            out=str(out),
            config=batch.Config(effects=batch.recipe(severity=0)),
        )
        summary, different = batch.replay(manifest, job, batch.Execution(workers, overwrite=overwrite))
    for output in different[:50]:
        click.echo(f"Differs from the first run: {output}")
    if len(different) > 50:
        click.echo(f"… and {len(different) - 50} more")
    for line in summary.lines():
        click.echo(line)
    ctx.exit(summary.exit_code or bool(different))
