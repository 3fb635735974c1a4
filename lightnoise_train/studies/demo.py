"""The study that fits a laptop: embedded road scenes and a small network, some minutes on two cores."""

from __future__ import annotations

from pydantic import Field

from lightnoise_train.config import (
    DataConfig,
    EncoderConfig,
    FinetuneConfig,
    NoiseConfig,
    OptimizerConfig,
    PretrainConfig,
    ViewsConfig,
)
from lightnoise_train.evaluation.benchmark import BenchmarkConfig
from lightnoise_train.studies.settings import Arm, StudyConfig

_WORKERS = 2


class DemoConfig(StudyConfig):
    """``lightnoise-train demo``: a `StudyConfig` whose every part is small.

    Lanes far away are a few pixels apart, so that a coarse feature map would join them: the stride is 8. The network
    and its head are narrow, since from no weights they learn more in these minutes than ResNet-18 does in as long.
    """

    arms: list[Arm] = Field(default=["scratch", "scratch_noise", "simclr"], min_length=1)
    seeds: list[int] = Field(default=[0], min_length=1)
    data: DataConfig = DataConfig(count=400, held_out=40)
    noise: NoiseConfig = NoiseConfig(height=180)
    encoder: str = "test_resnet"
    pretrain: PretrainConfig = PretrainConfig(
        encoder=EncoderConfig(name="test_resnet"),
        views=ViewsConfig(size=(64, 112)),
        epochs=4,
        batch=48,
        accumulate=1,
        hidden=128,
        embedding=64,
        optimizer=OptimizerConfig(name="adamw", rate=2e-3, weight_decay=1e-4),
        accelerator="cpu",
        workers=_WORKERS,
        log_every=2,
        progress=False,
    )
    finetune: FinetuneConfig = FinetuneConfig(
        encoder=EncoderConfig(name="test_resnet", output_stride=8),
        head_channels=64,
        size=(96, 160),
        epochs=5,
        batch=16,
        optimizer=OptimizerConfig(name="adamw", rate=3e-3, weight_decay=1e-4),
        lane_weight=2.0,
        backbone_rate=0.5,
        head_stage=0.2,
        accelerator="cpu",
        workers=1,
        progress=False,
    )
    benchmark: BenchmarkConfig = BenchmarkConfig(severities=[1, 3, 5], height=180, workers=_WORKERS)
