"""What an export format is: a value, from which `kit export` makes the command.

A module in `gradekit/export/formats/` declares one as `FORMAT`. Its command takes what all of
its kind take (--out, --feedback, ...), and the parameters that the format adds, which
arrive in `Answer.more` or `Graded.more` by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

if TYPE_CHECKING:  # `kit --help` loads nothing of this
    from gradekit.course import Exercise
    from gradekit.feedback import Level
    from gradekit.report import Report
    from gradekit.roster import Roster
    from gradekit.standing import Standing

Content = str | bytes


class Answer(NamedTuple):
    """One answer that was graded, and how much of its report may be told."""

    report: Report
    level: Level
    more: Mapping[str, Any] = {}


class AnswerFormat(NamedTuple):
    """A format of one answer: `kit export NAME EXERCISE FILE --out FILE`.

    Attributes:
        summary: The help text, and after it what to type.
        not_run: What becomes of a report with a check that we failed to run: `refused` writes
            nothing, `failed` writes it and ends with exit code 3, `told` leaves it to the file.
        unreadable: What to write of an answer that cannot be read, from the reason; without
            it that is an error of the command.
    """

    summary: str
    example: str
    write: Callable[[Answer], Content]
    not_run: Literal["refused", "failed", "told"]
    parameters: Sequence[click.Parameter] = ()
    unreadable: Callable[[str], Content] | None = None


class Graded(NamedTuple):
    """A class that `kit grade` graded, and what was asked for. `exercises` are the course's."""

    standing: Standing
    exercises: Sequence[Exercise]
    roster: Roster | None = None
    level: Level = "hints"
    more: Mapping[str, Any] = {}


class Written(NamedTuple):
    """What a format makes of a class.

    Attributes:
        content: The file.
        unknown: The students who are not in it because the roster does not know them.
        beside: Another file, of the same name with this ending.
        notes: What else the instructor should know.
    """

    content: Content
    unknown: Sequence[str] = ()
    beside: tuple[str, Content] | None = None
    notes: Sequence[str] = ()


class ClassFormat(NamedTuple):
    """A format of a class: `kit export NAME RESULTS --out FILE`.

    Attributes:
        roster: Says what --roster takes.
        tells_checks: Whether it says more than points, so that --feedback matters.
    """

    summary: str
    example: str
    write: Callable[[Graded], Written]
    roster: str
    tells_checks: bool = False
    parameters: Sequence[click.Parameter] = ()
