"""Whose answer to what: from the names of files, in every layout that systems export.

    STUDENT/exercise_05_softmax.py                    a folder a student
    submitted/STUDENT/ASSIGNMENT/exercise_05.ipynb    nbgrader
    exercise_05_softmax/STUDENT.py                    a folder an exercise
    NAME_ID_SUBMISSION_exercise_05_softmax-1.py       Canvas, flat
    NAME_ID_assignsubmission_file_/exercise_05.py     Moodle, in folders or flat
    submission_ID/exercise_05.py                      Gradescope, with submission_metadata.yml

What cannot be placed is listed with its reason, and never stops the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from gradekit.batch.handed_in import HandedIn, Item
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.layouts import gradescope
from gradekit.results import NotGraded, Person, called, printable

SUFFIXES = (".py", ".ipynb")
GRADESCOPE = gradescope.METADATA
LITTER = {"__MACOSX", "__pycache__", "timestamp.txt", "Thumbs.db", "desktop.ini", GRADESCOPE}

SEPARATORS = r"[\s_.\-]*"
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?")
CANVAS = re.compile(r"(?P<name>.+?)(?:_LATE)?_(?P<id>\d+)_\d+")
NAME_AND_ID = re.compile(r"(?P<name>.+?)[_ ](?P<id>\d+)")
FLAT = re.compile(
    r".+_\d+_(?:\d+|assignsubmission)_"
)  # how Canvas and Moodle begin the name of a student's file
VERSION = re.compile(r"[\s_\-]*\(?(\d{1,3})\)?")  # Canvas: -1 for the second attempt


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


class Found(NamedTuple):
    """Everything that was handed in; `students` has those, too, who handed in nothing."""

    entries: list[Entry]
    not_graded: list[NotGraded]
    people: set[Person]

    @property
    def students(self) -> list[str]:
        """What they are called, sorted."""
        return sorted(set(called(self.people).values()))


Owner = Person


class _Placed(NamedTuple):
    owner: Owner
    exercise: str
    item: Item
    attempt: int


def discover(handed_in: HandedIn, course: Course) -> Found:
    """Find out whose answer to what every file is, sorted by exercise and student."""
    everything = [item for item in handed_in.items() if not _is_litter(item.path)]
    not_graded: list[NotGraded] = []
    people = _gradescope_people(handed_in, not_graded)
    names = ExerciseNames(course)
    placed: list[_Placed] = []
    owners: set[Owner] = set()
    for item, inner in _inside_wrapper(everything, handed_in.is_archive):
        if item.kind == "folder":
            if len(inner.parts) == 1 and not names.numbered(inner.name):
                owners.update(_owners(inner.name, people))
            continue
        try:
            placed += _place(item, inner, names, people)
        except KitError as error:
            owner = _owners(inner.parts[0], people)[0].name if len(inner.parts) > 1 else ""
            not_graded.append(NotGraded(printable(item.path), owner, "", str(error)))
    owners.update(each.owner for each in placed)
    names_of = called(owners)
    entries = _newest(placed, names_of, not_graded)
    order = {exercise.name: number for number, exercise in enumerate(course.exercises)}
    entries.sort(key=lambda entry: (order[entry.exercise], entry.student))
    return Found(entries, not_graded, owners)


class ExerciseNames:
    """Finds the exercise that a name means, wherever in it."""

    def __init__(self, course: Course) -> None:
        self._slugs = {_squeezed(exercise.slug) for exercise in course.exercises}
        self._numbers: dict[str, str] = {}
        self._meaning: dict[str, str] = {}
        patterns = set()
        for exercise in course.exercises:
            numbers = {exercise.number, str(int(exercise.number))}
            self._numbers |= dict.fromkeys(numbers, exercise.name)
            for alias in exercise.names - numbers | {f"ex_{number}" for number in numbers}:
                self._meaning[_squeezed(alias)] = exercise.name
                patterns.add(SEPARATORS.join(re.findall(r"[a-z]+|\d+", alias)))
        longest_first = "|".join(sorted(patterns, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{longest_first})(?![^\W_])", re.IGNORECASE)

    def whole(self, name: str) -> str | None:
        """The exercise that `name` as a whole means."""
        match = self._pattern.fullmatch(name)
        return self._meaning[_squeezed(match[0])] if match else self._numbers.get(name)

    def numbered(self, name: str) -> str | None:
        """The exercise that `name` means by its number; anybody may be called Adam."""
        return None if self.is_slug(name) else self.whole(name)

    def within(self, name: str) -> tuple[str, int, int] | None:
        """The exercise named in `name`, with where; a bare slug only counts without better.

        Raises:
            KitError: several are named.
        """
        matches = list(self._pattern.finditer(name))
        strong = [match for match in matches if _squeezed(match[0]) not in self._slugs]
        meanings = {self._meaning[_squeezed(match[0])]: match for match in strong or matches}
        if len(meanings) > 1:
            raise KitError(f"its name means several exercises: {', '.join(sorted(meanings))}")
        for exercise, match in meanings.items():
            return exercise, match.start(), match.end()
        return None

    def is_slug(self, text: str) -> bool:
        """Whether `text` is an exercise's name without its number."""
        return _squeezed(text) in self._slugs


def _squeezed(name: str) -> str:
    return re.sub(SEPARATORS, "", name).lower()


