"""Where in a folder or zip the class lies: below wrappers, sections, exercises and courses.

A wrapper is judged by all that stands at its level, so that what one student called their
own files changes nothing for anybody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from gradekit.errors import KitError
from gradekit.intake.items import Item
from gradekit.intake.layouts import canvas, gradescope, moodle, nbgrader, plain
from gradekit.intake.names import ExerciseNames, answer_stem, answer_suffix

LITTER = {
    "__MACOSX", "__pycache__", ".ipynb_checkpoints", ".git", ".DS_Store", ".vscode", ".idea",
    ".virtual_documents", ".venv", ".mypy_cache", ".pytest_cache", "Thumbs.db", "desktop.ini",
}  # fmt: skip
CLONE = "/.git"  # the folder in which git keeps what it knows of a clone
SUBMISSIONS = "-submissions"  # what GitHub Classroom's `clone` appends to the assignment
AUTHORS = 3  # names in an exercise's folder beyond which they are students'
LEVELS = 6  # wrappers around wrappers


class Placeable(NamedTuple):
    """One thing, with its path from the class on.

    Attributes:
        place: The folders around, where there are several beside each other.
        by_section: Whether people of one name in two of these are two.
        exercise: What these folders mean, "" if nothing.
        top, folder: The first part as it was, and the path of the folder it lies in.
    """

    item: Item
    parts: tuple[str, ...]
    place: str = ""
    by_section: bool = False
    exercise: str = ""
    top: str = ""
    folder: str = ""


class Class(NamedTuple):
    """What lies where the class lies, and the metadata of the system that exported it."""

    items: list[Placeable]
    metadata: Item | None  # Gradescope's own
    planted: list[Item]  # files that only look like it
    timestamps: Sequence[tuple[Item, tuple[str, ...]]]  # nbgrader's own


def is_litter(parts: Sequence[str]) -> bool:
    """Whether it is something that systems leave behind and nobody handed in."""
    return any(part in LITTER or part.startswith("._") for part in parts)


def class_in(items: Sequence[Item], is_archive: bool, names: ExerciseNames) -> Class:
    """Find the class in a list of things."""
    there = [
        Placeable(item, parts)
        for item in items
        if (parts := tuple(item.path.split("/"))) and not is_litter(parts)
    ]
    clones = {each.path.removesuffix(CLONE) for each in items if each.path.endswith(CLONE)}
    there, metadata, in_course = _unwrapped_all(there, is_archive, names)
    there = _below_exercises(there, names)
    if metadata is None:
        there = _of_repositories(there, clones, names)
    planted = _planted(there, metadata)
    timestamps = _timestamps(there, in_course)
    special = {item.path for item, _ in timestamps} | {each.path for each in planted}
    special.add(metadata.path if metadata else "")
    left = [
        each._replace(top=each.parts[0], folder=_folder_of(each, metadata is not None))
        for each in there
        if each.item.path not in special
    ]
    return Class(left, metadata, planted, timestamps)


def _unwrapped_all(
    there: list[Placeable], is_archive: bool, names: ExerciseNames
) -> tuple[list[Placeable], Item | None, bool]:
    """The same without wrappers, Gradescope's metadata, and whether it is an nbgrader course."""
    for _ in range(LEVELS):
        if nbgrader.is_course(each.parts for each in there if each.item.kind == "file"):
            submitted = [
                _inside(each)
                for each in there
                if each.parts[0] == nbgrader.SUBMITTED and len(each.parts) > 1
            ]
            return submitted, None, True
        if (metadata := _gradescope_root(there)) is not None:
            return there, metadata, False
        wrappers = _wrappers(there, is_archive, names)
        if not wrappers:
            break
        several = len(wrappers) > 1
        there = [
            _unwrapped(each, several, names)
            for each in there
            if each.parts[0] in wrappers and len(each.parts) > 1
        ] + [each for each in there if each.parts[0] not in wrappers]
    return there, None, False


def _planted(there: list[Placeable], metadata: Item | None) -> list[Item]:
    """Files that are only called like Gradescope's metadata."""
    return [
        each.item
        for each in there
        if each.parts[-1] == gradescope.METADATA
        and each.item != metadata
        and each.item.kind == "file"
    ]


