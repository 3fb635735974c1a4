"""All there is to choose from, as plain data: read from the docstrings and defaults of the library itself."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from lightnoise.camera import Camera
from lightnoise.params import BLOOM_PSFS, PARAMS, VEIL_PSFS
from lightnoise.records import Record

# Unit and allowed range of every field; a test holds the ranges against what the records accept.
FIELDS: dict[str, tuple[str, tuple[float, float] | tuple[str, ...]]] = {
    "scatter": ("fraction", (0, 1)),
    "radius_deg": ("degrees", (0.01, 45)),
    "falloff": ("exponent", (-4, -2.3)),
    "psf": ("name", BLOOM_PSFS),
    "veil": ("fraction", (0, 0.9)),
    "starburst": ("fraction", (0, 1)),
    "blades": ("number", (0, 32)),
    "rotation_deg": ("degrees", (-360, 360)),
    "ghosts": ("fraction", (0, 0.2)),
    "sun_azimuth_deg": ("degrees", (-180, 180)),
    "sun_elevation_deg": ("degrees", (-90, 90)),
    "sun_strength": ("× sun", (0, 10)),
    "veil_psf": ("name", VEIL_PSFS),
    "gamma": ("exponent", (0.1, 10)),
    "exposure_ev": ("stops", (-16, 16)),
    "shot": ("× white", (0, 1)),
    "read": ("× white²", (0, 1)),
    "noise_seed": ("number", (0, 2**32 - 1)),
    "fov_deg": ("degrees", (5, 150)),
    "response": ("name", ("srgb", "linear", "power:2.2", "scurve:0.5")),
    "highlight_gain": ("× white", (1, 1e6)),
    "f_number": ("ratio", (0.7, 64)),
    "pixel_pitch_um": ("µm", (0.3, 50)),
    "frame_width_px": ("pixels", (1, 10**6)),
    "pixel_aspect": ("ratio", (0.1, 10)),
    "full_well": ("× white", (1, 1e6)),
    "column_blooming": ("fraction", (0, 1)),
}


def parameters(record: type[Record]) -> list[dict[str, Any]]:
    """Return name, unit, range, default and meaning of each field of a params class or of the camera."""
    described = _entries(inspect.getdoc(record) or "")
    return [
        {
            "name": each.name,
            "unit": FIELDS[each.name][0],
            "range": list(FIELDS[each.name][1]),
            "default": each.default,
            "meaning": described[each.name],
        }
        for each in dataclasses.fields(record)  # type: ignore[arg-type]
    ]


def catalogue() -> dict[str, Any]:
    """Return effects, severities, presets and cameras, ready for JSON."""
    from lightnoise.camera import CAMERAS
    from lightnoise.presets import PRESETS, describe, preset
    from lightnoise.severity import EFFECTS, meaning, severity

    return {
        "effects": {
            name: {"meaning": _first_line(record), "parameters": parameters(record)} for name, record in PARAMS.items()
        },
        "camera": {"meaning": _first_line(Camera), "parameters": parameters(Camera)},
        "severities": {
            effect: {
                level: {"meaning": meaning(effect, level), "params": _changed(severity(effect, level))}
                for level in range(1, 6)
            }
            for effect in EFFECTS
        },
        "presets": {name: {"meaning": describe(name), "spec": preset(name).to_dict()} for name in PRESETS},
        "cameras": {name: camera.to_dict() for name, camera in CAMERAS.items()},
    }


def _changed(record: Record) -> dict[str, Any]:
    """Return the fields that differ from their defaults."""
    defaults = {each.name: each.default for each in dataclasses.fields(record)}  # type: ignore[arg-type]
    return {name: value for name, value in record.to_dict().items() if value != defaults.get(name, value)}


def _first_line(record: type) -> str:
    return (inspect.getdoc(record) or "").partition("\n")[0]


def _entries(docstring: str) -> dict[str, str]:
    """Return the description of each name in a numpydoc "Parameters" section."""
    section = docstring.partition("Parameters\n----------\n")[2]
    section = re.split(r"\n\n\w+\n-+\n", section)[0]
    _, *parts = re.split(r"^(\w+(?:, \w+)*) : .*$", section, flags=re.MULTILINE)
    return {
        name: " ".join(meaning.split())
        for names, meaning in zip(parts[::2], parts[1::2], strict=True)
        for name in names.split(", ")
    }
