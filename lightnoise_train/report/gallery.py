"""Frames with labelled and found lanes over them, as SVG elements."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2

from lightnoise_train.data.frames import read_image
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.tables import ArmTable
from lightnoise_train.lanes.labels import FRAME_SIZE, LaneLabel
from lightnoise_train.report.examples import FILE_NAME, Example, read_examples

_SHOWN_WIDTH = 480  # pixels
_QUALITY = 80  # of the JPEG


class Picture(NamedTuple):
    """A frame with lanes, as an SVG element, and its caption."""

    svg: str
    caption: str


def gallery(folders: Sequence[Path], tables: Sequence[ArmTable]) -> dict[str, list[Picture]]:
    """Return the examples of some folders of results, grouped by the picture that they show.

    Parameters
    ----------
    folders : sequence of Path
        Those without examples have nothing to show.
    tables : sequence of ArmTable
        Hold what each run scored on each frame.

    Returns
    -------
    dict
        From a heading to the picture as each run saw it.

    Raises
    ------
    DataError
        If the examples are broken, their pictures cannot be read, or the results know nothing of them.
    """
    by_arm = {(table.arm, table.encoder): table for table in tables}
    groups: dict[str, list[Picture]] = {}
    drawn: dict[Path, str] = {}
    for path in (folder / FILE_NAME for folder in dict.fromkeys(folders)):
        for example in read_examples(path) if path.exists() else []:
            run, frame = example.run, example.label.raw_file
            table = by_arm.get((run.arm, run.encoder))
            if table is None or run.seed not in table.seeds or frame not in table.frames:
                raise DataError(f"{path}: the results know nothing of {run.arm}, seed {run.seed}, on {frame}")
            at = table.seeds.index(run.seed), table.frames.index(frame)
            accuracy = table.at(example.effect, example.severity)[at]
            clean = table.at(example.effect, 0)[at]
            caption = f"{run.arm}, seed {run.seed}: {accuracy:.2f} ({clean:.2f})"
            heading = f"{example.effect} {example.severity}, {example.kind}: {frame}"
            groups.setdefault(heading, []).append(Picture(_overlay(example, f"{heading}; {caption}", drawn), caption))
    return groups


def _overlay(example: Example, description: str, drawn: dict[Path, str]) -> str:
    """Return an example as an SVG element; a picture that several share is put into the page once."""
    height, width = FRAME_SIZE
    if example.picture in drawn:
        picture = f'<use href="#{drawn[example.picture]}"/>'
    else:
        name = "picture-" + hashlib.sha256(str(example.picture).encode()).hexdigest()[:12]
        drawn[example.picture] = name
        source = "data:image/jpeg;base64," + base64.b64encode(_jpeg(example.picture)).decode("ascii")
        picture = f'<image id="{name}" width="{width}" height="{height}" preserveAspectRatio="none" href="{source}"/>'
    lanes = _polylines(example.label, "truth") + _polylines(example.found, "found")
    opening = f'<svg class="picture" viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(description)}">'
    return f"{opening}{picture}{lanes}</svg>"


def _jpeg(path: Path) -> bytes:
    """Return a picture as JPEG, small enough for a page."""
    image = read_image(path)
    height = max(round(image.shape[0] * _SHOWN_WIDTH / image.shape[1]), 1)
    small = cv2.resize(image, (_SHOWN_WIDTH, height), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data.tobytes())


def _polylines(label: LaneLabel, kind: str) -> str:
    """Return each lane as a line with a dark edge, which shows on white as on black."""
    drawn = []
    for lane in label.lanes:
        points = " ".join(f"{x:.0f},{y}" for x, y in zip(lane, label.h_samples, strict=True) if x >= 0)
        if " " in points:
            drawn += [f'<polyline class="{style}" points="{points}"/>' for style in ("edge", kind)]
    return "".join(drawn)
