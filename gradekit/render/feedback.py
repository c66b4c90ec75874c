"""Report -> what one student gets to read: a page, and the same as Markdown.

And the page about the same answer for the instructor, with all that its report says.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import jinja2
import msgspec
from markupsafe import Markup

from gradekit.causes import causes
from gradekit.render.page import code, environment, style
from gradekit.report import Check, Report
from gradekit.texts import example_text

# Where a page says what it is about: the rest is alike for many.
HEAD, HANDED, SOURCE, ATTEMPTS = (
    Markup(f"<!-- {name} -->") for name in ("head", "handed in", "source", "attempts")
)
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
    def time(self) -> str:
        """When it was handed in, else when the file was changed."""
        return self.when or self.date

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


class Attempt(NamedTuple):
    """An earlier answer of the same person: what it was, in a line, and its source."""

    line: str
    source: Markup


class Answer(NamedTuple):
    """What the instructor's page about an answer tells beside its report.

    `pages` are links to others, by what they are called.
    """

    student: str
    handed: Handed
    source: Markup
    attempts: Sequence[Attempt] = ()
    pages: Mapping[str, str] = {}


class FeedbackWriter:
    """Renders reports; the templates are read once, and equal pages are made once."""

    def __init__(self) -> None:
        made = environment()
        made.filters["fenced"] = fenced
        made.filters["markdown"] = markdown
        self._html = made.get_template("feedback.html.j2")
        self._markdown = made.get_template("feedback.md.j2")
        self._answer = made.get_template("answer.html.j2")
        self._part = made.get_template("answer/part.html.j2")
        self._together = made.get_template("together.html.j2")
        self._unread_html = made.get_template("unread.html.j2")
        self._unread_markdown = made.get_template("unread.md.j2")
        self._style = style("page", "answer")
        self._page = lru_cache(maxsize=256)(self._new_page)

    def html(
        self,
        report: Report,
        title: str,
        handed: Handed | None = None,
        source: Markup | None = None,
    ) -> str:
        """A page that works offline.

        Args:
            report: Already at the level that students see, as is what marks the lines of
            `source`, their own answer.
        """
        page = self._page(self._html, _what_shows(report), title)
        answer = Markup("<h2>Your answer</h2>\n{}").format(source) if source else ""
        return _filled(page, {HANDED: _lines(handed), SOURCE: answer})

    def together(
        self, name: str, lines: Sequence[str], parts: Sequence[tuple[str, Report, str]]
    ) -> str:
        """One page about all answers of a student.

        Args:
            lines: What is said first, as the total.
            parts: Title, report (at the level that students see) and what counts, of each.
        """
        made = []
        for title, report, counts in parts:
            page = self._page(self._part, _what_shows(report), title)
            line = Markup("<p>What counts: {}</p>").format(counts) if counts else ""
            made.append(Markup(_filled(page, {HANDED: line})))
        titles = [title for title, *_ in parts]
        return self._together.render(
            name=name, lines=lines, titles=titles, parts=made, style=self._style
        )

    def answer(self, report: Report, title: str, about: Answer) -> str:
        """The instructor's page about one answer: its code beside all that is said of it."""
        page = self._page(self._answer, _what_shows(report), title)
        name = f"{about.student}: {title}"
        links = Markup(" \u00b7 ").join(
            Markup('<a href="{}">{}</a>').format(quote(link, safe="/."), called)
            for called, link in about.pages.items()
        )
        top = Markup("<p>{}</p>\n<h1>{}</h1>\n{}").format(links, name, _lines(about.handed))
        attempts = Markup("\n").join(
            Markup("<details><summary>{}</summary>\n{}</details>").format(*each)
            for each in about.attempts
        )
        if attempts:
            attempts = Markup("<h2>Earlier attempts</h2>\n") + attempts
        head = Markup("<title>{}</title>").format(name)
        return _filled(page, {HEAD: head, HANDED: top, SOURCE: about.source, ATTEMPTS: attempts})

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
            head=HEAD,
            handed=HANDED,
            source=SOURCE,
            attempts=ATTEMPTS,
        )


def _filled(page: str, parts: Mapping[str, str]) -> str:
    """A page with what belongs into its places, which no stranger's text can imitate."""
    for place, part in parts.items():
        before, _, after = page.partition(place)
        page = before + str(part) + after  # Markup would escape what it is added to
    return page


def _lines(handed: Handed | None) -> Markup:
    lines = handed.lines if handed else []
    return Markup("\n").join(Markup('<p class="faint">{}</p>').format(code(line)) for line in lines)


def _what_shows(report: Report) -> bytes:
    """A report as JSON without what no page tells, so that equal pages are rendered once."""
    checks = tuple(msgspec.structs.replace(each, seconds=0.0, print="") for each in report.checks)
    return msgspec.json.encode(
        msgspec.structs.replace(report, checks=checks, seconds=0.0, submission_sha256="")
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


def fenced(text: str) -> str:
    """A Markdown code block that nothing in `text` can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def markdown(text: str) -> str:
    """`text` on one line of Markdown, meaning only itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|&~])", r"\\\1", " ".join(text.split()))
