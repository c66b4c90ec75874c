"""What instructors and students look at: the page, the tables, the feedback."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import itertools
import re
import shutil
import subprocess
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gradekit.course import Course
from gradekit.export.scores import not_graded_csv, scores_csv
from gradekit.feedback import at_level
from gradekit.mistaken import NEVER_RAN
from gradekit.overview import Alike, Likeness, Overview, Similar
from gradekit.render.charts import score_histogram, shares
from gradekit.render.feedback import FeedbackWriter, fenced, folder_names, markdown
from gradekit.render.page import report_page
from gradekit.report import Check, Report
from gradekit.results import NotGraded, Person, Result

SCRIPT = "<script>document.title = 'hacked'</script>"
FORMULA = '=HYPERLINK("http://203.0.113.7","grade")'
HOSTILE = f'{SCRIPT}<img src=x onerror="document.title=1">{{{{ 7 * 7 }}}}`</pre>]]>&amp;'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def report(exercise: str, *outcomes: str, text: str = "", seconds: float = 0.01) -> Report:
    """A report with one check of two points for each outcome (or bad ending)."""
    checks = tuple(
        Check(
            name=f"test_{number}",
            function="f",
            title=f"Check {number} holds. {text}",
            outcome=outcome if outcome in ("passed", "not_run") else "failed",
            ending="finished" if outcome in ("passed", "failed", "not_run") else outcome,
            score=2.0 if outcome == "passed" else 0.0,
            max_score=2.0,
            message=text,
            hint=text,
        )
        for number, outcome in enumerate(outcomes)
    )
    return Report(
        exercise=exercise,
        score=sum(check.score for check in checks),
        max_score=sum(check.max_score for check in checks),
        isolation="landlock+seccomp",
        seconds=seconds,
        submission_sha256="00",
        grader_sha256="00",
        checks=checks,
        behaves_like={"f": text} if text else {},
    )


def result(student: str, exercise: str, *outcomes: str, **keywords: object) -> Result:
    return Result(student, exercise, f"{student}.py", report(exercise, *outcomes, **keywords))


FIVE, NINE, TWENTY = (
    "exercise_05_softmax",
    "exercise_09_cross_entropy",
    "exercise_20_safe_training_step",
)


def test_lines_that_a_class_gets_wrong_are_counted_once_an_answer(course: Course) -> None:
    """By their text, since everybody's stand elsewhere; only where an exception proves them."""
    raised = "f(1) raised ValueError: shapes differ (line {}: `out = a @ b`)"
    results = [
        Result(name, FIVE, f"{name}.py", msgspec.structs.replace(made, checks=tuple(
            msgspec.structs.replace(check, message=raised.format(line)) for check in made.checks
        )))
        for name, line in (("Ada", 9), ("Bob", 12))
        for made in [report(FIVE, "failed", "failed")]
    ]  # fmt: skip
    results.append(result("Cy", FIVE, "failed", text="it says (line 3: `x`)"))
    overview = Overview(course, results)
    assert overview.lines_of(course.find(FIVE)) == [("f", "out = a @ b", 2)]
    assert overview.lines_of(course.find(NINE)) == []
    page = report_page(overview, folder_names(overview.cells), "today")
    assert '<td><code>out = a @ b</code></td><td class="number">2</td>' in page


@pytest.fixture
def overview(course: Course) -> Overview:
    """A small class with something of everything, one student hostile in every text."""
    results = [
        result("Ada", FIVE, "passed", "passed"),
        result("Ada", NINE, "passed", "failed"),
        result("Bob", FIVE, "failed", "passed", seconds=9.0),
        result("Bob", NINE, "timed_out", "timed_out", seconds=20.0),
        result(HOSTILE, FIVE, "failed", "failed", text=HOSTILE),
        result(FORMULA, FIVE, "not_run"),
        result("Zoë", TWENTY, "passed", "passed"),
    ]
    not_graded = [
        NotGraded(f"{HOSTILE}.txt", HOSTILE, "", HOSTILE),
        NotGraded("ada/exercise_20.py", "Ada", TWENTY, "it is empty"),
    ]
    sides = tuple(Likeness(name, "a.py", HOSTILE, frozenset({1})) for name in ("Ada", HOSTILE))
    similar = Similar([Alike(FIVE, ("Ada", HOSTILE), 0.93, sides)], 1)
    people = {name: Person(name) for name in ("Ada", "Bob", "Nobody")}
    return Overview(course, results, not_graded, similar, people)


