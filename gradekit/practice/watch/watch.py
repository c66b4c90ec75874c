"""`kit watch`: grades on every save, and shows what to do now. Never moves on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.practice.screen.desk import Begun, Desk, Explained, Verdict
from gradekit.practice.screen.saves import Saved, saves_into
from gradekit.practice.screen.terminal import Key, Terminal
from gradekit.practice.watch import screens
from gradekit.practice.watch.drawing import Drawn, draw_in_background
from gradekit.practice.workspace import Workspace
from gradekit.report import Report
from gradekit.submission import Submission

WAIT_SECONDS = 0.5  # a verdict that takes longer is announced
TICK_SECONDS = 1.0  # and from then on the seconds are counted
SETTLE_SECONDS = 0.15  # an editor may empty a file a moment before it fills it again
GIVES_AWAY = {2: "the idea", 3: "nearly the code"}


class Watch:
    """One exercise at a time: its file, the last report, and what the keys do now."""

    def __init__(
        self, course: Course, workspace: Workspace, terminal: Terminal, exercise: Exercise
    ) -> None:
        self.course, self.workspace, self.terminal = course, workspace, terminal
        self.desk = Desk(course, terminal.inbox, workspace.seed_of)
        self.report: Report | None = None
        self.problem = ""  # why there is nothing to grade
        self.note = ""
        self.hint_level = 0
        self.view = "report"  # or: list, solution
        self._typed = ""  # of a number in the list
        self._question: tuple[str, Callable[[], None]] | None = None
        self._sha256 = ""  # of the answer that was last handed to the desk
        self._must_settle = False
        self._is_grading = self.is_slow = False  # slow: a verdict is long in coming
        self._running_since: float | None = None  # the answer, not the libraries' loading
        self._seen: tuple[int, ...] = ()  # the file's number, size and time at the last look
        self._open(exercise)

    def run(self) -> None:
        """Watch until `q` or Ctrl-C."""
        try:
            with saves_into(self.terminal.inbox, self.path.parent):
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
    def path(self) -> Path:
        """The file that is watched."""
        return self.workspace.answer(self.exercise)

    @property
    def passed(self) -> bool:
        """Whether the answer as it stands earns every point."""
        return self.report is not None and self.report.passed

    @property
    def keys(self) -> dict[str, str]:
        """The keys that are useful now, and what they do."""
        if self.view != "report":
            return {"r": "back to the report", "q": "quit"}
        may_see = self.passed or self.workspace.has_seen_solution(self.exercise)
        offered = {
            "n": "next" if self.passed and self._next() else "",
            "h": "hint" if not self.passed and self.hint_level < len(self.exercise.hints) else "",
            "s": "solution" if may_see else "",
            "l": "list",
            "p": "picture" if self.report and self.report.score else "",
            "r": "run again",
            "x": "reset",
            "q": "quit",
        }
        return {key: does for key, does in offered.items() if does}

    @property
    def advice(self) -> str:
        """What to do after a pass."""
        if "n" in self.keys:
            return "Solved. Press n for the next exercise, or s to compare with the model answer."
        return "Solved. Press s to compare with the model answer."

    @property
    def headline(self) -> str:
        """What the footer says instead of how many exercises are solved."""
        return ""

    @property
    def question(self) -> str:
        """What is being asked, to be answered with y or n."""
        return self._question[0] if self._question else ""

    @property
    def typed(self) -> str:
        """The digits typed so far in the list."""
        return self._typed

    def _open(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.report, self.problem, self.note, self._sha256 = None, "", "", ""
        self._running_since = None
        self.hint_level, self.view = 0, "report"
        self._begin()
        self.desk.open(exercise)
        self._grade()

    def _read(self) -> Submission:
        """What is to be graded."""
        return self.workspace.read_answer(self.exercise)

    def _begin(self) -> None:
        """Note that work on the exercise begins."""
        self.workspace.record("opened", self.exercise)

    def _record(self, report: Report) -> None:
        """Note what an answer earned."""
        self.workspace.record_check(report, self.exercise)

    def _handle(self, happened: object) -> None:
        if happened is None:
            self._time_passed()
        elif isinstance(happened, Saved):
            self._grade()
        elif isinstance(happened, Verdict):
            self._take(happened)
        elif isinstance(happened, Explained):
            if happened.sha256 == self._sha256 and not self._is_grading:
                self.report = happened.report
                self._draw()
        elif isinstance(happened, Begun):
            if happened.sha256 == self._sha256:
                self._running_since = time.monotonic()
        elif isinstance(happened, Drawn) and happened.exercise == self.exercise:
            self.note = happened.text
            self._draw()
        elif isinstance(happened, Key):
            self._press(happened.name)

    def _time_passed(self) -> None:
        if self._must_settle:
            self._grade(settled=True)
        else:
            self.is_slow = True
            self._draw()

    def _grade(self, *, settled: bool = False, again: bool = False) -> None:
        """Hand the file to the desk, unless it is the one that was handed over last."""
        try:
            submission = self._read()
        except KitError as error:
            self._must_settle = not settled
            if settled:
                self._is_grading = self.is_slow = False
                self.problem, self.report, self._sha256 = str(error), None, ""
                self.note = ""
                self._draw()
            return
        was_saved = self._was_saved()
        if submission.sha256 == self._sha256 and not again:
            if was_saved and not self._is_grading:
                self._say("saved, and nothing has changed")
            return
        self.note = ""  # it was about the version before
        self._must_settle = False
        self._sha256 = submission.sha256
        self._is_grading, self.is_slow, self._running_since = True, False, None
        self.desk.grade(submission)

    def _was_saved(self) -> bool:
        """Whether the file was written since the last look, if only with the same text."""
        before = self._seen
        try:
            status = self.path.stat()
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
        elif verdict.sha256 != self._sha256:
            return
        else:
            self.problem = ""
            self._record(verdict.report)
        before, self.report = self.report, verdict.report
        self._is_grading = self.is_slow = False
        if before and self.report and before.says_the_same_as(self.report):
            self._say("graded, and the result is the same")
        else:
            self._draw()

    def _draw(self) -> None:
        body, footer = screens.watch_screen(self)
        self.terminal.draw(body, footer)

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
            self.view, self._typed = "report", ""
        elif self._is_offered(key):
            self._actions[key]()
        else:
            return
        self._draw()

    def _is_offered(self, key: str) -> bool:
        return key in self.keys

    @property
    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "n": self._move_on,
            "h": self._hint,
            "s": lambda: setattr(self, "view", "solution"),
            "l": lambda: setattr(self, "view", "list"),
            "p": self._picture,
            "r": lambda: self._grade(again=True),
            "x": lambda: self._ask("Replace your answer by the stub?", self._reset),
        }

    def _ask(self, question: str, act: Callable[[], None]) -> None:
        self._question = question, act

    def _next(self) -> Exercise | None:
        upcoming = self.workspace.next_exercise()
        return upcoming if upcoming != self.exercise else None

    def _move_on(self) -> None:
        if upcoming := self._next():
            self._open(upcoming)

    def _hint(self) -> None:
        """Show the next hint; from the second on, ask first, unless it was seen before."""
        level = self.hint_level + 1
        if level > max(self._hints_seen, 1):
            self._ask(
                f"Hint {level} of 3 gives away {GIVES_AWAY[level]}. Show it?", self._show_hint
            )
        else:
            self._show_hint()

    @property
    def _hints_seen(self) -> int:
        """The highest hint that need not be asked for again."""
        return self.workspace.hint_level(self.exercise)

    def _show_hint(self) -> None:
        self.hint_level += 1
        if self.hint_level > self._hints_seen:
            self.workspace.record("hint", self.exercise, level=self.hint_level)

    def _reset(self) -> None:
        kept = self._put_stub()
        self.hint_level = 0
        self._grade()
        self.note = f"Your answer is now {kept.name}." if kept else "Your file is the stub."

    def _put_stub(self) -> Path | None:
        """Start over; return where the answer is kept, if there was one."""
        return self.workspace.reset(self.exercise)

    def _choose(self, key: str) -> None:
        """Type a number in the list; its exercise opens once the number is complete."""
        self._typed += key if key.isdigit() else ""
        wanted = self._typed.zfill(2) if key == "enter" else self._typed
        for exercise in self.course.exercises:
            if exercise.number == wanted:
                self._typed = ""
                self._open(exercise)
                return
        if key == "enter" or len(self._typed) > 2:
            self._typed = ""

    def _picture(self) -> None:
        """Draw in the background; the note says when and where."""
        self.note = "drawing ..."
        target = self.workspace.folder / "pictures" / f"{self.exercise.name}.png"
        draw_in_background(self.course, self.exercise, self.path, target, self.terminal.inbox)
