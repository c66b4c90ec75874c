"""A class understood: what the instructor's page says of checks and mistakes, and shows of answers.

Reports are put together from a few recorded ways to fare, so that a class of hundreds costs no
grading; one small class is graded in earnest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gradekit.batch.examples import Examples
from gradekit.batch.pages import Attempts, Pages, Seen
from gradekit.batch.sources import SOURCES, Sources
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.edits.anonymous import anonymous
from gradekit.feedback import LEVELS, at_level
from gradekit.grading.session import Session
from gradekit.intake.entries import Entry
from gradekit.intake.handed_in import open_handed_in
from gradekit.overview import Overview
from gradekit.render.feedback import Answer, FeedbackWriter, Handed, folder_names
from gradekit.render.page import report_page
from gradekit.render.source import Listing, highlighted, marks
from gradekit.report import Check, Counterexample, Report
from gradekit.results import NotGraded, Person, Result
from gradekit.standing import stand
from gradekit.submission import Submission, read

FIVE = "exercise_05_softmax"
SPOILED = "test_mishandles_impossible_scores"
CHECK = Check(
    name="test_a", function="softmax", title="A holds.", outcome="passed", score=2, max_score=2
)


def report(*failed: str, named: str = "", exercise: str = FIVE, **fields: object) -> Report:
    """A report of checks a to e, of which some failed."""
    checks = [
        msgspec.structs.replace(
            CHECK,
            name=f"test_{letter}",
            title=f"{letter.upper()} holds.",
            outcome="failed" if letter in failed else "passed",
            score=0.0 if letter in failed else 2.0,
            print="1v00" if letter in failed else "",
            message=f"softmax({letter}): expected 1, got 2" if letter in failed else "",
        )
        for letter in "abcde"
    ]
    made = Report(
        exercise=exercise,
        score=sum(check.score for check in checks),
        max_score=10,
        isolation="landlock+seccomp",
        seconds=0.01,
        submission_sha256="00",
        grader_sha256="00",
        checks=tuple(checks),
        behaves_like={"softmax": named} if named else {},
    )
    return msgspec.structs.replace(made, **fields)


def class_of(*groups: tuple[int, Report]) -> list[Result]:
    """So many students with each report."""
    reports = [each for count, each in groups for each in [each] * count]
    return [Result(f"s{n:03}", FIVE, f"s{n:03}.py", each) for n, each in enumerate(reports)]


# -- a class of 300, one check spoiled ------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(course: Course, session_of: Callable[[str], Session]) -> list[Report]:
    """The solution and some answers of the bank, each graded once."""
    bank = course.bank / FIVE
    wrong = sorted((bank / "wrong").glob("*.py"))[::3]
    files = [course.solution(course.find(FIVE)), *sorted((bank / "right").glob("*.py"))[:3], *wrong]
    return [session_of(FIVE).grade(read(path)) for path in files]


def inverted(told: Report, name: str) -> Report:
    """The report of a grader in which one check passes what it should fail, and the reverse."""
    checks = []
    for check in told.checks:
        if check.name == name:
            failed = check.outcome == "passed"
            outcome, score = ("failed", 0.0) if failed else ("passed", check.max_score)
            check = msgspec.structs.replace(check, outcome=outcome, score=score, print="2v00")
        checks.append(check)
    score = sum(check.score for check in checks)
    # No mistake of the bank fails just these checks of that function any more.
    like = {name: text for name, text in told.behaves_like.items() if name != "softmax"}
    return msgspec.structs.replace(told, checks=tuple(checks), score=score, behaves_like=like)


def class_of_300(reports: list[Report]) -> list[Result]:
    """Half of them right, the others wrong in turn."""
    right = [each for each in reports if each.passed]
    wrong = [each for each in reports if not each.passed]
    chosen = [right[n % len(right)] if n % 2 else wrong[n // 2 % len(wrong)] for n in range(300)]
    return [Result(f"student {n:03}", FIVE, f"{n}.py", each) for n, each in enumerate(chosen)]


def test_the_spoiled_check_of_a_class_of_300_is_named_first(
    course: Course, graded: list[Report]
) -> None:
    """The page opens with the check that strong students fail, before it speaks of anybody."""
    spoiled = [
        msgspec.structs.replace(each, report=inverted(each.report, SPOILED))
        for each in class_of_300(graded)
    ]
    overview = Overview(course, spoiled)
    first = overview.doubtful[0]
    assert first.name == SPOILED
    assert first.doubt.startswith("Strong students fail it: ")
    page = report_page(overview, folder_names(overview.cells), "today")
    told = page.index("Look at this check before you look at the students")
    assert told < page.index(first.title) < page.index('<h2 id="mistakes">')


def test_an_honest_grader_is_not_doubted(course: Course, graded: list[Report]) -> None:
    """Where nothing is spoiled, no check is: hard ones and rare mistakes are no faults."""
    overview = Overview(course, class_of_300(graded))
    assert overview.doubtful == []
    assert "before you look" not in report_page(overview, folder_names(overview.cells), "today")


# -- checks ---------------------------------------------------------------------------------------


def test_doubt_needs_strong_students_and_enough_of_them(course: Course) -> None:
    """A check that strong students fail is doubted; not by a handful, nor for its own mistake."""

    def doubted(*groups: tuple[int, Report]) -> list[str]:
        return [check.name for check in Overview(course, class_of(*groups)).doubtful]

    weak = report("a", "b", "c", "d")
    assert doubted((20, report("e")), (20, weak)) == ["test_e"]
    assert doubted((20, report("e", named="halves it")), (20, weak)) == []
    assert doubted((2, report("e")), (2, weak)) == []
    assert doubted((30, report()), (2, report("e")), (20, weak)) == []
    assert doubted((9, report("e")), (9, report("e", "d"))) == ["test_e"]  # nobody passes
    # What most fail is doubted where it tells nobody apart, not where it is only hard.
    mixed = [(10, report("e")), (10, report("e", "a")), (10, report("e", "b")), (1, report())]
    assert doubted(*mixed, (1, report("a")))[0] == "test_e"
    assert doubted((10, report()), (12, report("e")), (30, report("a", "b", "e"))) == []


def test_answers_that_never_ran_say_nothing_of_a_check(course: Course) -> None:
    """A class of invalid files does not make every check a good one."""
    broken = report("a", "b", "c", "d", "e")
    same = tuple(msgspec.structs.replace(check, message="line 2 is") for check in broken.checks)
    broken = msgspec.structs.replace(broken, checks=same)
    overview = Overview(course, class_of((20, report("e")), (20, report("a")), (50, broken)))
    assert (overview.analyses[FIVE].seen, overview.analyses[FIVE].left_out) == (40, 50)
    hardest = overview.checks[FIVE][0]
    assert (hardest.failed, hardest.seen, hardest.item.difficulty) == (20, 40, 0.5)


def test_two_versions_of_a_grader_are_not_mixed(course: Course) -> None:
    """Checks are those of the version that most answers met."""
    old = report("a")
    old = msgspec.structs.replace(old, checks=old.checks[:3])
    overview = Overview(course, class_of((5, old), (9, report("b"))))
    assert overview.analyses[FIVE].seen == 9 and len(overview.checks[FIVE]) == 5


# -- mistakes -------------------------------------------------------------------------------------


def test_mistakes_with_and_without_a_name(course: Course) -> None:
    """Each is told with those who made it; equal prints are one mistake, other prints another."""
    other = report("a")
    prints = tuple(msgspec.structs.replace(check, print="1v77") for check in other.checks)
    other = msgspec.structs.replace(other, checks=prints)
    overview = Overview(
        course,
        class_of((3, report("b", named="halves it")), (5, report("a")), (2, other), (4, report())),
    )
    assert [(each.way.sentence, len(each.students)) for each in overview.named] == [
        ("halves it", 3)
    ]
    assert [len(each.students) for each in overview.unnamed] == [5, 2]
    assert overview.unnamed[0].students == [f"s00{n}" for n in range(3, 8)]
    assert overview.unnamed[0].titles == ["A holds."]


def test_no_backtick_is_left(course: Course) -> None:
    """Whatever stands between backticks in titles, hints, mistakes and reasons is set as code."""
    told = report("a", "e", named="adds `1`")
    checks = tuple(
        msgspec.structs.replace(each, title=f"{each.title} `x` too", hint="Why `y`?")
        for each in told.checks
    )
    told = msgspec.structs.replace(told, checks=checks, passed_over=("line 1, `q`, stopped",))
    problem = NotGraded("s.txt", "s000", "exercise_09_cross_entropy", "it is no `.py`")
    results = class_of((9, told), (9, msgspec.structs.replace(told, behaves_like={})))
    overview = Overview(course, results, [problem])
    handed = Handed("a.py", others=(("b.py", "no `code`"),))
    for page in (
        report_page(overview, folder_names(overview.cells), "today"),
        FeedbackWriter().html(told, "Softmax", handed),
        FeedbackWriter().answer(told, "Softmax", Answer("s", handed, Listing(PLAIN).html(()))),
    ):
        body = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
        assert "`" not in body and "<code>" in body


PLAIN = Submission("a.py", ("x = 1",), "00")


# -- the source -----------------------------------------------------------------------------------


def test_source_is_escaped_and_shown_as_it_is() -> None:
    """No character of an answer becomes HTML, none is lost, and none reorders a line."""
    hostile = (
        "x = '<script>'  # </li></ol>\r\ny = '''&amp;\n\t<b>''' + \"\u202egnp\" \n"
        'f(1, "a", b="c")'
    )
    lines = highlighted(hostile)
    text = [re.sub(r"<[^>]*>", "", line) for line in lines]
    assert text == [
        "x = '&lt;script&gt;'  # &lt;/li&gt;&lt;/ol&gt;",
        "y = '''&amp;amp;",
        "        &lt;b&gt;''' + \"\ufffdgnp\" ",
        'f(1, "a", b="c")',
    ]
    assert all(set(re.findall(r"</?[^>]*>", line)) <= TAGS for line in lines)
    assert '<i class="s">"a"</i>' in lines[3]
    # Its line has no height otherwise, and its number lies on the next one.
    assert highlighted('"""a\n\nb"""')[1] == ""


TAGS = {"</i>", *(f'<i class="{kind}">' for kind in "cskn")}


def test_lines_that_failed_are_marked() -> None:
    """By a counterexample, an exception or a syntax error; in a notebook in the cell it is of."""
    failed = report("a", "b")
    example = Counterexample(call="f(1)", expected="1", got="2", line=2, code="y = 1 / 0")
    checks = (
        msgspec.structs.replace(failed.checks[0], counterexample=example),
        msgspec.structs.replace(
            failed.checks[1], message="f(2) raised ZeroDivisionError: no (line 2: `y = 1 / 0`)"
        ),
    )
    told = msgspec.structs.replace(
        failed, checks=checks, passed_over=("cell 1, line 1, `q`, stopped with NameError: q",)
    )
    page = Listing(Submission("a.ipynb", ("q\n1", "def f(x):\n    y = 1 / 0"), "00")).html(
        marks(told)
    )
    assert page.count('<b class="failed">') == 1 and page.count('<b class="passed">') == 1
    marked = [re.sub(r"<[^>]*>", "", line) for line in page.split("<li>") if "<em>" in line]
    assert marked[0].startswith("q \u2190 passed over")
    assert marked[1].startswith("    y = 1 / 0 \u2190 2 checks fail here")
    syntax = msgspec.structs.replace(failed.checks[0], message="line 1 is no valid Python: no")
    (mark,) = marks(msgspec.structs.replace(failed, checks=(syntax,)))
    assert (mark.line, mark.kind) == (1, "failed")


def test_modules_beside_an_answer_are_shown() -> None:
    """Under their names, and a line is marked in the file where it stands."""
    example = Counterexample(call="f(1)", expected="1", got="2", line=1, code="y = 1 / 0")
    failed = report("a")
    told = msgspec.structs.replace(
        failed, checks=(msgspec.structs.replace(failed.checks[0], counterexample=example),)
    )
    answer = Submission("a.py", ("import b",), "00", modules=(("b.py", "y = 1 / 0"),))
    page = Listing(answer).html(marks(told))
    main, module = page.split('<p class="faint">b.py</p>')
    assert '<p class="faint">a.py</p>' in main and "failed" not in main
    assert '<b class="failed">' in module


@pytest.mark.parametrize("level", LEVELS)
def test_the_students_page_marks_only_what_its_level_shows(level: str) -> None:
    """Code is the student's own; where a hidden check failed is told at the level of full only."""
    secret = "softmax([710.]) raised ValueError: no (line 1: `e = 1`)"
    failed = report("a", "b")
    checks = tuple(
        msgspec.structs.replace(check, message=secret if check.name == "test_a" else "other")
        for check in failed.checks
    )
    shown = at_level(msgspec.structs.replace(failed, checks=checks), level)
    listing = Listing(Submission("a.py", ("e = 1",), "00"))
    page = FeedbackWriter().html(shown, "Softmax", None, listing.html(marks(shown)))
    assert '<i class="n">1</i>' in page and "Your answer" in page
    assert ('class="failed">e' in page) == (level == "full")
    assert ("710" in page) == (level == "full")


