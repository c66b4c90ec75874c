"""Report -> what one student gets to read: a page, and the same as Markdown."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import jinja2
import msgspec
from markupsafe import Markup, escape

from gradekit.causes import causes
from gradekit.export.texts import example_text
from gradekit.render.page import TEMPLATES, environment
from gradekit.report import Check, Report

HANDED = "<!-- handed in -->"  # where a page says what it is about: the rest is alike for many
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # on Windows
NAME_BYTES = 120  # of a folder; file systems allow 255, zip tools and Windows fewer


class Problem(NamedTuple):
    """Something that failed: a check, or several in the same way. `function` may be empty."""

    title: str
    function: str
    max_score: float
    message: str
    hint: str
    alike: str  # `4 checks fail like this`, or empty


class Handed(NamedTuple):
    """What was handed in, as its author knows it.

    `when` and `date` (of the file) are ISO 8601, "" where unknown; `others` are files of the
    same person that were not graded, with why. `counts` is the final score and why, where that
    is not what the answer earned.
    """

    file: str
    when: str = ""
    date: str = ""
    attempt: int = 0
    others: tuple[tuple[str, str], ...] = ()
    counts: str = ""

    @property
    def lines(self) -> list[str]:
        """The same in words, a line each."""
        attempt = f", attempt {self.attempt}" if self.attempt else ""
        when = f", handed in {_spoken(self.when)}" if self.when else ""
        if not when and self.date:
            when = f", a file of {_spoken(self.date)}"
        others = [f"not graded: {name} ({reason})" for name, reason in self.others]
        counts = [f"what counts: {self.counts}"] if self.counts else []
        return [f"graded: {self.file}{attempt}{when}", *others, *counts]


class FeedbackWriter:
    """Renders reports; the templates are read once, and equal pages are made once."""

    def __init__(self) -> None:
        made = environment()
        made.filters["fenced"] = fenced
        made.filters["markdown"] = markdown
        made.filters["code"] = code
        self._html = made.get_template("feedback.html.j2")
        self._markdown = made.get_template("feedback.md.j2")
        self._unread_html = made.get_template("unread.html.j2")
        self._unread_markdown = made.get_template("unread.md.j2")
        self._style = (TEMPLATES / "page.css").read_text("utf-8")
        self._page = lru_cache(maxsize=256)(self._new_page)

    def html(self, report: Report, title: str, handed: Handed | None = None) -> str:
        """A page that works offline. `report` is already at the level that students see."""
        page = self._page(self._html, _what_shows(report), title)
        lines = [f'<p class="faint">{escape(line)}</p>' for line in handed.lines] if handed else []
        return page.replace(HANDED, "\n".join(lines), 1)

    def markdown(self, report: Report, title: str, handed: Handed | None = None) -> str:
        """The same for mail and issue trackers."""
        page = self._page(self._markdown, _what_shows(report), title)
        lines = [f"{markdown(line)}\n" for line in handed.lines] if handed else []
        return page.replace(HANDED, "\n".join(lines), 1)

    def unread(self, title: str, problems: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """A page, and the same as Markdown, about files that could not be graded, with why."""
        about = {"title": title, "problems": problems, "style": self._style}
        return self._unread_html.render(**about), self._unread_markdown.render(**about)

    def _new_page(self, template: jinja2.Template, shown: bytes, title: str) -> str:
        report = msgspec.json.decode(shown, type=Report)
        by_outcome: dict[str, list[Check]] = {"passed": [], "not_run": [], "waits": []}
        for check in report.checks:
            if check.outcome in ("not_run", "waits") or (
                check.max_score and check.outcome == "passed"
            ):
                by_outcome[check.outcome].append(check)
        return template.render(
            report=report,
            title=title,
            checks=by_outcome,
            problems=list(problems(report)),
            style=self._style,
            handed=HANDED,
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
        digest, digits = hashlib.sha256(student.encode()).hexdigest(), 8
        name = short
        while name != student or _same(name) in taken or not name or RESERVED.fullmatch(name):
            name = f"{short or 'student'}-{digest[:digits]}"
            digits += 8  # somebody may be called like this on purpose
            if _same(name) not in taken:
                break
        folders[student] = name
        taken.add(_same(name))
    return folders


def _same(name: str) -> str:
    """What two names share that some file system takes for one."""
    return unicodedata.normalize("NFKC", name).casefold()


def _spoken(time: str) -> str:
    """A time as people read it: without seconds, the zone in words."""
    day, _, rest = time.partition("T")
    return f"{day} {rest[:5]}{' UTC' if time.endswith('Z') else ''}"


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
