"""Report -> what one student gets to read: a page, and the same as Markdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import jinja2
import msgspec
from markupsafe import Markup, escape

from gradekit.causes import causes
from gradekit.export.texts import example_text
from gradekit.render.page import TEMPLATES, environment
from gradekit.report import Check, Report

NAME_BYTES = 120  # of a folder; file systems allow 255, zip tools and Windows fewer


class Problem(NamedTuple):
    """Something that failed: a check, or several in the same way. `function` may be empty."""

    title: str
    function: str
    max_score: float
    message: str
    hint: str
    alike: str  # `4 checks fail like this`, or empty


class FeedbackWriter:
    """Renders reports; the templates are read once."""

    def __init__(self) -> None:
        made = environment()
        made.filters["fenced"] = fenced
        made.filters["markdown"] = markdown
        made.filters["code"] = code
        self._html = made.get_template("feedback.html.j2")
        self._markdown = made.get_template("feedback.md.j2")
        self._style = (TEMPLATES / "page.css").read_text("utf-8")
        self._page = lru_cache(maxsize=256)(self._new_page)

    def html(self, report: Report, title: str) -> str:
        """A page that works offline. `report` is already at the level that students see."""
        return self._page(self._html, _what_shows(report), title)

    def markdown(self, report: Report, title: str) -> str:
        """The same for mail and issue trackers."""
        return self._page(self._markdown, _what_shows(report), title)

    def _new_page(self, template: jinja2.Template, shown: bytes, title: str) -> str:
        report = msgspec.json.decode(shown, type=Report)
        by_outcome: dict[str, list[Check]] = {"passed": [], "not_run": []}
        for check in report.checks:
            if check.outcome == "not_run" or (check.max_score and check.outcome == "passed"):
                by_outcome[check.outcome].append(check)
        return template.render(
            report=report,
            title=title,
            checks=by_outcome,
            problems=list(problems(report)),
            style=self._style,
        )


def _what_shows(report: Report) -> bytes:
    """A report as JSON without what no page tells, so that equal pages are rendered once."""
    return msgspec.json.encode(
        msgspec.structs.replace(report.without_times(), submission_sha256="")
    )


def problems(report: Report) -> Iterator[Problem]:
    """What failed, as the terminal tells it: the same problem once, without unrelated hints."""
    if common := report.common_problem:
        yield Problem("All checks failed in the same way.", "", report.max_score, common, "", "")
        return
    for cause in causes(report):
        if cause.outcome == "failed":
            example = cause.counterexample
            text = example_text(example) if example else cause.message
            function = cause.first.function
            title = f"`{function}` is not written yet." if cause.is_unwritten else cause.title
            yield Problem(title, function, cause.max_score, text, cause.hint, cause.alike)


def folder_names(students: Iterable[str]) -> dict[str, str]:
    """A folder for each student: their name, made safe for every file system, never shared."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for student in students:
        safe = re.sub(r'[\x00-\x1f<>:"/\\|?*\ufffd]', "_", student).strip(". ")
        short = safe.encode()[:NAME_BYTES].decode(errors="ignore")
        if short != student or short.casefold() in taken or not short:
            short = f"{short or 'student'}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
        folders[student] = short
        taken.add(short.casefold())
    return folders


def code(text: str) -> Markup:
    """`text` escaped for HTML, with what stands between backticks set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def fenced(text: str) -> str:
    """A Markdown code block that nothing in `text` can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def markdown(text: str) -> str:
    """`text` on one line of Markdown, meaning only itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|&~])", r"\\\1", " ".join(text.split()))
