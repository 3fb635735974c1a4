"""``lightnoise-train pretrain``: SimCLR on pairs of light-noised views."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared


@click.command("pretrain", short_help="Pretrain an encoder on pairs of light-noised views.")
@options.out_folder
@shared.configured
@shared.resume
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], resume: bool) -> None:
    """Pretrain an encoder by SimCLR: two views of a frame under different light are to be told from other frames.

    \b
    lightnoise-train pretrain --out run/                               embedded road scenes, ResNet-18
    lightnoise-train pretrain --out run/ --set data.kind=bdd100k --set data.root=bdd100k/
                              --set 'data.timeofday=[daytime]' --set workers=16
    lightnoise-train pretrain --out run/ --config night.yaml --set epochs=200
    lightnoise-train pretrain --out run/ --config night.yaml --set epochs=200 --resume

    Writes encoder.pt, the best encoder by the validation loss, for `finetune --set simclr_weights=…`;
    config.yaml, the resolved settings with all their names; checkpoints/; and logs/, for TensorBoard and as CSV.

    \b
    Settings most often changed, with their defaults:
      epochs 100   batch 256   accumulate 2   seed 0   workers 2   devices 1
      gradient_cache null      images to hold a graph of at once: then batch may be thousands, all telling each
                               other apart, which accumulated batches do not
      temperature 0.35         optimizer.name lars | sgd | adamw       optimizer.rate 0.6
      encoder.name resnet18    any of timm's                           weights null | imagenet | FILE
      views.pair clean_noised | noised_noised                          views.size [224, 224]
      noise.preset, noise.effects, noise.severity, noise.folder        what light; by default any preset
      precision auto | 32 | bf16 | fp16                                patience null, in epochs

    Warns when embeddings collapse: collapse/… and knn/… in the logs tell why.
    """
    from lightnoise_train.config import PretrainConfig, load
    from lightnoise_train.tasks.pretrain import pretrain

    config = load(PretrainConfig, config_file, settings)
    click.echo(pretrain(config, out, resume=resume, command=shared.command_line()))
