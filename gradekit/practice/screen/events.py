"""Everything that can happen at a screen: what arrives in its inbox, and nothing else does."""

from __future__ import annotations

from queue import SimpleQueue
from typing import NamedTuple

from gradekit.course import Exercise
from gradekit.report import Report


class Key(NamedTuple):
    """A key that was pressed: its character, or a name such as `enter` or `up`."""

    name: str


class Resized(NamedTuple):
    """The terminal has a new size."""


class Saved(NamedTuple):
    """The folder may have changed: time to read the file again."""


class Begun(NamedTuple):
    """The libraries are loaded, and the answer with this hash is running."""

    sha256: str


class Verdict(NamedTuple):
    """What came of grading: a report, or `problem`, which is kit's own and no answer's."""

    exercise: Exercise
    sha256: str
    report: Report | None
    problem: str = ""


class Explained(NamedTuple):
    """A report that was told, once more, with a counterexample."""

    sha256: str
    report: Report


class Looking(NamedTuple):
    """So many changes of the answer were tried, to find the line that is wrong, and of how many."""

    sha256: str
    done: int
    every: int


class Located(NamedTuple):
    """The search for the line has ended; `mends` says whether it found one."""

    sha256: str
    lines: tuple[str, ...]  # to be read
    mends: bool


class Drawn(NamedTuple):
    """A picture is finished; `text` says where it is, or what went wrong."""

    exercise: Exercise
    text: str


Happening = Key | Resized | Saved | Begun | Verdict | Explained | Looking | Located | Drawn
Inbox = SimpleQueue[Happening]
