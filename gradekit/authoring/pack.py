"""Splits a course into what learners get and what instructors get.

The learners' edition has stubs, hints, data and examples. In place of each grader stands one
check that waits for a mark, so that `kit check` runs the examples and leaves the rest open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gradekit.authoring.reading import points_of
from gradekit.course import ABOUT, METADATA, Course, Exercise
from gradekit.definitions import defined_in
from gradekit.errors import KitError
from gradekit.files import writing, zipped

Edition = Literal["learner", "instructor"]
FOLDERS = ("exercises", "solutions", "graders", "cases", "pictures")  # and the bank
LEFT_OUT = {"__pycache__", ".DS_Store", ".ipynb_checkpoints"}
WITHHELD = '''\
"""The checks of this exercise are with the instructor; `kit check` runs the stub's examples."""

from gradekit.grading import check


@check("{function}", points={points:g}, manual=True)
def test_the_rest(submission):
    """The rest is graded by your instructor."""
'''


def pack(course: Course, edition: Edition, target: Path) -> list[str]:
    """Write an edition of a course into a new folder, or a zip; return the files in it.

    The same course gives the same bytes.

    Raises:
        KitError: a part of the course is missing, the target is there, or cannot be written.
    """
    if course.about.edition == "learner":
        raise KitError(
            "This is the learners' edition already: name the folder of the whole course."
        )
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise KitError(f"{target} is there already: name another, or remove it.")
    files = dict(sorted(_files(course, edition)))
    packed = (
        {target: zipped(files)}
        if target.suffix == ".zip"
        else {target / name: content for name, content in files.items()}
    )
    with writing(target):
        for path, content in packed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return list(files)


def _files(course: Course, edition: Edition) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file of an edition."""
    yield ABOUT, _about_text(course, edition).encode()
    for path in course.root.glob("LICEN[CS]E*"):
        yield path.name, path.read_bytes()
    if edition == "learner":
        # File by file: whatever else lies in the course stays where it is.
        yield f"exercises/{METADATA}", _read(course.root / "exercises" / METADATA)
        for exercise in course.exercises:
            yield f"exercises/{exercise.file_name}", _read(course.stub(exercise))
            yield f"graders/{exercise.file_name}", _withheld(course, exercise).encode()
            for path in course.data(exercise).values():
                yield path.relative_to(course.root).as_posix(), _read(path)
        return
    for path in (*course.root.glob("README*"), *course.root.glob("IMPORT.md")):
        yield path.name, path.read_bytes()
    for folder in (*(course.root / name for name in FOLDERS), course.bank):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                yield path.relative_to(course.root).as_posix(), path.read_bytes()


def _about_text(course: Course, edition: Edition) -> str:
    """course.toml, with the edition."""
    path = course.root / ABOUT
    text = path.read_text("utf-8") if path.is_file() else ""
    text = re.sub(r"(?m)^edition\s*=.*\n?", "", text)
    text += "" if text.endswith("\n") or not text else "\n"
    return f'{text}edition = "{edition}"\n'


def _withheld(course: Course, exercise: Exercise) -> str:
    """What stands in place of a grader: its points, and nothing of its checks."""
    stub = ast.parse(_read(course.stub(exercise)))
    function = next(iter(defined_in(stub.body)), exercise.slug)
    return WITHHELD.format(function=function, points=points_of(course.grader(exercise)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from None
