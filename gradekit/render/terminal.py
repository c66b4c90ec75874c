"""Report -> lines for a terminal, by rich: the score, what to mend first, the rest as titles."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradekit.causes import Cause, causes
from gradekit.report import MARKS, WAITS, Check, Counterexample, Report

STYLES = {"passed": "green", "failed": "red", "not_run": "yellow", "waits": "cyan"}
FAULT = "not run, through a fault of kit's own, not of yours"
WIDTH = 100  # beyond this, lines are hard to read
INDENT, ITEM_INDENT = 4, 2
MESSAGE_LINES = 5  # of one message, unless everything is asked for
PRINTED_LINES = 3
TITLES = 7  # of further causes


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, at most `WIDTH`; plain when piped or NO_COLOR is set."""
    made = _Console(stderr=stderr, highlight=False, soft_wrap=False)
    made.width = min(made.width, WIDTH)
    return made


@contextlib.contextmanager
def paged(out: Console) -> Iterator[None]:
    """Show what is printed meanwhile in a pager, on a terminal that is too small for it."""
    if not (out.is_terminal and sys.stdout.isatty()):
        yield
        return
    with out.capture() as captured:
        yield
    text = captured.get()
    if text.count("\n") < out.size.height:
        out.file.write(text)
        out.file.flush()
    else:
        click.echo_via_pager(text)  # click tells less to show colours


class _Console(Console):
    """As rich's, but for what it does in a pipe.

    A pipe that was closed early is left to the command: rich would end it with code 1. And
    lines end where their text ends: rich pads them with blanks.
    """

    def on_broken_pipe(self) -> None:
        raise

    def print(self, *objects: Any, **options: Any) -> None:
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        lines = captured.get().split("\n")
        self.file.write("\n".join(line.rstrip(" ") for line in lines))


def print_report(out: Console, report: Report, *, verbose: bool = False) -> None:
    """Print a report: the score, what explains most failures with its counterexample, the rest.

    Args:
        verbose: Every failure with its message, and every passed check.
    """
    print_score(out, report)
    print_causes(out, report, verbose=verbose)


def print_next(out: Console, commands: Sequence[str]) -> None:
    """The last line: what helps from here."""
    if commands:
        out.print(Text(f"next: {'   '.join(commands)}", style="cyan"))


def print_score(out: Console, report: Report) -> None:
    """The first line: the exercise and its points."""
    style = "bold green" if report.passed else "bold"
    points = Text(report.points, style=style)
    _print_between(out, Text(report.exercise, style="bold"), points)


def print_causes(out: Console, report: Report, *, verbose: bool = False) -> None:
    """All that stands below the score."""
    for note in report.passed_over:
        out.print(Text(f"passed over: {note}", style="dim"))
    if common := report.common_problem:
        _print_line(out, "failed", common, "")
        return
    found = causes(report)
    ours = sum(cause.outcome == "not_run" for cause in found)  # they stand first
    told, titles = (found, []) if verbose else (found[: ours + 1], found[ours + 1 :])
    unnamed = dict(report.behaves_like)
    for cause in told:
        function = cause.first.function
        _print_cause(out, cause, unnamed.pop(function, ""), verbose)
    _print_titles(out, titles)
    for function, mistake in unnamed.items():
        out.print(Text(f"  {function} behaves like: {mistake}", style="yellow"))
    _print_passed(out, [c for c in report.checks if c.outcome == "passed"], verbose)
    for check in report.waiting:
        _print_line(out, "waits", f"{check.title} ({WAITS})", f"{check.max_score:g}")


