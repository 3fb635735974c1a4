"""A report as one HTML page that needs nothing beside it: no network, no scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from lightnoise_train.report.content import MARKS, TERMS, Section
from lightnoise_train.report.figures import Plot
from lightnoise_train.report.gallery import Picture
from lightnoise_train.report.origin import Origin


def render(
    title: str,
    subtitle: str,
    sections: Sequence[Section],
    pictures: Mapping[str, Sequence[Picture]],
    training: Sequence[Plot],
    origins: Sequence[Origin],
) -> str:
    """Return the page.

    Parameters
    ----------
    title, subtitle : str
    sections : sequence of Section
        One for each encoder.
    pictures : mapping
        From a heading to the frames under it.
    training : sequence of Plot
    origins : sequence of Origin
        One for each result file.
    """
    from jinja2 import Environment, StrictUndefined

    folder = files(__package__)
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8")).render(
        css=folder.joinpath("page.css").read_text(encoding="utf-8"),
        title=title,
        subtitle=subtitle,
        sections=sections,
        pictures=pictures,
        training=training,
        origins=origins,
        marks=MARKS,
        terms=TERMS,
    )
