"""An nbgrader course: its settings, and one source notebook an exercise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gradekit.errors import KitError
from gradekit.feedback import Level
from gradekit.files import writing
from gradekit.nbgrader.notebooks import notebook

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.report import Report

CONFIG = "nbgrader_config.py"
STEP = "gradekit.nbgrader.autograde.GradeInSandbox"

SETTINGS = '''\
"""The settings of this course, written by `kit export nbgrader`; add your own below."""

c = get_config()  # noqa: F821

# nbgrader's own steps but for two: answers to gradekit's notebooks are graded in its sandbox
# and never run in a kernel, where they could read the hidden checks or write the gradebook.
c.Autograde.autograde_preprocessors = [
    "gradekit.nbgrader.autograde.GradeInSandbox",  # in place of Execute
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "gradekit.nbgrader.autograde.SaveGrades",  # in place of SaveAutoGrades
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What students read about a check that they failed: full (with the counterexample), hints,
# titles, or score.
c.GradeInSandbox.feedback = "{feedback}"
'''


def write(
    folder: Path,
    assignment: str,
    reports: Iterable[tuple[Exercise, Report]],
    course: Course,
    feedback: Level,
    *,
    force: bool,
) -> list[Path]:
    """Write the course into `folder`; return the files written.

    Args:
        reports: Of each exercise any report, for the checks in it.
        force: Replace notebooks that are there already.

    Raises:
        KitError: something is in the way; nothing has been written.
    """
    import nbformat

    source = folder / "source" / assignment
    files: dict[Path, bytes] = {}
    for exercise, report in reports:
        text = nbformat.writes(notebook(course, exercise, report.checks))
        files[source / f"{exercise.name}.ipynb"] = text.encode()
        for name, data in course.data(exercise).items():  # nbgrader releases it with the notebook
            if files.setdefault(source / name, content := data.read_bytes()) != content:
                raise KitError(
                    f"{exercise.name} has another {name} than an exercise before it: export it as "
                    "an assignment of its own (`--assignment`)."
                )
    there = [file for file in files if file.exists()]
    if there and not force:
        raise KitError(f"{there[0]} is there already: `--force` replaces it.")
    if not (folder / CONFIG).exists():
        files[folder / CONFIG] = settings(feedback).encode()
    with writing(folder):
        for file, content in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return list(files)


def settings(feedback: Level) -> str:
    """The lines that an nbgrader course needs in its nbgrader_config.py."""
    return SETTINGS.format(feedback=feedback)


def lacks_settings(folder: Path) -> bool:
    """Whether the course there has settings of its own that would grade in kernels."""
    return STEP not in (folder / CONFIG).read_text("utf-8")
