"""Starts a new exercise: files that work as they are, with a toy in place of the idea.

Whatever the author still has to write says so with `UNWRITTEN`, which `kit verify` finds.
"""

from __future__ import annotations

import keyword
import re
import tomllib
from pathlib import Path
from string import Template

import msgspec

from gradekit.course import METADATA, Course, Exercise
from gradekit.errors import KitError
from gradekit.files import append_lines, writing
from gradekit.grading.proxy import SubmissionProxy

UNWRITTEN = "TODO(author)"
TEMPLATES = Path(__file__).parent / "templates"
PACKAGE = Path(__file__).resolve().parents[1]
# The kinds of toys, and what each needs.
LIBRARIES = {
    "numpy": "numpy",
    "torch": "torch",
    "python": "python",
    "class": "python",
    "data": "python",
    "short-answer": "python",
}
# A function of that name would hide a module of the stub.
MODULES = {"np", "torch"}


def begin(root: Path, slug: str, template: str, title: str | None) -> tuple[Exercise, list[Path]]:
    """Add an exercise to the course in `root`, which is made where there is none.

    Args:
        template: A key of `LIBRARIES`: what kind of toy is put there.
    Returns:
        The exercise, under the next free number, and the files written.
    Raises:
        KitError: the name cannot be used, or the folder must not or cannot be written.
    """
    root = root.resolve()
    refuse_installed(root, f"new {slug}")
    slug = _checked_slug(slug)
    title = _checked_title(title or slug.replace("_", " ").capitalize())
    metadata = root / "exercises" / METADATA
    with writing(root):
        metadata.parent.mkdir(parents=True, exist_ok=True)
        metadata.touch()
        course = Course(root)
        number = _next_number(course, slug)
        name = "".join(word.capitalize() for word in slug.split("_"))
        # Into the last part, where the course has parts: `kit list` has it at its end, too.
        part = f"part = {len(course.parts)}\n" if course.parts else ""
        words = {"slug": slug, "Name": name, "number": number, "title": title, "part": part}
        entry = _filled("metadata", {**words, "library": LIBRARIES[template]})
        if (TEMPLATES / template / "more.txt").exists():
            entry += _filled(f"{template}/more", words)
        exercise = msgspec.convert(tomllib.loads(entry)["exercise"][0], Exercise)
        files = _write_files(course, exercise, template, words)
        # Last, so that the course never names an exercise whose files are missing.
        apart = "\n" if course.exercises else ""
        append_lines(metadata, f"{apart}{entry}".encode())
    return exercise, [*files, metadata]


def refuse_installed(root: Path, command: str) -> None:
    """See to it that a course is one to write into.

    Raises:
        KitError: it is part of what is installed; the message repeats the command.
    """
    if PACKAGE in (root.resolve(), *root.resolve().parents):
        raise KitError(
            "The course that is installed with kit stays as it is.\n"
            f"Name a folder of your own: `kit --course my-course {command}`."
        )


def _checked_slug(slug: str) -> str:
    slug = slug.lower().replace("-", "_")
    usable = re.fullmatch(r"[a-z][a-z0-9_]*", slug)
    # `submission.NAME` is the proxy's own where it has something of that name.
    if not usable or keyword.iskeyword(slug) or slug in MODULES or hasattr(SubmissionProxy, slug):
        raise KitError(
            f"`{slug}` cannot be the name of an exercise and of its function.\n"
            "Choose letters, digits and underscores, as in `layer_norm`."
        )
    return slug


def _checked_title(title: str) -> str:
    if not title.isprintable() or set(title) & {'"', "\\"}:
        raise KitError("A title is one line of text without double quotes and backslashes.")
    return title


def _next_number(course: Course, slug: str) -> str:
    if slug in {name for exercise in course.exercises for name in exercise.names}:
        raise KitError(f"There is an exercise `{slug}` already: choose another name.")
    return f"{max((int(exercise.number) for exercise in course.exercises), default=0) + 1:02}"


def _write_files(
    course: Course, exercise: Exercise, template: str, words: dict[str, str]
) -> list[Path]:
    targets = {
        course.stub(exercise): "stub",
        course.solution(exercise): "solution",
        course.grader(exercise): "grader",
        **dict.fromkeys(course.data(exercise).values(), "data"),
        course.bank / exercise.name / "right" / "another_way.py": "right",
    }
    for path in sorted((TEMPLATES / template).glob("wrong_*.txt")):
        mistake = path.stem.removeprefix("wrong_")
        targets[course.bank / exercise.name / "wrong" / f"{mistake}.py"] = path.stem
    for path in targets:
        if path.exists():
            raise KitError(f"{path} is there already and stays as it is: choose another name.")
    for path, part in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(f"{template}/{part}", words), "utf-8")
    return list(targets)


def _filled(template: str, words: dict[str, str]) -> str:
    return Template((TEMPLATES / f"{template}.txt").read_text("utf-8")).substitute(words)
