"""grading.toml and overrides.csv: how an instructor writes down a policy and marks by hand.

Whatever is wrong in them is one sentence with the file and the line.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from gradekit.course import Course
from gradekit.errors import KitError, plainly
from gradekit.policy import EVERYBODY, Late, Mark, Number, Policy, Rule
from gradekit.results import Person, meant
from gradekit.tables import rows_of_table

POLICY, OVERRIDES = "grading.toml", "overrides.csv"
ALL = "everybody"  # the name that means all students
COLUMNS = ("student", "exercise", "points", "reason")
CHECK = "check"  # a column that may be there as well
MANY_DAYS = 3660  # nobody extends by more
YEARS = 1970, 9000  # beyond, times cannot be added to
ANY = "..."
KEYS = re.compile(r"\.\.\.|[^.\[\]]+")
WORDS = {"attempt": ("last", "best"), "of": ("earned", "possible")}  # that a key may have
WHEN = "a time such as 2026-10-05T23:59:00+02:00"


class _Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deadline: Any = None
    weight: Number = 1.0
    late: Late | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """grading.toml as it is written."""

    deadline: Any = None
    timezone: str = ""
    attempt: Literal["last", "best"] = "last"
    drop_lowest: Annotated[int, msgspec.Meta(ge=0)] = 0
    late: Late = Late()
    exercises: dict[str, _Exercise] = {}
    extensions: dict[str, Any] = {}
    excused: dict[str, list[str]] = {}
    columns: dict[str, list[str]] = {}


def read_policy(path: Path, course: Course, names: dict[Person, str]) -> tuple[Policy, list[str]]:
    """The policy in a grading.toml, and what the instructor should know about it.

    Args:
        names: The people of the class, as `results.called` returns them.

    Raises:
        KitError: it says something that has no meaning; the message has the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise KitError(f"{path} cannot be read: {reason}.") from None
    return _Reader(path, text, course, names).policy()


