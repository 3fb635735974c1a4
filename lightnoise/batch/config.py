"""What decides an output's bytes: one frozen, comparable, serialisable value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lightnoise import checks
from lightnoise.batch.errors import BatchError
from lightnoise.batch.recipe import NOTHING, check_effects
from lightnoise.camera import CAMERAS, Camera
from lightnoise.records import Record

OUTPUT_FORMATS = ("keep", "jpg", "png", "webp")
PER = ("frame", "clip")


@dataclass(frozen=True)
class Config(Record):
    """The part of a run that its outputs depend on.

    Parameters
    ----------
    effects : dict
        A transform spec, as `lightnoise.transforms.from_dict` takes it.
    camera : dict
        As `Camera.to_dict` writes it.
    seed : int
        Seed of all draws, [0, 2⁶³ − 1].
    copies : int
        Outputs for each input, each with its own draw, [1, 10⁶].
    format : str
        "keep" the input's format, or "jpg", "png", "webp".
    quality : int
        Of JPEG and WebP, [1, 100].
    per : str
        What shares one draw: "frame" nothing, "clip" all frames of a folder.
    copy_others : bool
        Whether files that are no images are copied along.
    max_pixels : int
        Larger pictures are refused from their header alone.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """

    effects: dict[str, Any]
    camera: dict[str, Any] = field(default_factory=lambda: Camera().to_dict())
    seed: int = 0
    copies: int = 1
    format: str = "keep"
    quality: int = 95
    per: str = "frame"
    copy_others: bool = False
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        checks.integer("seed", self.seed, 0, 2**63 - 1)
        checks.integer("copies", self.copies, 1, 10**6)
        checks.choice("format", self.format, OUTPUT_FORMATS)
        checks.integer("quality", self.quality, 1, 100)
        checks.choice("per", self.per, PER)
        checks.integer("max_pixels", self.max_pixels, 1, 2**40)
        if not isinstance(self.copy_others, bool):
            raise TypeError(f"copy_others must be true or false, got {self.copy_others!r}")
        if not isinstance(self.effects, dict):
            raise TypeError(f"effects must be a transform spec, got {self.effects!r}")
        Camera.from_dict(self.camera)
        check_effects(self.effects)

    @property
    def effects_json(self) -> str:
        """The spec as text: hashable, so that a worker builds its transform once."""
        return json.dumps(self.effects, sort_keys=True)


def read_config_file(path: Path) -> dict[str, Any]:
    """Return the options that a YAML file sets, keyed by `Config`'s fields.

    ``camera`` may be a named camera or a mapping of `Camera`'s fields; ``effects`` a list of transform specs,
    which make one chain.

    Raises
    ------
    BatchError
        If the file cannot be read, is no YAML mapping, or has an unknown key.
    """
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"--config {path}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise BatchError(f"--config {path}: {where}no valid YAML ({getattr(error, 'problem', error)})") from error
    if not isinstance(values, dict):
        raise BatchError(f"--config {path}: must be a mapping such as  effects: [{{preset: low_sun}}]")
    try:
        checks.keys(f"--config {path}", values, [each.name for each in fields(Config)])
        if "camera" in values:
            values["camera"] = camera_from(values["camera"]).to_dict()
    except (TypeError, ValueError) as error:
        raise BatchError(str(error)) from error
    if "effects" in values:
        values["effects"] = _one_spec(values["effects"], path)
    return values


def camera_from(value: Any) -> Camera:
    """Return a camera by its name in `CAMERAS`, or from a mapping of fields."""
    if isinstance(value, dict):
        return Camera.from_dict(value)
    return CAMERAS[checks.choice("camera", value, CAMERAS)]


def camera_with(fields: dict[str, Any] | None, name: str | None, fov_deg: float | None) -> dict[str, Any]:
    """Return a camera's fields: of the named one, else the given or default ones; with its view changed."""
    camera = camera_from(name) if name else Camera.from_dict(fields or {})
    return (camera if fov_deg is None else replace(camera, fov_deg=fov_deg)).to_dict()


def _one_spec(effects: Any, path: Path) -> dict[str, Any]:
    if isinstance(effects, list) and all(isinstance(spec, dict) for spec in effects):
        return effects[0] if len(effects) == 1 else {"chain": effects} if effects else NOTHING
    if isinstance(effects, dict):
        return effects
    raise BatchError(f"--config {path}: effects must be a list such as  [{{bloom: {{scatter: [0.05, 0.4]}}}}]")
