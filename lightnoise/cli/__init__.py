"""The command ``lightnoise``: one thin module per command, loaded when it is asked for."""

from __future__ import annotations

import click

from lightnoise import __version__
from lightnoise.cli.group import SETTINGS, LazyGroup

_COMMANDS = {
    "apply": "Make light-noised copies of a folder of images.",
    "preview": "Draw a labelled contact sheet: effects × severities, and all presets.",
    "effects": "List effects, parameters with units and ranges, severities, presets and cameras.",
    "replay": "Rebuild outputs from a manifest, byte for byte.",
}


class _Commands(LazyGroup):
    package = __name__
    commands_help = _COMMANDS


@click.group(cls=_Commands, context_settings=SETTINGS)
@click.version_option(__version__)
def main() -> None:
    """Physically-motivated light noise: bloom, glare and exposure error, made in linear light.

    \b
    lightnoise apply --in frames/ --out noised/            a random preset for each frame
    lightnoise preview --in frame.jpg --out sheet.png      what every effect and preset looks like
    lightnoise effects                                     what there is to choose from
    """
