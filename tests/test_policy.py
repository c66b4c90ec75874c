"""Policy: from what an answer earned to the final score, and everything that shows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from gradekit.alphabet import alphabetical
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.export.format import Graded
from gradekit.export.formats import canvas, moodle
from gradekit.policy import (
    MARKED_LATE,
    NO_TIME,
    Final,
    Late,
    Mark,
    Policy,
    Rule,
    column,
    final_scores,
    total,
)
from gradekit.policy_files import read_overrides, read_policy
from gradekit.report import Check, Report
from gradekit.results import Person, Result, called
from gradekit.roster import Roster
from gradekit.standing import Told, check_files, record, stand

COURSE = Course(Path(__file__).resolve().parents[1])
FIVE, EIGHT, NINE = "exercise_05_softmax", "exercise_08_adam", "exercise_09_cross_entropy"
DEADLINE = datetime(2026, 10, 5, 12, tzinfo=UTC)
ADA, ALAN = Person("Ada", "7", "canvas"), Person("Alan", "8", "canvas")


def report(score: float, exercise: str = FIVE, sha: str = "0", **more: Any) -> Report:
    checks = tuple(
        Check(name=f"test_{n}", function="f", title=f"What {n} is.", outcome="passed" if got else
              "failed", score=got, max_score=5.0)
        for n, got in enumerate((min(score, 5.0), max(score - 5.0, 0.0)))
    )  # fmt: skip
    return Report(exercise=exercise, score=score, max_score=10.0, isolation="seccomp", seconds=0.1,
                  submission_sha256=sha * 64, grader_sha256="1" * 64, checks=checks,
                  **more)  # fmt: skip


def result(
    person: Person, score: float, exercise: str = FIVE, days: float | None = None, **more: Any
) -> Result:
    """An answer, handed in so many days after the deadline; None where nobody tells when."""
    sha = more.pop("sha", "0")
    when = "" if days is None else f"{DEADLINE + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    file = f"{person.name}/{exercise}.py"
    return Result(
        person.name, exercise, file, report(score, exercise, sha), 2, person, handed_in=when, **more
    )


def final(results: Iterable[Result], policy: Policy, marks: list[Mark] | None = None) -> Final:
    """Ada's final score for softmax."""
    return final_scores(results, policy, marks or [], ["Ada"])["Ada"][FIVE]


def late_policy(deadline: datetime = DEADLINE, **late: Any) -> Policy:
    return Policy(otherwise=Rule(deadline, Late(per_day=0.1, **late)))


def written(folder: Path, results: list[Result]) -> Path:
    """A folder of results, as `kit grade` leaves one."""
    folder.mkdir(exist_ok=True)
    lines = [msgspec.json.encode(each) for each in results]
    (folder / "results.jsonl").write_bytes(b"\n".join([*lines, b""]))
    return folder


@pytest.mark.parametrize(
    ("days", "late", "score"),
    [
        (-1, {}, 8.0),
        (0, {}, 8.0),
        (0.01, {}, 7.2),  # a day begun
        (1.0, {}, 7.2),
        (1.01, {}, 6.4),
        (0.01, {"grace_minutes": 15}, 8.0),
        (0.02, {"grace_minutes": 15}, 7.2),
        (30, {"cap": 0.5}, 4.0),
        (30, {}, 0.0),
        (2, {"of": "possible"}, 6.0),
        (9, {"of": "possible"}, 0.0),  # never below 0
    ],
)
def test_lateness_costs_a_share_a_day(days: float, late: dict[str, Any], score: float) -> None:
    """Days that have begun count, from the deadline, up to the cap, beyond the grace."""
    found = final([result(ADA, 8, days=days)], late_policy(**late))
    assert (found.raw, found.score) == (8.0, score)
    assert bool(found.why) == (score != 8.0)


