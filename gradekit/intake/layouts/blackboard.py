"""Blackboard: a flat folder of `TASK_LOGIN_attempt_2026-11-20-10-11-12_FILE`.

Beside each attempt lies `TASK_LOGIN_attempt_2026-11-20-10-11-12.txt`, whose first line says who it
is: `Name: Ada Lovelace (ada01)`. The time is the server's, whose zone nobody tells, so it only
orders the attempts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SYSTEM = "blackboard"
# The first `_attempt_` is the platform's: what follows is what the student called the file.
NAMED = re.compile(
    r"(?P<head>.+?)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)
WHO = re.compile(r"[^:\n]{1,20}: ?(?P<name>[^\n]*?) ?\((?P<login>[^()\n]+)\)\s*$", re.MULTILINE)


class Blackboard(NamedTuple):
    """A file's name, taken apart. `file` is what the student called it, "" for the note beside."""

    name: str
    login: str
    attempt: int
    file: str


def read(names: Iterable[str], notes: Mapping[str, str]) -> dict[str, Blackboard]:
    """What the names of a class say.

    Args:
        names: All of them; see `may_be`.
        notes: The text beside an attempt, by its name.
    """
    found = {name: match for name in names if (match := NAMED.fullmatch(name))}
    said: dict[str, tuple[str, str]] = {}
    for name, match in found.items():
        who = WHO.match(notes.get(name, "")) if match["file"] is None else None
        if who and match["head"].endswith(f"_{who['login']}"):
            said[match["head"]] = (who["name"] or who["login"], who["login"])
    # Without a note: what differs from the others, since a login may have underscores, too.
    parts = {match["head"]: match["head"].split("_") for match in found.values()}
    same = 0
    while all(len(each) > same + 1 for each in parts.values()) and (
        len({each[same] for each in parts.values()}) == 1
    ):
        same += 1
    logins = {head: "_".join(each[same:]) for head, each in parts.items()}
    people = {head: said.get(head, (login, login)) for head, login in logins.items()}
    return {
        name: Blackboard(
            *people[match["head"]], int(match["when"].replace("-", "")), match["file"] or ""
        )
        for name, match in found.items()
    }


def may_be(name: str) -> bool:
    """Whether a name may be one of Blackboard's.

    On another platform a student may call a file so: it has to be all names of a class.
    """
    return NAMED.fullmatch(name) is not None


def is_note(name: str) -> bool:
    """Whether a file may be the note beside an attempt."""
    match = NAMED.fullmatch(name)
    return match is not None and match["file"] is None