class _Reader:
    """One grading.toml on its way to a policy."""

    def __init__(self, path: Path, text: str, course: Course, names: dict[Person, str]) -> None:
        self._path, self._text, self._course, self._names = path, text, course, names
        self._zone: tzinfo | None = None
        self.notes: list[str] = []

    def policy(self) -> tuple[Policy, list[str]]:
        file = self._decoded()
        if file.timezone:
            self._zone = self._zone_called(file.timezone)
        otherwise = Rule(self._time(file.deadline, "deadline"), file.late)
        return Policy(
            rules=self._rules(file, otherwise),
            otherwise=otherwise,
            attempt=file.attempt,
            drop_lowest=file.drop_lowest,
            extensions=self._extensions(file.extensions),
            excused=self._excused(file.excused),
            columns={
                title: tuple(self._exercises(names, "columns", title))
                for title, names in file.columns.items()
            },
        ), self.notes

    def _decoded(self) -> _File:
        try:
            return msgspec.convert(tomllib.loads(self._text), _File)
        except tomllib.TOMLDecodeError as error:
            said = str(error)
            line = re.search(r" \(at line (\d+), column \d+\)", said)
            number = int(line[1]) if line else len(self._text.splitlines())
            self._fail_at(number, f"no TOML that can be read: {said.partition(' (at ')[0]}")
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            keys = KEYS.findall(where.rstrip("`"))  # `...` stands for any key
            if unknown := re.search(r"unknown field `(.*)`", what):
                known = _fields_at(keys)
                self._fail(f"`{unknown[1]}` means nothing here; {known} do", *keys, unknown[1])
            named = [key for key in keys if key != ANY and not key.isdigit()]
            if wrong := re.search(r"enum value '(.*)'", what):
                words = " or ".join(f'"{word}"' for word in WORDS[named[-1]])
                self._fail(f'`{named[-1]}` is "{wrong[1]}": write {words}', *keys)
            self._fail(f"`{named[-1]}`: {plainly(what)}", *keys)

    def _rules(self, file: _File, otherwise: Rule) -> dict[str, Rule]:
        rules = {}
        for name, own in file.exercises.items():
            deadline = self._time(own.deadline, "exercises", name, "deadline")
            rules[self._exercise(name, "exercises", name)] = Rule(
                deadline or otherwise.deadline,
                own.late or otherwise.late,
                own.weight,
            )
        return rules

    def _extensions(
        self, written: Mapping[str, Any]
    ) -> dict[tuple[str, str], datetime | timedelta]:
        """`"Ada" = 2`, `= 2026-10-12T23:59:00Z`, or a table of these by exercise."""
        found = {}
        for who, value in written.items():
            student = self._student(who, "extensions", who)
            by_exercise = value if isinstance(value, dict) else {"": value}
            for name, until in by_exercise.items():
                at = ("extensions", who, *([name] if name else []))
                exercise = self._exercise(name, *at) if name else ""
                own = self._extension(until, *at)
                if student:
                    found[student, exercise] = own
        return found

    def _extension(self, value: Any, *at: str) -> datetime | timedelta:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not 0 <= value <= MANY_DAYS:
                self._fail(f"`{value}` is no number of days", *at)
            return timedelta(days=value)
        when = self._time(value, *at)
        assert when is not None
        return when

    def _excused(self, written: Mapping[str, Sequence[str]]) -> frozenset[tuple[str, str]]:
        found = set()
        for who, names in written.items():
            student = EVERYBODY if who == ALL else self._student(who, "excused", who)
            for exercise in self._exercises(names, "excused", who):
                if student is not None:
                    found.add((student, exercise))
        return frozenset(found)

    def _exercises(self, names: Iterable[str], *at: str) -> list[str]:
        return [self._exercise(name, *at) for name in names]

    def _exercise(self, name: str, *at: str) -> str:
        try:
            return self._course.find(name).name
        except KitError as error:
            self._fail(_first_sentence(error), *at)

    def _student(self, who: str, *at: str) -> str | None:
        """What somebody is called; None, with a note, where nobody of the class is meant."""
        found = meant(self._names, who)
        if len(found) > 1:
            self._fail(f"`{who}` may be {' or '.join(found)}: write the id", *at)
        if not found:
            line = self._line(*at)
            self.notes.append(f"{self._path}, line {line}: nobody of the class is called `{who}`")
            return None
        return found[0]

    def _zone_called(self, name: str) -> tzinfo:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self._fail(f"no time zone is called `{name}`; one is called Europe/Berlin", "timezone")

    def _time(self, value: object, *at: str) -> datetime | None:
        """A time with its zone; of a day alone its last second."""
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(23, 59, 59))
        if not isinstance(value, datetime):
            self._fail(f"`{at[-1]}` is no time: write {WHEN}, without quotes", *at)
        if not YEARS[0] <= value.year <= YEARS[1]:
            self._fail(f"`{at[-1]}` is no year of a course", *at)
        if value.tzinfo is None:
            if self._zone is None:
                self._fail(
                    f'`{at[-1]}` has no time zone: write {WHEN}, or add timezone = "Europe/Berlin"',
                    *at,
                )
            return value.replace(tzinfo=self._zone)
        return value

    def _fail(self, what: str, *at: str) -> NoReturn:
        self._fail_at(self._line(*at), what)

    def _fail_at(self, line: int, what: str) -> NoReturn:
        raise KitError(f"{self._path}, line {line}: {_ended(what)}")

    def _line(self, *keys: str) -> int:
        """The line that a value ends in: the shortest beginning of the file that has it."""
        lines = self._text.splitlines(keepends=True)
        for number in range(1, len(lines) + 1):
            try:
                here: Any = tomllib.loads("".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue
            if _has(here, keys):
                return number
        return 1


def _has(table: Any, keys: Sequence[str]) -> bool:
    """Whether the keys lead to a value; `...` is any key or place of a list."""
    if not keys:
        return True
    if isinstance(table, list) or (isinstance(table, dict) and keys[0] == ANY):
        inner = table if isinstance(table, list) else table.values()
        return any(_has(each, keys[1:]) for each in inner)
    return isinstance(table, dict) and keys[0] in table and _has(table[keys[0]], keys[1:])


def read_overrides(
    path: Path, course: Course, names: dict[Person, str], checks: Mapping[str, Mapping[str, float]]
) -> list[Mark]:
    """The marks in an overrides.csv.

    Args:
        checks: What can be had for every check, by exercise and name, where results tell.

    Raises:
        KitError: a row says something that has no meaning; the message has the line.
    """
    (_, first), *rows = rows_of_table(path) or [(1, [])]
    header = [name.strip().casefold() for name in first]
    if not set(COLUMNS[:3]) <= set(header):
        raise KitError(f"{path}, line 1: the columns have to be {','.join(COLUMNS)}.")
    marks: dict[tuple[str, str, str], tuple[int, Mark]] = {}
    for line, cells in rows:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if row.get(CHECK) and not row.get("points"):  # a row of to_mark.csv: not marked yet
            continue
        try:
            mark = _mark(row, course, names, checks)
            mark = mark._replace(source=f"{path.name} line {line}")
            key = mark.student, mark.exercise, mark.check
            if key in marks:
                raise KitError(f"line {marks[key][0]} says another thing of the same")
        except KitError as error:
            raise KitError(f"{path}, line {line}: {_ended(_first_sentence(error))}") from None
        marks[key] = line, mark
    return [mark for _, mark in marks.values()]


def _mark(
    row: Mapping[str, str],
    course: Course,
    names: dict[Person, str],
    checks: Mapping[str, Mapping[str, float]],
) -> Mark:
    who, check = row.get("student", ""), row.get(CHECK, "")
    # Our own tables put a quote before what a spreadsheet would take for a formula.
    found = meant(names, who) or meant(names, who.removeprefix("'"))
    if len(found) != 1:
        several = f"may be {' or '.join(found)}: write the id" if found else ""
        raise KitError(f"`{who}` {several or 'is nobody of this class: write a name or an id'}")
    exercise = course.find(row.get("exercise", "")).name
    known = checks.get(exercise, {})
    if check and known and check not in known:
        near = difflib.get_close_matches(check, known, 1)
        ask = f": did you mean `{near[0]}`?" if near else f"; it has {', '.join(known)}"
        raise KitError(f"{exercise} has no check called `{check}`{ask}")
    most = known.get(check, math.inf) if check else sum(known.values()) or math.inf
    points = _points(row.get("points", ""), most)
    return Mark(found[0], exercise, points, row.get("reason", ""), check)


def _points(text: str, most: float) -> float:
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        raise KitError(f"`{text}` is no number of points") from None
    if not 0 <= points <= most or math.isinf(points):
        limit = "0 or more" if math.isinf(most) else f"0 to {most:g}"
        raise KitError(f"`{text}` are no points that it can have: {limit}")
    return points


def _fields_at(keys: Sequence[str]) -> str:
    """What may stand in the table that `keys` lead to, in words."""
    kind: Any = _File
    if keys:
        kind = Late if keys[-1] == "late" else _Exercise
    return ", ".join(kind.__struct_fields__)


def _first_sentence(error: KitError) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."
