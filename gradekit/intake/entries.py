"""What there is to grade: a file of one person for one exercise, and the modules beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradekit.alphabet import alphabetical
from gradekit.intake import siblings
from gradekit.intake.items import HandedIn
from gradekit.results import NotGraded, Person, called


class Entry(NamedTuple):
    """One file to grade. `file` is its path as shown, `path` as `HandedIn.read` wants it.

    The other fields are those of `About`; `counted` is False for an attempt beside the one
    that earns the points.
    """

    student: str
    exercise: str
    file: str
    path: str
    person: Person = Person("")
    attempt: int = 0
    handed_in: str = ""
    file_date: str = ""
    counted: bool = True
    beside: tuple[str, ...] = ()  # modules of the same person in its folder, as `path`
    stub: bytes = b""  # what stands in for the file, where only its modules were handed in

    def contents(self, handed_in: HandedIn) -> tuple[bytes, dict[str, bytes]]:
        """The bytes of the file, and of the modules that it imports from its folder.

        Raises:
            KitError: they cannot be read.
        """
        return contents_of(handed_in, self.path, self.beside, self.stub)


class Found(NamedTuple):
    """Everything that was handed in.

    Attributes:
        people: Also those who handed in nothing.
        doubts: Why the whole should be looked at before it is graded, a sentence each.
        missing: Those of the roster of whom nothing is there.
        unknown: Those whom the roster does not know.
    """

    entries: list[Entry]
    not_graded: list[NotGraded]
    people: set[Person]
    doubts: list[str] = []
    missing: list[Person] = []
    unknown: list[Person] = []

    @property
    def students(self) -> list[str]:
        """What they are called, sorted."""
        return sorted(set(called(self.people).values()), key=alphabetical)


def contents_of(
    handed_in: HandedIn, path: str, beside: Sequence[str], stub: bytes = b""
) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of a file, and of those modules beside it that it imports, by relative paths.

    Args:
        stub: What stands in for the file, where it was not handed in.
    Raises:
        KitError: they cannot be read.
    """
    content = stub or handed_in.read(path)
    if not beside:
        return content, {}
    start = len(path) - len(path.rpartition("/")[2])
    own = {each[start:]: each for each in beside}
    parts = siblings.among(own)
    return content, siblings.modules_of(content, parts, lambda name: handed_in.read(own[name]))
