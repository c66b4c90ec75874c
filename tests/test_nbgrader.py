"""An exported course through stock nbgrader, and the gradebook that `kit grade` writes.

nbgrader runs in processes of its own, as an instructor starts it.
"""

from __future__ import annotations

import ast
import csv
import functools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.course import Course
from gradekit.nbgrader.gradebook import opened, write
from gradekit.nbgrader.notebooks import HiddenCheck, notebook
from gradekit.report import Check, Report
from gradekit.results import Result
from gradekit.submission import parse

pytest.importorskip("nbgrader", reason="nbgrader is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's libraries warn of each other

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sys.executable).parent
BANK = ROOT / "tests" / "bank" / "exercise_05_softmax"
NAME = "exercise_05_softmax"
ENVIRONMENT = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
HOSTILE = """
import IPython, sys
import gradekit.notebook
gradekit.notebook.score = lambda *_, **__: 1.0
open("{marker}", "w").write("the kernel ran this")
"""


# Runs nbgrader with the words of each line that it reads, in a child that is new, and writes how
# that ended: to import nbgrader takes longer than most of what it does then.
STARTER = """
import json, os, sys
from nbgrader.apps.nbgraderapp import main
for line in sys.stdin:
    folder, output, sys.argv = json.loads(line)
    if not (child := os.fork()):
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(output, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.exit(main())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@functools.cache
def starter() -> subprocess.Popen[str]:
    """The process that starts nbgrader, in an environment that is activated."""
    words = [sys.executable, "-c", STARTER]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, env=ENVIRONMENT, text=True, stdin=pipe, stdout=pipe)


@pytest.fixture(scope="module", autouse=True)
def started() -> Iterator[None]:
    """The starter ends with these tests; the version of a new gradebook is asked for once.

    nbgrader asks a program for it, which imports all of nbgrader.
    """
    from nbgrader import api

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "get_alembic_version", functools.cache(api.get_alembic_version))
        yield
    if starter.cache_info().currsize:
        with starter():  # leaving this closes its pipes, and waits for it
            pass


def nbgrader(folder: Path, *words: str, code: int = 0) -> str:
    """Run nbgrader in a course; return what it printed."""
    with tempfile.NamedTemporaryFile() as output:
        told = [str(folder), output.name, ["nbgrader", *words]]
        print(json.dumps(told), file=starter().stdin, flush=True)
        ended = int(starter().stdout.readline())
        said = Path(output.name).read_text("utf-8")
    assert ended == code, said
    return said


def hand_in(folder: Path, student: str, text: str) -> Path:
    """A student's notebook: the released one with `text` in its first solution cell."""
    released = nbformat.read(folder / "release" / "ps1" / f"{NAME}.ipynb", as_version=4)
    solutions = [c for c in released.cells if c.metadata.get("nbgrader", {}).get("solution")]
    for cell in solutions:
        cell.source, text = text, "# It stands in the cell above."
    target = folder / "submitted" / student / "ps1" / f"{NAME}.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(released, target)
    return target


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one exercise, its assignment generated."""
    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    words = ["export", "nbgrader", str(folder), "softmax", "--assignment", "ps1"]
    result = CliRunner().invoke(kit, words)
    assert result.exit_code == 0, result.output
    nbgrader(folder, "generate_assignment", "ps1")
    return folder


@pytest.fixture(scope="module")
def graded(exported: Path) -> Path:
    """The same after four students have been autograded."""
    marker = exported.parent / "marker"
    right = (ROOT / "solutions" / f"{NAME}.py").read_text("utf-8")
    wrong = next(iter(sorted((BANK / "wrong").glob("*.py")))).read_text("utf-8")
    hand_in(exported, "right", right)
    hand_in(exported, "wrong", wrong)
    hand_in(exported, "hostile", HOSTILE.format(marker=marker))
    path = hand_in(exported, "deleter", right)
    kept = nbformat.read(path, as_version=4)
    kept.cells = [c for c in kept.cells if "_check_" not in str(c.metadata.get("nbgrader"))]
    nbformat.write(kept, path)
    (exported / "submitted" / "right" / "ps1" / "timestamp.txt").write_text("2026-09-01 12:00 UTC")
    shutil.copy(exported / "gradebook.db", exported.parent / "empty.db")
    nbgrader(exported, "autograde", "ps1")
    return exported


def grades(url: str, assignment: str = "ps1") -> dict[tuple[str, str], tuple[Any, ...]]:
    """Scores and comments of a gradebook by student and cell."""
    from nbgrader.api import Gradebook

    with Gradebook(url) as gradebook:
        found: dict[tuple[str, str], tuple[Any, ...]] = {}
        for submission in gradebook.assignment_submissions(assignment):
            student = submission.student.id
            found[student, "total"] = (submission.score, submission.max_score)
            for book in submission.notebooks:
                found[student, "penalty"] = (book.late_submission_penalty,)
                for grade in book.grades:
                    found[student, grade.name] = (
                        grade.auto_score, grade.manual_score, grade.needs_manual_grade
                    )  # fmt: skip
                for comment in book.comments:
                    found[student, f"on {comment.name}"] = (comment.comment,)
    return found


def db(folder: Path, name: str = "gradebook.db") -> str:
    return f"sqlite:///{folder / name}"


EXERCISES = [exercise.name for exercise in Course(ROOT).exercises]


@pytest.mark.parametrize("name", EXERCISES)
def test_notebook_of_the_course_defines_all_that_the_solution_does(
    name: str, course: Course
) -> None:
    """Functions, classes, constants and imports."""
    cells = notebook(course, course.find(name), []).cells
    made = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    wanted = names_in(course.solution(course.find(name)).read_text("utf-8"))
    assert len(wanted) > 2 and wanted <= names_in(made)


def names_in(source: str) -> set[str]:
    """What its statements define, and what they import for more than annotations."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Import() | ast.ImportFrom():
                found |= {(each.asname or each.name).split(".")[0] for each in node.names} & used
            case ast.Assign():
                found |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found


