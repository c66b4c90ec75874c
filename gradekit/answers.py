"""An answer of several files: a folder or a zip, one file of which has the functions in it."""

from __future__ import annotations

from pathlib import Path

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.names import Strength
from gradekit.intake.placing import answers_of_one, contents_of
from gradekit.submission import Submission, parse, read


def read_answer(course: Course, exercise: Exercise, path: Path) -> Submission:
    """Read an answer to `exercise`: a file, or a folder or zip of modules.

    Of several files the one is graded that `entry` names, or whose name means the exercise, or
    that defines its functions. The others are modules that it may import.

    Raises:
        KitError: there is nothing that could be graded; the message names the file.
    """
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return read(path)
    handed_in = open_handed_in(path)
    placed, not_graded = answers_of_one(handed_in, course, [exercise.name])
    found = placed.get(exercise.name)
    if found is None or not (found.defines or found.strength > Strength.CONTENT):
        entry = exercise.entry or exercise.file_name
        reasons = "".join(f"\n  {each.file}: {each.reason}" for each in not_graded[:5])
        raise KitError(
            f"No file in {path} answers {exercise.name}: call the one with its functions in it "
            f"{entry}.{reasons}"
        )
    inner = found.item.path
    try:
        content, modules = contents_of(handed_in, inner, found.beside)
    except KitError as error:
        raise KitError(f"{path / inner} cannot be graded: {error}.") from None
    return parse(path / inner, content, modules)
