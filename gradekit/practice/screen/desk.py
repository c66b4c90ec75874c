"""Grades in the background, on a warm session: the newest answer wins, nobody waits.

An answer that hangs is not waited for once a newer one is there: its session is left to end
by itself, and the newer answer gets a session of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from gradekit.course import Course, Exercise
from gradekit.errors import OurFailure
from gradekit.practice.screen.events import Begun, Explained, Inbox, Located, Looking, Verdict
from gradekit.report import Report
from gradekit.submission import Submission

if TYPE_CHECKING:
    from gradekit.grading.session import Session

PATIENCE_SECONDS = 0.5  # how long a newer answer waits for an older one
PROGRESS_SECONDS = 0.5  # between two that are told


class _Wrong(NamedTuple):
    """An answer whose wrong line is to be found, and the report on it."""

    submission: Submission
    report: Report


class Desk:
    """Keeps one session open, and puts what comes of answers into an inbox: see events.py."""

    def __init__(
        self,
        course: Course,
        inbox: Inbox,
        seed_of: Callable[[Exercise], int] = lambda _: 0,
    ) -> None:
        """`seed_of` an exercise decides which cases its checks draw."""
        self._course = course
        self._inbox = inbox
        self._seed_of = seed_of
        self._place: _Place | None = None
        self._newest: Submission | None = None  # of the exercise that is open
        self._lock = threading.Lock()

    def open(self, exercise: Exercise) -> None:
        """Get ready for answers to `exercise`; what is being graded no longer matters."""
        with self._lock:
            self._newest = None
            self._open(exercise)

    def grade(self, submission: Submission) -> None:
        """Grade an answer to the exercise that is open, soon."""
        with self._lock:
            assert self._place is not None, "no exercise is open"
            if self._place.has_ended:  # it failed with an older answer
                self._open(self._place.exercise)
            self._newest = submission
            self._place.answers.put(submission)
            self._look_later()

    def locate(self, submission: Submission, report: Report) -> None:
        """Look for the line in which an answer is wrong that was graded last.

        A `Located` arrives, after some `Looking`; neither once a newer answer is there.
        """
        with self._lock:
            if self._place is not None and not self._place.has_ended:
                self._place.is_to_locate = True
                self._place.answers.put(_Wrong(submission, report))

    def stop_locating(self) -> None:
        """Look no longer, and tell what was found so far."""
        with self._lock:
            if self._place is not None:
                self._place.is_to_locate = False

    def close(self) -> None:
        """End the session, without waiting for what it is grading."""
        with self._lock:
            if self._place is not None:
                self._place.leave()
                self._place = None

    def _open(self, exercise: Exercise) -> None:
        if self._place is not None:
            self._place.leave()
        self._place = _Place(self._course, exercise, self._inbox, self._seed_of(exercise))

    def _look_later(self) -> None:
        timer = threading.Timer(PATIENCE_SECONDS, self._look)
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        """Give the newest answer a session of its own where it still waits for an older one.

        Whichever answer set the timer, the newest is the one that matters: nobody waits
        for those in between.
        """
        with self._lock:
            place, newest = self._place, self._newest
            if place is None or newest is None or place.has_ended or place.begun is newest:
                return
            if place.is_grading:
                self._open(place.exercise)
                assert self._place is not None
                self._place.answers.put(newest)
            else:  # it is loading, or about to begin
                self._look_later()


class _Place:
    """One session, in a thread of its own."""

    def __init__(self, course: Course, exercise: Exercise, inbox: Inbox, seed: int) -> None:
        self.exercise = exercise
        self.answers: SimpleQueue[Submission | _Wrong | None] = SimpleQueue()
        self.is_to_locate = False
        self.begun: Submission | None = None  # the last answer that it began to grade
        self.is_grading = self.has_ended = False
        self._course, self._inbox, self._seed = course, inbox, seed
        self._left = False
        self._session: Session | None = None
        threading.Thread(target=self._serve, daemon=True, name="desk").start()

    def leave(self) -> None:
        """End it without waiting, and whatever it is grading."""
        self._left = True
        self.answers.put(None)
        if self._session is not None and self.is_grading:
            # In a thread of its own: closing waits for the check that is running, which may hang.
            threading.Thread(target=self._session.close, daemon=True, name="close").start()

    def _tell(self, event: Begun | Verdict | Explained | Looking | Located) -> None:
        if not self._left:
            self._inbox.put(event)

    def _serve(self) -> None:
        from gradekit.engine import open_session

        try:
            with open_session(self._course, self.exercise, seed=self._seed) as self._session:
                self._session.wait_until_warm()
                while (asked := self._newest()) is not None:
                    if isinstance(asked, _Wrong):
                        self._locate(self._session, *asked)
                    else:
                        self._grade(self._session, asked)
        except (OurFailure, OSError) as error:
            self.has_ended = True
            self._tell(Verdict(self.exercise, "", None, str(error)))

    def _newest(self) -> Submission | _Wrong | None:
        asked = self.answers.get()
        # Only the newest answer is of interest: those that were saved meanwhile are passed over.
        while asked is not None and not self.answers.empty():
            asked = self.answers.get()
        return asked

    def _grade(self, session: Session, submission: Submission) -> None:
        """Tell the verdict, and then, unless a newer answer waits, look for a counterexample."""
        from gradekit.engine import ENOUGH_TIMEOUTS

        self.begun, self.is_grading = submission, True
        try:
            self._tell(Begun(submission.sha256))
            report = session.grade(submission, timeouts=ENOUGH_TIMEOUTS)
            self._tell(Verdict(self.exercise, submission.sha256, report))
            explained = session.explained(submission, report, self._is_free)
            if explained.checks != report.checks:
                self._tell(Explained(submission.sha256, explained))
        finally:
            self.is_grading = False

    def _locate(self, session: Session, submission: Submission, report: Report) -> None:
        """Tell how far the search for the line is, and what it found."""
        from gradekit.explain.explanation import explain
        from gradekit.explain.words import sentences

        told = time.monotonic()

        def note(done: int, every: int) -> None:
            nonlocal told
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                self._tell(Looking(submission.sha256, done, every))

        def is_wanted() -> bool:
            return self._is_free() and self.is_to_locate

        found = explain(session, submission, report, is_wanted=is_wanted, progress=note)
        if self._is_free():
            lines = tuple(sentences(found, gave_up=False))
            self._tell(Located(submission.sha256, lines, found.mends))

    def _is_free(self) -> bool:
        return not self._left and self.answers.empty()
