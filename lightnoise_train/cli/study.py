"""``lightnoise-train study``: arms × seeds, from pretraining to the report."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared


@click.command("study", short_help="Pretrain, fine-tune and judge several arms and seeds, and report.")
@options.out_folder
@shared.configured
@shared.resume
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], resume: bool) -> None:
    """Run a whole study: pretrain once for each seed, fine-tune each arm with each seed, judge all together, report.

    \b
    lightnoise-train study --out study/ --set 'arms=[scratch, scratch_noise, simclr]' --set 'seeds=[0, 1, 2]'
    lightnoise-train study --out study/ --config study.yaml
    lightnoise-train study --out study/ --config study.yaml --resume      after an interruption, or with more seeds

    \b
    Arms: baseline, baseline_noise (need ImageNet weights), scratch, scratch_noise, simclr; see `finetune --help`.
    "ablation" stands for eight: initialisation × preprocessing × schedule.

    \b
    A study.yaml; each section has the settings of the command of its name:
      arms: [baseline, simclr]
      seeds: [0, 1, 2]
      encoder: resnet18                               of pretraining and fine-tuning
      data: {kind: tusimple, root: tusimple/}         of every section that names no other
      noise: {height: 360}                            of pretraining and of the arms that train on noise
      pretrain:
        epochs: 100
        data: {kind: bdd100k, root: bdd100k/, timeofday: [daytime]}
      finetune: {epochs: 30, size: [224, 224], imagenet_weights: resnet18.pth}
      benchmark: {effects: [bloom, glare, gamma_over, gamma_under, mixed], severities: [1, 3, 5]}

    Writes pretrain/seed-0/, finetune/baseline-seed-0/ and so on, as those commands do; judged/, as `benchmark`;
    report/report.html; and config.yaml, the resolved settings with all their names. Finished runs are never done
    again: --resume leaves them out, and goes on with an interrupted one where it was.
    """
    from lightnoise_train.config import load
    from lightnoise_train.studies.settings import StudyConfig
    from lightnoise_train.studies.study import run_study

    config = load(StudyConfig, config_file, settings)
    with shared.plain_warnings():
        report = run_study(config, out, resume=resume, command=shared.command_line(), say=click.echo)
    click.echo(report)
