"""Grades in the background, on a warm session: the newest answer wins, nobody waits.

An answer that hangs is not waited for once a newer one is there: its session is left to end
by itself, and the newer answer gets a session of its own.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.course import Course, Exercise
from gradekit.errors import OurFailure
from gradekit.report import Report
from gradekit.submission import Submission

if TYPE_CHECKING:
    from gradekit.grading.session import Session

PATIENCE_SECONDS = 0.5  # how long a newer answer waits for an older one


class Verdict(NamedTuple):
    """What came of grading: a report, or `problem`, which is kit's own and no answer's."""

    exercise: Exercise
    sha256: str
    report: Report | None
    problem: str = ""


class Desk:
    """Keeps one session open and puts each `Verdict` into an inbox."""

    def __init__(self, course: Course, inbox: SimpleQueue[Any]) -> None:
        self._course = course
        self._inbox = inbox
        self._place: _Place | None = None
        self._lock = threading.Lock()

    def open(self, exercise: Exercise) -> None:
        """Get ready for answers to `exercise`; what is being graded no longer matters."""
        with self._lock:
            self._open(exercise)

    def grade(self, submission: Submission) -> None:
        """Grade an answer to the exercise that is open, soon."""
        with self._lock:
            place = self._place
            assert place is not None, "no exercise is open"
            place.answers.put(submission)
            if place.is_grading:
                later = threading.Timer(PATIENCE_SECONDS, self._move, (place, submission))
                later.daemon = True
                later.start()

    def close(self) -> None:
        """End the session, without waiting for what it is grading."""
        with self._lock:
            if self._place is not None:
                self._place.leave()

    def _open(self, exercise: Exercise) -> None:
        if self._place is not None:
            self._place.leave()
        self._place = _Place(self._course, exercise, self._inbox)

    def _move(self, place: _Place, submission: Submission) -> None:
        """Give an answer that still waits for another one a session of its own."""
        with self._lock:
            if self._place is place and place.keeps_waiting(submission):
                self._open(place.exercise)
                self._place.answers.put(submission)


class _Place:
    """One session, in a thread of its own."""

    def __init__(self, course: Course, exercise: Exercise, inbox: SimpleQueue[Any]) -> None:
        self.exercise = exercise
        self.answers: SimpleQueue[Submission | None] = SimpleQueue()
        self._course, self._inbox = course, inbox
        self._left = False
        self._session: Session | None = None
        self._is_warm = False  # before that, time passes with loading
        self._grading: Submission | None = None
        threading.Thread(target=self._serve, daemon=True, name="desk").start()

    @property
    def is_grading(self) -> bool:
        return self._grading is not None

    def keeps_waiting(self, submission: Submission) -> bool:
        return self._is_warm and self._grading not in (None, submission)

    def leave(self) -> None:
        """End it without waiting, and whatever it is grading."""
        self._left = True
        self.answers.put(None)
        if self._session is not None and self._is_warm and self.is_grading:
            threading.Thread(target=self._session.close, daemon=True, name="close").start()

    def _tell(self, verdict: Verdict) -> None:
        if not self._left:
            self._inbox.put(verdict)

    def _serve(self) -> None:
        from gradekit.engine import open_session

        try:
            with open_session(self._course, self.exercise) as self._session:
                while (submission := self._newest()) is not None:
                    self._tell(self._graded(self._session, submission))
        except (OurFailure, OSError) as error:
            self._tell(Verdict(self.exercise, "", None, str(error)))

    def _newest(self) -> Submission | None:
        submission = self.answers.get()
        while submission is not None and not self.answers.empty():
            submission = self.answers.get()
        return submission

    def _graded(self, session: Session, submission: Submission) -> Verdict:
        self._grading = submission
        try:
            return Verdict(self.exercise, submission.sha256, session.grade(submission))
        finally:
            self._grading = None
            self._is_warm = True
