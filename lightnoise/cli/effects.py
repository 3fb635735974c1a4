"""``lightnoise effects``: what there is to choose from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import click


@click.command("effects", short_help="List effects, parameters with units and ranges, severities, presets and cameras.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(as_json: bool) -> None:
    """List effects with their parameters, units and ranges; severities, presets and named cameras."""
    from lightnoise.cli.catalogue import catalogue

    found = catalogue()
    click.echo(json.dumps(found, indent=1) if as_json else "\n".join(_text(found)))


def _text(found: dict[str, Any]) -> Iterator[str]:
    for name, effect in {**found["effects"], "camera": found["camera"]}.items():
        yield f"{name}: {effect['meaning']}"
        for each in effect["parameters"]:
            yield f"  {each['name']}  ({each['unit']}, {_range(each['range'])}, default {each['default']})"
            yield textwrap.fill(each["meaning"], 100, initial_indent="      ", subsequent_indent="      ")
        yield ""
    yield "Severities (--effect NAME --severity 1..5)"
    for effect, levels in found["severities"].items():
        for level, described in levels.items():
            yield f"  {effect} {level}: {described['meaning']} ({_values(described['params'])})"
    yield ""
    yield "Presets (--preset NAME)"
    for name, preset in found["presets"].items():
        yield _wrapped(f"{name}: {preset['meaning']}")
    yield ""
    yield "Cameras (--camera NAME)"
    for name, fields in found["cameras"].items():
        yield _wrapped(f"{name}: {_values(fields)}")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="      ")


def _range(allowed: list[Any]) -> str:
    if isinstance(allowed[0], str):
        return " | ".join(allowed)
    return f"{allowed[0]:g} to {allowed[1]:.10g}"


def _values(fields: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in fields.items()
        if name != "effect"
    )