def test_an_export_without_times_costs_nothing_and_says_so(tmp_path: Path) -> None:
    """No penalty; the score, and the class as a whole, tell why."""
    found = final([result(ADA, 8)], late_policy())
    assert found.score == 8.0 and found.why == (NO_TIME,)
    late = msgspec.structs.replace(result(ALAN, 5), file="turing_LATE_8_1_softmax.py")
    folder = written(tmp_path / "graded", [result(ADA, 8), late])
    (folder / "grading.toml").write_text("deadline = 2026-10-05T12:00:00Z\nlate.per_day = 0.1\n")
    standing = stand(folder, COURSE)
    assert standing.finals["Alan"][FIVE].why == (MARKED_LATE,)
    assert standing.notes == [
        "1 answer of which no hand-in time is told: no late penalty",
        "1 answer of which Canvas says late, and not how late: no late penalty",
    ]
    assert standing.finals["Alan"][FIVE].told == ""  # nothing of it concerns the student


def test_extensions_are_by_person_and_exercise() -> None:
    """A time or some days more, for one exercise or for all of them."""
    policy = late_policy()
    for more in (
        {("Ada", ""): timedelta(days=3)},
        {("Ada", FIVE): DEADLINE + timedelta(days=2)},
        {("Ada", FIVE): timedelta(days=2), ("Ada", ""): timedelta(0)},
    ):
        own = msgspec.structs.replace(policy, extensions=more)
        assert final([result(ADA, 8, days=2)], own).score == 8.0
    others = msgspec.structs.replace(policy, extensions={("Alan", ""): timedelta(days=9)})
    assert final([result(ADA, 8, days=2)], others).score == 6.4


def test_the_best_attempt_is_the_best_after_its_penalty() -> None:
    """A late attempt that earned more may be worth less."""
    on_time = result(ADA, 7, days=-1, state="attempt", sha="a")
    late = result(ADA, 8, days=3, sha="b")
    assert final([on_time, late], late_policy()).score == pytest.approx(5.6)
    best = final([on_time, late], msgspec.structs.replace(late_policy(), attempt="best"))
    assert (best.score, best.why) == (7.0, ("the best of 2 attempts",))
    assert best.answer.sha256 == "a" * 64


def test_a_score_by_hand_is_final() -> None:
    """Late or not, the points that a person set count, and why stands beside them."""
    mark = Mark("Ada", FIVE, 9, "shown at the board", source="overrides.csv line 2")
    found = final([result(ADA, 7, days=5)], late_policy(), [mark])
    assert (found.raw, found.score) == (7.0, 9.0)
    assert found.reasons.endswith("set to 9 by hand (shown at the board)")
    alone = final([], Policy(), [mark])
    assert (alone.state, alone.raw, alone.score) == ("graded", None, 9.0)


def test_points_for_a_check_count_before_the_penalty() -> None:
    """A check marked by hand is part of what was earned."""
    mark = Mark("Ada", FIVE, 5, "fine", "test_1")
    found = final([result(ADA, 7, days=1)], late_policy(), [mark])
    assert (found.raw, found.score) == (10.0, 9.0)


def test_a_part_that_waits_gets_its_points_by_hand(tmp_path: Path) -> None:
    """Until somebody marks it the score says that it waits; then it is earned like the rest."""
    whole = result(ADA, 10)
    checks = whole.report.checks
    waits = msgspec.structs.replace(checks[1], outcome="waits", score=0.0)
    waiting = msgspec.structs.replace(whole.report, checks=(checks[0], waits), score=5.0)
    answer = msgspec.structs.replace(whole, report=waiting)
    found = final([answer], Policy())
    assert (found.score, found.why) == (5.0, ("5 points wait for a mark",))
    folder = written(tmp_path / "graded", [answer])
    rows = "student,exercise,points,reason,check\nAda,softmax,4,fine,test_1\n"
    (folder / "overrides.csv").write_text(rows)
    standing = stand(folder, COURSE)
    assert standing.finals["Ada"][FIVE].score == 9.0
    (marked,) = standing.counted()
    assert marked.report.score == 9.0 and not marked.report.waiting