def hand_in(folder: Path, **sources: str) -> list[Entry]:
    entries = []
    for student, source in sources.items():
        path = folder / student / f"{FIVE}.py"
        path.parent.mkdir(parents=True)
        path.write_text(source)
        name = f"{student}/{FIVE}.py"
        entries.append(Entry(student, FIVE, name, name, Person(student)))
    return entries


def test_sources_outlive_their_export(tmp_path: Path) -> None:
    """What was graded is known when its export is gone; a file that has changed is not it."""
    entries = hand_in(tmp_path / "in", ada="x = 1\n", bob="y = 2\n")
    (tmp_path / "in/gone").mkdir()
    handed_in, empty = open_handed_in(tmp_path / "in"), open_handed_in(tmp_path / "in/gone")
    sha = read(tmp_path / "in/ada" / f"{FIVE}.py").sha256
    with Sources(tmp_path, handed_in, entries) as sources:
        assert sources.of(FIVE, entries[0].file, "00" * 32) is None
        first = sources.of(FIVE, entries[0].file, sha)
    assert first is not None and first.cells == ("x = 1\n",)
    with (tmp_path / SOURCES).open("ab") as file:
        file.write(b'{"name": "cut sh')
    bob = read(tmp_path / "in/bob" / f"{FIVE}.py").sha256
    with Sources(tmp_path, handed_in, entries) as sources:
        assert sources.of(FIVE, entries[1].file, bob) is not None
    with Sources(tmp_path, empty, []) as sources:
        assert sources.of(FIVE, entries[0].file, sha) == first
        assert sources.of(FIVE, entries[1].file, bob) is not None


