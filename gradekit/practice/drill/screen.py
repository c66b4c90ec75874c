"""`kit drill` on the screen: read the code, press a number, see the input that gives it away."""

from __future__ import annotations

import time

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gradekit.practice import schedule
from gradekit.practice.drill.drill import Drill
from gradekit.practice.screen.desk import Desk
from gradekit.practice.screen.events import Explained, Key, Verdict
from gradekit.practice.screen.paint import print_keys
from gradekit.practice.screen.solutions import print_code
from gradekit.practice.screen.terminal import Terminal
from gradekit.practice.workspace import Workspace
from gradekit.report import Report
from gradekit.submission import read
from gradekit.texts import example_text

QUICK_SECONDS = 15
HABIT_SECONDS = 1.0  # after a choice, in which Enter is pressed without thinking


class Drills:
    """A series of drills, one after the other."""

    def __init__(self, workspace: Workspace, terminal: Terminal, drills: list[Drill]) -> None:
        self.workspace, self.terminal, self.drills = workspace, terminal, drills
        self.right = self.answered = 0
        self._number = 0
        self._chosen: int | None = None
        self._shown = self._answered = 0.0
        self._verdict: Verdict | None = None
        self._desk = Desk(workspace.course, terminal.inbox)

    def run(self) -> None:
        """Go through all of them, or until `q`."""
        try:
            self._begin()
            while True:
                self.terminal.draw(self._body, self._footer)
                match self.terminal.next():
                    case Verdict() as verdict if verdict.exercise == self._drill.wrong.exercise:
                        self._verdict = verdict
                    case Explained(sha256, report) if self._is_of_now(sha256):
                        self._verdict = Verdict(self._drill.wrong.exercise, sha256, report)
                    case Key(name) if not self._press(name):
                        return
        except KeyboardInterrupt:
            return
        finally:
            self._desk.close()

    @property
    def _drill(self) -> Drill:
        return self.drills[self._number]

    def _begin(self) -> None:
        """Show the next one, and grade it while it is being read."""
        self._chosen, self._verdict, self._shown = None, None, time.monotonic()
        self._desk.open(self._drill.wrong.exercise)
        self._desk.grade(read(self._drill.wrong.path))

    def _is_of_now(self, sha256: str) -> bool:
        """Whether it is about the answer whose verdict is shown."""
        return self._verdict is not None and self._verdict.sha256 == sha256

    def _press(self, key: str) -> bool:
        """Whether to go on."""
        if key == "q":
            return False
        if self._chosen is None:
            if key.isdigit() and 1 <= int(key) <= len(self._drill.choices):
                self._choose(int(key) - 1)
        elif key == "enter" and time.monotonic() - self._answered < HABIT_SECONDS:
            pass  # it ended the number, as at a prompt; the input is still to be read
        elif key in ("n", "enter"):
            self._number += 1
            if self._number == len(self.drills):
                return False
            self._begin()
        return True

    def _choose(self, choice: int) -> None:
        self._chosen, self._answered = choice, time.monotonic()
        is_right = choice == self._drill.right
        quick = time.monotonic() - self._shown < QUICK_SECONDS
        rating = schedule.AGAIN if not is_right else schedule.EASY if quick else schedule.GOOD
        self.right += is_right
        self.answered += 1
        wrong = self._drill.wrong
        self.workspace.record(
            "drilled",
            wrong.exercise,
            mistake=wrong.path.stem,
            rating=rating,
            score=float(is_right),
            max_score=1.0,
        )

    def _body(self, out: Console) -> None:
        wrong = self._drill.wrong
        title = f"Drill {self._number + 1} of {len(self.drills)}, {wrong.exercise.title}: "
        out.print(Text(title, style="bold").append(f"what is wrong in {wrong.function}?"))
        out.print()
        print_code(out, self._drill.code)

    def _footer(self, out: Console) -> None:
        if not self.terminal.plain:
            out.print(Rule(style="dim"))
        self._print_choices(out)
        if self._chosen is None:
            print_keys(out, {f"1-{len(self._drill.choices)}": "which mistake", "q": "quit"})
            return
        if self._chosen == self._drill.right:
            out.print(Text("\nRight.", style="bold green"))
        else:
            out.print(Text(f"\nNo, it is {self._drill.right + 1}.", style="bold red"))
        self._print_counterexample(out)
        more = {"n": "next"} if self._number + 1 < len(self.drills) else {"n": "done"}
        print_keys(out, {**more, "q": "quit"})

    def _print_choices(self, out: Console) -> None:
        """All of them; once one is chosen, that one and the right one, and more of the code."""
        shown = {self._chosen, self._drill.right}
        for number, choice in enumerate(self._drill.choices):
            style = ""
            if self._chosen is not None:
                style = "bold green" if number == self._drill.right else "dim"
            if self._chosen is None or number in shown:
                grid = Table.grid(padding=(0, 2, 0, 0))
                grid.add_row(Text(f"{number + 1}", style=style), Text(choice, style=style))
                out.print(grid)

    def _print_counterexample(self, out: Console) -> None:
        """The failing input, once it is known."""
        if self._verdict is None:
            out.print(Text("looking for an input that shows it ..."))
        elif self._verdict.report is None:
            out.print(Text(f"kit itself failed: {self._verdict.problem}"))
        else:
            title, text = counterexample(self._verdict.report, self._drill.wrong.function)
            out.print(Text(title))
            out.print(Padding(Text(text), (0, 0, 0, 4), expand=False))


def counterexample(report: Report, function: str) -> tuple[str, str]:
    """The title of a check that a function fails, and on which input, in full where it is known."""
    failed = [check for check in report.failed if check.function == function and check.max_score]
    for check in sorted(failed, key=lambda check: check.counterexample is None):
        example = check.counterexample
        return check.title, example_text(example) if example else check.told
    return "No check shows it.", ""