def test_excused_and_dropped_exercises() -> None:
    """What is excused is in no total; of the rest the lowest go, a missing one first."""
    results = [result(ADA, 8), result(ADA, 6, EIGHT), result(ALAN, 4, NINE), result(ALAN, 9)]
    policy = Policy(excused=frozenset({("Ada", EIGHT)}), drop_lowest=1)
    finals = final_scores(results, policy)
    assert finals["Ada"][EIGHT].state == "excused" and finals["Ada"][EIGHT].raw == 6.0
    assert [name for name, each in finals["Ada"].items() if each.dropped] == [NINE]
    assert total(finals["Ada"], policy) == (8.0, 10.0)
    assert [name for name, each in finals["Alan"].items() if each.dropped] == [EIGHT]
    assert total(finals["Alan"], policy) == (13.0, 20.0)
    everybody = Policy(excused=frozenset({("", EIGHT)}), drop_lowest=5)
    assert total(final_scores(results, everybody)["Ada"], everybody) == (8.0, 10.0)


def test_weights_count_in_the_total_only() -> None:
    """A score stays out of 10; the total is weighted."""
    policy = Policy(rules={EIGHT: Rule(weight=3)})
    finals = final_scores([result(ADA, 8), result(ADA, 5, EIGHT)], policy)
    assert finals["Ada"][EIGHT].score == 5.0
    assert total(finals["Ada"], policy) == (23.0, 40.0)


def test_several_exercises_make_one_column() -> None:
    """Who is excused from a part gets the share of the rest; what was not run leaves a blank."""
    results = [
        result(ADA, 8), result(ADA, 6, EIGHT), result(ADA, 10, NINE),
        result(ALAN, 5), result(ALAN, 10, EIGHT),
    ]  # fmt: skip
    policy = Policy(excused=frozenset({("Alan", NINE)}))
    made = column(final_scores(results, policy, [], ["Zoe"]), policy, [FIVE, EIGHT, NINE])
    assert (made["Ada"].score, made["Ada"].max_score) == (24.0, 30.0)
    assert (made["Alan"].score, made["Alan"].max_score) == (22.5, 30.0)
    assert (made["Zoe"].state, made["Zoe"].score) == ("missing", None)
    unread = final_scores(results, policy, unreadable={("Alan", NINE), ("Zoe", NINE)})
    assert column(unread, Policy(), [FIVE, EIGHT, NINE])["Alan"].score == 22.5  # excused
    unread = final_scores(results, Policy(), unreadable={("Alan", NINE)})
    assert column(unread, Policy(), [FIVE, EIGHT, NINE])["Alan"].score is None


POLICY = """
deadline = 2026-10-05T23:59:00
timezone = "Europe/Berlin"
attempt = "best"
drop_lowest = 1
late = {per_day = 0.1, cap = 0.5, grace_minutes = 15}

[exercises.softmax]
deadline = 2026-11-01
weight = 2

[extensions]
Ada = 2
8 = {adam = 2026-12-01T12:00:00Z}

[excused]
everybody = ["cross_entropy"]
Alan = ["softmax"]

[columns]
"Homework 1" = ["softmax", "adam"]
"""


def _policy(tmp_path: Path, text: str, people: Iterable[Person] = (ADA, ALAN)) -> Any:
    path = tmp_path / "grading.toml"
    path.write_text(text, "utf-8")
    return read_policy(path, COURSE, called(people))


def test_a_policy_is_read(tmp_path: Path) -> None:
    """Every field arrives, exercises and people by any of their names."""
    policy, notes = _policy(tmp_path, POLICY)
    assert notes == []
    assert policy.otherwise == Rule(policy.otherwise.deadline, Late(0.1, 0.5, 15.0))
    assert policy.otherwise.deadline.astimezone(UTC) == datetime(2026, 10, 5, 21, 59, tzinfo=UTC)
    assert policy.rules[FIVE].weight == 2
    assert policy.rules[FIVE].deadline.astimezone(UTC).isoformat() == "2026-11-01T22:59:59+00:00"
    assert policy.extensions[("Ada", "")] == timedelta(days=2)
    assert policy.extensions[("Alan", EIGHT)].day == 1
    assert policy.excused == {("", NINE), ("Alan", FIVE)}
    assert policy.columns == {"Homework 1": (FIVE, EIGHT)}
    assert (policy.attempt, policy.drop_lowest) == ("best", 1)


