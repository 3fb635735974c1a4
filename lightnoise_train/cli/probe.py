"""``lightnoise-train probe``: what frozen features know."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared
from lightnoise_train.cli.progress import bar


@click.command("probe", short_help="Ask what frozen features know, clean and under light noise.")
@options.out_folder
@shared.configured
@options.overwrite
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], overwrite: bool) -> None:
    """Judge an encoder that stands still by the classes that its features tell apart, clean and under light noise.

    \b
    lightnoise-train probe --out probe/ --set weights=pre/encoder.pt        embedded scenes, by their kind
    lightnoise-train probe --out probe/ --set weights=pre/encoder.pt --set data.kind=cifar10
                           --set data.root=cifar-10-batches-py/ --set 'size=[32, 32]' --set encoder.output_stride=8
    lightnoise-train probe --out probe/ --set weights=imagenet --set data.kind=bdd100k --set data.root=bdd100k/
                           --set attribute=timeofday --set test.part=val --set test.height=360

    Two judges learn from clean training pictures: knn, the weighted vote of the nearest neighbours, and linear,
    logistic regression on standardised features. Random weights of the same network are judged beside, on the same
    pictures: what they know, the network need not have learnt.

    Writes probe.json, all numbers with 95 % intervals over test pictures; probe.md, as tables; and config.yaml, the
    resolved settings with all their names.

    \b
    Settings most often changed, with their defaults:
      weights null             FILE | imagenet | null: random          floor true      random weights beside
      encoder.name resnet18    any of timm's                           encoder.output_stride null; 8 for 32×32
      size [224, 224]          label_fractions [0.01, 0.1, 1.0]        attribute null: class, scene or kind
      test.effects [bloom, glare, gamma_over, gamma_under]             test.severities [1, 3, 5]
      train_count null         test.count null: all pictures           seed 0   workers 2   accelerator auto
    """
    from lightnoise_train.config import load
    from lightnoise_train.evaluation.class_results import BY_LIGHT
    from lightnoise_train.tasks.probe import probe
    from lightnoise_train.tasks.settings import ProbeConfig

    config = load(ProbeConfig, config_file, settings)
    path = probe(config, out, overwrite=overwrite, command=shared.command_line(), progress=bar("batch"))
    click.echo(path.with_suffix(".md").read_text(encoding="utf-8").partition(BY_LIGHT)[0])
    click.echo(path)
