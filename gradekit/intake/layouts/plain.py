"""Folders and files that people named: a folder a student, a section, an exercise."""

from __future__ import annotations

import re
from collections.abc import Collection
from posixpath import commonprefix

from gradekit.intake.names import VERSION, ExerciseNames, Meaning, Strength

NAME_AND_ID = re.compile(r"(?P<name>.+?)[_ ](?P<id>\d+)")
SECTION = re.compile(
    r"(?:section|sec|group|class|course|lab|tutorial|cohort|gruppe|kurs|seminar|room|team)"
    r"(?:[\s_\-].*|\d.*)?",
    re.IGNORECASE,
)
# What Colab, Drive and file managers put before the name of a file that they copied.
COPY = r"(?:copy of|kopie von|copie de|c[oó]pia d[ei]|kopie van|kopia|копия)"
BEFORE = re.compile(rf"(?:{COPY}(?:[\s_]+|$))+", re.IGNORECASE)
AFTER = re.compile(rf"(?:(?:^|[\s_]+){COPY})+$", re.IGNORECASE)  # `ada_Copy of softmax.ipynb`
FEW = 3  # folders from which on they are not by chance called after one exercise
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


def without_copy(name: str) -> str:
    """A name without `Copy of` before it, or between it and the exercise."""
    return AFTER.sub("", BEFORE.sub("", name, count=1) if BEFORE.match(name) else name)


def assignment_of(folders: Collection[str], are_clones: bool, names: ExerciseNames) -> str:
    """What all of these folders begin with, if they are GitHub Classroom's: `hw1-`, else "".

    It calls each repository `ASSIGNMENT-LOGIN`. The assignment is called like a task or an
    exercise, or all folders are clones.
    """
    common = commonprefix(sorted(folders))
    prefix = common[: common.rfind("-") + 1]
    stem = prefix[:-1]
    if len(folders) < 2 or not stem:
        return ""
    if not all(re.search(r"[^\W\d]", folder[len(prefix) :]) for folder in folders):
        return ""
    by_number = names.numbered(stem) is not None
    by_slug = names.whole(stem) is not None and len(folders) >= FEW  # two may be called Adam
    return prefix if are_clones or is_task(stem) or by_number or by_slug else ""


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