def test_a_source_of_several_files_is_known_as_a_whole(tmp_path: Path) -> None:
    """With the modules that it imports from beside it, under the hash of all of them."""
    (entry,) = hand_in(tmp_path / "in", ada="import helper\n")
    path = tmp_path / "in/ada/helper.py"
    path.write_text("x = 1\n")
    whole = read(tmp_path / "in/ada" / f"{FIVE}.py")
    entry = entry._replace(beside=("ada/helper.py",))
    with Sources(tmp_path, open_handed_in(tmp_path / "in"), [entry]) as sources:
        found = sources.of(FIVE, entry.file, whole.sha256)
    assert found is not None and found.modules == (("helper.py", "x = 1\n"),)


def test_half_a_character_stops_nobody(tmp_path: Path) -> None:
    """A notebook may hold what no text file can; its source is kept all the same."""
    path = tmp_path / "in/ada" / f"{FIVE}.ipynb"
    path.parent.mkdir(parents=True)
    half = {"source": "x = '\ud800'", "outputs": [], "execution_count": None}
    cell = {"cell_type": "code", "metadata": {}, **half}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    path.write_text(json.dumps(notebook))
    entry = Entry("ada", FIVE, f"ada/{FIVE}.ipynb", f"ada/{FIVE}.ipynb", Person("ada"))
    sha = read(path).sha256
    with Sources(tmp_path, open_handed_in(tmp_path / "in"), [entry]) as sources:
        found = sources.of(FIVE, entry.file, sha)
        assert found is not None and found.cells == ("x = '\\ud800'",)
        assert sources.of(FIVE, entry.file, sha) == found


