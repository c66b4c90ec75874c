"""Report -> lines for a terminal, by rich: what failed first, the score last."""

from __future__ import annotations

import re

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradekit.export.texts import together
from gradekit.report import NOT_WRITTEN, Check, Report

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "not_run": ("!", "yellow")}
RAISED = re.compile(r" raised .*? \(line \d+[^\n]*", re.DOTALL)
WIDTH = 100  # beyond this, lines are hard to read


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, at most `WIDTH`; plain when piped or NO_COLOR is set."""
    made = _Console(stderr=stderr, highlight=False, soft_wrap=False)
    made.width = min(made.width, WIDTH)
    return made


class _Console(Console):
    """Leaves a pipe that was closed early to the command: rich would end it with code 1."""

    def on_broken_pipe(self) -> None:
        raise


def print_report(out: Console, report: Report) -> None:
    """Print a report: failed checks with their counterexamples, passed ones, the score."""
    out.print(Text(report.exercise, style="bold"))
    failed = [check for check in report.checks if check.outcome != "passed"]
    passed = [check for check in report.checks if check.outcome == "passed"]
    if common := report.common_problem:
        _print_line(out, *MARKS["failed"], common, f"0 / {report.max_score:g}")
    else:
        for group in _groups(failed):
            _print_failed(out, group)
        for check in passed:
            if check.max_score:
                _print_line(out, *MARKS["passed"], check.title, _points([check]))
    for function, mistake in report.behaves_like.items():
        out.print(Text(f"\n{function} behaves like: {mistake}", style="yellow"))
    for note in report.passed_over:
        out.print(Text(f"\npassed over: {note}", style="dim"))
    _print_score(out, report)


def _groups(checks: list[Check]) -> list[list[Check]]:
    """Checks of one function that failed for the same reason are told once, with the first."""
    groups: dict[tuple[str, str, str], list[Check]] = {}
    for check in checks:
        key = check.outcome, check.function, _reason(check.message)
        groups.setdefault(key, []).append(check)
    return list(groups.values())


def _reason(message: str) -> str:
    """Which exception was raised, and in which line, whatever the call; else the message."""
    raised = RAISED.search(message)
    return raised[0] if raised else message


def _print_failed(out: Console, group: list[Check]) -> None:
    first = group[0]
    mark, style = MARKS[first.outcome]
    if len(group) > 1 and first.message:
        title = together(group)
        if first.message == NOT_WRITTEN:
            title = f"{first.function} is not written yet"
        _print_line(out, mark, style, title, _points(group))
        if first.message != NOT_WRITTEN:
            # The message of an example (worth nothing) does not say which call it was.
            _print_indented(out, max(group, key=lambda check: bool(check.max_score)).message)
        return
    for check in group:
        _print_line(out, mark, style, check.title, _points([check]))
        if check.outcome == "not_run":
            _print_indented(out, "not run, through a fault of kit's own, not of yours")
        if check.message:
            _print_indented(out, check.message)
        if check.hint:
            _print_indented(out, f"hint: {check.hint}", "cyan")


def _points(checks: list[Check]) -> str:
    score, total = sum(c.score for c in checks), sum(c.max_score for c in checks)
    return f"{score:g} / {total:g}" if total else "example"


def _print_line(out: Console, mark: str, style: str, text: str, points: str) -> None:
    """Mark, text (wrapped beside the mark), and points at the right margin."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(Text(mark, style=style), Text(text), Text(points, style=style))
    out.print(grid)


def _print_indented(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 4), expand=False))


def _print_score(out: Console, report: Report) -> None:
    style = "bold green" if report.passed else "bold"
    score = f"{report.score:g} of {report.max_score:g} points"
    out.print(Text(f"\n{score}", style=style), Text(f"in {report.seconds:.2f} s", style="dim"))
