"""A batch on a terminal: the bar while it runs, and the lines that close it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gradekit.overview import Overview, Similar
from gradekit.policy import points
from gradekit.render.terminal import print_item
from gradekit.standing import Change
from gradekit.texts import counted

CHANGES = 10  # scores that changed; the rest stands in changes.csv
SHOWN = 5  # files that were not graded; the rest stands in not_graded.csv


class Bar(Protocol):
    """What is told about the batch as it goes on."""

    def started(self, earlier: int) -> None:
        """Begin: `earlier` answers were finished by an earlier run."""

    def tell(self) -> None:
        """One more answer is done."""


class _Rate(ProgressColumn):
    """How many answers a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "warming up", style="dim")


class _Bar:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("grading", total=total)

    def started(self, earlier: int) -> None:
        # Not `advance`: what was done before says nothing about the rate.
        total = self._progress.tasks[0].total or 0
        self._progress.update(self._task, total=total - earlier)

    def tell(self) -> None:
        self._progress.advance(self._task)


@contextmanager
def progress_bar(out: Console, total: int) -> Iterator[Bar]:
    """A bar with count, rate and time left; on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    hidden = not out.is_terminal
    with Progress(*columns, console=out, transient=True, expand=True, disable=hidden) as progress:
        yield _Bar(progress, total)


def print_summary(out: Console, overview: Overview, folder: Path, earlier: int) -> None:
    """What came of it, what needs a look, and where everything is."""
    before = f" ({earlier} of them by an earlier run)" if earlier else ""
    answers, students = counted(overview.graded, "answer"), counted(len(overview.cells), "student")
    out.print(
        f"{answers} of {students} graded{before}: "
        f"{overview.full_marks} with full marks, {overview.mean:.0%} of the points on average."
    )
    if overview.not_run:
        text = (
            f"{counted(overview.not_run, 'answer')} could not be run, through a fault of kit's own."
        )
        out.print(Text(f"! {text} Once it is mended, run the same command again.", style="yellow"))
    if overview.waiting:
        waiting = len(overview.waiting_answers)
        verb = "waits" if waiting == 1 else "wait"
        out.print(f"{counted(waiting, 'answer')} {verb} for a person's mark.")
    if doubtful := overview.doubtful:
        first = doubtful[0]
        check = "a check" if len(doubtful) == 1 else f"{len(doubtful)} checks"
        out.print(Text(f"! Look at {check} before you look at the students:", style="yellow"))
        print_item(out, f"{first.exercise}, {first.name}: {first.doubt}")
    if problems := overview.not_graded:
        out.print(Text(f"{counted(len(problems), 'file')} not graded:", style="yellow"))
        for problem in problems[:SHOWN]:
            print_item(out, f"{problem.file}: {problem.reason}")
        if len(problems) > SHOWN:
            out.print(f"  ... and {len(problems) - SHOWN} more in not_graded.csv")
    _print_similar(out, overview.similar)
    out.print()
    files = [
        ("report.html", "the class on one page"),
        ("scores.csv", "a row a student"),
        ("code/", "a page an answer, for you"),
        ("feedback/", "a page an answer, for students"),
        ("results.jsonl", "every report"),
    ]
    if overview.waiting:
        files.append(("to_mark.csv", "fill in points, add it to overrides.csv"))
    if overview.similar.groups:
        files.append(("similar.html", "answers that share code, side by side"))
    for name, what in files:
        line = Text(f"  {folder / name}".ljust(36), no_wrap=True)
        out.print(line + Text(f"  {what}", style="dim"))


def print_changes(out: Console, changes: Sequence[Change], folder: Path) -> None:
    """Whose final score is not what it was when it was last told, and why."""
    if not changes:
        return
    verb = "is not what it was" if len(changes) == 1 else "are not what they were"
    out.print(Text(f"{counted(len(changes), 'score')} {verb}:", style="yellow"))
    for each in changes[:CHANGES]:
        before, now = points(each.before) or "none", points(each.now) or "none"
        print_item(out, f"{each.student}, {each.exercise}: {before} -> {now} ({each.why})")
    if len(changes) > CHANGES:
        out.print(f"  ... and {len(changes) - CHANGES} more")
    print_item(out, f"All of them stand in {folder / 'changes.csv'}.", "dim")


def _print_similar(out: Console, similar: Similar) -> None:
    for group in similar.groups[:SHOWN]:
        first, *others = group.students
        several = len(others) > 3
        who = f"{first} and {len(others)} others" if several else ", ".join(group.students)
        out.print(Text(f"{group.exercise}: {who} share {group.share:.0%} of their own code"))
    if similar.groups:
        out.print(
            f"{counted(len(similar.groups), 'similar group')}: a lead for a person, no proof."
        )
    elif similar.shown:  # compared, and none found
        out.print("No two answers share much code of their own.")
    if similar.skipped:
        out.print(f"{counted(len(similar.skipped), 'file')} not compared: see similar.csv.")
