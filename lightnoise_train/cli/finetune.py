"""``lightnoise-train finetune``: a lane segmenter."""

from __future__ import annotations

from pathlib import Path

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared


@click.command("finetune", short_help="Train a lane segmenter.")
@options.out_folder
@shared.configured
@shared.resume
def command(out: Path, config_file: Path | None, settings: tuple[str, ...], resume: bool) -> None:
    """Train DeepLabV3 to show lanes. Arms of the comparison have one head, budget and seed, and differ in their recipe.

    \b
    lightnoise-train finetune --out run/ --set arm=scratch             embedded road scenes
    lightnoise-train finetune --out run/ --set data.kind=tusimple --set data.root=tusimple/
    lightnoise-train finetune --out run/ --set arm=simclr --set simclr_weights=pretrained/encoder.pt …
    lightnoise-train finetune --out run/ --set arm=simclr --set recipe.preprocessing=normalize …

    \b
    arm               recipe.initialisation  recipe.preprocessing  recipe.schedule  recipe.light_noise
    baseline          imagenet               normalize             single           false
    simclr            simclr                 unit                  two_stage        false
    scratch           scratch                normalize             single           false
    baseline_noise    imagenet               normalize             single           true
    scratch_noise     scratch                normalize             single           true
    normalize: less the mean, by the standard deviation; unit: / 255. two_stage: the head alone at first, then all,
    the backbone at backbone_rate × the rate.

    Writes segmenter.pt, the best network by the validation loss, for `benchmark`; config.yaml, the resolved
    settings with all their names; checkpoints/; and logs/, for TensorBoard and as CSV.

    \b
    Settings most often changed, with their defaults:
      epochs 30   batch 16   seed 0   workers 2   devices 1            size [224, 224]
      encoder.name resnet18    encoder.output_stride 16                imagenet_weights imagenet | FILE
      optimizer.rate 0.001     backbone_rate 0.1   head_stage 0.3      line_width 30
      data.split official | blocks   flip 0   (blocks, flip 0.5: for small sets)
    """
    from lightnoise_train.config import FinetuneConfig, load
    from lightnoise_train.tasks.finetune import finetune

    config = load(FinetuneConfig, config_file, settings)
    click.echo(finetune(config, out, resume=resume, command=shared.command_line()))
