"""Similar -> similar.html: groups of answers that are alike, the closest two side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from gradekit.overview import Likeness, Similar
from gradekit.render.page import environment, style


class Line(NamedTuple):
    """A line of an answer; `common` is whether the other answer has it too."""

    number: int
    text: str
    common: bool


def similar_page(similar: Similar) -> str:
    """The page for the instructor; what students wrote is escaped, and no script runs."""
    return (
        environment()
        .get_template("similar.html.j2")
        .render(
            similar=similar,
            groups=similar.groups[: similar.shown],
            rows=_rows,
            style=style("page"),
        )
    )


def _rows(first: Likeness, second: Likeness) -> Iterator[tuple[Line | None, Line | None]]:
    yield from zip_longest(_lines(first), _lines(second))


def _lines(side: Likeness) -> Iterator[Line]:
    for number, text in enumerate(side.source.splitlines(), start=1):
        yield Line(number, text, number in side.common)
