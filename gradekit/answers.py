"""An answer of several files: a folder or a zip, one file of which has the functions in it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.submission import Submission, parse, read

MOST_TOLD = 5  # of files that were left out
MOST_FILES = 10_000  # a home folder, or a library: to look through all of it takes minutes


def read_answer(course: Course, exercise: Exercise, path: Path) -> Submission:
    """Read an answer to `exercise`: a file, or a folder or zip of modules.

    Of several files the one is graded that `entry` names, or whose name means the exercise, or
    that defines its functions. The others are modules that it may import.

    Raises:
        KitError: there is nothing that could be graded; the message names the file.
    """
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return read(path)
    if path.is_dir() and _holds_more_files(path, MOST_FILES):
        raise KitError(
            f"{path} holds more than {MOST_FILES:,} files: name the folder of the answer alone, or "
            "the file."
        )
    # Here, so that a single file, as most answers are, is read without them.
    from gradekit.intake.discovery import answers_of_one
    from gradekit.intake.entries import contents_of
    from gradekit.intake.handed_in import open_handed_in
    from gradekit.intake.names import Strength

    handed_in = open_handed_in(path)
    placed, not_graded = answers_of_one(handed_in, course, [exercise.name])
    found = placed.get(exercise.name)
    if found is None or not (found.defines or found.strength > Strength.CONTENT):
        entry = exercise.entry or exercise.file_name
        reasons = "".join(f"\n  {each.file}: {each.reason}" for each in not_graded[:MOST_TOLD])
        raise KitError(
            f"No file in {path} answers {exercise.name}: call the one with its functions in it "
            f"{entry}.{reasons}"
        )
    inner = found.item.path
    try:
        content, modules = contents_of(handed_in, inner, found.beside, found.stub)
    except KitError as error:
        raise KitError(f"{path / inner} cannot be graded: {error}.") from None
    answer = parse(path / inner, content, modules)
    # No name says which file is meant: whoever sees the points has to know whose they are.
    others = [
        each
        for each in not_graded
        if each.exercise == exercise.name and found.strength <= Strength.CONTENT
    ]
    notes = tuple(f"{each.file}: {each.reason}" for each in others[:MOST_TOLD])
    return msgspec.structs.replace(answer, notes=answer.notes + notes)


def _holds_more_files(folder: Path, most: int) -> bool:
    """Whether more files than so many lie in a folder; no more of it is read than that takes."""
    count = 0
    for _, _, files in os.walk(folder):
        count += len(files)
        if count > most:
            return True
    return False