@pytest.mark.parametrize("name", EXERCISES[::4])  # a session each
def test_notebook_of_the_course_earns_full_marks(
    name: str, session_of: Any, course: Course
) -> None:
    """Solution cells hold everything that the solution keeps beside its functions."""
    session, exercise = session_of(name), course.find(name)
    stub = session.grade(parse(Path("stub.py"), course.stub(exercise).read_bytes()))
    made = notebook(course, exercise, stub.checks)
    nbformat.validate(made)
    answer = parse(Path("made.ipynb"), nbformat.writes(made).encode())
    assert session.grade(answer).passed
    hidden = [HiddenCheck.find(cell.source) for cell in made.cells]
    assert [each.check for each in hidden if each] == [
        check.name for check in _by_function(stub) if check.max_score
    ]


def _by_function(report: Report) -> list[Check]:
    functions = list(dict.fromkeys(check.function for check in report.checks))
    return sorted(report.checks, key=lambda check: functions.index(check.function))


def test_release_gives_nothing_away(exported: Path, course: Course) -> None:
    """No line of code of the grader or the solution is in it, no check by name."""
    text = (exported / "release" / "ps1" / f"{NAME}.ipynb").read_text("utf-8")
    exercise = course.find(NAME)
    public = course.stub(exercise).read_text("utf-8")
    hidden = course.grader(exercise).read_text("utf-8").partition('"""\n\n')[2]
    hidden += course.solution(exercise).read_text("utf-8").partition('"""\n\n')[2]
    lines = {line.strip() for line in hidden.splitlines()}
    secret = {line for line in lines if len(line) > 15 and line not in public}
    titles = {line for line in lines if line.startswith('"""')}
    assert len(secret - titles) > 100
    assert not [line for line in secret - titles if line in text]
    assert not re.search(r"HIDDEN|SOLUTION|gradekit|test_\w+", text)
    released = nbformat.reads(text, as_version=4)
    shown = [c.source for c in released.cells if "_check_" in str(c.metadata.get("nbgrader"))]
    assert len(shown) > 10
    assert all(len(source.splitlines()) == 1 and source.startswith("# ") for source in shown)


def test_source_validates_and_the_release_does_not(exported: Path) -> None:
    """The instructor's notebook passes its hidden cells; the stub fails the visible examples."""
    path = f"{NAME}.ipynb"
    assert "passes all the tests" in nbgrader(exported, "validate", f"source/ps1/{path}")
    assert "FAILED ON 2 CELL(S)" in nbgrader(exported, "validate", f"release/ps1/{path}")


