"""Checks that a person marks: never run, neither passed nor failed, and no fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gradekit.authoring import new
from gradekit.authoring.reading import unsaid
from gradekit.batch import marking
from gradekit.causes import causes
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import KitError
from gradekit.export import gradescope
from gradekit.export.formats import classroom50, junit, prairielearn
from gradekit.feedback import at_level
from gradekit.grading.session import Session
from gradekit.intake.entries import Entry
from gradekit.intake.handed_in import open_handed_in
from gradekit.overview import Overview
from gradekit.practice import folders
from gradekit.render.feedback import FeedbackWriter
from gradekit.render.plain import sentences
from gradekit.render.terminal import console, print_report
from gradekit.report import Report
from gradekit.results import RESULTS, Person, Result
from gradekit.standing import stand
from gradekit.submission import read

MANUAL = '''

@check("why", points=4, manual=True)
def test_gives_no_reason(submission):
    """The reason names the gradient.

    Its norm (2); its sign (2).
    """
    raise RuntimeError("nobody runs this")
'''


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """An exercise that `kit new` began, 6 points of checks and 4 that a person gives."""
    root = tmp_path_factory.mktemp("course")
    exercise, _ = new.begin(root, "toy", "numpy", None)
    course = Course(root)
    grader = course.grader(exercise)
    text = grader.read_text().replace("points=10", "points=6")
    grader.write_text(text.rstrip("\n") + "\n" + MANUAL)
    return Course(root)


@pytest.fixture(scope="module")
def session(toys: Course) -> Iterator[Session]:
    with open_session(toys, toys.exercises[0]) as made:
        yield made


@pytest.fixture(scope="module")
def report(toys: Course, session: Session) -> Report:
    return session.grade(read(toys.solution(session.exercise)))


def test_waits(report: Report) -> None:
    """It is not run; all else counts, and nothing is missing of what has been judged."""
    (waiting,) = report.waiting
    assert (waiting.outcome, waiting.score, waiting.max_score) == ("waits", 0, 4)
    assert report.passed and not report.failed and not report.not_run
    assert report.points == "6 of 10 points, 4 wait for a mark"
    assert causes(report) == []


def test_stub_fails_although_a_part_waits(toys: Course, session: Session) -> None:
    """An answer that earned nothing has not passed, and its common problem is told once."""
    report = session.grade(read(toys.stub(session.exercise)))
    assert not report.passed and report.score == 0
    assert report.common_problem == "not written yet"


def test_a_mark_decides(report: Report) -> None:
    """With its mark a check has passed or failed, and the sum is another one."""
    full = report.with_marks({"test_gives_no_reason": 4.0, "unknown": 3.0})
    assert full.passed and not full.waiting and full.points == "10 of 10 points"
    half = report.with_marks({"test_gives_no_reason": 2.5})
    assert not half.passed and half.score == 8.5 and len(half.failed) == 1


def test_every_page_says_so(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, sentences, HTML and Markdown name the check and that it waits."""
    print_report(console(), report)
    printed = capsys.readouterr().out
    assert "○ The reason names the gradient. (waits for a mark)" in printed
    assert "6 of 10 points, 4 wait for a mark" in printed
    said = list(sentences(report))
    assert "Waits for a mark, 4 points, why: The reason names the gradient." in said
    writer = FeedbackWriter()
    for page in (writer.html(report, "Toy"), writer.markdown(report, "Toy")):
        assert "Waits for a mark" in page and "The reason names the gradient" in page
        assert "✗" not in page and "of ours" not in page


def test_levels_keep_it_waiting(report: Report) -> None:
    """Whatever a reader may see, the part that waits is neither failed nor hidden."""
    for level in ("score", "titles", "hints", "full"):
        shown = at_level(report, level)
        assert shown.points == report.points and shown.passed
    assert "gradient" not in str(at_level(report, "score"))


