"""Configurations: one frozen model for each command, from YAML and ``--set``, saved resolved beside every result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from lightnoise.io import write_atomically
from lightnoise_train.errors import ConfigError

FILE_NAME = "config.yaml"
Size = tuple[Annotated[int, Field(ge=32, le=8192)], Annotated[int, Field(ge=32, le=8192)]]
_VERSIONS_OF = ("lightnoise", "torch", "lightning", "timm", "numpy")


class Section(BaseModel):
    """A part of a configuration: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _complete_sections(cls, values: Any) -> Any:
        """Let a section that is given in part keep the rest of this configuration's defaults, not of its class's."""
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        for name, field in cls.model_fields.items():
            if isinstance(field.default, Section) and isinstance(values.get(name), dict):
                filled[name] = _completed(field.default, values[name])
        return filled


def _completed(default: Section, values: dict[str, Any]) -> dict[str, Any]:
    """Return values with those of the default for what they leave out, in sections of sections too."""
    filled = default.model_dump()
    for name, value in values.items():
        inner = getattr(default, name, None)
        filled[name] = _completed(inner, value) if isinstance(inner, Section) and isinstance(value, dict) else value
    return filled


class OptimizerConfig(Section):
    """How weights move: warm-up from nothing over ``warmup`` of the run, then a cosine down to nothing."""

    name: Literal["lars", "sgd", "adamw"] = "lars"
    rate: float = Field(default=0.6, gt=0, le=1e4, description="highest learning rate")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of lars and sgd")
    weight_decay: float = Field(default=1e-6, ge=0, description="not of biases and normalisations")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="share of all steps")


class EncoderConfig(Section):
    """Which network, dilated to which stride."""

    name: str = Field(default="resnet18", description="any of timm's")
    output_stride: Literal[8, 16, 32] | None = None


class DataConfig(Section):
    """Which frames: the embedded road scenes unless told otherwise."""

    kind: Literal["roads", "tusimple", "bdd100k", "folder", "cifar10"] = "roads"
    root: Path | None = Field(default=None, description="of every kind but roads")
    count: PositiveInt = Field(default=2000, description="training scenes of roads")
    held_out: PositiveInt = Field(default=400, description="validation scenes of roads, and as many test scenes")
    scenes_seed: int = Field(default=0, ge=0, description="another one gives other scenes of roads")
    cache: Path | None = Field(default=None, description="folder that keeps the scenes of roads")
    split: Literal["official", "blocks"] = Field(
        default="official", description="blocks cuts small sets by stretches of a drive"
    )
    blocks: dict[str, PositiveFloat] = Field(
        default={"train": 0.7, "val": 0.15, "test": 0.15}, description="shares of blocks"
    )
    blocks_per_drive: PositiveInt = 10
    timeofday: list[str] | None = Field(default=None, description="of BDD100K, as are weather and scene")
    weather: list[str] | None = None
    scene: list[str] | None = None

    @model_validator(mode="after")
    def _check_root(self) -> DataConfig:
        if self.kind != "roads" and self.root is None:
            raise ValueError(f"root must name the folder of {self.kind}")
        if self.kind == "roads" and self.root is not None:
            raise ValueError(f"root is {self.root}, but the embedded roads have none: set data.kind too")
        filters = [name for name in ("timeofday", "weather", "scene") if getattr(self, name) is not None]
        if filters and self.kind != "bdd100k":
            raise ValueError(f"{', '.join(filters)} can be told of bdd100k alone, not of {self.kind}: leave it out")
        return self


class NoiseConfig(Section):
    """Which light noise: one of all presets by chance unless told otherwise, drawn as training goes or read."""

    effects: list[str] = Field(default=[], description="make one chain")
    severity: int | None = Field(default=None, ge=1, le=5)
    preset: str | None = None
    spec: dict[str, Any] | None = Field(
        default=None, description="a transform as lightnoise apply's configuration has it"
    )
    folder: Path | None = Field(default=None, description="output of lightnoise apply to read instead of drawing")
    camera: str | None = Field(default=None, description="a named camera; by default that of the data")
    height: int | None = Field(
        default=360, ge=32, le=8192, description="rows at which light is drawn; null for the frame's"
    )
    on_device: bool = Field(
        default=False, description="in pretraining: render on the GPU, batch by batch, instead of in workers"
    )

    @model_validator(mode="after")
    def _check_one_source(self) -> NoiseConfig:
        chosen = [name for name in ("effects", "severity", "preset", "spec") if getattr(self, name)]
        if self.folder is not None and chosen:
            raise ValueError(f"folder holds noised pictures already: leave {', '.join(chosen)} out, or folder")
        if self.spec is not None and len(chosen) > 1:
            chosen.remove("spec")
            raise ValueError(f"spec is the whole transform: leave {', '.join(chosen)} out, or spec")
        return self