def test_autograde_gives_the_points_of_kit_check(graded: Path, session_of: Any) -> None:
    """A right notebook earns full marks, a wrong one what its report says, check by check."""
    found = grades(db(graded))
    session = session_of(NAME)
    for student in ("right", "wrong", "hostile"):
        path = graded / "submitted" / student / "ps1" / f"{NAME}.ipynb"
        report = session.grade(parse(path, path.read_bytes()))
        assert found[student, "total"] == (report.score, 10.0)
    assert found["right", "total"] == (10.0, 10.0)
    assert 0 < found["wrong", "total"][0] < 10
    assert found["right", "on softmax"] == (None,)
    assert "✗" in f"{found['wrong', 'on softmax']}{found['wrong', 'on log_softmax']}"


def test_no_kernel_runs_an_answer(graded: Path) -> None:
    """Code that would change its own grade in a kernel is never run in one."""
    assert grades(db(graded))["hostile", "total"] == (0.0, 10.0)
    assert not (graded.parent / "marker").exists()


def test_deleted_test_cells_cost_nothing(graded: Path) -> None:
    """Whoever deletes the test cells is graded all the same."""
    assert grades(db(graded))["deleter", "total"] == (10.0, 10.0)


def test_feedback_and_export_follow(graded: Path) -> None:
    """Feedback shows what failed and the hint; the export has everybody's points."""
    nbgrader(graded, "generate_feedback", "ps1")
    nbgrader(graded, "export")
    page = (graded / "feedback" / "wrong" / "ps1" / f"{NAME}.html").read_text("utf-8")
    assert "hint: " in page
    rows = (graded / "grades.csv").read_text().splitlines()
    assert sum(",10.0,10.0" in row for row in rows) == 2


def test_fast_path_writes_the_same_gradebook(graded: Path) -> None:
    """`kit grade --gradebook` and autograde agree in every score, flag and comment."""
    words = ["grade", str(graded / "submitted"), "--out", str(graded.parent / "out"), "--jobs", "1"]
    result = CliRunner().invoke(kit, [*words, "--gradebook", db(graded.parent, "empty.db")])
    assert result.exit_code == 0, result.output
    assert grades(db(graded.parent, "empty.db")) == grades(db(graded))


def test_autograde_without_the_settings_grades_nobody(graded: Path, tmp_path: Path) -> None:
    """In a student's kernel the hidden cells refuse, instead of trusting what runs there."""
    alone = tmp_path / "course"
    for name in ("source", "submitted/right"):
        shutil.copytree(graded / name, alone / name)
    nbgrader(alone, "generate_assignment", "ps1")
    nbgrader(alone, "autograde", "ps1")
    assert grades(db(alone))["right", "total"][0] == 0
    page = (alone / "autograded" / "right" / "ps1" / f"{NAME}.ipynb").read_text("utf-8")
    assert "nbgrader_config.py" in page


@pytest.fixture
def results(session_of: Any) -> list[Result]:
    """Two students, one of them twice: the second time better."""
    session = session_of(NAME)
    stub = session.grade(parse(Path("s.py"), (ROOT / "exercises" / f"{NAME}.py").read_bytes()))
    right = session.grade(parse(Path("s.py"), (ROOT / "solutions" / f"{NAME}.py").read_bytes()))
    return [
        Result("ada", NAME, f"ada/{NAME}.py", stub),
        Result("bob", NAME, f"bob/{NAME}.py", stub),
        Result("ada", NAME, f"ada/{NAME}.py", right),
    ]


def check_regrading(url: str, results: list[Result], course: Course) -> None:
    """What a test of any database asks of it."""
    from nbgrader.api import Gradebook

    write(results[:2], url, course)
    with Gradebook(url) as gradebook:
        for student in ("ada", "bob"):
            cell = gradebook.find_grade("softmax_check_1", NAME, NAME, student)
            cell.manual_score = 0.25
            remark = gradebook.find_comment("softmax", NAME, NAME, student)
            remark.manual_comment = "Nice try."
            book = gradebook.find_submission_notebook(NAME, NAME, student)
            book.late_submission_penalty = 0.5
        gradebook.db.commit()
    before = grades(url, NAME)
    write(results, url, course)
    after = grades(url, NAME)
    assert after.keys() == before.keys()
    assert before["ada", "total"] == (0.25, 10.0)
    assert after["ada", "total"] == (9.25, 10.0)
    assert after["ada", "softmax_check_1"] == (1.0, 0.25, True)
    assert after["ada", "softmax_check_2"] == (1.0, None, False)
    assert after["ada", "on softmax"] == ("Nice try.",)
    assert after["ada", "penalty"] == (0.5,)
    assert after["bob", "total"] == (0.25, 10.0)
    with Gradebook(url) as gradebook:  # what formgrader lists
        listed = {each["student"]: each["score"] for each in gradebook.submission_dicts(NAME)}
    assert listed == {"ada": 9.25, "bob": 0.25}


