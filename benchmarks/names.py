"""What is said of faults that are in no bank: names that are true of them, or none.

    .venv/bin/python benchmarks/names.py [EXERCISE ...]

Prints each name that is given, and counts the answers that fail exactly the checks of a known
mistake. `tests/unknown_faults.py` holds the answers.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gradekit.course import Course, Exercise
from gradekit.engine import open_session
from gradekit.grading import mistakes
from gradekit.grading.session import Session
from gradekit.submission import Submission

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from unknown_faults import FAULTS, answer  # noqa: E402


class Named(NamedTuple):
    """What became of one answer. `name` is empty where none was given."""

    function: str
    code: str
    name: str
    is_true: bool
    is_caught: bool
    fails_like_a_mistake: bool


def named(course: Course, exercise: Exercise, session: Session) -> Iterator[Named]:
    """Each fault of an exercise, and what is said of it."""
    solution = course.solution(exercise).read_text("utf-8")
    known = mistakes.load(course.grader(exercise), session.grader_sha256)
    for function, code, pattern in FAULTS[exercise.slug]:
        text = answer(solution, function, code)
        report = session.grade(Submission(exercise.file_name, (text,), ""))
        names = report.behaves_like
        true = all(bool(pattern) and bool(re.search(pattern, each)) for each in names.values())
        failed = {check.name for check in report.failed if check.function == function}
        failed &= {check.name for check in report.checks if check.max_score}
        alike = any(
            each.function == function and each.prints.keys() == failed
            for each in (known.mistakes if known else ())
        )
        yield Named(function, code, "; ".join(names.values()), true, bool(failed), alike)


def main() -> None:
    course = Course(ROOT)
    total: Counter[str] = Counter()
    for slug in sys.argv[1:] or FAULTS:
        exercise = course.find(slug)
        with open_session(course, exercise) as session:
            found = [*named(course, exercise, session)]
        for each in found:
            if not each.is_caught:
                print(f"passes: {each.function}: {each.code}")
            if each.name:
                verdict = "true" if each.is_true else "WRONG"
                print(f"{verdict}: {each.function}: {each.code}\n       {each.name}")
        counts = Counter(
            answers=len(found),
            caught=sum(each.is_caught for each in found),
            alike=sum(each.fails_like_a_mistake for each in found),
            named=sum(bool(each.name) for each in found),
            wrong=sum(not each.is_true for each in found),
        )
        total.update(counts)
        print(exercise.name, dict(counts), flush=True)
    print("all", dict(total))


if __name__ == "__main__":
    main()
