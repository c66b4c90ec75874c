"""Every format is compared with a file of its own, and read back where a parser exists.

`python tests/test_export_formats.py` writes the golden files anew; look at the difference.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.export import gradescope
from gradekit.export.format import Graded
from gradekit.export.formats import canvas, classroom50, junit, moodle, prairielearn
from gradekit.feedback import Level
from gradekit.report import Check, Counterexample, Report
from gradekit.results import Person, Result
from gradekit.roster import Roster
from gradekit.standing import stand
from gradekit.texts import as_markdown, details, remarks

GOLDEN = Path(__file__).parent / "golden" / "export"
COURSE = Course(Path(__file__).resolve().parents[1])


def check(name: str, outcome: Any, points: float, **more: Any) -> Check:
    score = points if outcome == "passed" else 0.0
    title = more.pop("title", f"What {name} should be.")
    function = more.pop("function", "softmax")
    return Check(name=name, function=function, title=title, outcome=outcome, score=score,
                 max_score=points, **more)  # fmt: skip


def report(*checks: Check, exercise: str = "exercise_05_softmax", **more: Any) -> Report:
    return Report(
        exercise=exercise,
        score=sum(each.score for each in checks),
        max_score=sum(each.max_score for each in checks),
        isolation="landlock+seccomp",
        seconds=0.25,
        submission_sha256="0" * 64,
        grader_sha256="1" * 64,
        checks=checks,
        **more,
    )


FAILED = report(
    check("example_softmax", "passed", 0),
    check("test_small", "passed", 1.5, seconds=0.001),
    check("test_large", "failed", 2, title='Large scores & "odd" ones <work>.', seconds=0.002,
          message="softmax([1000, 1001]): expected [0.27, 0.73], got [nan, nan]",
          hint="What is exp(1000)?"),
    check("test_hangs", "failed", 6.5, ending="timed_out", function="log_softmax",
          message="stopped after 10 s: log_softmax(...) did not return", hint="Does it end?"),
    behaves_like={"softmax": "exponentiates the raw scores"},
)  # fmt: skip
FULL = report(check("test_all", "passed", 10, function="adam"), exercise="exercise_08_adam")
NOT_RUN = report(
    check("test_one", "passed", 4), check("test_two", "not_run", 6, message="MemoryError: ours")
)
RESULTS = [
    Result("Hopper Grace", "exercise_05_softmax", "a/exercise_05_softmax.py", FULL),
    Result("Hopper Grace", "exercise_05_softmax", "a/exercise_05_softmax.py", FAILED),
    Result("Hopper Grace", "exercise_08_adam", "a/exercise_08_adam.py", FULL),
    Result("alan", "exercise_08_adam", "b/exercise_08_adam.py", FULL),
    Result("alan", "exercise_05_softmax", "b/exercise_05_softmax.py", NOT_RUN),
    Result("nobody", "exercise_08_adam", "c/exercise_08_adam.py", FULL),
    Result("=SUM(A1)", "exercise_08_adam", "d/exercise_08_adam.py", FULL),
]
HANDIN = classroom50.Handin(
    classroom="cs101",
    assignment="softmax",
    assignment_type="individual",
    owner="grace",
    submission="https://example.org/grace/softmax",
    commit="0123abc",
    release="v1",
    review="",
    datetime="2026-09-01T12:00:00Z",
)
CANVAS_ROSTER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Adam (4711),Final Score\n"
    "    Points Possible,,,,,10,\n"
    '"Hopper, Grace",1,s1,gh,A,,\n"Turing, Alan",2,s2,alan,A,3,\n'
)
MOODLE_ROSTER = (
    "First name,Last name,Username,Email address\n"
    "Grace,Hopper,ghopper,grace@example.org\nAlan,Turing,alan,alan@example.org\n"
)


def graded(
    tmp_path: Path,
    results: list[Result],
    roster: Roster | None = None,
    level: Level = "hints",
    **more: Any,
) -> Graded:
    """The class that these results make."""
    folder = tmp_path / f"graded-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    (folder / "results.jsonl").write_bytes(b"\n".join([*map(msgspec.json.encode, results), b""]))
    return Graded(stand(folder, COURSE), COURSE.exercises, roster, level, more)


def _canvas(tmp_path: Path, results: list[Result], roster: Roster | None) -> Any:
    return canvas.gradebook(graded(tmp_path, results, roster))[:2]


def _moodle(
    tmp_path: Path, results: list[Result], field: str, roster: Roster | None, level: Level
) -> Any:
    return moodle.gradebook(graded(tmp_path, results, roster, level, field=field))[:2]


def _roster(tmp_path: Path, text: str) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(text, "utf-8-sig")
    return Roster(path)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def written(tmp_path: Path) -> dict[str, str]:
    """Each golden file with what is made today."""
    missing = [gradescope.Missing("exercise_09_cross_entropy", 10.0, "Nothing was handed in.")]
    canvas_roster = _roster(tmp_path, CANVAS_ROSTER)
    made = {
        "gradescope.json": _json(gradescope.results([FAILED, FULL], missing, "full")),
        "gradescope_score.json": _json(gradescope.results([FAILED], [], "score")),
        "prairielearn.json": _json(prairielearn.results(FAILED, "hints")),
        "prairielearn_not_gradable.json": _json(prairielearn.not_gradable("It is empty.")),
        "classroom50.json": _json(classroom50.result(FAILED, HANDIN, "titles")),
        "junit.xml": junit.xml([FAILED, NOT_RUN], "full").decode(),
        "canvas.csv": _canvas(tmp_path, RESULTS, canvas_roster)[0],
        "canvas_without_roster.csv": _canvas(tmp_path, RESULTS, None)[0],
    }
    moodle_roster = _roster(tmp_path, MOODLE_ROSTER)
    return {
        **made,
        "moodle.csv": _moodle(tmp_path, RESULTS, "email", moodle_roster, "hints")[0],
        "moodle_without_roster.csv": _moodle(tmp_path, RESULTS, "username", None, "score")[0],
        "remarks.txt": f"{remarks(FAILED)}\n",
    }


NAMES = sorted(path.name for path in GOLDEN.iterdir()) if GOLDEN.is_dir() else []


def test_every_format_has_its_golden_file(tmp_path: Path) -> None:
    """There is one golden file a format and no other."""
    assert sorted(written(tmp_path)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_format_is_as_its_golden_file(name: str, tmp_path: Path) -> None:
    """What is written is what was looked at once."""
    assert written(tmp_path)[name] == (GOLDEN / name).read_text("utf-8")


def test_gradescope_keeps_to_the_published_format() -> None:
    """Known keys only, a total that counts, nothing hidden, no leaderboard."""
    made = gradescope.results([FAILED, FULL], [], "full")
    assert set(made) <= set(
        "score execution_time output output_format test_output_format test_name_format "
        "visibility stdout_visibility extra_data tests".split()
    )
    assert made["score"] == 11.5
    for test in made["tests"]:
        assert set(test) <= set(
            "score max_score status name name_format number output output_format tags "
            "visibility extra_data".split()
        )
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] == "visible"
        assert isinstance(test["number"], str)
    assert sum(test["score"] for test in made["tests"]) == made["score"]


def test_prairielearn_scores_are_shares_and_every_test_has_points() -> None:
    """The score lies in [0, 1]; a test without points would hide the points of all."""
    made = prairielearn.results(FAILED, "full")
    assert made["score"] == pytest.approx(0.15)
    assert made["gradable"]
    assert all(test["max_points"] > 0 for test in made["tests"])
    assert not prairielearn.results(NOT_RUN, "full")["gradable"]


def test_classroom50_scores_are_integers() -> None:
    """Half points become whole ones, and extra keys stand in tests only."""
    made = classroom50.result(FAILED, HANDIN, "full")
    assert made["schema"] == "classroom50/result/v1"
    assert (made["score"], made["max-score"]) == (3, 20)
    for test in [made, *made["tests"]]:
        assert isinstance(test["score"], int)
        assert 0 <= test["score"] <= test["max-score"]
    assert set(made) == {"schema", *HANDIN._fields, "score", "max-score", "tests"}


def test_junit_reads_back() -> None:
    """A JUnit parser counts the same checks, and our own failures as errors."""
    from junitparser import JUnitXml

    suites = list(JUnitXml.fromstring(junit.xml([FAILED, NOT_RUN], "full")))
    assert [(s.tests, s.failures, s.errors) for s in suites] == [(4, 2, 0), (2, 0, 1)]
    assert "did not return" in next(iter(list(suites[0])[3].result)).text


def test_feedback_level_reaches_every_format(tmp_path: Path) -> None:
    """At `titles` neither counterexamples nor hints are anywhere."""
    texts = [
        _json(gradescope.results([FAILED], [], "titles")),
        _json(prairielearn.results(FAILED, "titles")),
        _json(classroom50.result(FAILED, HANDIN, "titles")),
        junit.xml([FAILED], "titles").decode(),
        _moodle(tmp_path, RESULTS, "username", None, "titles")[0],
    ]
    for text in texts:
        assert "1000" not in text
        assert "hint" not in text


def test_canvas_finds_people_and_assignments_in_its_own_export(tmp_path: Path) -> None:
    """Names in either order and logins are found, columns reused, strangers told."""
    roster = _roster(tmp_path, CANVAS_ROSTER)
    text, unknown = _canvas(tmp_path, RESULTS, roster)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert unknown == ["=SUM(A1)", "nobody"]
    title = COURSE.find("softmax").title
    by_id = {row["ID"]: row for row in rows}
    assert (by_id["1"][title], by_id["1"]["Adam (4711)"]) == ("1.5", "10")
    assert (by_id["2"][title], by_id["2"]["Adam (4711)"]) == ("", "10")
    assert list(rows[0])[4] == "Section"


def test_moodle_writes_no_stranger_and_no_feedback_without_a_grade(tmp_path: Path) -> None:
    """One unknown user aborts an import, and feedback alone wipes a grade."""
    roster = _roster(tmp_path, MOODLE_ROSTER)
    text, unknown = _moodle(tmp_path, RESULTS, "email", roster, "full")
    header, *rows = list(csv.reader(io.StringIO(text)))
    assert unknown == ["=SUM(A1)", "nobody"]
    assert [row[0] for row in rows] == ["alan@example.org", "grace@example.org"]
    for row in rows:
        for grade, feedback in zip(row[1::2], row[2::2], strict=True):
            assert bool(grade) == bool(feedback)
    assert len(header) == 5


def test_two_people_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    """A name that fits two rows means neither; their ids do."""
    text = "Student,ID,Section\nAda Lovelace,7,A\nAda Lovelace,8,A\n"
    roster = _roster(tmp_path, text)
    assert roster.find(Person("Ada Lovelace")) is None
    by_id = roster.find(Person("lovelaceada", "8", "canvas"))
    assert by_id is not None and roster.rows[by_id]["ID"] == "8"
    # As results of the first version called her.
    assert roster.find(Person("Ada Lovelace (8)")) == by_id


def test_a_parenthesis_in_a_name_is_nobodys_id(tmp_path: Path) -> None:
    """Who calls themselves `Eve (8)` is not the person with that id."""
    text = "Student,ID,SIS Login ID,Section\nAda Lovelace,8,eve8,A\nEve,9,eve,A\n"
    roster = _roster(tmp_path, text)
    assert roster.find(Person("Eve (8)")) is None


def test_two_students_on_one_row_are_refused(tmp_path: Path) -> None:
    """Where two would be one row of the roster, neither is written."""
    roster = _roster(tmp_path, "Student,ID,SIS Login ID,Section\nAda Lovelace,8,ada,A\n")
    both = [
        Result(name, "exercise_08_adam", f"{name}.py", FULL, 2, Person(name))
        for name in ("Ada Lovelace", "ada")
    ]
    text, unknown = _canvas(tmp_path, both, roster)
    assert unknown == ["ada", "Ada Lovelace"]
    assert len(text.splitlines()) == 2


def test_ids_are_written_and_found_without_a_name(tmp_path: Path) -> None:
    """Canvas finds a student by the id in the file's name, whatever the name looks like."""
    person = Person("lovelaceada", "8", "canvas")
    results = [Result("lovelaceada", "exercise_08_adam", "a.py", FULL, 2, person)]
    text, _ = _canvas(tmp_path, results, None)
    assert text.splitlines()[2] == "lovelaceada,8,,,,10"
    roster = _roster(tmp_path, 'Student;ID;SIS Login ID;Section\n"King, Ada";8;ada;A\n')
    text, unknown = _canvas(tmp_path, results, roster)
    assert not unknown and '"King, Ada",8,ada,A,10' in text


