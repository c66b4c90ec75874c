"""Canvas: a flat folder of `NAME_[late_]USER_ATTACHMENT_FILE`.

Anonymous assignments have `[late_]anon_XXXXX_ATTACHMENT_FILE`. Attachments are numbered in the
order of their upload; a file that is handed in again under its name ends in -1, -2. What
was typed into a text box or is a link comes as a page, `..._text.html` or `..._link.html`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SYSTEM = "canvas"
ANONYMOUS = re.compile(
    r"(?:late_)?anon_(?P<id>[A-Za-z0-9]{5})_(?:late_)?(?P<attachment>\d+)_(?P<file>.+)",
    re.IGNORECASE | re.DOTALL,
)
NAMED = re.compile(
    r"(?P<name>.+?)(?:_late)?_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)",
    re.IGNORECASE | re.DOTALL,
)
ENTRY = re.compile(
    r"(?:late_)?(?P<name>.+?)(?:_late)?(?:_(?P<id>\d+))?_(?P<kind>text|link)\.html?", re.IGNORECASE
)

LATE = re.compile(r"(?:late_anon_|anon_[A-Za-z0-9]{5}_late_|.+?_late_\d+_\d+_)", re.IGNORECASE)


class Canvas(NamedTuple):
    """A file's name, taken apart. `file` is what the student called it."""

    name: str
    id: str
    attachment: int
    file: str


def read(name: str) -> Canvas | None:
    """What a name says, if it is one of Canvas."""
    if match := ANONYMOUS.fullmatch(name):
        return Canvas(f"anon {match['id']}", match["id"], int(match["attachment"]), match["file"])
    if (match := NAMED.fullmatch(name)) and len(match["attachment"]) < 19:
        return Canvas(match["name"], match["id"], int(match["attachment"]), match["file"])
    return None


def is_late(name: str) -> bool:
    """Whether Canvas marks a file as handed in late; how late it does not tell."""
    return read(name) is not None and LATE.match(name) is not None


def entry(name: str) -> Canvas | None:
    """Whose typed text or link a page is, if it is one."""
    match = ENTRY.fullmatch(name)
    if not match or not (match["id"] or match["name"].lower().startswith("anon_")):
        return None
    if match["id"] is None:
        id = match["name"][5:]
        return Canvas(f"anon {id}", id, 0, match["kind"])
    return Canvas(match["name"], match["id"], 0, match["kind"].lower())