def _timestamps(there: list[Placeable], in_course: bool) -> list[tuple[Item, tuple[str, ...]]]:
    """nbgrader's own files with a time, and their paths from the class on.

    A student can hand in a `timestamp.txt` too. It counts where nbgrader puts it: beside a
    notebook, two folders below the class.
    """
    notebooks = {each.parts[:-1] for each in there if each.parts[-1].lower().endswith(".ipynb")}
    return [
        (each.item, each.parts)
        for each in there
        if each.parts[-1] == nbgrader.TIMESTAMP
        and len(each.parts) == 3
        and each.item.kind == "file"
        and (in_course or each.parts[:-1] in notebooks)
    ]


def _folder_of(each: Placeable, by_top: bool) -> str:
    """The folder that a hand-in time may be told about."""
    return each.parts[0] if by_top else "/".join(each.parts[:-1])


def _inside(each: Placeable) -> Placeable:
    return each._replace(parts=each.parts[1:])


def _unwrapped(each: Placeable, several: bool, names: ExerciseNames) -> Placeable:
    """One folder further in; what the folder says is kept."""
    wrapper = each.parts[0].removesuffix(".zip")
    exercise = each.exercise
    try:
        if meaning := names.find(wrapper):
            exercise = meaning.exercise
    except KitError:
        pass
    place = f"{each.place}/{wrapper}" if each.place else wrapper
    by_section = several and not exercise and not plain.is_task(wrapper)
    return each._replace(
        parts=each.parts[1:],
        place=place if several else each.place,
        by_section=each.by_section or by_section,
        exercise=exercise,
    )


def _gradescope_root(there: list[Placeable]) -> Item | None:
    """Gradescope's own metadata, if the export's folders lie beside it."""
    folders = any(
        len(each.parts) > 1 and gradescope.FOLDER.fullmatch(each.parts[0]) for each in there
    )
    for each in there:
        if each.parts == (gradescope.METADATA,) and each.item.kind == "file" and folders:
            return each.item
    return None


def _below_exercises(there: list[Placeable], names: ExerciseNames) -> list[Placeable]:
    """The same, where a folder for an exercise holds the students.

    Anybody may be called Adam: bare slugs have to be the names of all folders.
    """
    tops = {each.parts[0] for each in there if len(each.parts) > 1}
    # All of them or none: a class in which one student is
    # called Adam has folders of other names, too.
    if len(tops) > 1 and all(names.whole(top) for top in tops):
        means = {top: names.whole(top) for top in tops}
    else:
        means = {top: names.numbered(top) for top in tops}
    found = []
    for each in there:
        exercise = means.get(each.parts[0]) if each.parts[0] in means else None
        if exercise and len(each.parts) == 1:
            continue  # the folder itself
        if exercise:
            each = each._replace(parts=each.parts[1:], exercise=exercise)
        found.append(each)
    return found


def _of_repositories(
    there: list[Placeable], clones: set[str], names: ExerciseNames
) -> list[Placeable]:
    """The same, where GitHub Classroom has put the assignment before each student's name."""
    tops: dict[str, str] = {}  # the folders at the top, and their paths
    for each in there:
        if len(each.parts) > 1 or each.item.kind == "folder":
            path = each.item.path.split("/")
            tops[each.parts[0]] = "/".join(path[: len(path) - len(each.parts) + 1])
        elif answer_suffix(each.parts[0]):
            return there
    if any(map(_is_students, tops)):  # of another system
        return there
    are_clones = all(path in clones for path in tops.values())
    prefix = plain.assignment_of(tops, are_clones, names)
    return [
        each._replace(parts=(each.parts[0].removeprefix(prefix), *each.parts[1:])) for each in there
    ]


def _wrappers(there: list[Placeable], is_archive: bool, names: ExerciseNames) -> set[str]:
    """The folders at the top, if they are no students' but hold what belongs to the class."""
    below: defaultdict[str, list[Placeable]] = defaultdict(list)
    for each in there:
        if len(each.parts) > 1:
            below[each.parts[0]].append(each)
        elif each.item.kind == "folder":
            below[each.parts[0]] += []
        elif answer_suffix(each.parts[0]) or canvas.entry(each.parts[0]):
            return set()  # answers lie here already
    tops = {top for top, inside in below.items() if inside}
    if not tops or any(_is_students(top) or names.numbered(top) for top in tops):
        return set()
    if len(tops) == 1 and len(below) == 1 and is_archive and _all_deeper(below[min(tops)]):
        return tops
    looks = {
        top: "export" if _is_classroom(top, below[top]) else _looks(below[top], names)
        for top in tops
    }
    if not all(looks.values()):
        return set()
    # At least half of the folders have to be certain, so that a few students who order their own
    # files like a class do not turn everybody's folders into sections.
    strict = sum(look != "perhaps" or plain.is_section(top) for top, look in looks.items())
    return tops if 2 * strict >= len(tops) and _students_differ(below) else set()


