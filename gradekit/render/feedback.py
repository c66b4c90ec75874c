"""Report -> what one student gets to read: a page, and the same as Markdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import jinja2

from gradekit.render.page import TEMPLATES, environment
from gradekit.report import Check, Report

NAME_BYTES = 120  # of a folder; file systems allow 255, zip tools and Windows fewer


class FeedbackWriter:
    """Renders reports; the templates are read once."""

    def __init__(self) -> None:
        made = environment()
        made.filters["fenced"] = fenced
        made.filters["markdown"] = markdown
        self._html = made.get_template("feedback.html.j2")
        self._markdown = made.get_template("feedback.md.j2")
        self._style = (TEMPLATES / "page.css").read_text("utf-8")

    def html(self, report: Report, title: str) -> str:
        """A page that works offline. `report` is already at the level that students see."""
        return self._render(self._html, report, title)

    def markdown(self, report: Report, title: str) -> str:
        """The same for mail and issue trackers."""
        return self._render(self._markdown, report, title)

    def _render(self, template: jinja2.Template, report: Report, title: str) -> str:
        by_outcome: dict[str, list[Check]] = {"failed": [], "passed": [], "not_run": []}
        for check in report.checks:
            if check.max_score or check.outcome != "passed":
                by_outcome[check.outcome].append(check)
        return template.render(
            report=report,
            title=title,
            checks=by_outcome,
            style=self._style,
        )


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


def fenced(text: str) -> str:
    """A Markdown code block that nothing in `text` can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def markdown(text: str) -> str:
    """`text` on one line of Markdown, meaning only itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|&~])", r"\\\1", " ".join(text.split()))
