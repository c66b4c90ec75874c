"""The lines of results.jsonl: read in every shape they ever had, and never lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gradekit.batch.journal import Journal, Move
from gradekit.report import Report
from gradekit.results import (
    HISTORY,
    RESULTS,
    SET_ASIDE,
    About,
    Person,
    called,
    meant,
    read_attempts,
    read_history,
    read_results,
)

REPORT = Report(
    exercise="exercise_01_double",
    score=1.0,
    max_score=1.0,
    isolation="process",
    seconds=0.0,
    submission_sha256="0" * 64,
    grader_sha256="1" * 64,
    checks=(),
)
JSON = msgspec.json.encode(REPORT)


def about(name: str, id: str = "", **more: object) -> About:
    person = Person(name, id, "canvas" if id else "")
    return About(name, "exercise_01_double", f"{name}.py", 2, person, **more)


def written(folder: Path, *lines: About) -> Path:
    with Journal(folder) as journal:
        for line in lines:
            journal.append(line, JSON)
    return folder


def test_lines_of_the_first_version_are_read(tmp_path: Path) -> None:
    """A line that knows nothing but student, exercise, file and report is a result as before."""
    old = {"student": "Ada", "exercise": "e", "file": "a.py", "report": msgspec.Raw(JSON)}
    (tmp_path / RESULTS).write_bytes(msgspec.json.encode(old) + b"\n")
    (result,) = read_results(tmp_path)
    assert (result.student, result.schema, result.state) == ("Ada", 1, "counted")
    assert result.report == REPORT


def test_two_of_one_name_stay_two(tmp_path: Path) -> None:
    """People are told apart by their ids, in whichever order and run they came."""
    written(tmp_path, about("Jo", "1"), about("Jo", "2"), about("Al", "3"))
    assert [each.student for each in read_results(tmp_path)] == ["Jo (1)", "Jo (2)", "Al"]


def test_only_what_counts_is_in_the_tables(tmp_path: Path) -> None:
    """Other attempts and withdrawn answers are kept beside the results that count."""
    lines = about("Jo", attempt=1, state="attempt"), about("Jo", attempt=2)
    written(tmp_path, *lines, about("Al", state="withdrawn"))
    assert [each.attempt for each in read_results(tmp_path)] == [2]
    assert len(list(read_attempts(tmp_path))) == 3


def test_nothing_is_deleted(tmp_path: Path) -> None:
    """What no longer holds is in the history; what cannot be read is set aside, and counted."""
    written(tmp_path, about("Jo"), about("Al"))
    path = tmp_path / RESULTS
    first, second = path.read_bytes().splitlines(keepends=True)
    newer = first.replace(b'"schema":2', b'"schema":99')
    path.write_bytes(b'{"student": 1}\n' + newer + second + b'not json\n{"torn')
    with Journal(tmp_path) as journal:
        journal.resume(lambda result, position: Move("changed"))
        assert journal.set_aside == 3
    assert path.read_bytes() == b""
    assert len((tmp_path / SET_ASIDE).read_bytes().splitlines()) == 3
    (gone,) = read_history(tmp_path)
    assert (gone.why, gone.result.student, gone.result.report) == ("changed", "Al", REPORT)
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != ".lock") == [
        HISTORY,
        RESULTS,
        SET_ASIDE,
    ]


def test_a_line_can_say_something_else_from_now_on(tmp_path: Path) -> None:
    """A line that is rewritten keeps its report, and the others their places."""
    written(tmp_path, about("Jo"), about("Al"), about("Bo"))
    positions: list[int] = []

    def decide(result: object, position: int) -> About:
        positions.append(position)
        line = result.about  # type: ignore[attr-defined]
        return msgspec.structs.replace(line, state="withdrawn") if line.student == "Al" else line

    with Journal(tmp_path) as journal:
        journal.resume(decide)
        assert [journal.report_at(each) for each in positions] == [JSON] * 3
        assert journal.report_at(journal.append(about("Cy"), JSON)) == JSON
    assert [each.student for each in read_results(tmp_path)] == ["Jo", "Bo", "Cy"]


PEOPLE = {
    "ids": ([Person("Jo", "1", "c"), Person("Jo", "2", "c")], ["Jo (1)", "Jo (2)"]),
    "one without an id": ([Person("Jo"), Person("Jo", "1", "c")], ["Jo", "Jo"]),
    "one of two without an id": (
        [Person("Jo"), Person("Jo", "1", "c"), Person("Jo", "2", "c")],
        ["Jo", "Jo (1)", "Jo (2)"],
    ),
    "two spellings of one id": ([Person("Jo", "1", "c"), Person("Jo B", "1", "c")], ["Jo", "Jo"]),
    "one number on two platforms": (
        [Person("Jo", "1", "canvas"), Person("Al", "1", "moodle")],
        ["Jo", "Al"],
    ),
    "two sections": ([Person("Jo", place="A"), Person("Jo", place="B")], ["Jo (A)", "Jo (B)"]),
    "a name that looks like another's label": (
        [Person("Jo (1)"), Person("Jo", "1", "c"), Person("Jo", "2", "c")],
        ["Jo (1)", "Jo (c 1, 2)", "Jo (2)"],
    ),
}


@pytest.mark.parametrize(("people", "names"), PEOPLE.values(), ids=PEOPLE)
def test_what_people_are_called(people: list[Person], names: list[str]) -> None:
    """No two people are called alike, and nobody has two names."""
    labels = called(people)
    assert [labels[person] for person in people] == names


def test_names_are_meant_however_they_are_written() -> None:
    """The family name first or last, letters with their marks as one or as two, and by an id."""
    names = {Person("Ångström, Åsa", "007"): "Ångström, Åsa", Person("Al"): "Al"}
    for wanted in ("Åsa Ångström", "A\u030asa  a\u030angstro\u0308m", "ångström, åsa", "007"):
        assert meant(names, wanted) == ["Ångström, Åsa"]
    assert meant(names, "7") == meant(names, "l, A") == []
