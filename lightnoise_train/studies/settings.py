"""The configuration of a study, and the runs that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from lightnoise_train.config import (
    ARMS,
    DataConfig,
    FinetuneConfig,
    NoiseConfig,
    PretrainConfig,
    Recipe,
    Section,
    ablation,
)
from lightnoise_train.evaluation.benchmark import BenchmarkConfig

#: In a list of arms it stands for the 2 × 2 × 2 recipes between baseline and simclr.
ABLATION = "ablation"
RECIPES: Mapping[str, Recipe] = {**ARMS, **{recipe.name: recipe for recipe in ablation()}}

Arm = str


class StudyConfig(Section):
    """``lightnoise-train study``: arms × seeds, and the settings of each command that it runs.

    What commands share is set once: ``data``, ``noise`` and ``encoder`` are those of each section that does not name
    its own, so that pretraining can have BDD100K's frames where the rest has TuSimple's.
    """

    arms: list[Arm] = Field(default=list(ARMS), min_length=1)
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default=[0, 1, 2], min_length=1)
    data: DataConfig = DataConfig()
    noise: NoiseConfig = NoiseConfig()
    encoder: str = Field(default="resnet18", description="any of timm's; arms are compared only within one")
    pretrain: PretrainConfig = PretrainConfig(progress=False)
    finetune: FinetuneConfig = FinetuneConfig(progress=False)
    benchmark: BenchmarkConfig = BenchmarkConfig(height=360, workers=2)

    @model_validator(mode="before")
    @classmethod
    def _share(cls, values: Any) -> Any:
        """Give sections what is set once for all of them."""
        if not isinstance(values, dict):
            return values
        data = _part(cls, values, "data")
        noise = _part(cls, values, "noise")
        filled = dict(values)
        for name in ("pretrain", "finetune", "benchmark"):
            section = filled.get(name, {})
            if not isinstance(section, dict):
                continue
            own = section.get("data", {})
            if isinstance(own, dict):
                same_kind = own.get("kind", data.get("kind")) == data.get("kind")
                section = {**section, "data": {**data, **own} if same_kind else own}
            if name != "benchmark":
                section = {
                    **section,
                    "noise": _over(noise, section.get("noise", {})),
                    "encoder": _over(
                        {"name": values.get("encoder", cls.model_fields["encoder"].default)}, section.get("encoder", {})
                    ),
                }
            filled[name] = section
        return filled

    @field_validator("arms")
    @classmethod
    def _known(cls, arms: list[Arm]) -> list[Arm]:
        """Replace "ablation" by its arms, and refuse unknown ones."""
        named: list[Arm] = []
        for arm in arms:
            if arm != ABLATION and arm not in RECIPES:
                raise ValueError(f"there is no arm {arm!r}; there are {', '.join(RECIPES)}, and {ABLATION} for eight")
            named += [recipe.name for recipe in ablation()] if arm == ABLATION else [arm]
        return list(dict.fromkeys(named))

    @field_validator("seeds")
    @classmethod
    def _once(cls, seeds: list[int]) -> list[int]:
        return list(dict.fromkeys(seeds))

    @model_validator(mode="after")
    def _check_encoders(self) -> StudyConfig:
        if self.pretrain.encoder.name != self.finetune.encoder.name:
            raise ValueError(
                f"pretrain.encoder.name is {self.pretrain.encoder.name}, finetune.encoder.name is "
                f"{self.finetune.encoder.name}: a study has one encoder; set it as encoder"
            )
        return self

    @model_validator(mode="after")
    def _check_stages(self) -> StudyConfig:
        stages = [arm for arm in self.arms if RECIPES[arm].schedule == "two_stage"]
        if stages and self.finetune.epochs < 2:
            raise ValueError(f"finetune.epochs must be 2 or more for {', '.join(stages)}: the head is trained first")
        return self

    @model_validator(mode="after")
    def _check_processes(self) -> StudyConfig:
        for name, part in (("pretrain", self.pretrain), ("finetune", self.finetune)):
            if part.devices > 1:
                raise ValueError(
                    f"{name}.devices is {part.devices}, but a study runs in one process: set it to 1, or run "
                    "pretrain, finetune, benchmark and report one by one"
                )
        return self

    @property
    def pretrains(self) -> bool:
        """Whether an arm begins with SimCLR's weights."""
        return any(RECIPES[arm].initialisation == "simclr" for arm in self.arms)

    def pretraining(self, seed: int) -> PretrainConfig:
        """Return the configuration of a seed's pretraining."""
        return self.pretrain.model_copy(update={"seed": seed})

    def finetuning(self, arm: Arm, seed: int, encoder: Path) -> FinetuneConfig:
        """Return the configuration of an arm's fine-tuning; ``encoder`` has SimCLR's weights, if it needs any."""
        recipe = RECIPES[arm]
        changed = {
            "arm": arm if arm in ARMS else "baseline",
            "recipe": recipe,
            "seed": seed,
            "simclr_weights": encoder if recipe.initialisation == "simclr" else None,
        }
        return FinetuneConfig.model_validate({**dict(self.finetune), **changed})


def _part(kind: type[Section], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a shared section as far as it is known before it is checked."""
    default: Section = kind.model_fields[name].default
    return _over(default.model_dump(), values.get(name, {}))


def _over(shared: dict[str, Any], own: Any) -> Any:
    if isinstance(own, Section):
        own = own.model_dump()
    return {**shared, **own} if isinstance(own, dict) else own
