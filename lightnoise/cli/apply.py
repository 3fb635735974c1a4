"""``lightnoise apply``: a folder of images in, a light-noised data set out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lightnoise import batch
from lightnoise.camera import Camera
from lightnoise.cli import options


@click.command("apply", short_help="Make light-noised copies of a folder of images.")
@click.option(
    "--in",
    "source",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Images to read; folders are walked. Without it, the embedded road scenes, with lane labels.",
)
@options.out_folder
@click.option(
    "--effect",
    "effects",
    type=click.Choice(batch.EFFECT_CHOICES),
    multiple=True,
    help="Several make one chain, in physical order. gamma is over- or under-exposure by chance.",
)
@click.option(
    "--severity",
    type=click.IntRange(0, 5),
    help="1 to 5; 0 passes the images through the same codec untouched.  [default: by chance for each image]",
)
@click.option("--preset", metavar="NAME", help="A named scene instead of effects; `lightnoise effects` lists them.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE.yaml",
    help="Camera, effects with ranges, and options; those given on the command line win.",
)
@options.camera
@click.option("--seed", type=click.IntRange(0), help="Seed of all draws.  [default: 0]")
@click.option("--copies", type=click.IntRange(1), help="Outputs for each image, each its own draw.  [default: 1]")
@options.workers
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["keep", "jpg", "png", "webp"]),
    help="Output format.  [default: keep]",
)
@click.option("--quality", type=click.IntRange(1, 100), help="Of JPEG and WebP.  [default: 95]")
@click.option("--copy-others", is_flag=True, default=None, help="Copy labels and other files along.")
@click.option(
    "--damage-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write, as 8-bit grey PNG, how far light destroyed the scene at each pixel.",
)
@click.option(
    "--per",
    type=click.Choice(["frame", "clip"]),
    help="clip: all frames of a folder share one draw.  [default: frame]",
)
@click.option("--resume", is_flag=True, help="Go on after an interruption; the same command otherwise.")
@options.overwrite
@options.engine
@click.option("--shard", metavar="I/N", help="Work off the I-th of N parts, e.g. on the I-th of N machines.")
@click.option("--dry-run", is_flag=True, help="Check names, estimate time and disk, write nothing.")
@click.pass_context
def command(ctx: click.Context, **given: Any) -> None:
    """Make light-noised copies of images, mirroring their folders, with a manifest of what was done.

    With neither --effect nor --preset, each image gets one of all presets by chance. Every output depends
    only on the seed, its relative path, its copy number and the config: not on workers, order, or restarts.

    \b
    lightnoise apply --out out/                                       embedded road scenes
    lightnoise apply --in frames/ --out out/ --preset low_sun         one named scene
    lightnoise apply --in frames/ --out out/ --effect bloom --effect glare --severity 3
    lightnoise apply --in tusimple/ --out noised/ --copy-others --copies 3 --seed 7
    lightnoise apply --in frames/ --out out/ --config night.yaml --damage-dir damage/
    lightnoise apply … --resume                                       after an interruption

    \b
    night.yaml:   camera: {fov_deg: 52}
                  effects: [{bloom: {scatter: [0.05, 0.4]}}, {glare: {veil: 0.03, p: 0.5}}]

    Formats: JPEG, PNG, TIFF (8 and 16 bit), WebP, BMP, told by the suffix; a file whose content is of
    another format than its name says is named as failed. ICC profile, EXIF and alpha are kept, EXIF turns
    are applied. JPEG is written at --quality with halved chroma (4:2:0).

    Exit status: 0 all made, 1 some failed (each is named), 2 nothing done, 130 interrupted.
    """
    with options.one_line_errors():
        job, execution = _parsed(**given)
        found = batch.check(job, execution)
        if given["dry_run"]:
            _tell_estimate(job, found, execution.workers)
            return
        summary = batch.apply(job, execution, found)
    for line in summary.lines():
        click.echo(line)
    ctx.exit(summary.exit_code)


def _parsed(
    source: Path | None,
    out: Path,
    effects: tuple[str, ...],
    severity: int | None,
    preset: str | None,
    config_file: Path | None,
    camera: str | None,
    fov_deg: float | None,
    damage_dir: Path | None,
    workers: int,
    engine: str,
    shard: str | None,
    resume: bool,
    overwrite: bool,
    output_format: str | None,
    dry_run: bool,
    **rest: Any,
) -> tuple[batch.Job, batch.Execution]:
    """Turn options into a job and its execution; the config file sets what the command line leaves open."""
    values = batch.read_config_file(config_file) if config_file else {}
    rest["format"] = output_format
    values |= {name: value for name, value in rest.items() if value is not None}
    if effects or preset or severity is not None or "effects" not in values:
        values["effects"] = batch.recipe(effects, severity, preset)
    values["camera"] = batch.camera_with(values.get("camera"), camera, fov_deg)
    part = batch.Shard.parse(shard) if shard else batch.Shard()
    job = batch.Job(
        source=batch.Folder.of(source) if source else batch.EmbeddedScenes(Camera.from_dict(values["camera"])),
        out=str(out),
        config=batch.Config(**values),
        damage_dir=str(damage_dir) if damage_dir else None,
        tag=part.tag,
    )
    return job, batch.Execution(workers, engine, part, resume, overwrite)


def _tell_estimate(job: batch.Job, found: batch.Survey, workers: int) -> None:
    for line in batch.estimate(job, found, workers).lines(found, job):
        click.echo(line)