def _place(
    item: Item, inner: PurePosixPath, names: ExerciseNames, people: dict[str, list[Owner]]
) -> list[_Placed]:
    """The answer in `item`, once for each student who handed it in together.

    Raises:
        KitError: it is no answer, or nobody's; the message says why.
    """
    if item.kind != "file":
        reasons = {"link": "it is a link, not a file", "unreadable": "it cannot be read"}
        raise KitError(reasons.get(item.kind, "it is not a regular file"))
    if inner.suffix.lower() not in SUFFIXES:
        raise KitError("it is neither a Python file (.py) nor a notebook (.ipynb)")
    parts, exercise = inner.parts, None
    if len(parts) > 1 and (exercise := names.numbered(parts[0])):
        parts = parts[1:]
    if len(parts) == 1:
        return [_place_flat(item, inner.stem, exercise, names)]
    named = names.within(inner.stem)
    for folder in reversed(parts[1:-1]):
        named = named or names.within(folder)
    whole = names.whole(inner.stem)
    exercise = named[0] if named else whole or exercise
    if exercise is None:
        raise KitError("its name means no exercise of this course")
    version = VERSION.fullmatch(inner.stem[named[2] :]) if named else None
    attempt = int(version[1]) if version else 0
    return [_Placed(owner, exercise, item, attempt) for owner in _owners(parts[0], people)]


def _place_flat(item: Item, stem: str, exercise: str | None, names: ExerciseNames) -> _Placed:
    """A file that bears its student's name itself."""
    named = names.within(stem)
    version = VERSION.fullmatch(stem[named[2] :]) if named else None
    # "adam_smith" may hand in anything: a bare slug has to be what the name ends with.
    if named and names.is_slug(stem[named[1] : named[2]]) and stem[named[2] :] and not version:
        named = None
    if named is None and exercise is None:
        raise KitError("its name means no exercise of this course")
    before = stem[: named[1]].rstrip(" _-.") if named else stem
    if not before:
        raise KitError("no student is named, neither in its name nor by a folder")
    before = before.removesuffix("_assignsubmission_file")
    match = CANVAS.fullmatch(before) or NAME_AND_ID.fullmatch(before)
    owner = Owner(_name(match["name"]), match["id"]) if match else Owner(_name(before))
    meant = named[0] if named else exercise
    assert meant is not None
    return _Placed(owner, meant, item, int(version[1]) if version else 0)


def _owners(folder: str, people: dict[str, list[Owner]]) -> list[Owner]:
    """The students whose folder that is."""
    if folder in people:
        return people[folder]
    match = MOODLE.fullmatch(folder)
    return [Owner(_name(match["name"]), match["id"]) if match else Owner(_name(folder))]


def _name(text: str) -> str:
    """A name in one spelling: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", printable(text)).split()) or "(no name)"


def _newest(
    placed: Iterable[_Placed], names: dict[Owner, str], not_graded: list[NotGraded]
) -> list[Entry]:
    """One answer a student and exercise: the last attempt; the others are listed."""
    answers = defaultdict(list)
    for each in placed:
        answers[names[each.owner], each.exercise].append(each)
    entries = []
    for (student, exercise), candidates in answers.items():
        candidates.sort(key=lambda each: (each.attempt, each.item.changed, each.item.path))
        *older, newest = candidates
        file = printable(newest.item.path)
        entries.append(Entry(student, exercise, file, newest.item.path, newest.owner))
        for each in older:
            same = (each.attempt, each.item.changed) == (newest.attempt, newest.item.changed)
            why = "was" if same else "is newer, and was"
            reason = f"it is a duplicate: {file} {why} graded"
            shown = printable(each.item.path)
            not_graded.append(NotGraded(shown, student, exercise, reason, True, each.owner))
    return entries


def _is_litter(path: str) -> bool:
    """Whether it is something that systems leave behind and nobody handed in."""
    parts = PurePosixPath(path).parts
    return any(part.startswith(".") or part in LITTER for part in parts)


def _inside_wrapper(items: list[Item], is_archive: bool) -> list[tuple[Item, PurePosixPath]]:
    """The items with their paths from the folder on that holds the class."""
    pairs = [(item, PurePosixPath(item.path)) for item in items]
    tops = {path.parts[0] for _, path in pairs if path.parts}
    if "submitted" in tops:  # an nbgrader course: the other folders are the instructor's
        wrapper = "submitted"
    elif is_archive and len(tops) == 1 and all(
        len(path.parts) > 2
        or item.kind == "folder"
        or (len(path.parts) == 2 and FLAT.match(path.name))
        for item, path in pairs
    ):  # fmt: skip
        wrapper = tops.pop()
    else:
        return pairs
    inside = [(item, path) for item, path in pairs if path.parts[0] == wrapper]
    return [(item, path.relative_to(wrapper)) for item, path in inside if len(path.parts) > 1]


def _gradescope_people(handed_in: HandedIn, not_graded: list[NotGraded]) -> dict[str, list[Owner]]:
    """Whose `submission_123` each folder is, from the metadata in the export's root.

    A file of that name anywhere else is a student's, and says nothing about anybody.
    """
    files = [item.path for item in handed_in.items() if item.kind == "file"]
    root = gradescope.root_of(files)
    for path in files:
        if PurePosixPath(path).name == GRADESCOPE and path != f"{root}{GRADESCOPE}":
            reason = "only the metadata in the root of Gradescope's own export says who is who"
            not_graded.append(NotGraded(printable(path), "", "", reason))
    if root is None:
        return {}
    try:
        told = gradescope.people_in(handed_in.read(f"{root}{GRADESCOPE}"))
    except (gradescope.NotUsable, KitError) as error:
        if isinstance(error, KitError) and "PyYAML" in str(error):
            raise
        reason = f"nobody's name could be read from it: {error}"
        not_graded.append(NotGraded(printable(f"{root}{GRADESCOPE}"), "", "", reason))
        return {}
    there = {PurePosixPath(path[len(root) :]).parts[0] for path in files if path.startswith(root)}
    return {
        folder: [Owner(_name(person.name), person.email) for person in persons]
        for folder, persons in told.items()
        if folder in there
    }