ROSTERS = {
    "UTF-16": "Student\tID\tSection\nZo\u00eb\t8\tA\n".encode("utf-16"),
    "cp1252": "Student;ID;Section\r\nZo\u00eb;8;A\r\n".encode("cp1252"),
    "decomposed": "Student,ID,Section\nZoe\u0308,8,A\n".encode(),
    "an empty line first": "\nStudent,ID,Section\nZo\u00eb,8,A\n\n".encode("utf-8-sig"),
}


@pytest.mark.parametrize("content", ROSTERS.values(), ids=ROSTERS)
def test_rosters_of_every_origin(content: bytes, tmp_path: Path) -> None:
    """Delimiter, encoding and spelling are as the spreadsheet wrote them."""
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    assert Roster(path).find(Person("Zo\u00eb")) == 0


@pytest.mark.filterwarnings("ignore")
def test_comments_are_harmless_where_they_are_shown_as_markdown() -> None:
    """What an answer raised is shown as it is, and runs in no instructor's browser."""
    filters = pytest.importorskip("nbconvert.filters", reason="nbconvert is not installed")
    message = (
        "softmax(...) raised ValueError: <script>alert(1)</script>\n```\n# loud " + 30 * "long "
    )
    texts = remarks(report(check("test_one", "failed", 1, message=message)))
    page = filters.markdown2html(as_markdown(texts))
    assert "&lt;script&gt;alert" in page
    assert "<script" not in page
    assert "<h1" not in page
    assert max(map(len, as_markdown(texts).splitlines())) <= 92


