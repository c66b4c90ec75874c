"""Whose an answer is: people as platforms, folders and rosters name them, made one each."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Set
from typing import NamedTuple

import msgspec

from gradekit.intake.layouts import moodle
from gradekit.results import Person, printable
from gradekit.roster import Roster

NAME_CHARACTERS = 200


def person(name: str, id: str = "", system: str = "", place: str = "") -> Person:
    """Somebody, with the name in one spelling: composed letters, single spaces.

    Names that differ in characters that nobody sees stay different: these are spelled out.
    """
    # macOS writes "é" as two characters, others as one: without NFC they would be two people.
    shown = " ".join(printable(unicodedata.normalize("NFC", name)).split())
    return Person(shown[:NAME_CHARACTERS] or "(no name)", id, system, printable(place))


def without_groups(people: Iterable[Person]) -> dict[Person, Person]:
    """The people of Moodle's group mode, their group taken out of the name."""
    of_moodle = [each for each in people if each.system == moodle.SYSTEM]
    groups = moodle.groups_of({each.name for each in of_moodle})
    return {
        each: msgspec.structs.replace(each, name=name, section=group)
        for each in of_moodle
        if each.name in groups
        for group, name in [groups[each.name]]
    }


class OnRoster(NamedTuple):
    """What a roster says of those who handed something in."""

    people: dict[Person, Person]  # those that it knows, as it knows them
    unknown: list[Person]
    missing: list[Person]  # of whom nothing is there
    shared: list[tuple[Person, ...]]  # people who would be one row
    groups: dict[Person, tuple[Person, ...]] = {}  # who is none, but the members of a group


def on_roster(people: Set[Person], roster: Roster) -> OnRoster:
    """Hold people against a roster: names, ids, sections, who is missing, who matches nobody."""
    rows: defaultdict[int, list[Person]] = defaultdict(list)
    unknown = []
    members = {each: numbers for each in people if (numbers := roster.members(each))}
    for each in sorted(set(people) - members.keys()):
        number = roster.find(each)
        if number is None:
            unknown.append(each)
        else:
            rows[number].append(each)
    known: dict[Person, Person] = {}
    shared = []
    for number, same in rows.items():
        # Two people on one row would get one grade: both are listed for a person to look at.
        if _certainly_several(same):
            shared.append(tuple(same))
            continue
        told = roster.person(number)
        # An id of Canvas is for good; Moodle's counts the participants of one assignment.
        ids = {(each.id, each.system) for each in same if each.id and each.system != moodle.SYSTEM}
        id, system = min(ids) if len(ids) == 1 else (told.id, told.system)
        one = msgspec.structs.replace(told, id=id, system=system)
        known |= dict.fromkeys(same, one)
    own = {number: known[same[0]] for number, same in rows.items() if same[0] in known}
    groups = {
        group: tuple(own.get(number) or roster.person(number) for number in numbers)
        for group, numbers in members.items()
    }
    there = set(rows).union(*members.values())
    missing = [roster.person(number) for number in roster.numbers() if number not in there]
    return OnRoster(known, unknown, missing, shared, groups)


def _certainly_several(same: list[Person]) -> bool:
    """Whether these are different people: one export names them differently."""
    seen: dict[tuple[str, str], str] = {}
    for each in same:
        place = each.system, each.place
        if seen.setdefault(place, each.key) != each.key:
            return True
    return False
