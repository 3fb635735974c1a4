"""The command ``lightnoise-train``: one thin module per command, loaded when it is asked for."""

from __future__ import annotations

from typing import Any

import click

from lightnoise import __version__
from lightnoise.cli.group import SETTINGS, LazyGroup

_COMMANDS = {
    "demo": "The whole experiment on embedded scenes, from data to report, on a laptop.",
    "study": "All of it for several arms and seeds: pretrain, fine-tune, judge, report.",
    "pretrain": "Pretrain an encoder on pairs of light-noised views.",
    "finetune": "Train a lane segmenter.",
    "probe": "Ask what frozen features know, clean and under light noise.",
    "semi": "Train a classifier from few labels, and judge it under light noise.",
    "evaluate": "Score lanes against labels by TuSimple's rules.",
    "benchmark": "Judge models under light noise.",
    "report": "Turn result files into tables and figures.",
    "data": "Make, check and noise data sets.",
}


class _Commands(LazyGroup):
    package = __name__
    commands_help = _COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            return super().get_command(ctx, cmd_name)
        except ModuleNotFoundError as error:
            raise _missing(error) from error

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


@click.group(cls=_Commands, context_settings=SETTINGS)
@click.version_option(__version__)
def main() -> None:
    """From light-noised road images to a robustness verdict on lane detection.

    \b
    lightnoise-train demo --out DIR                  everything, on embedded scenes
    lightnoise-train data check --in tusimple/       what is wrong with a data set
    lightnoise-train evaluate --pred FILE --gt FILE  TuSimple's accuracy, FP, FN and F1
    """
