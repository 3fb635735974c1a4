"""The command ``lightnoise``: one thin module per command, loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from lightnoise import __version__

_COMMANDS = {
    "apply": "Make light-noised copies of a folder of images.",
    "preview": "Draw a labelled contact sheet: effects × severities, and all presets.",
    "effects": "List effects, parameters with units and ranges, severities, presets and cameras.",
    "replay": "Rebuild outputs from a manifest, byte for byte.",
}


class _Commands(click.Group):
    """A group that imports a command's module only to run it, and whose errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"lightnoise.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, standalone_mode=False, **extra)
        try:
            sys.exit(super().main(args, prog_name, standalone_mode=False, **extra) or 0)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            click.echo("Error: " + " ".join(error.format_message().split()), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Stopped.", err=True)
            sys.exit(130)


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=_Commands, context_settings=_SETTINGS)
@click.version_option(__version__)
def main() -> None:
    """Physically-motivated light noise: bloom, glare and exposure error, made in linear light.

    \b
    lightnoise apply --in frames/ --out noised/            a random preset for each frame
    lightnoise preview --in frame.jpg --out sheet.png      what every effect and preset looks like
    lightnoise effects                                     what there is to choose from
    """