@pytest.fixture
def page(overview: Overview) -> str:
    return report_page(overview, folder_names(overview.cells), "2026-11-21 03:14 UTC")


class Elements(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_numbers_of_a_class(overview: Overview) -> None:
    """Counts, averages and rankings are those of the graded answers, and of no others."""
    assert (overview.graded, overview.full_marks, overview.not_run) == (6, 2, 1)
    assert overview.mean == pytest.approx((1 + 0.5 + 0.5 + 0 + 0 + 1) / 6)
    assert [each.number for each in overview.exercises] == ["05", "09", "20"]
    assert overview.slowest[0].student == "Bob"
    assert [(each.student, each.note) for each in overview.troubled] == [("Bob", "2 timed out")]
    assert [(check.name, check.failed, check.seen) for check in overview.checks[NINE]] == [
        ("test_1", 2, 2),
        ("test_0", 1, 2),
    ]
    # The hostile one failed everything alike, which says nothing about a check.
    assert (overview.analyses[FIVE].seen, overview.analyses[FIVE].left_out) == (2, 1)
    assert [(each.way.sentence, each.students) for each in overview.named] == [
        (NEVER_RAN, [HOSTILE])
    ]
    assert sorted(each.students for each in overview.unnamed) == [["Ada"], ["Bob"], ["Bob"]]
    assert list(overview.cells)[-1] == "Zoë"
    assert overview.cells["Nobody"] == {}


def test_scores_table(overview: Overview) -> None:
    """A row a student, a column an exercise; not graded and not run are empty, never zero."""
    rows = list(csv.DictReader(io.StringIO(scores_csv(overview).removeprefix("\ufeff"))))
    by_student = {row["student"]: row for row in rows}
    points = {FIVE: "4", NINE: "2", TWENTY: "", "total": "6"}
    assert by_student["Ada"] == {"student": "Ada", **points, "id": ""}
    assert by_student["Nobody"][FIVE] == ""
    assert by_student[f"'{FORMULA}"][FIVE] == ""
    assert len(rows) == 6


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n="])
def test_no_cell_is_a_formula(start: str, course: Course) -> None:
    """Whatever strangers are called, a spreadsheet computes nothing of it."""
    hostile = f"{start}1+1"
    overview = Overview(course, [result(hostile, FIVE, "passed")])
    for table in (
        scores_csv(overview),
        not_graded_csv([NotGraded(hostile, hostile, hostile, hostile)]),
    ):
        rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))
        assert not any(cell.lstrip().startswith(tuple("=+-@")) for row in rows for cell in row)


def test_page_needs_nothing_but_itself(page: str) -> None:
    """The page loads no script, style, font or image from anywhere."""
    elements = Elements(page)
    assert not elements.of("link") and not elements.of("iframe")
    assert all("src" not in attributes for _, attributes in elements.found)
    links = [attributes["href"] or "" for attributes in elements.of("a")]
    assert links and not any(re.match(r"[a-z]+:|//", link) for link in links)
    assert "@import" not in page and not re.search(r"url\((?!#)", page)


def test_histogram_counts_the_answers(overview: Overview) -> None:
    drawn = score_histogram(overview)
    heights = [float(each) for each in re.findall(r'<rect .*? height="([\d.]+)"', drawn)]
    counts = shares(share for each in overview.exercises for share in overview.fractions(each))
    assert len(heights) == len(counts) == 11
    assert sum(counts) > 1
    tallest = max(heights)
    for height, count in zip(heights, counts, strict=True):
        assert height == pytest.approx(tallest * count / max(counts), abs=0.1)
        assert not count or f">{count}</text>" in drawn
    for count, step in ((0, 1), (4, 1), (5, 2), (13, 5), (40, 10), (41, 20), (20_000, 5_000)):
        ticks = score_histogram(Class([1.0] * count))
        assert f'end">{count // step * step}</text>' in ticks
        assert f'end">{step}</text>' in ticks or not count


