"""The command ``lightnoise-train``: one thin module per command, loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from lightnoise import __version__

_COMMANDS = {
    "demo": "The whole experiment on embedded scenes, from data to report, on a laptop.",
    "study": "All of it for several arms and seeds: pretrain, fine-tune, judge, report.",
    "pretrain": "Pretrain an encoder on pairs of light-noised views.",
    "finetune": "Train a lane segmenter.",
    "evaluate": "Score lanes against labels by TuSimple's rules.",
    "benchmark": "Judge models under light noise.",
    "report": "Turn result files into tables and figures.",
    "data": "Make, check and noise data sets.",
}


class _Commands(click.Group):
    """A group that imports a command's module only to run it, and whose errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if find_spec(f"{__name__}.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        try:
            command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        except ModuleNotFoundError as error:
            raise _missing(error) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])

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

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what is wrong with a value or a file becomes click's error: one line, exit status 2."""
        from lightnoise_train.errors import TrainingError

        try:
            return super().invoke(ctx)
        except (ValueError, OSError, TrainingError) as error:
            raise click.UsageError(str(error)) from error
        except ModuleNotFoundError as error:
            raise _missing(error) from error


def _missing(error: ModuleNotFoundError) -> Exception:
    """Return the error of a package that is not installed; a module of ours that is missing is a mistake of ours."""
    if not error.name or error.name.startswith("lightnoise"):
        return error
    return click.UsageError(f'{error.name} is not installed: pip install "lightnoise[train]"')


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=_Commands, context_settings=_SETTINGS)
@click.version_option(__version__)
def main() -> None:
    """From light-noised road images to a robustness verdict on lane detection.

    \b
    lightnoise-train demo --out DIR                  everything, on embedded scenes
    lightnoise-train data check --in tusimple/       what is wrong with a data set
    lightnoise-train evaluate --pred FILE --gt FILE  TuSimple's accuracy, FP, FN and F1
    """
