"""Gradescope: results.json from reports, and the zip that makes an autograder.

The format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.course import ABOUT, METADATA
from gradekit.feedback import Level, at_level
from gradekit.files import zipped
from gradekit.report import Check, Report
from gradekit.texts import details

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder's image.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
apt-get update -qq
# libseccomp2: without it answers cannot be isolated, and are refused.
apt-get install -y -qq python3 python3-venv libseccomp2
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "choose an image with Python 3.11")'
python3 -m venv "$root/venv"
"$root/venv/bin/pip" install --quiet --requirement "$root/source/requirements.txt"
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for every submission; what comes of it is results/results.json.
root=$(cd "$(dirname "$0")" && pwd)
cd "$root"
PYTHONPATH="$root/source/lib" exec "$root/venv/bin/python" -m gradekit.export.gradescope_run \\
    "$root" {options}
"""


class Missing(NamedTuple):
    """An exercise that could not be graded, and why."""

    exercise: str
    max_score: float
    reason: str


def results(reports: Iterable[Report], missing: Iterable[Missing], level: Level) -> dict[str, Any]:
    """results.json as a dict. No leaderboard, nothing hidden: that would hide the total too."""
    graded, absent = list(reports), list(missing)
    tests = [test for n, report in enumerate(graded, 1) for test in _tests(n, report, level)]
    for number, each in enumerate(absent, start=len(graded) + 1):
        tests.append(_test(f"{number}", each.exercise, 0.0, each.max_score, "failed", each.reason))
    return {
        "score": sum(report.score for report in graded),
        "execution_time": round(sum(report.seconds for report in graded), 3),
        "output": "\n".join(
            line
            for report in graded
            for line in (
                f"{report.exercise}: {report.points}",
                *(f"  {note}" for note in report.passed_over),
            )
        ),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _tests(number: int, report: Report, level: Level) -> list[dict[str, Any]]:
    if level == "score":
        status = "passed" if report.passed else "failed"
        name = report.exercise
        return [_test(str(number), name, report.score, report.max_score, status, "")]
    shown = at_level(report, level)
    told = details(shown)
    return [
        _test_of(f"{number}.{position}", check, told[check.name])
        for position, check in enumerate(shown.checks, start=1)
    ]


def _test_of(number: str, check: Check, told: str) -> dict[str, Any]:
    status = "passed" if check.outcome == "passed" else "failed"
    test = _test(number, check.title, check.score, check.max_score, status, told)
    if check.outcome == "waits":  # Gradescope has a rubric for what a person marks
        for name in ("score", "max_score", "status"):
            del test[name]
    return test


def _test(
    number: str, name: str, score: float, max_score: float, status: str, output: str
) -> dict[str, Any]:
    return {
        "number": number,
        "name": name,
        "name_format": "text",
        "score": score,
        "max_score": max_score,
        "status": status,
        "output": output,
        "output_format": "text",
        "visibility": "visible",
    }


def autograder(
    course: Course,
    exercises: list[Exercise],
    level: Level,
    isolation: str | None,
    packages: Iterable[str] = (),
) -> bytes:
    """The zip of an autograder: its two scripts, gradekit, and the exercises without solutions.

    Args:
        packages: What has to be installed besides what gradekit needs.
    """
    words = [exercise.name for exercise in exercises] + [f"--feedback={level}"]
    # Names of exercises and levels are words of a shell as they are: see Exercise.name.
    options = " ".join([*words, *([f"--isolation={isolation}"] if isolation else [])])
    needed = [*packages, *_own_requirements()]
    files = {
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.format(options=options).encode(),
        "requirements.txt": ("\n".join(sorted(needed)) + "\n").encode(),
    }
    programs = ("setup.sh", "run_autograder")
    package = Path(__file__).resolve().parents[1]
    for file in sorted(package.rglob("*")):
        inner = file.relative_to(package)
        if inner.suffix in (".py", ".j2", ".css", ".js") and inner.parts[0] != "course_files":
            files[f"lib/gradekit/{inner.as_posix()}"] = file.read_bytes()
    for file in _course_files(course, exercises):
        files[f"course/{file.relative_to(course.root).as_posix()}"] = file.read_bytes()
    return zipped(files, programs)


def _own_requirements() -> list[str]:
    return [name for name in metadata.requires("gradekit") or [] if "extra ==" not in name]


def _course_files(course: Course, exercises: list[Exercise]) -> list[Path]:
    """The files that grading these exercises takes, each once."""
    about = course.root / ABOUT
    files = [course.root / "exercises" / METADATA, *([about] if about.is_file() else [])]
    for exercise in exercises:
        grader = course.grader(exercise)
        files += [course.stub(exercise), grader, *grader.parent.glob(f"*/{grader.stem}.json")]
        files += [*course.data(exercise).values(), *course.cases(exercise)]
    return list(dict.fromkeys([*files, *course.beside_graders()]))
