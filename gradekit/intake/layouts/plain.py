"""Folders and files that people named: a folder a student, a section, an exercise."""

from __future__ import annotations

import re

from gradekit.intake.names import VERSION, ExerciseNames, Meaning, Strength

NAME_AND_ID = re.compile(r"(?P<name>.+?)[_ ](?P<id>\d+)")
SECTION = re.compile(
    r"(?:section|sec|group|class|course|lab|tutorial|cohort|gruppe|kurs|seminar|room|team)"
    r"(?:[\s_\-].*|\d.*)?",
    re.IGNORECASE,
)
TASK = re.compile(
    r"(?:ps|hw|homework|assignments?|problem[\s_\-]?set|week|task|exam|midterm|final|quiz|unit|"
    r"project|lab|sheet|attempt|try|version|v|submission|src|code|notebooks?|exercises?)"
    r"[\s_\-]*(?:\d.*|[a-z])?",
    re.IGNORECASE,
)


def is_section(name: str) -> bool:
    """Whether a folder's name says that it holds a part of the class."""
    return SECTION.fullmatch(name) is not None


def is_task(name: str) -> bool:
    """Whether a folder's name says that it holds something that a student did."""
    return TASK.fullmatch(name) is not None


def named_in(stem: str, names: ExerciseNames) -> tuple[Meaning | None, str]:
    """The exercise that a file's name ends with, and what stands before it: its student.

    "adam_smith" may hand in anything: a bare slug has to be what the name ends with.
    """
    meaning = names.find(stem)
    if meaning is None:
        return None, stem
    rest = stem[meaning.end :]
    at_its_end = not rest or VERSION.fullmatch(rest) is not None
    if meaning.strength <= Strength.SLUG and not at_its_end:
        return None, stem
    return meaning, stem[: meaning.start].rstrip(" _-.")
