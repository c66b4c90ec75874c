"""What the reports of one run depend on, besides the answers."""

from __future__ import annotations

import hashlib

from gradekit.batch.versions import versions_of
from gradekit.course import Course
from gradekit.results import Result
from gradekit.sandbox.tiers import PROCESS

REGRADED = "the grader or the engine changed"
UNEXPLAINED = "full feedback shows counterexamples, and none had been looked for"


class Basis:
    """The course, and how its answers are graded in this run."""

    def __init__(
        self, course: Course, isolation: str | None, seed: int = 0, explain: bool = False
    ) -> None:
        """
        Args:
            isolation: For all answers; None for the best of the machine that grades.
            seed: Of the cases that checks draw, the same for the whole class.
            explain: Whether to look for counterexamples after each verdict.
        """
        self.course_folder = str(course.root)
        self.isolation, self.seed, self.explain = isolation, seed, explain
        self.graders = {
            exercise.name: course.grader(exercise).read_bytes() for exercise in course.exercises
        }
        self._course = course
        self._hashes = {
            name: hashlib.sha256(grader).hexdigest() for name, grader in self.graders.items()
        }
        self._versions: dict[str, dict[str, str]] = {}

    def versions(self, exercise: str) -> dict[str, str]:
        """What the reports of an exercise depend on; empty if the course no longer has it."""
        if exercise not in self._versions:
            known = exercise in self.graders
            found = versions_of(self._course, self._course.find(exercise)) if known else {}
            self._versions[exercise] = found
        return self._versions[exercise]

    def out_of_date(self, result: Result) -> str:
        """Why an earlier result has to be made again; "" if it holds."""
        report = result.report
        if not self._would_be_alike(result):
            return REGRADED
        return UNEXPLAINED if self.explain and not (report.explained or report.passed) else ""

    def _would_be_alike(self, result: Result) -> bool:
        """Whether the same answer would get the same report today."""
        report = result.report
        return (
            result.versions == self.versions(result.exercise)
            and report.grader_sha256 == self._hashes.get(result.exercise)
            and report.seed == self.seed  # a class is judged by the same drawn cases
            and not report.not_run
            # Without isolation an answer could have changed its own report. So such a result holds
            # only in a run without isolation.
            and (report.isolation != PROCESS or self.isolation == PROCESS)
        )
