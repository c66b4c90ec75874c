"""A submission outside a session: for finding the tests of an original."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradekit.course import Course, Exercise
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.run import Run
from gradekit.grading.terms import terms_of
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.warmup import warm_up
from gradekit.submission import Submission


class _Late(Current):
    """A run that begins on first use: most files of tests can be read without any."""

    def __init__(self, course: Course, exercise: Exercise, answer: Submission) -> None:
        self._what = course, exercise, answer
        self._begun: tuple[Run, Sandbox] | None = None

    @property
    def run(self) -> Run:  # type: ignore[override]
        if self._begun is None:
            course, exercise, answer = self._what
            # On this side too: the tests of the original import
            # numpy or torch here, beside the proxy.
            warm_up(exercise.known_modules)
            sandbox = Sandbox(
                exercise.modules,
                exercise.limits,
                course.hidden,
                packages=exercise.packages,
                files=course.data(exercise),
            )
            run = Run(sandbox, exercise.name, answer, terms=terms_of(course, exercise))
            run.begin_check()
            self._begun = run, sandbox
        return self._begun[0]

    def close(self) -> None:
        if self._begun is not None:
            for each in self._begun:
                each.close()


@contextmanager
def proxy_of(course: Course, exercise: Exercise, answer: Submission) -> Iterator[SubmissionProxy]:
    """The proxy of an answer, which is ended afterwards."""
    current = _Late(course, exercise, answer)
    try:
        yield SubmissionProxy(current)
    finally:
        current.close()