class ViewsConfig(Section):
    """Two views of a frame: resized and no more, with SimCLR's augmentations for ablation."""

    pair: Literal["clean_noised", "noised_noised"] = "clean_noised"
    size: Size = (224, 224)
    crop: float | None = Field(default=None, gt=0, le=1, description="least share of the area that a crop keeps")
    flip: float = Field(default=0.0, ge=0, le=1)
    colour: float = Field(default=0.0, ge=0, le=1)
    grey: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.0, ge=0, le=1)


class LoopConfig(Section):
    """What pretraining and fine-tuning have in common: frames, noise, the loop and the machine."""

    seed: int = Field(default=0, ge=0)
    data: DataConfig = DataConfig()
    noise: NoiseConfig = NoiseConfig()
    epochs: PositiveInt = 100
    batch: int = Field(default=256, ge=2, description="images of one process and step")
    accumulate: PositiveInt = Field(default=1, description="batches for one step of the optimizer")
    patience: PositiveInt | None = Field(
        default=None, description="epochs without a better validation loss before stopping"
    )
    precision: Literal["auto", "32", "bf16", "fp16"] = "auto"
    devices: PositiveInt = Field(default=1, description="processes, one for each GPU where there are GPUs")
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    workers: int = Field(default=2, ge=0, description="processes that read images, for each device")
    checkpoint_every: PositiveInt = Field(default=200, description="steps between checkpoints within an epoch")
    log_every: PositiveInt = Field(default=10, description="steps between log entries")
    progress: bool = Field(default=True, description="a progress bar")

    @field_validator("precision", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Take 32 as YAML reads it, a number, for what it names."""
        return str(value) if isinstance(value, int) else value


class PretrainConfig(LoopConfig):
    """``lightnoise-train pretrain``: SimCLR on pairs of light-noised views."""

    views: ViewsConfig = ViewsConfig()
    accumulate: PositiveInt = 2
    encoder: EncoderConfig = EncoderConfig()
    weights: str | None = Field(default=None, description='to start from: a file, "imagenet", or null')
    hidden: PositiveInt = 512
    embedding: PositiveInt = 256
    temperature: float = Field(default=0.35, gt=0)
    gradient_cache: PositiveInt | None = Field(
        default=None, description="images to hold a graph of at once; the whole batch then is told apart from itself"
    )
    optimizer: OptimizerConfig = OptimizerConfig()
    knn_attribute: str | None = Field(
        default=None, description="of frames, to be told by neighbours; by default the data's"
    )


class Recipe(Section):
    """What makes an arm of the comparison: where weights come from, what pixels become, what is trained when."""

    initialisation: Literal["imagenet", "simclr", "scratch"]
    preprocessing: Literal["normalize", "unit"]
    schedule: Literal["single", "two_stage"]
    light_noise: bool = False

    @property
    def name(self) -> str:
        """The arm that this is, or a name made of the parts."""
        for name, recipe in ARMS.items():
            if recipe == self:
                return name
        return "-".join(
            (self.initialisation, self.preprocessing, self.schedule, *(["light_noise"] if self.light_noise else []))
        )


ARMS: Mapping[str, Recipe] = {
    "baseline": Recipe(initialisation="imagenet", preprocessing="normalize", schedule="single"),
    "simclr": Recipe(initialisation="simclr", preprocessing="unit", schedule="two_stage"),
    "scratch": Recipe(initialisation="scratch", preprocessing="normalize", schedule="single"),
    "baseline_noise": Recipe(initialisation="imagenet", preprocessing="normalize", schedule="single", light_noise=True),
    "scratch_noise": Recipe(initialisation="scratch", preprocessing="normalize", schedule="single", light_noise=True),
}


def ablation() -> tuple[Recipe, ...]:
    """Return the 2 × 2 × 2 recipes between baseline and simclr: initialisation × preprocessing × schedule."""
    return tuple(
        Recipe(initialisation=start, preprocessing=pixels, schedule=schedule)
        for start in ("imagenet", "simclr")
        for pixels in ("normalize", "unit")
        for schedule in ("single", "two_stage")
    )


class FinetuneConfig(LoopConfig):
    """``lightnoise-train finetune``: DeepLabV3 for lanes. ``arm`` sets the recipe; its parts can be set one by one."""

    size: Size = Field(default=(224, 224), description="height and width that frames are squashed to")
    line_width: float = Field(default=30.0, ge=1, le=200, description="of drawn lanes, in pixels of 1280×720")
    noise_share: float = Field(
        default=0.5, ge=0, le=1, description="of the frames, where the recipe trains on light noise"
    )
    flip: float = Field(default=0.0, ge=0, le=1, description="share of the training frames that are mirrored")
    epochs: PositiveInt = 30
    batch: int = Field(default=16, ge=2)
    arm: Literal["baseline", "simclr", "scratch", "baseline_noise", "scratch_noise"] = "baseline"
    recipe: Recipe = ARMS["baseline"]
    encoder: EncoderConfig = EncoderConfig(output_stride=16)
    head_channels: int = Field(default=256, ge=8, le=2048, description="of DeepLabV3's head; 256 is the paper's")
    imagenet_weights: str = Field(default="imagenet", description='a file, or "imagenet" to have them fetched')
    simclr_weights: Path | None = Field(default=None, description="encoder.pt of a pretraining run")
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", rate=1e-3, weight_decay=1e-4)
    backbone_rate: float = Field(default=0.1, gt=0, description="of the two-stage schedule, × rate")
    head_stage: float = Field(
        default=0.3, gt=0, lt=1, description="share of the epochs in which only the head is trained"
    )
    lane_weight: float = Field(
        default=5.0, gt=0, description="of a lane's pixel against one beside it, in the cross-entropy"
    )
    dice: float = Field(default=1.0, ge=0, description="weight of the Dice loss beside the cross-entropy")

    @model_validator(mode="before")
    @classmethod
    def _fill_recipe(cls, values: Any) -> Any:
        """Take from the arm what the recipe leaves open."""
        if not isinstance(values, dict):
            return values
        if values.get("simclr_weights") and not {"arm", "recipe"} & values.keys():
            raise ValueError("simclr_weights is given, but no arm: set arm=simclr, or the arm that leaves them alone")
        arm = ARMS.get(values.get("arm", "baseline"))
        given = values.get("recipe", {})
        if arm is None or not isinstance(given, dict):
            return values
        return {**values, "recipe": {**arm.model_dump(), **given}}

    @model_validator(mode="after")
    def _check_weights(self) -> FinetuneConfig:
        if self.recipe.initialisation == "simclr" and self.simclr_weights is None:
            raise ValueError("simclr_weights must name the encoder.pt of a pretraining run for initialisation simclr")
        if self.recipe.schedule == "two_stage" and self.epochs < 2:
            raise ValueError("epochs must be 2 or more for schedule two_stage, which else never trains the encoder")
        return self

    @property
    def weights(self) -> str | None:
        """Where the encoder's first weights come from, as `build_encoder` takes it."""
        sources = {"imagenet": self.imagenet_weights, "simclr": str(self.simclr_weights), "scratch": None}
        return sources[self.recipe.initialisation]


C = TypeVar("C", bound=Section)


def load(kind: type[C], file: Path | None = None, settings: Sequence[str] = ()) -> C:
    """Return a configuration from a YAML file and ``key=value`` settings, which win.

    Parameters
    ----------
    kind : type
        The configuration's class.
    file : Path or None
        A YAML mapping; what it leaves out has its default.
    settings : sequence of str
        ``"optimizer.rate=0.1"``: dots lead into sections, values are YAML.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown or a value is out of range; names all of them.
    """
    values = _read(file) if file else {}
    for setting in settings:
        _set(values, setting)
    return check(kind, values, str(file) if file else "the configuration")


def check(kind: type[C], values: Mapping[str, Any], source: str) -> C:
    """Return values as a configuration, or raise a ConfigError that names ``source`` and every wrong key."""
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(f"{source}: " + "; ".join(_said(kind, one) for one in error.errors())) from error


def save(config: Section, folder: Path, command: str = "") -> Path:
    """Write the resolved configuration to ``folder/config.yaml``, with versions and command as comments."""
    lines = [f"# {name} {_version(name)}" for name in _VERSIONS_OF]
    lines += [f"# command: {' '.join(command.split())}"] if command else []
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    path = folder / FILE_NAME
    write_atomically(path, ("\n".join(lines) + "\n" + text).encode())
    return path


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{file}{where}: no valid YAML ({getattr(error, 'problem', error)})") from error
    if not isinstance(values, dict | None):
        raise ConfigError(f"{file}: must be a mapping such as  epochs: 10")
    return values or {}


def _set(values: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise ConfigError(f"--set {setting}: must be key=value, such as optimizer.rate=0.1")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {setting}: {text!r} is no valid YAML") from error
    for part in path[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {setting}: {part} is a value, not a section")
        values = inner
    values[path[-1]] = value


def _said(kind: type[BaseModel], error: Any) -> str:
    """Return one of pydantic's errors as `key: what is wrong, got value`."""
    where = [str(part) for part in error["loc"]]
    key = ".".join(where)
    if error["type"] == "extra_forbidden":
        section = _section(kind, where[:-1])
        return f"unknown key {key}; there are {', '.join(section.model_fields)}"
    message = error["msg"].removeprefix("Value error, ")
    if not key:
        return message
    return f"{key}: {message[0].lower()}{message[1:]}, got {error['input']!r}"


def _section(kind: type[BaseModel], path: Sequence[str]) -> type[BaseModel]:
    for part in path:
        annotation = kind.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        kind = annotation
    return kind


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