def test_grading_again_updates_and_keeps_what_humans_entered(
    tmp_path: Path, results: list[Result], course: Course
) -> None:
    """Manual scores, manual comments and penalties survive; nothing is there twice."""
    check_regrading(db(tmp_path), results, course)


def equal_scores(folder: Path) -> dict[str, float]:
    """The scores of scores.csv, seen to be those that nbgrader exports."""
    from nbgrader.api import Gradebook

    with (folder / "out" / "scores.csv").open(encoding="utf-8-sig") as file:
        scores = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
    with Gradebook(db(folder)) as gradebook:
        there = {
            each.student.id: max(0.0, each.score - each.late_submission_penalty)
            for each in gradebook.assignment_submissions(NAME)
        }
    assert there == pytest.approx(scores)
    return scores


def test_gradebook_and_scores_are_equal_after_marks_late_days_and_overrides(
    tmp_path: Path,
) -> None:
    """Whatever decides a score, nbgrader's gradebook and scores.csv hold the same."""
    from nbgrader.api import Gradebook

    right = (ROOT / "solutions" / f"{NAME}.py").read_text("utf-8")
    wrong = (ROOT / "examples" / "answers" / "softmax_wrong.py").read_text("utf-8")
    for student, text, day in (("ada", right, 1), ("bob", wrong, 1), ("cyd", right, 3)):
        path = tmp_path / "submitted" / student / NAME / f"{NAME}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
        path.with_name("timestamp.txt").write_text(f"2026-09-0{day} 12:00:00 UTC")
    out = tmp_path / "out"
    words = ["grade", str(tmp_path), "--out", str(out), "--jobs", "1"]
    words += ["--gradebook", db(tmp_path)]

    def grade() -> dict[str, float]:
        result = CliRunner().invoke(kit, words)
        assert result.exit_code == 0, result.output
        return equal_scores(tmp_path)

    raw = grade()
    assert raw == {"ada": 10, "bob": 3.5, "cyd": 10}
    with Gradebook(db(tmp_path)) as gradebook:
        lost = next(
            each
            for each in gradebook.find_submission_notebook(NAME, NAME, "bob").grades
            if each.auto_score == 0 and each.max_score == 1
        )
        lost.manual_score = 0.5
        gradebook.db.commit()
    assert grade() == {**raw, "bob": 4.0}
    assert "marked in nbgrader" in (out / "changes.csv").read_text("utf-8-sig")
    (out / "grading.toml").write_text("deadline = 2026-09-01T13:00:00Z\nlate.per_day = 0.1\n")
    overrides = out / "overrides.csv"
    overrides.write_text("student,exercise,points,reason\nbob,softmax,9,argued well\n")
    assert grade() == {**raw, "bob": 9.0, "cyd": 8.0}
    overrides.unlink()
    (out / "grading.toml").unlink()
    assert grade() == {**raw, "bob": 4.0}


def test_new_gradebook_serves_stock_autograde(
    tmp_path: Path, results: list[Result], course: Course
) -> None:
    """Cells and checksums are stored as nbgrader stores them: autograde goes on with them."""
    words = ["export", "nbgrader", str(tmp_path), "softmax", "--assignment", NAME]
    assert CliRunner().invoke(kit, words).exit_code == 0
    write(results, db(tmp_path), course)
    target = tmp_path / "submitted" / "bob" / NAME / f"{NAME}.ipynb"
    target.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "source" / NAME / f"{NAME}.ipynb", target)
    nbgrader(tmp_path, "autograde", NAME)
    assert grades(db(tmp_path), NAME)["bob", "total"] == (10.0, 10.0)
    assert grades(db(tmp_path), NAME)["ada", "total"] == (10.0, 10.0)


def export_where_late_is_worth_nothing(folder: Path) -> None:
    """Make a folder a course of one exercise with that rule."""
    words = ["export", "nbgrader", str(folder), "softmax"]
    assert CliRunner().invoke(kit, words).exit_code == 0
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')