def test_checks_that_failed_in_the_same_words_are_told_once() -> None:
    """A function that is not there is one remark, not one for each of its checks."""
    gone = [check(f"test_{n}", "failed", 1, message="there is no function") for n in range(3)]
    text = remarks(report(*gone, check("test_other", "failed", 1, message="differs")))
    assert text.count("there is no function") == 1
    assert "✗ What test_0 should be. (0 of 3)\n    3 checks fail like this" in text


def test_a_counterexample_is_told_once_where_checks_stand_one_by_one() -> None:
    """Gradescope's tests and notebook cells: the call at one check, the others point to it."""
    small = Counterexample(call="softmax([0., 710.])", expected="[0., 1.]", got="[0., nan]", line=9)
    fields: dict[str, Any] = {"message": "softmax(<array (30, 40)>): got nan", "kind": "nan"}
    first, second = (check(f"test_{n}", "failed", 1, **fields) for n in range(2))
    both = report(first, msgspec.structs.replace(second, counterexample=small))
    like = {first.function: "exponentiates the raw scores"}
    told = details(msgspec.structs.replace(both, behaves_like=like))
    assert told["test_0"] == "fails like the check: What test_1 should be."
    assert "softmax([0., 710.])\nexpected [0., 1.]\ngot      [0., nan]" in told["test_1"]
    assert "behaves like: exponentiates the raw scores" in told["test_1"]


