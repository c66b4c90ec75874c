"""Practice folders: made, brought to a newer course, and found around the current folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gradekit import clones
from gradekit.course import Course, Exercise, default_root
from gradekit.errors import KitError
from gradekit.files import writing
from gradekit.practice import settings
from gradekit.practice.events import PROGRESS
from gradekit.practice.workspace import Workspace


def create(
    folder: Path,
    course: Course,
    exercises: Iterable[Exercise] | None = None,
    *,
    name: str | None = None,
    clone: clones.Clone | None = None,
) -> tuple[Workspace, int]:
    """Make `folder` a practice folder; return it and how many stubs were written.

    Files that exist stay as they are. The folder remembers its course, if that is not the one
    that comes with kit.

    Args:
        exercises: Those that are to be practised; None for all.
        name: What the folder remembers of the course; None for the path of its folder.
        clone: Where the course comes from, if from a repository.

    Raises:
        KitError: the folder cannot be written.
    """
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for exercise in course.exercises if exercises is None else exercises:
            target = folder / exercise.file_name
            if not target.exists():
                target.write_bytes(course.stub(exercise).read_bytes())
                written += 1
            _lay_data(folder, course, exercise)
        (folder / PROGRESS).touch()
        Workspace(folder, course).log.mend()
        settings.write_new(folder, course.address if name is None else name, clone)
    except OSError as error:
        raise KitError(
            f"{error.filename or folder} cannot be written: {error.strerror}.\n"
            "Name another folder: `kit init DIR`."
        ) from None
    return Workspace(folder, course), written


def _lay_data(folder: Path, course: Course, exercise: Exercise, old: Course | None = None) -> None:
    """Copy the data of an exercise into a practice folder, where they are not there yet.

    Args:
        old: An earlier version of the course, whose data are replaced.
    """
    for name, source in course.data(exercise).items():
        target = folder / name
        former = _former(old, exercise, name) if old else None
        is_former = former is not None and former.is_file() and target.is_file()
        if is_former and former is not None and target.read_bytes() == former.read_bytes():
            target.unlink()
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def _former(old: Course, exercise: Exercise, name: str) -> Path | None:
    """Where an earlier version of a course had a file of data."""
    before = {each.name: each for each in old.exercises}
    known = before.get(exercise.name)
    return old.data(known).get(name) if known else None


class Renewed(NamedTuple):
    """What became of the stubs of a practice folder whose course has a newer version."""

    added: list[Exercise]
    replaced: list[Exercise]  # stubs that were untouched
    kept: list[Exercise]  # their stubs have changed, and the learner's file is another text


def renew(folder: Path, old: Course, new: Course) -> Renewed:
    """Bring the stubs of a practice folder to a newer version of its course.

    Whatever the learner wrote stays. New exercises come where the folder has all of the old.

    Raises:
        KitError: the folder cannot be written.
    """
    before = {exercise.file_name: old.stub(exercise).read_bytes() for exercise in old.exercises}
    has_all = all((folder / name).exists() for name in before)
    done = Renewed([], [], [])
    with writing(folder):
        for exercise in new.exercises:
            path, stub = folder / exercise.file_name, new.stub(exercise).read_bytes()
            if path.exists():
                if before.get(exercise.file_name) == stub or path.read_bytes() == stub:
                    continue
                untouched = path.read_bytes() == before.get(exercise.file_name)
                (done.replaced if untouched else done.kept).append(exercise)
            elif has_all and exercise.file_name not in before:
                untouched = True
                done.added.append(exercise)
            else:
                continue
            if untouched:
                path.write_bytes(stub)
        for exercise in new.exercises:
            if (folder / exercise.file_name).exists():
                _lay_data(folder, new, exercise, old)
    return done


def _practice_folder_around() -> Path | None:
    """The nearest folder upwards with a progress file, or with the settings beside a lost one."""
    here = Path.cwd()
    names = (PROGRESS, settings.SETTINGS)
    folders = (here, *here.parents)
    return next((each for each in folders if any((each / n).is_file() for n in names)), None)


def remembered_course() -> Path | None:
    """The course of the practice folder around the current folder; None outside of any.

    Raises:
        KitError: what it remembers cannot be read, or is not there.
    """
    folder = _practice_folder_around()
    return course_in(folder) if folder else None


def course_in(folder: Path) -> Path:
    """The course that a practice folder remembers.

    Raises:
        KitError: what it remembers cannot be read, or is not there.
    """
    told = settings.read(folder)
    root = told.root()
    if root is None or root.is_dir():
        return root or default_root()
    if told.origin is not None:
        raise KitError(
            f"The course of this practice folder, {told.origin}, is not on this machine yet: "
            "`kit init` fetches it."
        )
    raise KitError(
        f"The course of this practice folder is not in {root} any more.\n"
        f"Write its new place into {folder / settings.SETTINGS}, or name it: "
        "`kit --course DIR ...`."
    )


def find(course: Course) -> Workspace | None:
    """The workspace that the current folder belongs to.

    That is the nearest folder upwards with a progress file; else the exercises/ of a
    course checkout that one stands in; else none.

    Raises:
        KitError: the progress file of a practice folder is lost.
    """
    if practice := _practice_folder_around():
        made = Workspace(practice, course)
        if not made.is_practice:
            there = sum(made.answer(each).is_file() for each in course.exercises)
            raise KitError(
                f"{practice} is a practice folder with {there} answers, but its {PROGRESS} is not "
                f"there any more.\n`kit init {shlex.quote(str(practice))}` begins a new one; all "
                "answers stay."
            )
        return made
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder == course.root:
            return Workspace(folder / "exercises", course)
    return None
