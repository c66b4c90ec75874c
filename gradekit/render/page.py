"""Overview -> report.html: one page that needs nothing but itself.

Names and messages are strangers' text: jinja escapes all of it, and a content security
policy lets no script run but the page's own.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from gradekit.caches import cache
from gradekit.mistaken import Way
from gradekit.overview import Cell, Overview
from gradekit.render.charts import bars, score_histogram

TEMPLATES = Path(__file__).parent / "templates"
ROWS = 2000  # students in the table; a browser has to hold them all
SHOWN_WAYS = 20  # mistakes with a name, and as many without
PARTS = 500  # students with a part of their own; beyond, only their feedback files


class Example(NamedTuple):
    """An answer that shows a mistake.

    Attributes:
        text: The call on which it is wrong, or what is said of the failed check.
        source: The function with the lines marked that failed.
        command: What puts it into the bank; "" where that is not possible.
    """

    text: str
    source: Markup
    command: str = ""


class Compiled(jinja2.FileSystemBytecodeCache):
    """Keeps compiled templates in kit's cache: compiling them takes as long as grading ten answers.

    What they are compiled by, jinja and this module, counts as their text does.
    """

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(f"{_compiler()}\n{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):  # no home, or no room: compiled again the next time
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@lru_cache
def _compiler() -> str:
    return f"{jinja2.__version__} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


def environment() -> jinja2.Environment:
    """Templates that escape everything and fail on a name that is not there."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html.j2"], default_for_string=True, default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=Compiled(str(cache("templates"))),
    )
    made.filters["path"] = lambda text: quote(text, safe="/")
    made.filters["short"] = lambda name: name.removeprefix("exercise_").replace("_", " ")
    made.filters["code"] = code
    made.filters["points"] = lambda number: f"{number:g}"
    return made


def code(text: str) -> Markup:
    """`text` escaped for HTML, with what stands between backticks set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def report_page(
    overview: Overview,
    folders: dict[str, str],
    graded_at: str,
    examples: Mapping[Way, Example] = {},
) -> str:
    """The page about a class.

    Args:
        folders: What the folder of each student is called, in feedback/ and in code/.
        graded_at: When, in words.
        examples: One for each mistake that is shown, where the source is known.
    """
    rows = list(overview.cells)
    if len(rows) > ROWS:
        rows = sorted(rows, key=overview.total)[:ROWS]
    script = (TEMPLATES / "page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            overview=overview,
            rows=rows,
            with_parts=len(rows) <= PARTS,
            folders=folders,
            graded_at=graded_at,
            examples=examples,
            shown_ways=SHOWN_WAYS,
            histogram=score_histogram(overview),
            bars=bars,
            style=style("page", "class"),
            script=script,
            script_sha256=digest,
            shade=shade,
        )
    )


def style(*names: str) -> str:
    """The style sheets of some kinds of page, one after the other."""
    return "".join((TEMPLATES / f"{name}.css").read_text("utf-8") for name in names)


def shade(cell: Cell | None) -> str:
    """The CSS class of a cell of the heat map: five steps, full marks on their own."""
    if cell is None:
        return "nothing"
    if cell.state != "graded":
        return cell.state
    return "s5" if cell.fraction >= 1 else f"s{int(cell.fraction * 5)}"