def test_fast_path_penalizes_and_shows_feedback_by_itself(
    tmp_path: Path, results: list[Result], course: Course
) -> None:
    """The course's own rule for late work applies, and nbgrader finds notebooks to show."""
    from nbgrader.api import Gradebook

    export_where_late_is_worth_nothing(tmp_path)
    handed_in = tmp_path / "submitted" / "ada" / f"{NAME}.py"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_bytes((ROOT / "solutions" / f"{NAME}.py").read_bytes())
    write(results[-1:], db(tmp_path), course, tmp_path / "submitted")
    with Gradebook(db(tmp_path)) as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-09-01 12:00:00 UTC")
    handed_in.with_name("timestamp.txt").write_text("2026-09-02 12:00:00 UTC")
    write(results[-1:], db(tmp_path), course, tmp_path / "submitted")
    assert grades(db(tmp_path), NAME)["ada", "penalty"] == (10.0,)
    nbgrader(tmp_path, "generate_feedback", NAME)
    page = (tmp_path / "feedback" / "ada" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "Score: 1.0 / 1.0" in page


def test_fast_path_takes_a_zip_and_the_time_that_the_platform_told(
    tmp_path: Path, results: list[Result], course: Course
) -> None:
    """Graded notebooks and late penalties are the same where the class is a zip file."""
    import zipfile

    import msgspec
    from nbgrader.api import Gradebook

    export_where_late_is_worth_nothing(tmp_path)
    answer = (ROOT / "solutions" / f"{NAME}.py").read_text("utf-8")
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(f"submitted/ada/{NAME}/{NAME}.py", answer.encode("utf-16"))
        archive.writestr(f"submitted/ada/{NAME}/timestamp.txt", "2026-09-02 12:00:00 UTC")
        archive.writestr(f"submitted/bob/{NAME}/{NAME}.py", answer)
    when = {"ada": "", "bob": "2026-09-03T12:00:00+00:00"}
    those = [
        msgspec.structs.replace(
            results[-1],
            student=student,
            handed_in=time,
            file=f"submitted/{student}/{NAME}/{NAME}.py",
        )
        for student, time in when.items()
    ]
    for _ in range(2):  # the second time with a due date
        assert write(those, db(tmp_path), course, tmp_path / "class.zip") == []
        with Gradebook(db(tmp_path)) as gradebook:
            gradebook.update_or_create_assignment(NAME, duedate="2026-09-01 12:00:00 UTC")
    penalties = grades(db(tmp_path), NAME)
    assert penalties["ada", "penalty"] == penalties["bob", "penalty"] == (10.0,)
    for student in when:
        made = (tmp_path / "autograded" / student / NAME / f"{NAME}.ipynb").read_text("utf-8")
        assert "def softmax" in made


def test_exercises_of_an_assignment_stand_under_its_own_name(
    tmp_path: Path, results: list[Result]
) -> None:
    """Also one that is graded later; and beside an assignment of the course's own notebooks."""
    import msgspec
    from nbgrader.api import Gradebook

    root = tmp_path / "course"
    (root / "exercises").mkdir(parents=True)
    names = [NAME, "exercise_06_more"]
    entries = "".join(
        f'[[exercise]]\nname = "{name}"\ntitle = "M"\nlibrary = "numpy"\ntopics = ["x"]\n'
        'difficulty = 1\nminutes = 1\nimported = true\nassignment = "ps1"\n'
        for name in names
    )
    (root / "exercises" / "exercises.toml").write_text(entries, "utf-8")
    for each in ("exercises", "solutions", "graders"):
        for name in names:
            text = (ROOT / each / f"{NAME}.py").read_text("utf-8")
            (root / each).mkdir(exist_ok=True)
            (root / each / f"{name}.py").write_text(text, "utf-8")
    made = results[-1]
    more = msgspec.structs.replace(made, exercise=names[1])
    own = Course(root)
    assert write([made], db(tmp_path), own) == []
    assert write([made, more], db(tmp_path), own) == []
    with Gradebook(db(tmp_path)) as gradebook:
        assert [each.name for each in gradebook.assignments] == ["ps1"]
        (submission,) = gradebook.assignment_submissions("ps1")
        assert {each.name for each in submission.notebooks} == {*names}
        assert submission.score == 2 * made.report.score
    with opened(db(tmp_path, "other.db")) as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_notebook("problem1", "ps1")
    (note,) = write([made], db(tmp_path, "other.db"), own)
    assert "`ps1` has other notebooks" in note


BROKEN = {
    "no JSON": b"{",
    "deep": b"[" * 100_000,
    "another shape": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1, {}]}',
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_one_broken_notebook_or_timestamp_stops_nobody_else(
    content: bytes, tmp_path: Path, results: list[Result], course: Course
) -> None:
    """What cannot be read is noted; whoever comes after it stands in the gradebook."""
    import msgspec

    words = ["export", "nbgrader", str(tmp_path), "softmax"]
    assert CliRunner().invoke(kit, words).exit_code == 0
    right = next((tmp_path / "source").rglob("*.ipynb")).read_bytes()
    submitted, class_results = tmp_path / "submitted", []
    for student, written in {"bad": content, "zoe": None}.items():
        file = submitted / student / f"{NAME}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_bytes(written or right)
        file.with_name("timestamp.txt").write_bytes(content if written else b"2026-09-01 12:00 UTC")
        relative = str(file.relative_to(submitted))
        class_results.append(msgspec.structs.replace(results[-1], student=student, file=relative))
    notes = write(class_results, db(tmp_path), course, submitted)
    assert grades(db(tmp_path), NAME)["zoe", "total"] == (10.0, 10.0)
    assert grades(db(tmp_path), NAME)["bad", "total"] == (10.0, 10.0)
    assert any("bad" in note for note in notes)
    assert (tmp_path / "autograded" / "zoe" / NAME / f"{NAME}.ipynb").is_file()


