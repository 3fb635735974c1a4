"""The configurations of the two commands that tell classes apart: ``probe`` and ``semi``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from lightnoise.severity import EFFECTS
from lightnoise_train.config import (
    DataConfig,
    EncoderConfig,
    LoopConfig,
    NoiseConfig,
    OptimizerConfig,
    Section,
    Size,
)

Share = Annotated[float, Field(gt=0, le=1)]
Severity = Annotated[int, Field(ge=1, le=5)]


class JudgingConfig(Section):
    """On which pictures, under which light, a classifier is judged."""

    part: Literal["test", "val"] = Field(default="test", description="of the data")
    count: PositiveInt | None = Field(default=None, description="pictures, of all classes alike; null for all")
    effects: list[str] = Field(default=list(EFFECTS), min_length=1, description="as of benchmark")
    severities: list[Severity] = Field(default=[1, 3, 5], min_length=1)
    camera: str | None = Field(default=None, description="a named camera; by default that of the data")
    height: int | None = Field(
        default=None, ge=32, le=8192, description="rows at which light is drawn; null for the picture's"
    )
    seed: int = Field(default=0, ge=0, description="of the light, and of the choice of count pictures")

    @property
    def noise(self) -> NoiseConfig:
        """The camera as `sources.camera_of` takes it."""
        return NoiseConfig(camera=self.camera)


class ProbeConfig(Section):
    """``lightnoise-train probe``: what frozen features know, clean and under light noise."""

    seed: int = Field(default=0, ge=0, description="of random weights, and of which pictures have labels")
    data: DataConfig = DataConfig()
    attribute: str | None = Field(default=None, description="its values are the classes; by default the data's")
    encoder: EncoderConfig = EncoderConfig()
    weights: str | None = Field(default=None, description='a file, "imagenet", or null for random ones')
    floor: bool = Field(default=True, description="judge random weights of the same network beside")
    size: Size = (224, 224)
    train_count: PositiveInt | None = Field(default=None, description="training pictures; null for all")
    test: JudgingConfig = JudgingConfig()
    label_fractions: list[Share] = Field(default=[0.01, 0.1, 1.0], min_length=1)
    neighbours: PositiveInt = 20
    temperature: float = Field(default=0.07, gt=0, description="of the neighbours' votes")
    weight_decays: list[PositiveFloat] = Field(
        default=[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0],
        min_length=1,
        description="of the linear probe, to choose from",
    )
    held_out: float = Field(default=0.2, gt=0, le=0.5, description="share of the labels by which it is chosen")
    batch: PositiveInt = Field(default=32, description="pictures read at once")
    workers: int = Field(default=2, ge=0, description="processes that read pictures and draw light")
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"


class SemiConfig(LoopConfig):
    """``lightnoise-train semi``: a classifier from few labels, clean and under light noise."""

    method: Literal["supervised", "supervised_noise", "simclr", "consistency"] = "supervised"
    attribute: str | None = Field(default=None, description="its values are the classes; by default the data's")
    labels: PositiveInt = Field(default=250, description="labelled pictures in all, of every class its share")
    train_count: PositiveInt | None = Field(default=None, description="training pictures, labelled or not")
    val_count: PositiveInt = Field(default=1000, description="validation pictures, at most")
    test: JudgingConfig = JudgingConfig()
    encoder: EncoderConfig = EncoderConfig()
    weights: str | None = Field(default=None, description='to start from: a file, "imagenet", or null')
    size: Size = (224, 224)
    flip: float = Field(default=0.5, ge=0, le=1, description="share of the pictures that are mirrored")
    shift: float = Field(default=0.125, ge=0, le=0.5, description="most that pictures move, × their size")
    epochs: PositiveInt = 20
    batch: int = Field(default=16, ge=2, description="labelled pictures of one process and step")
    epoch_pictures: PositiveInt = Field(
        default=1024, description="labelled pictures of an epoch, taken again and again; alike for all methods"
    )
    noise_share: float = Field(default=0.5, ge=0, le=1, description="of the labelled pictures in supervised_noise")
    unlabelled: PositiveInt = Field(default=7, description="in consistency: pictures for each labelled one, μ")
    threshold: float = Field(default=0.95, ge=0, le=1, description="in consistency: least confidence, τ")
    unlabelled_weight: float = Field(default=1.0, ge=0, description="in consistency: λ of its loss")
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", rate=1e-3, weight_decay=1e-4)

    @model_validator(mode="after")
    def _check_method(self) -> SemiConfig:
        if self.method == "simclr" and self.weights in (None, "imagenet"):
            raise ValueError("weights must name the encoder.pt of a pretraining run for method simclr")
        if self.epoch_pictures < self.batch:
            raise ValueError(f"epoch_pictures is {self.epoch_pictures}, less than one batch of {self.batch}")
        if self.noise.on_device:
            raise ValueError("noise.on_device is of pretraining alone: leave it out")
        return self
