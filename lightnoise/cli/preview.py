"""``lightnoise preview``: one image under every effect, severity and preset, on one sheet."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options


@click.command("preview", short_help="Draw a labelled contact sheet: effects × severities, and all presets.")
@click.option("--in", "source", type=click.Path(path_type=Path), metavar="FILE", required=True, help="An image.")
@click.option(
    "--out",
    "out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="The sheet, e.g. grid.png.",
)
@options.camera
@click.option("--width", type=click.IntRange(80, 2000), default=400, show_default=True, help="Of one picture.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the presets' draws.")
@options.overwrite
def command(
    source: Path,
    out: Path,
    camera: str | None,
    fov_deg: float | None,
    width: int,
    seed: int,
    overwrite: bool,
) -> None:
    """Draw a contact sheet: a row for each effect with severities 1 to 5, then every preset.

    \b
    lightnoise preview --in frame.jpg --out grid.png
    """
    from lightnoise.batch import camera_with
    from lightnoise.batch.contact_sheet import contact_sheet
    from lightnoise.camera import Camera
    from lightnoise.io import ImageFileError, encode, format_of_name, read_image, write_atomically

    with options.one_line_errors():
        optics = Camera.from_dict(camera_with(None, camera, fov_deg))
        sheet_format = format_of_name(out.name)
        if sheet_format is None:
            raise ValueError(f"--out {out}: needs an image's suffix, such as .png")
        if out.exists() and not overwrite:
            raise ValueError(f"--out {out}: exists: --overwrite replaces it")
        try:
            picture = read_image(source)
        except ImageFileError as error:
            raise ValueError(f"--in {source}: {error}") from error
        sheet = contact_sheet(picture.pixels, optics, title=source.name, width=width, seed=seed)
        write_atomically(out, encode(sheet, sheet_format).data)
    click.echo(f"{out}: {sheet.shape[1]}×{sheet.shape[0]} pixels")
