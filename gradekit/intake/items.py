"""The things that a class handed in, one by one: what a folder or a zip turns out to hold."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

Kind = Literal[
    "file", "folder", "link", "other", "unreadable", "deep", "outside", "shadowed", "results"
]
REASONS: dict[str, str] = {
    "link": "it is a link, not a file",
    "unreadable": "it cannot be read",
    "deep": "it lies too many folders deep to be looked into",
    "outside": "its path in the zip leads out of it",
    "shadowed": "a later file of the same zip has the same name",
    "results": "it holds the results of an earlier `kit grade`, and is not looked into",
    "other": "it is not a regular file",
}


class Item(NamedTuple):
    """One thing in there.

    Attributes:
        path: Relative, with slashes; a zip in there is a folder named like it.
        changed: When, in seconds since 1970; of a zip in its maker's own time, which it
            does not tell. 0 where nothing is told.
        size: In bytes, unpacked.
    """

    path: str
    kind: Kind
    changed: float = 0.0
    size: int = 0


class HandedIn(Protocol):
    """Where submissions come from."""

    is_archive: bool
    problems: dict[str, str]  # path of a zip in there -> why it was not looked into

    def items(self) -> list[Item]:
        """Everything that is there, by path."""

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have.

        Raises:
            KitError: it cannot be read.
        """
