"""Takes a wrong answer of a class into the bank of a course, where it waits for its name."""

from __future__ import annotations

import re
from pathlib import Path

from gradekit.authoring.new import UNWRITTEN, refuse_installed
from gradekit.bank import said_by
from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.files import writing

FILE = re.compile(r"(?P<exercise>.+)-(?P<id>[0-9a-f]{8})\.py")  # as `kit grade` writes it


def begin_mistake(root: Path, path: Path, name: str | None) -> tuple[Exercise, Path]:
    """Write the answer in `path` into the bank of the course in `root`.

    Args:
        name: What the file of the bank is called; None for one made of its id.
    Returns:
        The exercise, and the file, whose first line is still to be filled in.
    Raises:
        KitError: it is no such answer, or the file must not or cannot be written.
    """
    refuse_installed(root, f"new mistake --from {path}")
    match = FILE.fullmatch(path.name)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise KitError(f"{path} cannot be read.") from None
    said = said_by(text)
    if not match or said is None or said.sentence:
        raise KitError(
            f"{path} is no mistake without a name: `kit grade` writes them into unnamed/, and "
            "report.html shows which is which."
        )
    course = Course(root)
    exercise = course.find(match["exercise"])
    slug = (name or f"unnamed_{match['id']}").removesuffix(".py")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        raise KitError(f"`{slug}` cannot be the name of a mistake: letters, digits, underscores.")
    target = course.bank / exercise.name / "wrong" / f"{slug}.py"
    if target.exists():
        raise KitError(f"{target} is there already and stays as it is: choose another --name.")
    first = said._replace(sentence=f"{UNWRITTEN}: say in a few words what it does wrong")
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _, newline, code = text.partition("\n")
        target.write_text(first.line + newline + code, "utf-8")
    return exercise, target