def test_checks_that_were_not_run_are_left_to_a_human(
    tmp_path: Path, results: list[Result], course: Course
) -> None:
    """Our own failure scores nothing, and stands out as needing a manual grade."""
    import msgspec

    report = results[-1].report
    broken = [
        msgspec.structs.replace(check, outcome="not_run", score=0.0)
        if check.name == "test_exponentiates_raw_scores"
        else check
        for check in report.checks
    ]
    changed = msgspec.structs.replace(report, checks=tuple(broken))
    write([msgspec.structs.replace(results[-1], report=changed)], db(tmp_path), course)
    found = grades(db(tmp_path), NAME)
    assert found["ada", "softmax_check_2"] == (None, None, True)
    assert found["ada", "softmax_check_1"] == (1.0, None, False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:////no/such/folder/g.db", "cannot be used"),
        ("nonsense", "cannot be used"),
        ("mysql://nobody:secret@localhost/x", "driver"),
    ],
)
def test_gradebook_that_cannot_be_opened_ends_with_a_sentence(
    url: str, told: str, tmp_path: Path
) -> None:
    """Before anything is graded; passwords are not shown."""
    words = ["grade", str(ROOT / "examples"), "--out", str(tmp_path / "out"), "--gradebook", url]
    result = CliRunner().invoke(kit, words)
    assert result.exit_code == 2
    assert told in result.output
    assert "secret" not in result.output
    assert not (tmp_path / "out").exists()


def test_own_settings_are_kept(tmp_path: Path) -> None:
    """A course that has settings keeps them, and is told which lines it lacks."""
    config = tmp_path / "nbgrader_config.py"
    config.write_text("c = get_config()\n")
    words = ["export", "nbgrader", str(tmp_path), "softmax"]
    result = CliRunner().invoke(kit, words)
    assert result.exit_code == 0, result.output
    assert "autograde_preprocessors" in result.output
    assert config.read_text() == "c = get_config()\n"
    again = CliRunner().invoke(kit, words)
    assert again.exit_code == 2
    assert "--force" in again.output


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database server, from Debian's package."""
    pytest.importorskip("psycopg", reason="no PostgreSQL driver (psycopg) is installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("Debian's postgresql is not installed")
    tools, data = found[-1].parent, tmp_path / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for part in (tmp_path, *tmp_path.parents[:2]):
            part.chmod(0o755)
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="

    def run(tool: str, *words: str) -> None:
        with (tmp_path / "server.log").open("ab") as log:
            subprocess.run(
                [*user, str(tools / tool), "-D", str(data), *words],
                check=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/",
            )  # fmt: skip

    run("initdb", "-A", "trust", "-U", "kit", "--no-sync")
    run("pg_ctl", "-w", "-o", options, "start")
    yield f"postgresql://kit@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-w", "-m", "immediate", "stop")


def test_postgresql_holds_the_gradebook_as_well(
    postgresql: str, results: list[Result], course: Course
) -> None:
    """The same promises hold for a gradebook on a database server."""
    check_regrading(postgresql, results, course)
