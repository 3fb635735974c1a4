"""What the constructors of every adapter take: ranges, cameras, and light noise by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lightnoise import checks
from lightnoise.camera import CAMERAS, Camera
from lightnoise.presets import PRESETS, preset
from lightnoise.severity import EFFECTS, severity
from lightnoise.transforms import OneOf, Transform, at_values, from_dict

Range = float | tuple[float, float]
WholeRange = int | tuple[int, int]
Names = str | Sequence[str]
CameraLike = Camera | str | dict[str, Any]


def camera_from(value: CameraLike | None) -> Camera:
    """Return a camera as it is, by its name in `lightnoise.CAMERAS`, from its fields, or the default for None."""
    if value is None:
        return Camera()
    if isinstance(value, Camera):
        return value
    if isinstance(value, str):
        return CAMERAS[checks.choice("camera", value, CAMERAS)]
    if isinstance(value, dict):
        return Camera.from_dict(value)
    raise TypeError(f"camera must be a lightnoise.Camera, a name, a dictionary of its fields or None; got {value!r}")


def light_noise_from(
    presets: Names | None,
    effects: Names | None,
    levels: WholeRange | None,
    transform: Transform | dict[str, Any] | None,
) -> Transform:
    """Return the transform that draws one of everything that was named, each as likely as another.

    Parameters
    ----------
    presets : str or sequence of str, optional
        Names of `lightnoise.PRESETS`.
    effects : str or sequence of str, optional
        Names of `lightnoise.EFFECTS`, the calibrated ones.
    levels : int or (int, int), optional
        Severity of the effects, 1 to 5, or the range to draw it from evenly. Default (1, 5).
    transform : lightnoise transform or dict, optional
        Any other, or its dictionary; see `lightnoise.transforms.from_dict`.

    Returns
    -------
    Transform
        Of all presets if nothing was named.

    Raises
    ------
    TypeError, ValueError
        If a name or level does not exist, or levels are given without an effect.
    """
    if levels is not None and effects is None:
        raise ValueError(f"severity goes with effects, any of {', '.join(EFFECTS)}; got {levels!r} and no effects")
    if presets is None and effects is None and transform is None:
        presets = PRESETS
    choices = [preset(name) for name in _names("presets", presets)]
    choices += [_calibrated(name, levels) for name in _names("effects", effects)]
    if isinstance(transform, dict):
        transform = from_dict(transform)
    if transform is not None:
        choices.append(transform)
    return choices[0] if len(choices) == 1 else OneOf(choices)


def _calibrated(effect: str, levels: WholeRange | None) -> Transform:
    """Return a calibrated effect at a level, or at one of several."""
    low, high = levels if isinstance(levels, (tuple, list)) else (levels, levels) if levels is not None else (1, 5)
    low, high = (checks.integer("severity", level, 1, 5) for level in (low, high))
    if low > high:
        raise ValueError(f"severity must be a level or a pair (low, high) with low ≤ high, got {levels!r}")
    steps: list[Transform] = [at_values(severity(effect, level)) for level in range(low, high + 1)]
    return steps[0] if len(steps) == 1 else OneOf(steps)


def _names(what: str, value: Names | None) -> list[str]:
    names = [value] if isinstance(value, str) else list(value or ())
    if value is not None and not names:
        raise ValueError(f"{what} must name at least one, got {value!r}")
    return names
