"""Where a class stands: the final scores of a results folder, and what changed since the last.

Beside results.jsonl may lie grading.toml and overrides.csv, which the instructor writes, and
marks.json, which nbgrader's gradebook told. standing.jsonl keeps the final scores that were
last told, so that whoever's changed is listed in changes.csv, with why, before anything is
exported.
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.files import replace_whole_file, writing
from gradekit.policy import (
    MARKED_LATE,
    NO_TIME,
    Final,
    Finals,
    Mark,
    Policy,
    Total,
    final_scores,
    points,
)
from gradekit.policy import total as total_of
from gradekit.policy_files import OVERRIDES, POLICY, read_overrides, read_policy
from gradekit.results import Person, Result, called, names_in, person_of, read_attempts
from gradekit.tables import no_formula
from gradekit.texts import counted

STANDING, CHANGES, MARKS_FILE = "standing.jsonl", "changes.csv", "marks.json"
HEADER = ("when", "student", "exercise", "from", "to", "why", "id")
TOTAL = "total"
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)  # by a pattern: to parse 40 graders is slow


class Told(msgspec.Struct, frozen=True):
    """Points that nbgrader's gradebook tells of.

    `mark`: what a person gave for `check`; `penalty`: what is taken off for lateness there;
    `settled`: what we had taken off last, so that the score there is the final one.
    """

    person: Person
    exercise: str
    points: float
    check: str = ""
    reason: str = ""
    kind: Literal["mark", "penalty", "settled"] = "mark"


class Standing(NamedTuple):
    """The final scores of a class.

    Attributes:
        people: Who everybody is, by what they are called.
        marks: What people gave for single checks, by student and exercise.
        notes: What the instructor should know about the policy.
        is_plain: There is no policy and no mark: every final score is what was earned.
    """

    folder: Path
    people: dict[str, Person]
    policy: Policy
    finals: Finals
    marks: dict[tuple[str, str], dict[str, float]]
    notes: list[str]
    is_plain: bool

    def total(self, student: str) -> Total:
        """The weighted points of a student."""
        return total_of(self.finals.get(student, {}), self.policy)

    def final(self, result: Result) -> Final:
        """The final score of an answer that counts."""
        return self.finals.get(result.student, {}).get(result.exercise, Final())

    def counted(self, *, marked: bool = True) -> Iterator[Result]:
        """The result that counts of everybody for every exercise; see `attempts`."""
        return (result for result in self.attempts(marked=marked) if result.state == "counted")

    def attempts(self, *, marked: bool = True) -> Iterator[Result]:
        """All results; which counts and which is an attempt beside it is as the policy says.

        Args:
            marked: Whether checks that a person marked have those points.
        """
        chosen = {
            final.answer.number for of_one in self.finals.values() for final in of_one.values()
        }
        for number, result in enumerate(read_attempts(self.folder, self.people.values())):
            state = result.state
            if state != "withdrawn":
                state = "counted" if number in chosen else "attempt"
            report = result.report
            given = self.marks.get((result.student, result.exercise)) if marked else None
            if given:
                report = report.with_marks(given)
            if state != result.state or report is not result.report:
                result = msgspec.structs.replace(result, state=state, report=report)
            yield result


class Change(NamedTuple):
    """Somebody's final score that is not what it was. None: there was or is none."""

    student: str
    exercise: str
    before: float | None
    now: float | None
    why: str
    id: str = ""


class _Row(msgspec.Struct, frozen=True):
    """A line of standing.jsonl: what was told of one student."""

    person: Person
    total: float
    finals: dict[str, Final]


def stand(
    folder: Path,
    course: Course,
    people: Iterable[Person] | None = None,
    unreadable: Container[tuple[str, str]] = (),
) -> Standing:
    """The final scores of the results in `folder`.

    Args:
        people: The class; None for those of the last run, with what was unreadable then.
        unreadable: By student and exercise, what was handed in and could not be graded.

    Raises:
        KitError: the policy or a mark says something that has no meaning.
    """
    rows = (_last_told(folder) or []) if people is None else []
    names = names_in(folder, [*(people or ()), *(row.person for row in rows)])
    if people is None:
        unreadable = {
            (names[row.person], exercise)
            for row in rows
            for exercise, final in row.finals.items()
            if final.state == "unreadable"
        }
    policy, marks, penalties, notes = _read_files(folder, course, names)
    finals = final_scores(
        read_attempts(folder, names),
        policy,
        marks,
        names.values(),
        [exercise.name for exercise in course.exercises],
        penalties,
        unreadable,
    )
    notes += _without_time(finals)
    by_name: dict[str, Person] = {}
    for person in sorted(names, key=lambda each: not each.id):  # those with an id first
        by_name.setdefault(names[person], person)
    plain = policy.is_default and not marks and not penalties
    return Standing(folder, by_name, policy, finals, _for_checks(marks), notes, plain)


