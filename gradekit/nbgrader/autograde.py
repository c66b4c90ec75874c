"""What an exported course puts in place of two steps of nbgrader's autograde.

Stock autograde runs a submission in a kernel, where it can rewrite its own tests, read the
hidden ones, and write the gradebook. Here no kernel is started for our notebooks: their
answers are graded in gradekit's sandbox, and each check's cell gets its points as output.
Notebooks of other makers go through nbgrader's own steps.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, SaveAutoGrades
from traitlets import Enum, Unicode

from gradekit.batch.grader import Sessions, isolation_for_strangers
from gradekit.course import Course, root_at
from gradekit.engine import EXPLAINED_CAUSES
from gradekit.feedback import LEVELS
from gradekit.grading.session import Session
from gradekit.nbgrader.cells import Graded, asked_checks, filled
from gradekit.nbgrader.gradebook import record
from gradekit.nbgrader.notebooks import HiddenCheck
from gradekit.report import Report
from gradekit.submission import read

RESOURCE = "gradekit"  # what the first step leaves for the second

_courses: dict[tuple[str, str | None], Sessions] = {}


class GradeInSandbox(Execute):  # type: ignore[misc]
    """Grades our notebooks in the sandbox; runs any other as nbgrader does."""

    feedback = Enum(LEVELS, "full", help="How much of a report students see.").tag(config=True)
    isolation = Unicode(
        "", help="A tier of `kit doctor`; where it is empty, nothing below full isolation will do."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> Any:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            asked = asked_checks(gradebook.find_notebook(about["notebook"], about["assignment"]))
        if not asked:
            return super().preprocess(nb, resources, km)
        path = Path(resources["metadata"]["path"], resources["metadata"]["name"] + ".ipynb")
        reports = {each.exercise: self._report(each, path) for each in asked.values()}
        for report in reports.values():
            for check in report.not_run:
                self.log.error("%s: %s was not run: %s", path, check.name, check.message)
        graded = Graded(asked, reports)
        resources[RESOURCE] = graded, self.feedback
        return filled(nb, graded, self.feedback), resources

    def _report(self, asked: HiddenCheck, path: Path) -> Report:
        session, answer = _session(asked, self.isolation or None), read(path)
        report = session.grade(answer)
        if self.feedback != "full":
            return report
        return session.explained(answer, report, most=EXPLAINED_CAUSES)


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves the report of the step before, those of cells that the student deleted included."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        nb, resources = super().preprocess(nb, resources)
        if RESOURCE in resources:
            about = resources["nbgrader"]
            with Gradebook(about["db_url"]) as gradebook:
                submitted = gradebook.find_submission_notebook(
                    about["notebook"], about["assignment"], about["student"]
                )
                record(submitted, *resources[RESOURCE])
                gradebook.db.commit()
        return nb, resources


def _session(asked: HiddenCheck, isolation: str | None) -> Session:
    """The warm session of an exercise, opened anew when its grader has changed."""
    key = asked.course, isolation
    if key not in _courses:
        course = Course(root_at(asked.course))
        _courses[key] = Sessions(course, isolation_for_strangers(isolation))
    sessions = _courses[key]
    exercise = sessions.course.find(asked.exercise)
    session = sessions.of(exercise)
    now = hashlib.sha256(sessions.course.grader(exercise).read_bytes()).hexdigest()
    if session.grader_sha256 != now:  # formgrader's server may run for weeks
        sessions = _courses[key] = Sessions(sessions.course, isolation_for_strangers(isolation))
        session = sessions.of(exercise)
    return session