def test_the_page_of_an_answer(course: Course, tmp_path: Path) -> None:
    """The instructor reads source, report, earlier attempts; the student the own file and code."""
    entries = hand_in(tmp_path / "in", ada="def softmax(x):\n    return x\n")
    sha = read(tmp_path / "in/ada" / f"{FIVE}.py").sha256
    told = report(
        "a", submission_sha256=sha, passed_over=("line 2, `q`, stopped with NameError: q",)
    )
    now = Result("ada", FIVE, entries[0].file, told, handed_in="2026-11-28T21:05:00Z", attempt=2)
    before = msgspec.structs.replace(
        now, state="attempt", attempt=1, report=report("a", "b", "c", submission_sha256=sha)
    )
    attempts, seen = Attempts(), []
    assert list(attempts.beside([before, now])) == [now]
    with Sources(tmp_path, open_handed_in(tmp_path / "in"), entries) as sources:
        Pages(course, tmp_path, "hints", {"ada": "ada"}, stand(tmp_path, course), sources).write(
            [now], [], attempts, seen.append
        )
    page = (tmp_path / "code/ada" / f"{FIVE}.html").read_text()
    feedback = (tmp_path / "feedback/ada" / f"{FIVE}.html").read_text()
    for text in (page, feedback):
        assert "attempt 2, handed in 2026-11-28 21:05 UTC" in text
        assert '<i class="k">def</i> softmax(x):' in text and "passed over" in text
    assert "softmax(a): expected 1, got 2" in page and "expected 1" not in feedback
    assert "4 of 10 points; graded: exercise_05_softmax.py, attempt 1" in page
    assert "attempt 1" not in feedback
    assert [(each.result, each.source is not None) for each in seen] == [(now, True)]