def _is_students(top: str) -> bool:
    """Whether a platform calls a student's folder so."""
    of_platform = moodle.folder(top) or gradescope.FOLDER.fullmatch(top)
    return bool(of_platform or moodle.flat(top) or canvas.read(top))


def _is_classroom(top: str, inside: list[Placeable]) -> bool:
    """Whether `gh classroom clone` made a folder: `hw1-submissions` with `hw1-ada`, `hw1-bob`."""
    prefix = top.removesuffix(SUBMISSIONS) + "-"
    folders = [each.parts[1] for each in inside if len(each.parts) > 2]
    return (
        top.endswith(SUBMISSIONS)
        and bool(folders)
        and all(folder.startswith(prefix) for folder in folders)
    )


def _all_deeper(inside: list[Placeable]) -> bool:
    """Whether the only folder of a zip has no answers of its own."""
    return all(
        len(each.parts) > 2
        or each.item.kind == "folder"
        or not answer_suffix(each.parts[1])
        or _is_students(each.parts[1])
        for each in inside
    ) and any(len(each.parts) > 2 or _is_students(each.parts[1]) for each in inside)


def _looks(inside: list[Placeable], names: ExerciseNames) -> str:
    """Whether a folder holds a part of a class: "export", "surely", "perhaps"; "" if not."""
    if any(
        (_is_students(each.parts[1]) and (len(each.parts) > 2 or each.item.kind == "file"))
        or each.parts[1] == gradescope.METADATA
        for each in inside
    ):  # fmt: skip
        return "export"
    if nbgrader.is_course(each.parts[1:] for each in inside if each.item.kind == "file"):
        return "export"
    below: defaultdict[str, list[Placeable]] = defaultdict(list)
    for each in inside:
        if len(each.parts) > 2:
            below[each.parts[1]].append(_inside(each))
    if below and all(_holds_class(sub, each, names) for sub, each in below.items()):
        return "surely"
    answers: defaultdict[str, set[str]] = defaultdict(set)
    for each in inside:
        if each.item.kind != "file" or not answer_suffix(each.parts[-1]):
            continue
        if len(each.parts) == 2:
            return ""
        answers[each.parts[1]].add(_answers(each, names))
    if not answers or any(names.whole(each) or plain.is_task(each) for each in answers):
        return ""
    all_answers = [name for found in answers.values() for name in found]
    return "surely" if len(set(all_answers)) < len(all_answers) else "perhaps"


def _holds_class(folder: str, inside: list[Placeable], names: ExerciseNames) -> bool:
    """Whether a folder in a folder surely holds a part of the class."""
    if names.whole(folder):
        called = {each.parts[1] for each in inside if each.item.kind == "file"}
        stems = [answer_stem(name) for name in called]
        return len([stem for stem in stems if _meaning(stem, names) is None]) > AUTHORS
    look = _looks(inside, names)
    return look == "export" or (look == "surely" and not plain.is_task(folder))


def _meaning(stem: str, names: ExerciseNames) -> str | None:
    try:
        meaning = names.find(stem)
    except KitError:
        return ""
    return meaning.exercise if meaning else None


def _answers(each: Placeable, names: ExerciseNames) -> str:
    """What a file seems to answer: an exercise, or else its own name."""
    stem = answer_stem(each.parts[-1])
    return _meaning(stem, names) or stem


def _students_differ(below: dict[str, list[Placeable]]) -> bool:
    """Whether the folders in several wrappers are called differently, as students are."""
    called = [
        {each.parts[1] for each in inside if len(each.parts) > 2} for inside in below.values()
    ]
    # Sections hold different people. If the folders in all of them are called alike ("homework 1",
    # "homework 2"), they are one student's folders each.
    called = [names for names in called if names]
    total = sum(map(len, called))
    return len(called) < 2 or 2 * len(set().union(*called)) > total