def test_the_examples_of_the_documents_are_read(tmp_path: Path) -> None:
    """docs/instructors.md shows a policy and overrides that mean what stands beside them."""
    page = (COURSE.root / "docs" / "instructors.md").read_text("utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    people = [Person("Ada Lovelace"), Person("Alan Turing", "4711")]
    policy, notes = _policy(tmp_path, text, people)
    assert not notes and policy.otherwise.late == Late(0.1, 0.5, 15.0)
    assert policy.rules[EIGHT].weight == 2 and len(policy.extensions) == len(policy.excused) == 2
    path = tmp_path / "overrides.csv"
    path.write_text("student," + page.partition("\nstudent,")[2].partition("```")[0])
    assert [mark.points for mark in read_overrides(path, COURSE, called(people), {})] == [9, 7.5]


BAD_POLICIES = {
    "deadline = ": (1, "no TOML"),
    "\n\ndrop_lowest = -1": (3, "drop_lowest"),
    "attempt = 'first'": (1, "attempt"),
    "late = 3": (1, "late"),
    "[late]\nper_day = 0.1\nper_week = 1": (3, "`per_week` means nothing here"),
    "dead_line = 3": (1, "`dead_line` means nothing here"),
    'attempt = "first"': (1, '`attempt` is "first": write "last" or "best"'),
    '[late]\nof = "all"': (2, '`of` is "all": write "earned" or "possible"'),
    "[exercises.softmax]\nwight = 3": (2, "`wight` means nothing here"),
    "[exercises.softmax.late]\nper_day = 3": (2, "per_day"),
    "[exercises.sofmax]\nweight = 3": (1, "There is no exercise `sofmax`"),
    "deadline = 2026-10-05T23:59:00": (1, "has no time zone"),
    "deadline = '2026-10-05'": (1, "is no time"),
    "timezone = 'Mars/Olympus'": (1, "no time zone is called"),
    "[excused]\n\neverybody = ['x']": (3, "There is no exercise `x`"),
    "[extensions]\nTwin = 2": (2, "`Twin` may be"),
    "[extensions]\nAda = 'soon'": (2, "is no time"),
    "[extensions]\nAda = -1": (2, "no number of days"),
    "[extensions]\nAda = inf": (2, "no number of days"),
    "[late]\nper_day = 2": (2, "`per_day`: expected a number <= 1"),
    "deadline = 9999-12-31": (1, "no year of a course"),
    "[columns]\nHomework = [\n'adam',\n3]": (4, "columns"),
}


@pytest.mark.parametrize("text", BAD_POLICIES)
def test_a_bad_policy_is_one_sentence_with_its_line(text: str, tmp_path: Path) -> None:
    """File, line, and what is wrong."""
    line, said = BAD_POLICIES[text]
    twins = [Person("Twin", "1", "canvas"), Person("Twin", "2", "canvas"), ADA]
    with pytest.raises(KitError) as error:
        _policy(tmp_path, text, twins)
    assert str(error.value).startswith(f"{tmp_path / 'grading.toml'}, line {line}: ")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_person_nobody_knows_is_a_note(tmp_path: Path) -> None:
    """An extension may be for somebody who has yet to hand in."""
    policy, notes = _policy(tmp_path, "[extensions]\nZoe = 2")
    assert policy.extensions == {}
    assert notes == [f"{tmp_path / 'grading.toml'}, line 2: nobody of the class is called `Zoe`"]


BAD_OVERRIDES = {
    "Ada,softmax,11,x": "no points that it can have: 0 to 10",
    "Ada,softmax,-1,x": "no points",
    "Ada,softmax,nine,x": "`nine` is no number of points",
    "Ada,softmax,,x": "`` is no number of points",
    "Ada,softmax,nan,x": "no points",
    "Ada,sofmax,9,x": "There is no exercise `sofmax`",
    "Zoe,softmax,9,x": "`Zoe` is nobody of this class",
    "Twin,softmax,9,x": "`Twin` may be Twin (1) or Twin (2): write the id",
    "Ada,softmax,9,x,test_9": "has no check called `test_9`: did you mean `test_1`?",
    "Ada,softmax,9,x\nAda,05,8,y": "line 3 says another thing of the same",
}


@pytest.mark.parametrize("rows", BAD_OVERRIDES)
def test_a_bad_override_is_one_sentence_with_its_line(rows: str, tmp_path: Path) -> None:
    """File, line, and what is wrong."""
    people = [ADA, Person("Twin", "1", "canvas"), Person("Twin", "2", "canvas")]
    path = tmp_path / "overrides.csv"
    path.write_text(f"student,exercise,points,reason,check\n\n{rows}\n")
    checks = {FIVE: {"test_0": 5.0, "test_1": 5.0}}
    with pytest.raises(KitError) as error:
        read_overrides(path, COURSE, called(people), checks)
    line = 4 if "\n" in rows else 3
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert BAD_OVERRIDES[rows] in str(error.value) and "\n" not in str(error.value)


def test_overrides_of_every_spreadsheet(tmp_path: Path) -> None:
    """Semicolons, commas in numbers, ids for names, a byte order mark."""
    path = tmp_path / "overrides.csv"
    path.write_text("Student;Exercise;Points;Reason\n8;softmax;7,5;on paper\n", "utf-8-sig")
    (mark,) = read_overrides(path, COURSE, called([ADA, ALAN]), {})
    assert mark == Mark("Alan", FIVE, 7.5, "on paper", source="overrides.csv line 2")
    path.write_text("name,points\n")
    with pytest.raises(KitError, match="line 1: the columns have to be student,exercise,points"):
        read_overrides(path, COURSE, called([ADA]), {})


def _rows(text: str) -> dict[str, dict[str, str]]:
    return {row["ID"]: row for row in csv.DictReader(io.StringIO(text))}


def test_canvas_has_three_exercises_in_one_column(tmp_path: Path) -> None:
    """The column that the policy names, found in Canvas' own export, and nothing beside it."""
    results = [result(ADA, 8), result(ADA, 6, EIGHT), result(ADA, 10, NINE), result(ALAN, 5)]
    folder = written(tmp_path / "graded", results)
    (folder / "grading.toml").write_text(
        '[columns]\n"Homework 1" = ["softmax", "adam", "cross_entropy"]\n'
        "[excused]\nAlan = ['softmax', 'adam', 'cross_entropy']\n"
    )
    roster = tmp_path / "gradebook.csv"
    roster.write_text("Student,ID,Section,Homework 1 (77)\nAda,7,A,\nAlan,8,A,\n")
    graded = Graded(stand(folder, COURSE), COURSE.exercises, Roster(roster))
    text, unknown, *_ = canvas.gradebook(graded)
    header, possible, *_ = csv.reader(io.StringIO(text))
    assert header == ["Student", "ID", "Section", "Homework 1 (77)"] and not unknown
    assert possible[-1] == "30"
    assert _rows(text)["7"]["Homework 1 (77)"] == "24"
    assert _rows(text)["8"]["Homework 1 (77)"] == "EX"
    graded = graded._replace(roster=None, more={"field": "username"})
    made = list(csv.DictReader(io.StringIO(moodle.gradebook(graded).content)))
    assert [row["Homework 1"] for row in made] == ["24"]


def test_exports_say_what_was_penalised(tmp_path: Path) -> None:
    """Canvas and Moodle hold the final score; Moodle's feedback tells why."""
    folder = written(tmp_path / "graded", [result(ADA, 8, days=2), result(ALAN, 5)])
    (folder / "grading.toml").write_text("deadline = 2026-10-05T12:00:00Z\nlate.per_day = 0.25\n")
    (folder / "overrides.csv").write_text("student,exercise,points,reason\nAlan,5,6,typo\n")
    graded = Graded(stand(folder, COURSE), COURSE.exercises, more={"field": "username"})
    title = COURSE.find("softmax").title
    rows = _rows(str(canvas.gradebook(graded).content))
    assert (rows["7"][title], rows["8"][title]) == ("4", "6")
    made = list(csv.DictReader(io.StringIO(str(moodle.gradebook(graded).content))))
    assert made[0][f"{title} (feedback)"].startswith(
        "4 of 10 points: 2 days late: 50% of the points earned off."
    )
    assert "set to 6 by hand (typo)" in made[1][f"{title} (feedback)"]


def test_moodle_gets_no_grade_above_the_maximum(tmp_path: Path) -> None:
    """Extra credit counts elsewhere; here it would abort the whole import."""
    folder = written(tmp_path / "graded", [result(ADA, 10)])
    told = Told(ADA, FIVE, 6.0, "test_1", "extra credit")
    (folder / "marks.json").write_bytes(msgspec.json.encode([told]))
    standing = stand(folder, COURSE)
    assert standing.finals["Ada"][FIVE].score == 11.0
    graded = Graded(standing, COURSE.exercises, more={"field": "username"})
    assert ",10," in str(moodle.gradebook(graded).content)


def test_changes_are_told_once_with_why(tmp_path: Path) -> None:
    """Another answer, another grader, another policy, an answer that is gone."""
    folder = written(tmp_path / "graded", [result(ADA, 8), result(ALAN, 5)])
    assert record(stand(folder, COURSE)) == []
    written(folder, [result(ADA, 9, sha="b"), result(ALAN, 5)])
    (change,) = record(stand(folder, COURSE))
    assert (change.before, change.now) == (8.0, 9.0)
    assert change.why == f"another answer counts: Ada/{FIVE}.py"
    assert record(stand(folder, COURSE)) == []
    again = report(6, sha="b")
    again = msgspec.structs.replace(again, grader_sha256="2" * 64)
    regraded = msgspec.structs.replace(result(ADA, 9, sha="b"), report=again)
    written(folder, [regraded, result(ALAN, 5, state="withdrawn")])
    (folder / "overrides.csv").write_text("student,exercise,points,reason\nAda,5,7,kind\n")
    found = {each.student: each for each in record(stand(folder, COURSE))}
    assert found["Ada"].why == ("graded again with another grader; set to 7 by hand (kind)")
    assert (found["Alan"].before, found["Alan"].now) == (5.0, None)
    (folder / "overrides.csv").unlink()
    (change,) = record(stand(folder, COURSE))
    assert change.why.startswith("no longer: set to 7 by hand")
    lines = (folder / "changes.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "when,student,exercise,from,to,why,id"
    assert [line.split(",")[1:5] for line in lines[1:]] == [
        ["Ada", FIVE, "8", "9"], ["Ada", FIVE, "9", "7"], ["Alan", FIVE, "5", ""],
        ["Ada", FIVE, "7", "6"],
    ]  # fmt: skip


def test_a_change_of_weights_is_a_change_of_the_total(tmp_path: Path) -> None:
    """Where no score changed, the total tells."""
    folder = written(tmp_path / "graded", [result(ADA, 8)])
    record(stand(folder, COURSE))
    (folder / "grading.toml").write_text("[exercises.softmax]\nweight = 2\n")
    (change,) = record(stand(folder, COURSE))
    assert (change.exercise, change.before, change.now) == ("total", 8.0, 16.0)


def test_what_an_earlier_version_graded_is_compared_as_well(tmp_path: Path) -> None:
    """Its scores were what was earned."""
    folder = written(tmp_path / "graded", [result(ADA, 8)])
    (folder / "scores.csv").write_text("student\n")
    (folder / "overrides.csv").write_text("student,exercise,points,reason\nAda,5,7,\n")
    (change,) = record(stand(folder, COURSE))
    assert (change.before, change.now) == (8.0, 7.0)


def test_the_page_and_the_table_show_raw_and_final_side_by_side(tmp_path: Path) -> None:
    """What was earned, what counts, and why; excused is neither missing nor zero."""
    from gradekit.export.scores import scores_csv
    from gradekit.overview import Overview
    from gradekit.render.page import report_page

    results = [result(ADA, 8, days=2), result(ALAN, 5), result(ALAN, 5, EIGHT)]
    folder = written(tmp_path / "graded", results)
    (folder / "grading.toml").write_text(
        "deadline = 2026-10-05T12:00:00Z\nlate.per_day = 0.25\n[excused]\nAlan = ['adam']\n"
    )
    standing = stand(folder, COURSE)
    overview = Overview(COURSE, standing.counted(), standing=standing)
    (ada, alan) = csv.DictReader(io.StringIO(scores_csv(overview).removeprefix("\ufeff")))
    assert (ada[FIVE], ada[f"{FIVE} raw"], ada["total"], ada["possible"]) == ("4", "8", "4", "20")
    assert ada[f"{FIVE} why"] == "2 days late: 50% of the points earned off"
    assert (alan[EIGHT], alan[f"{EIGHT} raw"], alan[f"{EIGHT} why"]) == ("", "5", "excused")
    assert (alan["total"], alan["possible"]) == ("5", "10")
    page = report_page(overview, {"Ada": "Ada", "Alan": "Alan"}, "today")
    assert "<summary>Ada: 4 of 20 points</summary>" in page
    assert '4 <span class="faint">(8)</span>' in page
    assert ">ex</td>" in page
    assert "Earned 8; 2 days late: 50% of the points earned off." in page


def test_a_check_is_known_before_anything_is_graded(tmp_path: Path) -> None:
    """The graders tell what checks there are, so that no class is graded in vain."""
    table = tmp_path / "marks.csv"
    table.write_text("student,exercise,points,reason,check\nAda,5,1,,test_over_the_flow\n")
    with pytest.raises(KitError, match="line 2: exercise_05_softmax has no check called"):
        check_files(tmp_path / "graded", COURSE, [ADA], overrides=table)
    table.write_text(table.read_text().replace("over_the_flow", "exponentiates_raw_scores"))
    check_files(tmp_path / "graded", COURSE, [ADA], overrides=table)


def test_an_export_tells_what_changed_first(tmp_path: Path) -> None:
    """An override since the last run is told, a bad one ends with its line, before any file."""
    folder = written(tmp_path / "graded", [result(ADA, 8)])
    record(stand(folder, COURSE))
    out = tmp_path / "import.csv"
    words = ["export", "canvas", str(folder), "--out", str(out)]
    (folder / "overrides.csv").write_text("student,exercise,points,reason\nAda,5,lots,\n")
    done = CliRunner().invoke(kit, words)
    assert done.exit_code == 2 and "overrides.csv, line 2: `lots` is no number" in done.stderr
    assert not out.exists()
    (folder / "overrides.csv").write_text("student,exercise,points,reason\nAda,5,9,typo\n")
    done = CliRunner().invoke(kit, words)
    assert done.exit_code == 0
    assert "Ada, exercise_05_softmax: 8 -> 9 (set to 9 by hand (typo))" in done.stderr
    assert "9" in out.read_text().splitlines()[2]
    words[2] = str(tmp_path)
    done = CliRunner().invoke(kit, words)
    assert done.exit_code == 2 and "has no results.jsonl" in done.stderr


def test_points_without_an_answer_lead_to_no_page(tmp_path: Path) -> None:
    """There is no code to be shown of what was done on paper."""
    from gradekit.overview import Overview
    from gradekit.render.page import report_page

    folder = written(tmp_path / "graded", [result(ADA, 8), result(ALAN, 5, EIGHT)])
    (folder / "overrides.csv").write_text("student,exercise,points\nAda,adam,7\n")
    standing = stand(folder, COURSE)
    overview = Overview(COURSE, standing.counted(), standing=standing)
    page = report_page(overview, {"Ada": "Ada", "Alan": "Alan"}, "today")
    assert "7 of 10" in page
    assert "code/Ada/exercise_05_softmax.html" in page
    assert "code/Ada/exercise_08_adam.html" not in page


def test_names_stand_where_people_look_for_them() -> None:
    """Accents and case do not move a name behind z, and student 10 comes after student 9."""
    ordered = [
        "Ada", "Émile", "İpek", "Łukasz", "Ödön", "Øyvind", "s", "s0", "S9", "s10", "zip_zoe",
        "李雷", "9" * 5000,
    ]  # fmt: skip
    expected = [ordered[-1], *ordered[:-1]]
    assert sorted(ordered, key=alphabetical) == expected
    assert list(final_scores([], Policy(), students=ordered)) == expected