def _print_cause(out: Console, cause: Cause, mistake: str, verbose: bool) -> None:
    """What failed, on which call, and the question that helps."""
    _print_line(out, cause.outcome, cause.title, cause.alike or _points(cause))
    if cause.outcome == "not_run":
        _print_indented(out, FAULT)
    if cause.counterexample:
        _print_counterexample(out, cause.counterexample)
    elif cause.told:
        _print_indented(out, _cut(out, cause.told, None if verbose else MESSAGE_LINES))
    if cause.printed:
        text = _cut(out, f"printed: {cause.printed}", None if verbose else PRINTED_LINES)
        _print_indented(out, text, "dim")
    if mistake:
        _print_indented(out, f"behaves like: {mistake}", "yellow")
    if cause.hint:
        _print_indented(out, f"hint: {cause.hint}", "cyan")
    if verbose and cause.alike:
        for check in cause.checks:
            _print_indented(out, f"- {check.title}", "dim")


def _print_counterexample(out: Console, found: Counterexample) -> None:
    """The call, what it should give and what it gives, and the line that is proven to do it."""
    _print_indented(out, found.call, "bold")
    if found.after:
        _print_indented(out, found.after)
    both = f"expected {found.expected}   got {found.got}"
    if len(both) + INDENT <= out.width:
        _print_indented(out, both)
    else:
        _print_indented(out, f"expected {found.expected}")
        _print_indented(out, f"got      {found.got}")
    if found.line:
        _print_indented(out, f"line {found.line}: {found.code}")


def _cut(out: Console, text: str, most: int | None) -> str:
    """The first lines of a text as it wraps here; every line that is left out is said to be."""
    width = max(out.width - INDENT, 20)
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, drop_whitespace=False, break_on_hyphens=False)
        or [""]
    ]
    if most is None or len(lines) <= most:
        return text
    return "\n".join([*(line.rstrip() for line in lines[: most - 1]), "... (whole with -v)"])


def _print_titles(out: Console, found: list[Cause]) -> None:
    """The other causes, a line each."""
    shown = found if len(found) <= TITLES + 1 else found[:TITLES]
    for cause in shown:
        style = STYLES[cause.outcome]
        count = len(cause.checks)
        points = f"{count} checks, {cause.max_score:g}" if count > 1 else _points(cause)
        left = Text(f"{MARKS[cause.outcome]} ", style=style).append(cause.title, style="default")
        _print_between(out, left, Text(points, style=style), one_line=True)
    if rest := found[len(shown) :]:
        count = sum(len(cause.checks) for cause in rest)
        out.print(Text(f"✗ and {count} more (-v shows all)", style="red"))


def _print_passed(out: Console, passed: list[Check], verbose: bool) -> None:
    counted = [check for check in passed if check.max_score]
    if passed and not counted:  # examples are all that is judged here
        out.print(Text(f"{MARKS['passed']} the examples pass", style=STYLES["passed"]))
    elif verbose:
        for check in counted:
            points = f"{check.score:g} / {check.max_score:g}"
            _print_line(out, "passed", check.title, points)
    elif counted:
        plural = "checks pass" if len(counted) > 1 else "check passes"
        out.print(Text(f"{MARKS['passed']} {len(counted)} {plural}", style=STYLES["passed"]))


def _points(cause: Cause) -> str:
    return f"{cause.score:g} / {cause.max_score:g}" if cause.max_score else "example"


def _print_line(out: Console, outcome: str, text: str, points: str) -> None:
    """Mark, text (wrapped beside the mark), and points at the right margin."""
    style = STYLES[outcome]
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(Text(MARKS[outcome], style=style), Text(text), Text(points, style=style))
    out.print(grid)


def _print_between(out: Console, left: Text, right: Text, *, one_line: bool = False) -> None:
    """One text at each margin; `one_line` cuts the left one where it is too long."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=1, no_wrap=one_line, overflow="ellipsis" if one_line else "fold")
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(left, right)
    out.print(grid)


def print_item(out: Console, text: str, style: str = "") -> None:
    """A line of a list, all of it set in where it takes several."""
    _print_indented(out, text, style, ITEM_INDENT)


def _print_indented(out: Console, text: str, style: str = "", indent: int = INDENT) -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
