"""`kit interview` on the screen: the questions against the clock, then the report."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from gradekit.course import Exercise
from gradekit.errors import OurFailure
from gradekit.practice.interview import interview as interviews
from gradekit.practice.interview.interview import Interview, Question
from gradekit.practice.screen.events import Key
from gradekit.practice.screen.paint import print_keys, print_path, progress_bar, story_of
from gradekit.practice.screen.solutions import print_heading, print_model_answer
from gradekit.practice.screen.standing import spent
from gradekit.practice.screen.terminal import Terminal
from gradekit.practice.workspace import Workspace
from gradekit.render.plain import sentences
from gradekit.render.terminal import print_report
from gradekit.report import Report
from gradekit.submission import parse

SAVE_SECONDS = 5.0  # at most so much of the clock is lost if the machine stops
CLOCK_BAR = 30
PLAIN_MINUTES = 5  # how often the clock is read aloud


class InterviewScreen:
    """Where the questions are answered."""

    def __init__(
        self, workspace: Workspace, terminal: Terminal, interview: Interview, note: str = ""
    ) -> None:
        self.workspace, self.terminal, self.interview = workspace, terminal, interview
        self.exercises = interviews.exercises_of(workspace.course, interview)
        self._note = note  # shown until a key is pressed
        self._asks = False
        self._saved = time.monotonic()

    def run(self) -> bool:
        """Sit the interview; whether it is over, rather than left for now."""
        ticked = time.monotonic()
        self._draw()
        try:
            while True:
                left = self.interview.seconds_left
                happened = self.terminal.next(min(1.0, left % 1.0 or 1.0))
                ticked = self._tick(ticked)
                if self.interview.seconds_left <= 0:
                    return True
                if isinstance(happened, Key) and (over := self._press(happened.name)) is not None:
                    return over
                self._draw()
        except KeyboardInterrupt:
            return False
        finally:
            self._tick(ticked)
            interviews.save(self.workspace, self.interview)

    @property
    def _question(self) -> Question:
        return self.interview.questions[self.interview.current]

    def _tick(self, before: float) -> float:
        now = time.monotonic()
        self._question.seconds += now - before
        if now - self._saved > SAVE_SECONDS:
            interviews.save(self.workspace, self.interview)
            self._saved = now
        return now

    def _press(self, key: str) -> bool | None:
        """True: it is over. False: left. None: it goes on."""
        count = len(self.exercises)
        self._note = ""
        if self._asks:
            self._asks = False
            return True if key == "y" else None
        if key == "q":
            return False
        if key == "f":
            self._asks = True
        elif key == "n":
            self.interview.current = (self.interview.current + 1) % count
        elif key.isdigit() and 1 <= int(key) <= count:
            self.interview.current = int(key) - 1
        return None

    def _draw(self) -> None:
        self.terminal.draw(self._body, self._footer, keep_scroll=True)

    def _body(self, out: Console) -> None:
        exercise = self.exercises[self.interview.current]
        current = self.interview.current
        place = f"Question {current + 1} of {len(self.exercises)}: "
        out.print(Text(place + exercise.title, style="bold"))
        for paragraph in story_of(self.workspace.course, exercise):
            out.print(Text("\n" + paragraph))
        out.print()
        for number, each in enumerate(self.exercises):
            minutes = int(self.interview.questions[number].seconds / 60)
            so_far = "" if self.terminal.plain else f"   {minutes} min so far"
            mark = "> " if number == current else "  "
            out.print(Text(f"{mark}{number + 1}  {each.title}{so_far}"), no_wrap=True)

    def _footer(self, out: Console) -> None:
        left = self.interview.seconds_left
        if self.terminal.plain:
            aloud = math.ceil(left / 60 / PLAIN_MINUTES) * PLAIN_MINUTES
            out.print(Text(f"Less than {aloud} minutes left."))
        else:
            out.print(Rule(style="dim"))
            share = left / max(60 * self.interview.minutes, 1)
            style = "green" if share > 0.25 else "red"
            line = Text(f"{int(left) // 60:02}:{int(left) % 60:02} left ", style="bold")
            out.print(line.append_text(progress_bar(out, share, CLOCK_BAR, style)))
        if self._note:
            out.print(Text(self._note, style="yellow"))
        print_path(out, interviews.file_of(self.workspace, self._question))
        if self._asks:
            question = "Hand in all answers? They are graded once, now. (y/n)"
            out.print(Text(question, style="bold yellow"))
            return
        more = {f"1-{len(self.exercises)}": "go to", "n": "next"} if len(self.exercises) > 1 else {}
        print_keys(out, {**more, "f": "finish", "q": "leave, the clock stops"})


def grade(workspace: Workspace, terminal: Terminal, interview: Interview) -> None:
    """Grade every question that has no report yet, once.

    Raises:
        OurFailure: kit itself failed; the interview can be taken up again and graded then.
    """
    from gradekit.engine import open_session

    for number, question in enumerate(interview.questions, 1):
        if question.report is not None:
            continue
        text = Text(f"Grading question {number} of {len(interview.questions)} ...")
        terminal.draw(lambda out, text=text: out.print(text), lambda out: None)  # type: ignore[misc]
        exercise = workspace.course.find(question.exercise)
        path = interviews.file_of(workspace, question)
        try:
            content = path.read_bytes()
            submission = parse(path, content or b"pass")
            with open_session(
                workspace.course, exercise, seed=workspace.seed_of(exercise)
            ) as session:
                interviews.record(workspace, question, session.grade(submission))
        except (OurFailure, OSError) as error:
            raise OurFailure(
                f"{path.name} could not be graded: {error}\n`kit interview` tries again."
            ) from None
        interviews.save(workspace, interview)


class Debrief:
    """The report of an interview: an overview, then question by question."""

    def __init__(self, workspace: Workspace, terminal: Terminal, interview: Interview) -> None:
        self.workspace, self.terminal, self.interview = workspace, terminal, interview
        self.exercises = interviews.exercises_of(workspace.course, interview)
        self._number: int | None = None
        self._view = "report"
        self._unfolded = False

    def run(self) -> None:
        """Show it until `q`."""
        while True:
            self.terminal.draw(self._body, self._footer)
            try:
                happened = self.terminal.next()
            except KeyboardInterrupt:
                return
            if isinstance(happened, Key):
                if happened.name == "q":
                    return
                self._press(happened.name)

    def _press(self, key: str) -> None:
        if key.isdigit() and 1 <= int(key) <= len(self.exercises):
            self._number, self._view, self._unfolded = int(key) - 1, "report", False
        elif key == "o":
            self._number = None
        elif key == "m" and self._number is not None:
            self._view = "report" if self._view == "model" else "model"
        elif key == "a" and self._number is not None:
            self._unfolded, self._view = not self._unfolded, "questions"
        elif key == "f" and self._number is not None:
            self._unfolded, self._view = False, "questions"

    def _body(self, out: Console) -> None:
        if self._number is None:
            self._overview(out)
            return
        exercise, question = self.exercises[self._number], self.interview.questions[self._number]
        views: dict[str, Callable[[Console, Exercise, Question], None]] = {
            "report": self._report,
            "model": lambda out, exercise, _: print_model_answer(
                out, self.workspace.course, exercise, followups=False
            ),
            "questions": self._questions,
        }
        views[self._view](out, exercise, question)

    def _overview(self, out: Console) -> None:
        score, total = interviews.points(self.interview.questions)
        used = sum(question.seconds for question in self.interview.questions)
        points = f"{score:g} of {total:g} points" if total else "your instructor grades it"
        out.print(Text(f"The interview is over: {points}.", style="bold"))
        out.print(Text(f"It took {spent(used)} of {self.interview.minutes:g} min.\n"))
        for number, (exercise, question) in enumerate(self._pairs(), 1):
            report = question.report
            assert report is not None
            out.print(Text(f"{number}  {exercise.title}", style="bold"))
            style = "green" if report.passed else "yellow"
            points = report.points
            expected = f"{spent(question.seconds)}, planned {exercise.minutes} min"
            out.print(Text(f"   {points}, ", style=style).append(expected))
            for function, mistake in report.behaves_like.items():
                out.print(Text(f"   {function} behaves like: {mistake}", style="yellow"))

    def _pairs(self) -> list[tuple[Exercise, Question]]:
        return list(zip(self.exercises, self.interview.questions, strict=True))

    def _report(self, out: Console, exercise: Exercise, question: Question) -> None:
        report = question.report
        assert isinstance(report, Report)
        if self.terminal.plain:
            for sentence in sentences(report):
                out.print(Text(sentence))
        else:
            print_report(out, report)

    def _questions(self, out: Console, exercise: Exercise, question: Question) -> None:
        out.print(Text(f"{exercise.title}: what they ask next", style="bold"))
        for followup in exercise.followups:
            print_heading(out, followup.question)
            out.print(Text(followup.answer if self._unfolded else "... (a unfolds the answers)"))

    def _footer(self, out: Console) -> None:
        if not self.terminal.plain:
            out.print(Rule(style="dim"))
        choose = {"1-" * (len(self.exercises) > 1) + str(len(self.exercises)): "a question"}
        if self._number is None:
            print_keys(out, {**choose, "q": "quit"})
            return
        if self._view == "questions":
            out.print(Text("Answer aloud first, then unfold.", style="dim"))
        print_keys(
            out,
            {
                **choose,
                "m": "model answer" if self._view != "model" else "report",
                "f": "follow-up questions",
                "a": "fold" if self._unfolded else "answers",
                "o": "overview",
                "q": "quit",
            },
        )
