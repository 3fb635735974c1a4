"""``lightnoise-train demo``: the whole experiment on embedded scenes, on a laptop."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared


@click.command("demo", short_help="The whole experiment on embedded scenes, from data to report, on a laptop.")
@options.out_folder
@shared.configured
@shared.resume
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], resume: bool) -> None:
    """Run the whole experiment in minutes, without a download or a GPU: scenes, pretraining, arms, verdict, report.

    \b
    lightnoise-train demo --out demo/
    lightnoise-train demo --out demo/ --set 'seeds=[0, 1, 2]'
    lightnoise-train demo --out demo/ --set 'arms=[scratch, simclr, baseline]' --set finetune.imagenet_weights=FILE

    It is a small `study`: `study --help` tells what is written where, and config.yaml what was set. Networks this
    small, trained this shortly, show how the parts play together; they prove nothing about arms. The last line is the
    report's path.
    """
    # threads that spin while they wait slow each other down where cores are shared; read when torch is loaded
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from lightnoise_train.config import load
    from lightnoise_train.studies.demo import DemoConfig
    from lightnoise_train.studies.study import run_study

    config = load(DemoConfig, config_file, settings)
    with shared.plain_warnings():
        report = run_study(config, out, resume=resume, command=shared.command_line(), say=click.echo)
    click.echo(report)