# -- from a mistake without a name into the bank --------------------------------------------------

ADAS = '''"""Written by Ada Lovelace."""
import numpy as np  # Ada's

__author__ = "lovelace"
ada_scale = 2


def softmax(x, axis=-1):
    """As Ada does it."""
    adaHelper = np.max(x)
    def max_of_ada(y):
        return y
    return max_of_ada(x - adaHelper) * ada_scale


print("Ada is done")
if __name__ == "__main__":
    softmax([1])
'''


def test_a_mistake_is_anonymous() -> None:
    """Comments, docstrings and the author's name go; what is computed stays."""
    told = anonymous([ADAS, "not python at all"], ["Ada Lovelace (17)", "Li Max", "ada17"])
    assert "ada" not in told.lower() and "lovelace" not in told.lower() and "#" not in told
    assert '"""' not in told and "print" not in told and "__main__" not in told
    assert "np.max(x)" in told  # somebody called Max does not change numpy
    spaces: dict[str, object] = {}
    exec(told, spaces)
    assert list(spaces["softmax"](__import__("numpy").array([1.0, 2.0]))) == [-2.0, 0.0]


@pytest.mark.parametrize("nested", ["-" * 900, "f" + "()" * 9000, "lambda: " * 900])
def test_deep_nesting_stops_nobody(nested: str) -> None:
    """A source that Python reads and no visitor survives is no example, and no failure."""
    source = f"def f(x):\n    return x\nx = {nested}1\n"
    assert anonymous([source], ["Ada"]) in ("", "def f(x):\n    return x")
    Listing(Submission("a.py", (source,), "00")).excerpt("f", ())


def test_what_is_kept_of_a_mistake_has_no_author(course: Course, tmp_path: Path) -> None:
    """Not under a pseudonym either, where only the path of the file tells the name."""
    told = Result("student-0a1b2c", FIVE, f"Ada Lovelace/{FIVE}.py", report("a"))
    overview = Overview(course, [told])
    examples = Examples(overview, tmp_path)
    examples.see(Seen(told, Submission("a.py", (ADAS,), "00")))
    (kept,) = (tmp_path / "unnamed").iterdir()
    assert kept.read_text().startswith("# wrong: softmax:\n")
    assert "ada" not in kept.read_text().lower() and "softmax" in kept.read_text()
    ((_, example),) = examples.found.items()
    assert str(kept) in example.command and "expected 1" in example.text
    assert "def</i> softmax" in example.source and "__main__" not in example.source


def test_new_mistake_from_a_class(course: Course, tmp_path: Path) -> None:
    """It goes into the bank under its function, with a line to fill in; other files are refused."""
    run = CliRunner().invoke
    root = tmp_path / "course"
    assert run(kit, ["--course", str(root), "new", "shift"]).exit_code == 0
    unnamed = tmp_path / "exercise_01_shift-0a1b2c3d.py"
    unnamed.write_text("# wrong: shift:\ndef shift(x):\n    return x\n")
    command = ["--course", str(root), "new", "mistake", "--from", str(unnamed)]
    done = run(kit, command)
    assert done.exit_code == 0, done.output
    target = root / "tests/bank/exercise_01_shift/wrong/unnamed_0a1b2c3d.py"
    first, rest = target.read_text().split("\n", 1)
    assert first.startswith("# wrong: shift: TODO(author): ")
    assert rest == "def shift(x):\n    return x\n"
    which = run(kit, command[:-2])
    assert which.exit_code == 2 and "--from FILE" in which.output
    again = run(kit, command)
    assert again.exit_code == 2 and "stays as it is" in again.output
    assert run(kit, [*command, "--name", "not_shifted"]).exit_code == 0
    assert run(kit, [*command, "--name", "../x"]).exit_code == 2
    other = tmp_path / "answer.py"
    other.write_text("x = 1\n")
    for file in (other, tmp_path / "missing-00000000.py"):
        refused = run(kit, [*command[:-1], str(file)])
        assert refused.exit_code == 2 and "Traceback" not in refused.output
    assert run(kit, ["--course", str(root), "new", "other", "--from", str(unnamed)]).exit_code == 2