class Class(NamedTuple):
    """As much of an overview as the histogram asks for."""

    earned: list[float]
    exercises: tuple[str, ...] = ("softmax",)

    def fractions(self, exercise: str) -> list[float]:
        return self.earned


def test_page_escapes_everything(page: str) -> None:
    """Names, messages and mistakes full of HTML arrive as text, and only our script may run."""
    elements = Elements(page)
    assert len(elements.of("script")) == 1
    assert not elements.of("img")
    assert not any(name.startswith("on") for _, each in elements.found for name in each)
    assert html.escape(SCRIPT).replace("&#x27;", "&#39;") in page
    assert "{{ 7 * 7 }}" in page
    policy = elements.of("meta")[2]["content"] or ""
    assert "default-src 'none'" in policy and "sha256-" in policy


def test_page_is_accessible(page: str) -> None:
    """Language, title, headings in order, headed tables, named pictures, a labelled search."""
    elements = Elements(page)
    assert elements.of("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(each.get("scope") for each in elements.of("th"))
    assert all(each.get("role") == "img" and each["aria-label"] for each in elements.of("svg"))
    (search,) = elements.of("input")
    assert {"for": search["id"]} in elements.of("label")


def test_feedback_escapes_everything() -> None:
    """A message cannot leave its place, neither in HTML nor in Markdown."""
    writer = FeedbackWriter()
    hostile = report(FIVE, "failed", "passed", text=f"{HOSTILE}\n```\n# big")
    page = Elements(writer.html(hostile, "Softmax"))
    assert not page.of("script") and not page.of("img")
    text = writer.markdown(hostile, "Softmax")
    outside = re.sub(r"(`{4,})text\n.*?\n\1\n", "", text, flags=re.DOTALL)
    assert "<script" not in outside.replace("\\<", "")
    assert "\n# big" not in outside


def test_feedback_shows_what_the_level_allows() -> None:
    """Hints appear at the level of hints, counterexamples at full only."""
    told = report(FIVE, "failed", "failed")
    checks = tuple(
        Check(
            name=check.name,
            function="f",
            title=check.title,
            outcome="failed",
            score=0,
            max_score=2,
            message=f"got {number}",
            hint="why?",
        )
        for number, check in enumerate(told.checks)
    )
    told = Report(
        **{name: getattr(told, name) for name in told.__struct_fields__} | {"checks": checks}
    )
    writer = FeedbackWriter()
    for level, message, hint, title in (
        ("full", True, True, True),
        ("hints", False, True, True),
        ("titles", False, False, True),
        ("score", False, False, False),
    ):
        shown = at_level(told, level)
        for text in (writer.html(shown, "Softmax"), writer.markdown(shown, "Softmax")):
            assert ("got 1" in text, "why?" in text, "Check 1" in text) == (message, hint, title)
            assert "0 of 4 points" in text


def test_feedback_tells_one_problem_once() -> None:
    """A syntax error, or a function that fails in the same words, is one part without a hint."""
    one = report(FIVE, "failed", "failed", "failed", text="line 2 is no valid Python")
    two = msgspec.structs.replace(
        one, checks=(*one.checks[:2], msgspec.structs.replace(one.checks[2], message="other"))
    )
    for told, parts, words in (
        (one, 1, "All checks failed in the same way"),
        (two, 2, "2 checks fail like this"),
    ):
        writer = FeedbackWriter()
        page, text = writer.html(told, "Softmax"), writer.markdown(told, "Softmax")
        assert words in page and words in text
        assert page.count("<section") == text.count("## ✗") == parts
        assert page.count("<pre>line 2") == 1
        assert page.count("hint: ") == text.count("hint: ") == parts - 1
    unwritten = report(FIVE, "failed", "failed", text="not written yet")
    unwritten = msgspec.structs.replace(
        unwritten, checks=(*unwritten.checks, *report(FIVE, "passed").checks)
    )
    assert "<h2><code>f</code> is not written yet.</h2>" in FeedbackWriter().html(unwritten, "S")


def test_feedback_sets_code_as_code() -> None:
    """Backticks become code in HTML, and nothing between them becomes HTML."""
    page = FeedbackWriter().html(report(FIVE, "failed", text="Is `a < b` <b>so</b>?"), "Softmax")
    assert "<p>hint: Is <code>a &lt; b</code> &lt;b&gt;so&lt;/b&gt;?</p>" in page


def test_markdown_means_only_itself() -> None:
    """Text in Markdown keeps its characters, a code block ends where it should."""
    assert markdown("*a* [b](c) <d> `e`\n# f") == r"\*a\* \[b\]\(c\) \<d\> \`e\` \# f"
    assert fenced("a\n```\nb").startswith("````text\n")


def test_folders_are_safe_and_never_shared(tmp_path: Path) -> None:
    """Whatever students are called, each gets a folder inside, and nobody another's."""
    names = ["..", ".", "a/b", "a:b", "CON", "con", "x" * 300, "é" * 200, "Ada", " Ada", "\ufffd"]
    folders = folder_names(names)
    assert len({folder.casefold() for folder in folders.values()}) == len(names)
    for folder in folders.values():
        (tmp_path / folder).mkdir()
        assert (tmp_path / folder).resolve().parent == tmp_path.resolve()
    assert folders["Ada"] == "Ada"


def test_a_name_made_to_collide_gets_its_own_folder() -> None:
    """Who knows how folders are told apart still shares none, also in other spellings."""
    digest = hashlib.sha256(b"ada").hexdigest()
    names = [
        "Ada",
        f"ada-{digest[:8]}",
        f"ada-{digest[:16]}",
        "ada",
        "Zo\u00eb",
        "Zoe\u0308",
        "nul",
    ]
    folders = [
        unicodedata.normalize("NFC", name).casefold() for name in folder_names(names).values()
    ]
    assert len(set(folders)) == len(names)
    assert "nul" not in folders


def test_large_class_keeps_the_page_small(course: Course) -> None:
    """Of thousands of students the table has those with the fewest points, and says so."""
    results = (result(f"student {number}", FIVE, "passed") for number in range(2500))
    overview = Overview(course, results)
    page = report_page(overview, folder_names(overview.cells), "today")
    assert page.count('<th scope="row">') == 2000 + len(overview.exercises)
    assert "Shown are the 2000 with the fewest points" in page
    assert '<details id="student-' not in page


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_page_in_a_browser(page: str, tmp_path: Path) -> None:
    """In Chromium our script runs, a stranger's does not, and sorting and searching work."""
    # The test's own script stands in the place of the page's, under the same policy.
    driver = """
    const total = document.querySelector("#students th:last-child button");
    total.click(); total.click();
    const sorted = rows[0].parentNode.rows[0].cells[0].textContent;
    search.value = "zo"; search.dispatchEvent(new Event("input"));
    document.title = `first ${sorted}; ${shown.textContent}`;
    """
    from gradekit.render import page as module

    script = (module.TEMPLATES / "page.js").read_text("utf-8")
    driven = page.replace(script, script + driver)
    driven = re.sub(r"; script-src 'sha256-[^']*'", "; script-src 'unsafe-inline'", driven)
    path = tmp_path / "report.html"
    path.write_text(driven, "utf-8")
    assert CHROMIUM is not None
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --virtual-time-budget=2000"
    ).split()
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    shown = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "<title>first Ada; 1 of 6 shown</title>" in shown
    path.write_text(page, "utf-8")
    shown = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "<title>Grades of 6 students</title>" in shown
    assert 'type="button"' in shown  # the policy lets our own script run
