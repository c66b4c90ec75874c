"""Moodle: `NAME_ID_assignsubmission_file_/FILE`, or all of it in the name of the file.

ID numbers a participant of one assignment. In group mode a name begins with its group and a
hyphen; of a blind assignment it is `Participant`, and the ID is all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

SYSTEM = "moodle"
FOLDER = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?")
FLAT = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_(?P<file>.+)", re.DOTALL
)
BLIND = "Participant"


class Moodle(NamedTuple):
    """A folder's or a file's name, taken apart; `file` is "" for a folder."""

    name: str
    id: str
    kind: str
    file: str = ""


def folder(name: str) -> Moodle | None:
    """What the name of a folder says, if it is one of Moodle."""
    match = FOLDER.fullmatch(name)
    return Moodle(_shown(match), match["id"], match["kind"]) if match else None


def flat(name: str) -> Moodle | None:
    """What the name of a file says, if it is one of Moodle's without folders."""
    match = FLAT.fullmatch(name)
    return Moodle(_shown(match), match["id"], match["kind"], match["file"]) if match else None


def _shown(match: re.Match[str]) -> str:
    return f"{BLIND} {match['id']}" if match["name"] == BLIND else match["name"]


def groups_of(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Group and name of each, if these names begin with groups; else nothing.

    They do if all have a hyphen, and two or more share what stands before it.
    """
    parts = {name: name.partition("-")[::2] for name in names}
    groups = {group for group, name in parts.values()}
    if len(parts) < 2 or not all(name for _, name in parts.values()):
        return {}
    return parts if 2 * len(groups) <= len(parts) else {}
