"""``lightnoise-train semi``: a classifier from few labels."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared
from lightnoise_train.cli.progress import bar


@click.command("semi", short_help="Train a classifier from few labels, and judge it under light noise.")
@options.out_folder
@shared.configured
@shared.resume
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], resume: bool) -> None:
    """Train a classifier from few labels, and judge it on clean pictures and under light noise.

    \b
    lightnoise-train semi --out semi/supervised/                            embedded scenes, by their kind
    lightnoise-train semi --out semi/simclr/ --set method=simclr --set weights=pre/encoder.pt
    lightnoise-train semi --out semi/consistency/ --config few.yaml --set method=consistency
    lightnoise-train semi --out semi/consistency/ --config few.yaml --set method=consistency --resume

    \b
    method            learns from
    supervised        the labels
    supervised_noise  the labels, a share of their pictures under light noise
    simclr            the labels, beginning with weights=… of pretraining
    consistency       the labels, and unlabelled pictures: what it is sure to see in one, it is to see in the same
                      picture under light noise (FixMatch)
    With equal settings all methods have the same network, steps and labelled pictures in the same order.

    \b
    A few.yaml for CIFAR-10:
      data: {kind: cifar10, root: cifar-10-batches-py/}
      encoder: {name: resnet18, output_stride: 8}
      size: [32, 32]
      labels: 250

    Writes semi.json, all numbers with 95 % intervals over test pictures; semi.md, as tables; encoder.pt, for `probe`;
    config.yaml, the resolved settings with all their names; checkpoints/; and logs/, for TensorBoard and as CSV. The
    weights judged are the last ones: validation shows how training went, and chooses nothing.

    \b
    Settings most often changed, with their defaults:
      labels 250   epochs 20   epoch_pictures 1024   batch 16   seed 0   workers 2   devices 1
      encoder.name resnet18    weights null | imagenet | FILE          size [224, 224]
      optimizer.name adamw     optimizer.rate 0.001; FixMatch's own, from random weights: sgd, 0.03
      unlabelled 7             pictures for each labelled one          threshold 0.95   unlabelled_weight 1
      flip 0.5   shift 0.125   of all methods                          noise_share 0.5  of supervised_noise
      noise.preset, noise.effects, noise.severity, noise.folder        what light; by default any preset
      test.effects, test.severities, test.count                        what is judged; train_count, val_count
    """
    from lightnoise_train.config import load
    from lightnoise_train.evaluation.class_results import BY_LIGHT
    from lightnoise_train.tasks.semi import semi
    from lightnoise_train.tasks.settings import SemiConfig

    config = load(SemiConfig, config_file, settings)
    path = semi(config, out, resume=resume, command=shared.command_line(), progress=bar("batch"))
    click.echo(path.with_suffix(".md").read_text(encoding="utf-8").partition(BY_LIGHT)[0])
    click.echo(path)