def test_a_roster_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """A picture instead of a CSV ends with a sentence."""
    path = tmp_path / "roster.csv"
    path.write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(KitError, match="no CSV table"):
        Roster(path)
    path.write_text("")
    with pytest.raises(KitError, match="no CSV table"):
        Roster(path)


def test_a_roster_without_its_column_is_refused(tmp_path: Path) -> None:
    """A table of something else is named, with the column and the export that has it."""
    other = _roster(tmp_path, "name,points\nada,1\n")
    with pytest.raises(KitError, match=r"roster\.csv has no column `Student`: export the grade"):
        _canvas(tmp_path, RESULTS, other)
    for field, column in (("email", "Email address"), ("idnumber", "ID number")):
        with pytest.raises(KitError, match=rf"no column `{column}`: export .* from Moodle"):
            _moodle(tmp_path, RESULTS, field, other, "hints")


if __name__ == "__main__":
    import tempfile

    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for file, text in written(Path(scratch)).items():
            (GOLDEN / file).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id;name\n007;Ada\n007;Bob\n", "`Ada` in line 2 and `Bob` in line 3 have one id, `007`"),
        (b"id;name\n", "it has a header and no rows"),
        (b'id;name\n007;"Ada\n008;Bob\n', "line 2: a quote is opened and never closed"),
    ],
)
def test_a_roster_that_would_mix_people_up_is_refused(
    content: bytes, told: str, tmp_path: Path
) -> None:
    """Two people of one id would be one, and an open quote takes the rows below it along."""
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(KitError, match=told):
        Roster(tmp_path / "roster.csv").require_people()


def test_a_roster_as_excel_writes_it(tmp_path: Path) -> None:
    """A line that names the separator, cells of two lines, ids that begin with zeros."""
    text = 'sep=;\r\nID;Name\r\n007;"Ross\nBob"\r\n007;"Bob, Ross"\r\n'
    (tmp_path / "roster.csv").write_bytes(text.encode("utf-16"))
    roster = Roster(tmp_path / "roster.csv")
    roster.require_people()  # one person in two lines
    assert (roster.person(0).name, roster.person(0).id) == ("Ross Bob", "007")