def _read_files(
    folder: Path, course: Course, names: dict[Person, str]
) -> tuple[Policy, list[Mark], dict[tuple[str, str], float], list[str]]:
    """Policy, marks, penalties, and what the instructor should know of them."""
    policy, notes = Policy(), list[str]()
    if (folder / POLICY).is_file():
        policy, notes = read_policy(folder / POLICY, course, names)
    marks, penalties = _told_marks(folder, names)
    if (folder / OVERRIDES).is_file():
        marks += read_overrides(folder / OVERRIDES, course, names, _checks(folder))
    return policy, marks, penalties, notes


def _without_time(finals: Finals) -> list[str]:
    """How many answers no lateness is known of."""
    whys = [why for of_one in finals.values() for final in of_one.values() for why in final.why]
    said = {NO_TIME: "no hand-in time is told", MARKED_LATE: "Canvas says late, and not how late"}
    return [
        f"{counted(count, 'answer')} of which {what}: no late penalty"
        for why, what in said.items()
        if (count := whys.count(why))
    ]


def _for_checks(marks: Iterable[Mark]) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for mark in marks:
        if mark.check:
            found.setdefault((mark.student, mark.exercise), {})[mark.check] = mark.points
    return found


def check_files(
    folder: Path,
    course: Course,
    people: Iterable[Person],
    policy: Path | None = None,
    overrides: Path | None = None,
) -> None:
    """Read policy and marks once; None for those beside the results.

    Raises:
        KitError: they say something that has no meaning.
    """
    names = names_in(folder, people)
    if policy or (folder / POLICY).exists():
        read_policy(policy or folder / POLICY, course, names)
    if overrides or (folder / OVERRIDES).exists():
        checks = _checks(folder) or _declared(course)
        read_overrides(overrides or folder / OVERRIDES, course, names, checks)


def use_file(given: Path, folder: Path, name: str) -> None:
    """Keep a policy or marks from elsewhere beside the results, where every export looks.

    A file that is there and says another thing stays as `before.NAME`.

    Raises:
        KitError: it cannot be read, or not be kept.
    """
    target = folder / name
    try:
        content = given.read_bytes()
        folder.mkdir(parents=True, exist_ok=True)
        if target.is_file():
            if target.read_bytes() == content:
                return
            target.replace(target.with_name(f"before.{name}"))
        replace_whole_file(target, content)
    except OSError as error:
        raise KitError(f"{error.filename or given} cannot be used: {error.strerror}.") from None


def record(standing: Standing) -> list[Change]:
    """Find out what changed since it was last told, and write both down.

    Raises:
        KitError: there is no room.
    """
    before = _last_told(standing.folder)
    found = _changes(before, standing) if before is not None else []
    with writing(standing.folder):
        if found:
            _append_changes(standing, found)
        rows = [
            _Row(person, standing.total(name).points, standing.finals.get(name, {}))
            for name, person in sorted(standing.people.items())
        ]
        path, content = standing.folder / STANDING, msgspec.json.Encoder().encode_lines(rows)
        if not path.is_file() or path.read_bytes() != content:  # it may be an archive, read only
            replace_whole_file(path, content)
    return found


def read_told(folder: Path) -> list[Told]:
    """What a gradebook told last.

    Raises:
        KitError: somebody else wrote the file.
    """
    path = folder / MARKS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Told]) if path.is_file() else []
    except (OSError, msgspec.DecodeError):
        raise KitError(f"{path} cannot be read: remove it, and grade with --gradebook.") from None


def write_told(folder: Path, told: Iterable[Told]) -> bool:
    """Keep what a gradebook told; whether it is anything new."""
    path = folder / MARKS_FILE
    content = msgspec.json.encode(sorted(told, key=lambda each: msgspec.json.encode(each)))
    if content == (path.read_bytes() if path.is_file() else b"[]"):
        return False
    replace_whole_file(path, content)
    return True


def _told_marks(
    folder: Path, names: Mapping[Person, str]
) -> tuple[list[Mark], dict[tuple[str, str], float]]:
    """What a gradebook told: marks for checks, and penalties."""
    marks, penalties = [], {}
    for each in read_told(folder):
        student = names.get(each.person, each.person.name)
        if each.kind == "penalty":
            penalties[student, each.exercise] = each.points
        elif each.kind == "mark":
            marks.append(
                Mark(student, each.exercise, each.points, each.reason, each.check, "nbgrader")
            )
    return marks, penalties


def _checks(folder: Path) -> dict[str, dict[str, float]]:
    """What can be had for every check, by exercise and name."""
    found: dict[str, dict[str, float]] = {}
    for result in read_attempts(folder):
        if not result.report.not_run:
            checks = found.setdefault(result.exercise, {})
            checks.update((check.name, check.max_score) for check in result.report.checks)
    return found