def test_exports(report: Report) -> None:
    """No system takes it for failed."""
    told = gradescope.results([report], [], "full")
    last = told["tests"][-1]
    assert last["output"] == "waits for a mark" and not {"score", "status"} & last.keys()
    assert told["score"] == 6
    assert prairielearn.results(report, "full")["score"] == 1
    assert len(prairielearn.results(report, "full")["tests"]) == len(report.checks) - 2
    assert b'<skipped message="waits for a mark"' in junit.xml([report], "full")
    handin = classroom50.Handin(*[""] * len(classroom50.Handin._fields))
    made = classroom50.result(report, handin, "full")
    assert made["score"] == made["max-score"] == sum(test["score"] for test in made["tests"])


def test_practice_counts_what_was_judged(
    toys: Course, session: Session, report: Report, tmp_path: Path
) -> None:
    """Whoever earned all that kit can judge has solved the exercise."""
    made, _ = folders.create(tmp_path / "practice", toys)
    made.record_check(report, session.exercise)
    assert made.states() == {session.exercise.name: "solved"}


def test_what_waits_is_listed_and_its_points_count(
    toys: Course, report: Report, tmp_path: Path
) -> None:
    """to_mark.csv has a row for each; filled in and renamed it counts, filled in alone it stops."""
    result = Result("=ada", report.exercise, "a.py", report, person=Person("=ada"))
    (tmp_path / RESULTS).write_bytes(msgspec.json.encode(result))
    table = tmp_path / marking.TO_MARK
    table.write_text(marking.to_mark_csv(Overview(toys, [result]), toys), "utf-8")
    header, row = table.read_text("utf-8-sig").splitlines()
    assert row.startswith("'=ada,exercise_01_toy,,,test_gives_no_reason,4,The reason names")
    assert row.endswith("the gradient.,Its norm (2); its sign (2).,,,")
    marking.require_taken_over(tmp_path, toys)
    assert not stand(tmp_path, toys).marks  # none is filled in
    table.write_text(f"{header}\n{row.replace(',,,', ',2.5,half,')}\n")
    with pytest.raises(KitError, match="points that count nowhere yet: add its rows to"):
        marking.require_taken_over(tmp_path, toys)
    (tmp_path / "overrides.csv").write_text(f"{header}\n{row}\n")
    assert not stand(tmp_path, toys).marks
    table.rename(tmp_path / "overrides.csv")
    standing = stand(tmp_path, toys)
    assert standing.finals["=ada"][report.exercise].score == 8.5
    overview = Overview(toys, standing.counted(), standing=standing)
    assert not overview.waiting and not overview.unnamed and not overview.named


HOSTILE = (b"{", b"[" * 10**5, b'{"cells": 3}', b'{"cells": [{"metadata": {"nbgrader": [1]}}]}')


def test_the_text_to_be_marked_stands_beside(
    toys: Course, report: Report, tmp_path: Path
) -> None:
    """It is taken from nbgrader's cell of the notebook; whatever else lies there stops nothing."""
    path = tmp_path / "a.ipynb"
    result = Result("ada", report.exercise, "a.ipynb", report, person=Person("ada"))
    entry = Entry("ada", report.exercise, "a.ipynb", "a.ipynb")

    def table() -> str:
        overview = Overview(toys, [result])
        return marking.to_mark_csv(overview, toys, open_handed_in(tmp_path), [entry])

    cells = [{"source": ["=1", "+1"], "metadata": {"nbgrader": {"grade_id": "why"}}}, {"source": 3}]
    path.write_bytes(msgspec.json.encode({"cells": cells[:1], "metadata": [{}]}))
    assert table().endswith("its sign (2).,'=1+1,a.ipynb,\n")
    for content in (*HOSTILE, msgspec.json.encode({"cells": cells})):
        path.write_bytes(content)
        assert table().endswith("its sign (2).,,a.ipynb,\n")


def test_needs_no_hint(toys: Course) -> None:
    """A check that a person marks may do without a hint."""
    assert list(unsaid(toys.grader(toys.exercises[0]))) == []
