"""A course of one exercise, for tests that write a grader of their own."""

from __future__ import annotations

from pathlib import Path

from gradekit.course import Course

NAME = "exercise_01_toy"
METADATA = f"""
[[exercise]]
name = "{NAME}"
title = "Toy"
library = "numpy"
topics = ["toys"]
difficulty = 1
minutes = 5
hints = ["one", "two", "three"]
"""


def toy_course(root: Path, grader: str, answer: str | None = None) -> Course:
    """The course with that grader, written into a folder; `answer` is its stub and solution."""
    for folder, text in (("graders", grader), ("exercises", answer), ("solutions", answer)):
        (root / folder).mkdir()
        if text is not None:
            (root / folder / f"{NAME}.py").write_text(text)
    (root / "exercises" / "exercises.toml").write_text(METADATA)
    return Course(root)
