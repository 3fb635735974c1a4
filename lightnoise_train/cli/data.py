"""``lightnoise-train data``: make, check and noise data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightnoise.cli import options

if TYPE_CHECKING:
    from lightnoise.batch import Summary
    from lightnoise_train.data.frames import FrameSet

_EFFECTS = ("bloom", "glare", "gamma_over", "gamma_under", "mixed")


@click.group("data", short_help="Make, check and noise data sets.")
def command() -> None:
    """Make, check and noise data sets."""


def _seed(function: options.F) -> options.F:
    return click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of all draws.")(
        function
    )


def _format(function: options.F) -> options.F:
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["keep", "png"]),
        default="keep",
        show_default=True,
        help="keep: JPEG of quality 95, as TuSimple's paths say; png: without loss, and labels that name .png files.",
    )(function)


@command.command("make")
@options.out_folder
@click.option("--train", type=click.IntRange(0), default=200, show_default=True, help="Training scenes.")
@click.option("--val", type=click.IntRange(0), default=50, show_default=True, help="Validation scenes.")
@click.option("--test", type=click.IntRange(0), default=50, show_default=True, help="Test scenes.")
@click.option(
    "--height",
    type=click.IntRange(90, 2160),
    default=720,
    show_default=True,
    help="Rows of the pictures, at 16:9. Labels are in pixels of 1280×720 at any height.",
)
@_seed
@_format
@options.workers
@options.overwrite
@click.pass_context
def make(
    ctx: click.Context,
    out: Path,
    train: int,
    val: int,
    test: int,
    height: int,
    seed: int,
    output_format: str,
    workers: int,
    overwrite: bool,
) -> None:
    """Draw embedded road scenes as a TuSimple tree with its label files.

    \b
    lightnoise-train data make --out roads/ --train 2000 --val 200 --test 400
    lightnoise-train data make --out small/ --height 180

    Day, dusk, night, tunnel and wet night in turn. Training scenes are labelled in label_data_0313.json and
    label_data_0601.json, validation scenes in label_data_0531.json, test scenes in test_label.json. The same command
    again goes on after an interruption.
    """
    from lightnoise_train.data.writing import make_roads

    counts = {"train": train, "val": val, "test": test}
    if not any(counts.values()):
        raise click.UsageError("--train, --val and --test are all 0: nothing to make")
    summary = make_roads(
        out,
        counts,
        size=(height, round(height * 16 / 9)),
        seed=seed,
        output_format=output_format,
        workers=workers,
        overwrite=overwrite,
    )
    _tell(summary)
    ctx.exit(summary.exit_code)


@command.command("check")
@click.option(
    "--in", "root", type=click.Path(path_type=Path), required=True, metavar="DIR", help="TuSimple's or BDD100K's root."
)
@click.option(
    "--kind",
    type=click.Choice(["tusimple", "bdd100k"]),
    help="What it is.  [default: bdd100k where there is images/100k, else tusimple]",
)
@click.option("--images/--no-images", default=True, show_default=True, help="Decode every image, to find damaged ones.")
@click.pass_context
def check(ctx: click.Context, root: Path, kind: str | None, images: bool) -> None:
    """Look a data set over, and name every problem with its file and line.

    \b
    lightnoise-train data check --in tusimple/
    lightnoise-train data check --in bdd100k/ --no-images

    Exit status: 0 all is well, 1 there are problems.
    """
    from lightnoise_train.data.checking import check_bdd100k, check_tusimple

    kind = kind or ("bdd100k" if (root / "images" / "100k").is_dir() else "tusimple")
    report = (check_bdd100k if kind == "bdd100k" else check_tusimple)(root, images)
    for problem in report.problems:
        click.echo(problem)
    unlabelled = f", {report.unlabelled} without an entry in the label file" if report.unlabelled else ""
    found = f"{len(report.problems)} problem{'s' * (len(report.problems) != 1)}" if report.problems else "no problem"
    click.echo(f"{kind}: {report.frames} frames{unlabelled}; {found}")
    ctx.exit(1 if report.problems else 0)


@command.command("noise")
@click.option(
    "--in",
    "root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="TuSimple's root. Without it, embedded road scenes.",
)
@options.out_folder
@click.option(
    "--split",
    type=click.Choice(["test", "val", "train", "trainval", "available"]),
    default="test",
    show_default=True,
    help="Whose labelled frames to take; available: of all training label files that are there.",
)
@click.option("--scenes", type=click.IntRange(1), default=100, show_default=True, help="Embedded scenes without --in.")
@click.option(
    "--effect",
    "effects",
    type=click.Choice(_EFFECTS),
    multiple=True,
    help="May be given more than once; mixed draws one of all presets for each frame.  [default: all]",
)
@click.option(
    "--severity",
    "severities",
    type=click.IntRange(0, 5),
    multiple=True,
    help="May be given more than once; 0 is the clean tree, through the same codec.  [default: 0 to 5]",
)
@options.camera
@_seed
@_format
@click.option("--quality", type=click.IntRange(1, 100), default=95, show_default=True, help="Of JPEG.")
@options.workers
@options.overwrite
@click.pass_context
def noise(
    ctx: click.Context,
    root: Path | None,
    out: Path,
    split: str,
    scenes: int,
    effects: tuple[str, ...],
    severities: tuple[int, ...],
    camera: str | None,
    fov_deg: float | None,
    seed: int,
    output_format: str,
    quality: int,
    workers: int,
    overwrite: bool,
) -> None:
    """Write the light-noised test set, so that everybody measures on the same bytes.

    \b
    lightnoise-train data noise --in tusimple/ --out noised/
    lightnoise-train data noise --in tusimple/ --out noised/ --effect bloom --severity 0 --severity 3

    One TuSimple tree for each effect and severity (bloom-1 … gamma_under-5), for the presets (mixed) and for the clean
    frames (clean), each with its labels as test_label.json and a manifest of every frame's params; trees.json lists
    them. A frame depends on the seed and its path alone. The same command again goes on after an interruption.
    """
    from lightnoise.batch import camera_with
    from lightnoise.camera import CAMERAS, Camera
    from lightnoise_train.data import noised, roads, tusimple

    if root is not None:
        data: FrameSet = tusimple.load(root, split)
        source, usual = str(root.absolute()), CAMERAS["tusimple"]
    else:
        data = roads.load(scenes, "test", seed, size=(720, 1280))
        source, usual = f"embedded road scenes of seed {seed}", Camera()
    wanted = noised.trees(effects or noised.CHOICES, severities or noised.SEVERITIES)
    if root is not None and _overlap(root, out):
        raise click.UsageError(f"--out {out}: overlaps the input {root}: choose a folder outside it")
    codes = []
    for tree, summary in noised.write(
        data,
        source,
        out,
        wanted,
        camera=Camera.from_dict(camera_with(usual.to_dict(), camera, fov_deg)),
        seed=seed,
        output_format=output_format,
        quality=quality,
        workers=workers,
        overwrite=overwrite,
    ):
        click.echo(f"{tree.name}:")
        _tell(summary)
        codes.append(summary.exit_code)
        if summary.stopped:
            break
    ctx.exit(max(codes))


def _overlap(root: Path, out: Path) -> bool:
    inner, outer = out.resolve(), root.resolve()
    return inner.is_relative_to(outer) or outer.is_relative_to(inner)


def _tell(summary: Summary) -> None:
    for line in summary.lines():
        click.echo(line)
