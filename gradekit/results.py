"""What `kit grade` knows of a class: one result an answer, and the files that keep them.

results.jsonl holds one JSON object a line, one for each answer of today. history.jsonl holds
the lines that a later answer, grader or attempt replaced, with why; set_aside.jsonl those
that no version of kit could read. What could not be graded stands in not_graded.csv.

Lines are never rewritten into another shape: new fields have a default, `schema` counts the
versions, and a reader takes every line of its own version or an older one.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from gradekit.report import Report

RESULTS, HISTORY, SET_ASIDE = "results.jsonl", "history.jsonl", "set_aside.jsonl"
SCHEMA = 2  # 1: student, exercise, file, report; 2: all the others
State = Literal["counted", "attempt", "withdrawn"]
Kind = TypeVar("Kind")


class Person(msgspec.Struct, frozen=True, order=True):
    """Somebody of the class: an id of their learning platform first, a name second.

    `system` is whose id it is (canvas, moodle, gradescope, roster, ...), since two platforms
    count alike. `id` is "" where only a name is known, as of a folder; then `place` tells
    people of one name apart who certainly are two, as in two sections.
    """

    name: str
    id: str = ""
    system: str = ""
    place: str = ""
    login: str = ""
    section: str = ""

    @property
    def key(self) -> str:
        """What makes two mentions the same person."""
        return f"{self.system}:{self.id}" if self.id else f"{self.place}/{self.name}"


class About(msgspec.Struct, frozen=True):
    """A line without its report.

    Attributes:
        student: What to call the person; no other person of the class is called so.
        file: The path in what was handed in, as it is shown.
        attempt: As the platform counts them, from 1; 0 where it does not tell.
        handed_in: When, in ISO 8601 with the zone, where the platform tells; else "".
        file_date: When the file was changed, in ISO 8601; not when it was handed in.
        state: `counted` is the answer that earns the points; `attempt` another attempt of
            that person; `withdrawn` an answer that its export no longer holds.
        export: The folder or zip it came from.
        versions: Of all that decided the report: kit, engine, grader, libraries.
    """

    student: str
    exercise: str
    file: str
    schema: int = 1
    person: Person = Person("")
    attempt: int = 0
    handed_in: str = ""
    file_date: str = ""
    state: State = "counted"
    export: str = ""
    versions: dict[str, str] = {}


class Result(msgspec.Struct, frozen=True):
    """One line: whose answer to what, in which file, and what became of it. See `About`."""

    student: str
    exercise: str
    file: str
    report: Report
    schema: int = 1
    person: Person = Person("")
    attempt: int = 0
    handed_in: str = ""
    file_date: str = ""
    state: State = "counted"
    export: str = ""
    versions: dict[str, str] = {}

    @property
    def about(self) -> About:
        """The line without its report."""
        return About(*(getattr(self, name) for name in About.__struct_fields__))


class Superseded(msgspec.Struct, frozen=True):
    """A line of history.jsonl: a result that no longer holds, with why and since when."""

    why: str
    when: str
    result: Result


class NotGraded(msgspec.Struct, frozen=True):
    """A file that nobody's points come from. `student` and `exercise` are "" where unknown.

    `superseded`: another file of that person was graded for the exercise instead.
    """

    file: str
    student: str
    exercise: str
    reason: str
    superseded: bool = False
    person: Person = Person("")


class _Whose(msgspec.Struct):
    """As much of a line as tells whose it is: the report is skipped."""

    student: str
    person: Person = Person("")


def person_of(line: About | Result | _Whose) -> Person:
    """Whose a line is; lines of schema 1 only know what the student was called."""
    return line.person if line.person.name else Person(line.student)


def people_in(folder: Path) -> set[Person]:
    """Everybody whom the results in `folder` are about."""
    return {person_of(each) for each in _decoded(folder / RESULTS, _Whose)}


def names_in(folder: Path, more: Iterable[Person] = ()) -> dict[Person, str]:
    """What to call everybody whom the results in `folder` are about, and `more` people."""
    return called({*people_in(folder), *more})


def read_results(folder: Path, more: Iterable[Person] = ()) -> Iterator[Result]:
    """The results in `folder` that count, in the order in which they were finished.

    Args:
        more: People who belong to the class as well: nobody is called like one of them.
    """
    for result in read_attempts(folder, more):
        if result.state == "counted":
            yield result


def read_attempts(folder: Path, more: Iterable[Person] = ()) -> Iterator[Result]:
    """All results in `folder`, also of other attempts and of answers that were withdrawn."""
    names = names_in(folder, more)
    for result in _decoded(folder / RESULTS, Result):
        name = names.get(person_of(result), result.student)
        if name != result.student:
            result = msgspec.structs.replace(result, student=name)
        yield result


def seed_of(folder: Path) -> int | None:
    """The seed of the results in `folder`; None where there are none."""
    first = next(_decoded(folder / RESULTS, Result), None)
    return first.report.seed if first else None


def read_history(folder: Path) -> Iterator[Superseded]:
    """What was replaced, the oldest first."""
    return _decoded(folder / HISTORY, Superseded)


def _decoded(path: Path, kind: type[Kind]) -> Iterator[Kind]:
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        for line in file:
            with contextlib.suppress(msgspec.DecodeError):  # a line that a crash cut short
                yield decoder.decode(line)


def unified(people: Iterable[Person]) -> dict[Person, Person]:
    """Each mention of somebody with the person it is.

    Mentions of one key are one person. A mention without an id is the person with one who has
    that name, if there is exactly one.
    """
    by_key: defaultdict[str, list[Person]] = defaultdict(list)
    for each in sorted(people):
        by_key[each.key].append(each)
    with_id: defaultdict[str, set[str]] = defaultdict(set)  # keys by name
    for key, same in by_key.items():
        for name in {each.name for each in same if each.id}:
            with_id[name].add(key)
    found: dict[Person, Person] = {}
    for same in by_key.values():
        one = same[0]
        # Two with that name and different ids: nobody can tell
        # whose this mention is, so it stays alone.
        bearers = with_id[one.name] if not one.id and not one.place else set()
        if len(bearers) == 1:
            one = by_key[min(bearers)][0]
        found |= dict.fromkeys(same, one)
    return found


def called(people: Iterable[Person]) -> dict[Person, str]:
    """What to call each: the name, with the id where two share it; no two are called alike.

    Mentions of one person, as `unified` finds them, are called the same.
    """
    same_as = unified(people)
    ones = sorted(set(same_as.values()), key=lambda each: each.key)
    bearers = Counter(one.name for one in ones)
    labels: dict[Person, str] = {}
    taken = set(bearers)
    for one in ones:
        alone = bearers[one.name] == 1 or not (one.id or one.place)
        label = one.name if alone else f"{one.name} ({one.id or one.place})"
        number = 1
        while not alone and label in taken:  # somebody's name looks like this
            number += 1
            label = f"{one.name} ({one.system or one.place} {one.id}, {number})"
        taken.add(label)
        labels[one] = label
    return {person: labels[one] for person, one in same_as.items()}


def meant(names: dict[Person, str], wanted: str) -> list[str]:
    """What the students are called that a name or an id means: none, one, or several.

    Args:
        names: As `called` returns them. Who is called exactly so is meant before others: that
            name is unique, while an id or a platform's name may be somebody else's as well.
    """
    wanted = _spelled(wanted)
    each_one = {
        name: {*map(_spelled, (name, person.name, person.id, person.login))}
        for person, name in names.items()
    }
    found = {name for name, spelled in each_one.items() if wanted in spelled}
    exactly = {name for name in found if _spelled(name) == wanted}
    if not found:
        wanted = _turned(wanted)
        found = {name for name, spelled in each_one.items() if wanted in map(_turned, spelled)}
    return sorted(exactly or found)


@lru_cache(2**16)  # a table of marks asks for each of its rows, of everybody
def _spelled(name: str) -> str:
    """A name whose letters are the same however a keyboard, a Mac or a table made them."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def _turned(name: str) -> str:
    """Canvas and tables say "Lovelace, Ada"; people, Ada Lovelace."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


def printable(text: str) -> str:
    """`text` as it can be shown and stored: names of files may hold any bytes.

    Two names that differ stay different: what cannot be shown is spelled out.
    """
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
