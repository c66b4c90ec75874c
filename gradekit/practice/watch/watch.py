"""`kit watch`: grades on every save, and shows what to do now. Never moves on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import assert_never

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.practice.screen.desk import Desk
from gradekit.practice.screen.events import (
    Begun,
    Drawn,
    Explained,
    Happening,
    Key,
    Located,
    Looking,
    Resized,
    Saved,
    Verdict,
)
from gradekit.practice.screen.paint import question_before
from gradekit.practice.screen.saves import saves_into
from gradekit.practice.screen.terminal import Terminal
from gradekit.practice.watch import screens
from gradekit.practice.watch.task import Task
from gradekit.practice.workspace import Workspace
from gradekit.report import Report
from gradekit.submission import Submission

WAIT_SECONDS = 0.5  # a verdict that takes longer is announced
TICK_SECONDS = 1.0  # and from then on the seconds are counted
SETTLE_SECONDS = 0.15  # an editor may empty a file a moment before it fills it again
LOCATING_LEVEL = 3  # the hint that says as much as the line that is wrong


class Watch:
    """A task's file, the last report on it, and what is on the screen."""

    def __init__(
        self, course: Course, workspace: Workspace, terminal: Terminal, task: Task
    ) -> None:
        self.course, self.workspace, self.terminal, self.task = course, workspace, terminal, task
        self.desk = Desk(course, terminal.inbox, workspace.seed_of)
        self.report: Report | None = None
        self.problem = ""  # why there is nothing to grade
        self.note = ""
        self.hint_level = 0
        self.view = "report"  # or: list, solution
        self.typed = ""  # of a number in the list
        self._question: tuple[str, Callable[[], None]] | None = None
        self._handed: Submission | None = None  # to the desk, last
        self._must_settle = False
        self._is_grading = self.is_slow = False  # slow: a verdict is long in coming
        self._running_since: float | None = None  # the answer, not the libraries' loading
        self.is_locating = False  # whether the line is looked for that is wrong
        self.located: tuple[str, ...] = ()  # what was found, or how far it is
        self._shown: tuple[str, str, Report | None] = ("", "", None)
        self._seen: tuple[int, ...] = ()  # the file's number, size and time at the last look
        self.open(task.exercise)

    def run(self) -> None:
        """Watch until `q` or Ctrl-C."""
        try:
            with saves_into(self.terminal.inbox, self.task.path.parent):
                self._draw()
                while True:
                    happened = self.terminal.next(self._patience)
                    if isinstance(happened, Key) and self._wants_to_quit(happened.name):
                        return
                    self._handle(happened)
        except KeyboardInterrupt:
            return  # as good a way to quit as any
        finally:
            self.desk.close()

    @property
    def _patience(self) -> float | None:
        """How long to wait for the next thing to happen before looking at the file again."""
        if self._must_settle:
            return SETTLE_SECONDS
        if self._is_grading:
            return TICK_SECONDS if self.is_slow else WAIT_SECONDS
        return None

    @property
    def exercise(self) -> Exercise:
        """The one that is open."""
        return self.task.exercise

    @property
    def waits_for(self) -> str:
        """What is going on where a verdict is long in coming; else empty."""
        if not self.is_slow:
            return ""
        if self._running_since is None:
            return f"loading {self.exercise.library} ..."
        if self.terminal.plain:  # where each new text would be read aloud
            return "running your answer ..."
        return f"running your answer, {time.monotonic() - self._running_since:.0f} s"

    @property
    def passed(self) -> bool:
        """Whether the answer as it stands earns every point."""
        return self.report is not None and self.report.passed

    @property
    def has_more_hints(self) -> bool:
        """Whether one is left to be shown."""
        return self.hint_level < len(self.exercise.hints)

    @property
    def keys(self) -> dict[str, str]:
        """The keys that are useful now, and what they do."""
        if self.view != "report":
            return {"r": "back to the report", "q": "quit"}
        return self.task.keys(self)

    @property
    def question(self) -> str:
        """What is being asked, to be answered with y or n."""
        return self._question[0] if self._question else ""

    def open(self, exercise: Exercise) -> None:
        """Turn to an exercise."""
        self.task.exercise = exercise
        self.report, self.problem, self.note, self._handed = None, "", "", None
        self._running_since = None
        self._forget_line()
        self.hint_level, self.view = 0, "report"
        self.task.begin()
        self.desk.open(exercise)
        self.grade()

    def show(self, view: str) -> None:
        """Show the `report`, the `list` of exercises, or the `solution`."""
        self.view = view

    def ask(self, question: str, act: Callable[[], None]) -> None:
        """Ask, and act on a yes."""
        self._question = question, act

    def hint(self) -> None:
        """Show the next hint; from the second on, ask first, unless it was seen before."""
        level = self.hint_level + 1
        if level > max(self.task.hints_seen, 1):
            self.ask(question_before(level), self._show_hint)
        else:
            self._show_hint()

    @property
    def may_locate(self) -> bool:
        """Whether there is a line to be looked for."""
        is_wrong = self.report is not None and not self.report.passed and not self.report.not_run
        return is_wrong and not self._is_grading and not (self.located and not self.is_locating)

    def locate(self) -> None:
        """Look for the line that is wrong, or stop looking; ask first, as for the third hint."""
        if self.is_locating:
            self.desk.stop_locating()
        elif self.task.hints_seen < LOCATING_LEVEL:
            self.ask("This finds the line, which the third hint would name. Look?", self._locate)
        else:
            self._locate()

    def _locate(self) -> None:
        if self.may_locate and self.report is not None and self._handed is not None:
            self.is_locating, self.located = True, ("looking for the line that is wrong ...",)
            self.desk.locate(self._handed, self.report)

    def _forget_line(self) -> None:
        self.is_locating, self.located = False, ()

    def reset(self) -> None:
        """Start the answer over."""
        kept = self.task.put_stub()
        self.hint_level = 0
        self.grade()
        self.note = f"Your answer is now {kept.name}." if kept else "Your file is the stub."

    def grade(self, *, settled: bool = False, again: bool = False) -> None:
        """Hand the file to the desk, unless it is the one that was handed over last."""
        if self.task.is_over:
            return
        try:
            submission = self.task.read()
        except KitError as error:
            self._must_settle = not settled
            if settled:
                self._is_grading = self.is_slow = False
                self.problem, self.report, self._handed = str(error), None, None
                self.note = ""
                self._draw()
            return
        was_saved = self._was_saved()
        if self._is_of_now(submission.sha256) and not again:
            if was_saved and not self._is_grading:
                self._say("saved, and nothing has changed")
            return
        self.note = ""  # it was about the version before
        self._forget_line()
        self._must_settle = False
        self._handed = submission
        self._is_grading, self.is_slow, self._running_since = True, False, None
        self.desk.grade(submission)

    def _handle(self, happened: Happening | None) -> None:
        match happened:
            case None:
                self._time_passed()
            case Saved():
                self.grade()
            case Verdict():
                self._take(happened)
            case Explained():
                self._add_to_it(happened)
            case Begun():
                self._note_begin(happened)
            case Looking() | Located():
                self._take_line(happened)
            case Drawn():
                self._take_picture(happened)
            case Key(name):
                self._press(name)
            case Resized():
                self.terminal.redraw()
            case _:
                assert_never(happened)

    def _note_begin(self, begun: Begun) -> None:
        if self._is_of_now(begun.sha256):
            self._running_since = time.monotonic()

    def _is_of_now(self, sha256: str) -> bool:
        """Whether it is about the answer that was handed over last."""
        return self._handed is not None and self._handed.sha256 == sha256

    def _time_passed(self) -> None:
        if self._must_settle:
            self.grade(settled=True)
        else:
            self.is_slow = True
            self._draw()

    def _was_saved(self) -> bool:
        """Whether the file was written since the last look, if only with the same text."""
        before = self._seen
        try:
            status = self.task.path.stat()
        except OSError:
            return False
        self._seen = status.st_ino, status.st_size, status.st_mtime_ns
        return bool(before) and self._seen != before

    def _say(self, text: str) -> None:
        """Show in the footer that something was looked at now, though nothing else changes."""
        self.note = f"{time.strftime('%H:%M:%S')}: {text}."
        self._draw()

    def _take(self, verdict: Verdict) -> None:
        """Show a verdict, unless the file has changed in the meantime."""
        if verdict.report is None:
            self.problem = f"kit itself failed, nothing counts against you: {verdict.problem}"
        elif not self._is_of_now(verdict.sha256):
            return
        else:
            self.problem = ""
            assert self._handed is not None
            self.task.record(verdict.report, self._handed)
        before, self.report = self.report, verdict.report
        self._is_grading = self.is_slow = False
        if before and self.report and before.says_the_same_as(self.report):
            self._say("graded, and the result is the same")
        else:
            self._draw()

    def _add_to_it(self, explained: Explained) -> None:
        """Show a verdict's counterexample, unless a newer answer is on its way."""
        if self._is_of_now(explained.sha256) and not self._is_grading:
            self.report = explained.report
            self._draw()

    def _take_picture(self, drawn: Drawn) -> None:
        """Say where it is, unless its exercise has been left."""
        if drawn.exercise == self.exercise:
            self.note = drawn.text
            self._draw()

    def _take_line(self, told: Looking | Located) -> None:
        """Show how far the search is, or what it found, unless it is of another answer."""
        if not self._is_of_now(told.sha256) or not self.is_locating:
            return
        if isinstance(told, Located):
            self.is_locating, self.located = False, told.lines
            if told.mends and self.task.hints_seen < LOCATING_LEVEL:
                self.workspace.record("located", self.exercise, level=LOCATING_LEVEL)
        elif self.terminal.plain:  # where each new text would be read aloud
            return
        else:
            text = f"looking for the line: {told.done} of {told.every} small changes tried"
            self.located = (text,)
        self._draw()

    def _draw(self) -> None:
        """Show how things stand. Whoever has scrolled stays there, until another thing is shown."""
        shown = self.view, self.exercise.name, self.report
        is_same = shown[:2] == self._shown[:2] and shown[2] is self._shown[2]
        self._shown = shown
        body, footer = screens.watch_screen(self)
        self.terminal.draw(body, footer, keep_scroll=is_same)

    def _wants_to_quit(self, key: str) -> bool:
        return key == "q" and not self._question

    def _press(self, key: str) -> None:
        self.note = ""
        if self._question:
            _, act = self._question
            self._question = None
            if key == "y":
                act()
        elif self.view == "list" and (key.isdigit() or key == "enter"):
            self._choose(key)
        elif self.view != "report":
            self.view, self.typed = "report", ""
        elif act := self.task.actions(self).get(key):  # type: ignore[assignment]
            act()
        else:
            return
        self._draw()

    def _show_hint(self) -> None:
        self.hint_level += 1
        if self.hint_level > self.task.hints_seen:
            self.workspace.record("hint", self.exercise, level=self.hint_level)

    def _choose(self, key: str) -> None:
        """Type a number in the list; its exercise opens once the number is complete."""
        self.typed += key if key.isdigit() else ""
        wanted = self.typed.zfill(2) if key == "enter" else self.typed
        for exercise in self.course.exercises:
            if exercise.number == wanted:
                self.typed = ""
                self.open(exercise)
                return
        if key == "enter" or len(self.typed) > 2:
            self.typed = ""
