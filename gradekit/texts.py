"""A report in words, for systems that show plain text; and numbers of things."""

from __future__ import annotations

import textwrap

import msgspec

from gradekit.causes import Cause, causes
from gradekit.report import MARKS, NOT_WRITTEN, PRINTED, WAITS, Check, Counterexample, Report

COLUMNS = 76  # of an indented line of a terminal
NOT_RUN = "not run, through a fault of gradekit's own: this needs a human grader"


def counted(number: float, noun: str, plural: str = "") -> str:
    """A number of things, `plural` where that is not made by an s.

    Example:
        >>> counted(1, "answer"), counted(0.5, "point"), counted(3, "try", "tries")
        ('1 answer', '0.5 points', '3 tries')
    """
    return f"{number:g} {noun if number == 1 else plural or noun + 's'}"


def verdict(check: Check) -> str:
    """One line: what should be true, and the points for it."""
    points = f" ({check.score:g} of {check.max_score:g})" if check.max_score else ""
    return f"{MARKS[check.outcome]} {check.title}{points}"


def details(report: Report) -> dict[str, str]:
    """For each check, by name, what went wrong and the question that helps; "" where it passed.

    For systems that show check by check. What several checks failed by stands at the first of
    them that can tell it, and the others point to it. The known mistake that a function behaves
    like stands where that function fails first, as on the screen.
    """
    unnamed = dict(report.behaves_like)
    found = {each.name: WAITS if each.outcome == "waits" else "" for each in report.checks}
    for cause in causes(report):
        like = NOT_WRITTEN if cause.is_unwritten else f"fails like the check: {cause.first.title}"
        for check in cause.checks:
            found[check.name] = like
        if not cause.is_unwritten:
            mistake = unnamed.pop(cause.first.function, "")
            found[cause.first.name] = cause_details(cause, mistake)
    return found


def explained(check: Check, details: str) -> str:
    """The verdict with its details indented below."""
    return "\n".join([verdict(check), *(f"    {line}" for line in details.splitlines())])


def explained_cause(cause: Cause) -> str:
    """As `explained`, for all checks that failed for one reason."""
    points = f"({cause.score:g} of {cause.max_score:g})" if cause.max_score else ""
    verdict = f"{MARKS[cause.outcome]} {cause.title} {points}".rstrip()
    return "\n".join([verdict, *(f"    {line}" for line in cause_details(cause).splitlines())])


def cause_details(cause: Cause, mistake: str = "") -> str:
    """What went wrong and the question that helps, once for all checks that share it.

    `mistake` is the known one that the function behaves like.
    """
    parts = [
        cause.alike,
        NOT_RUN if cause.outcome == "not_run" else "",
        what_happened(cause),
        f"behaves like: {mistake}" if mistake else "",
        f"hint: {cause.hint}" if cause.hint else "",
    ]
    return "\n".join(part for part in parts if part)


def what_happened(cause: Cause) -> str:
    """The counterexample where there is one, else the message; and what the answer printed."""
    if cause.counterexample is None:
        return cause.message
    text = example_text(cause.counterexample)
    return f"{text}{PRINTED}{cause.printed}" if cause.printed else text


def example_text(example: Counterexample) -> str:
    """The call, both values, and the line where one is proven."""
    line = f"line {example.line}: {example.code}" if example.line else ""
    values = f"expected {example.expected}\ngot      {example.got}"
    beside = f"expected {example.expected}   got {example.got}"
    if example.before and len(beside) <= COLUMNS:  # two calls take lines enough
        values = beside
    return "\n".join(part for part in (example.call, example.after, values, line) if part)


def remarks(report: Report, function: str | None = None) -> str:
    """What was not passed, of one function or of all; "" where everything was."""
    ours = tuple(check for check in report.checks if function in (None, check.function))
    like = {name: text for name, text in report.behaves_like.items() if function in (None, name)}
    lines = [f"`{name}` behaves like: {text}" for name, text in like.items()]
    found = causes(msgspec.structs.replace(report, checks=ours))
    return "\n".join([*lines, *map(explained_cause, found)])


def as_markdown(text: str, width: int = 88) -> str:
    """`text` as a block of code: strangers' words in it stay words, and lines stay lines."""
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, subsequent_indent="      ") or [""]
    ]
    return textwrap.indent("\n".join(lines), "    ")