def _declared(course: Course) -> dict[str, dict[str, float]]:
    """The names of all checks, as the graders have them, where nothing has been graded yet."""
    found: dict[str, dict[str, float]] = {}
    for exercise in course.exercises:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = course.grader(exercise).read_text("utf-8")
            if "parametrize" not in text:  # each of its cases is a check with a name of its own
                found[exercise.name] = dict.fromkeys(TEST.findall(text), math.inf)
    return found


def _last_told(folder: Path) -> list[_Row] | None:
    """What was last told; None where nothing was, or by another version of kit."""
    try:
        with (folder / STANDING).open("rb") as lines:
            return list(_rows(lines))
    except (OSError, msgspec.DecodeError):
        pass
    if not (folder / "scores.csv").is_file():
        return None
    # An earlier version graded this class: its scores were what was earned.
    finals = final_scores(read_attempts(folder), Policy())
    people = {result.student: person_of(result) for result in read_attempts(folder)}
    return [
        _Row(people[name], total_of(of_one, Policy()).points, of_one)
        for name, of_one in finals.items()
    ]


def _rows(lines: Iterable[bytes]) -> Iterator[_Row]:
    """The rows, which share what judged them: a class of 20,000 is in memory."""
    decoder = msgspec.json.Decoder(_Row)
    judged: dict[object, tuple[tuple[str, str], ...]] = {}
    for line in lines:
        row = decoder.decode(line)
        for name, final in row.finals.items():
            by = judged.setdefault(final.answer.by, final.answer.by)
            row.finals[name] = final._replace(answer=final.answer._replace(by=by))
        yield row


def _changes(before: list[_Row], standing: Standing) -> list[Change]:
    # Whoever a roster has given an id meanwhile is still the same person.
    names = called({*(row.person for row in before), *standing.people.values()})
    now = {names[person]: name for name, person in standing.people.items()}
    # A roster, added or left out, may give the owner of a file another name: nothing has changed.
    there = {
        (name, final.answer.file, final.answer.sha256)
        for finals in standing.finals.values()
        for name, final in finals.items()
    }
    found = []
    for row in before:
        student = now.get(names[row.person], names[row.person])
        finals = standing.finals.get(student, {})
        id = standing.people.get(student, row.person).id
        changed = [
            Change(student, name, old.score, new.score, _why(old, new), id)
            for name, old in row.finals.items()
            for new in [finals.get(name, Final())]
            if old.state != "missing" and (old.score, old.state) != (new.score, new.state)
            if new.state != "missing" or _is_lost(name, old, there)
        ]
        total = standing.total(student).points
        if not changed and finals and total != row.total and not _is_new(row.finals, finals):
            why = "weights, or which exercises are dropped, changed"
            changed = [Change(student, TOTAL, row.total, total, why, id)]
        found += changed
    return found


def _is_lost(exercise: str, old: Final, there: Container[tuple[str, str, str]]) -> bool:
    """Whether a score is gone: there was one, and its answer is not there under another name."""
    answer = (exercise, old.answer.file, old.answer.sha256)
    return old.score is not None and answer not in there


def _is_new(before: Mapping[str, Final], now: Mapping[str, Final]) -> bool:
    """Whether something was handed in that was not there before."""
    return any(
        final.state != "missing" and before.get(name, Final()).state == "missing"
        for name, final in now.items()
    )


def _why(old: Final, new: Final) -> str:
    """What lies between two final scores of somebody."""
    reasons = []
    if new.state == "missing":
        reasons.append("its export no longer holds the answer")
    elif old.answer.sha256 != new.answer.sha256:
        reasons.append(f"another answer counts: {new.answer.file}")
    else:
        by = dict(old.answer.by)
        changed = [name for name, version in new.answer.by if by.get(name) != version]
        if changed:
            reasons.append(f"graded again with another {' and '.join(changed)}")
    reasons += [why for why in new.why if why not in old.why]
    reasons += [f"no longer: {why}" for why in old.why if why not in new.why]
    if old.state != new.state and "not_run" in (old.state, new.state):
        reasons.append("it could not be run" if new.state == "not_run" else "it could be run now")
    return "; ".join(reasons) or "graded again"


def _append_changes(standing: Standing, changes: Iterable[Change]) -> None:
    path = standing.folder / CHANGES
    is_new = not path.exists()
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with path.open("a", encoding="utf-8-sig" if is_new else "utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        if is_new:
            table.writerow(HEADER)
        for each in changes:
            scores = points(each.before), points(each.now)
            cells = (when, each.student, each.exercise, *scores, each.why, each.id)
            table.writerow(no_formula(cell) for cell in cells)
