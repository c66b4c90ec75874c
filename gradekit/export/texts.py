"""A report in words, for systems that show plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from gradekit.report import Check, Report

MARKS = {"passed": "✓", "failed": "✗", "not_run": "!"}
NOT_RUN = "not run, through a fault of gradekit's own: this needs a human grader"


def verdict(check: Check) -> str:
    """One line: what should be true, and the points for it."""
    points = f" ({check.score:g} of {check.max_score:g})" if check.max_score else ""
    return f"{MARKS[check.outcome]} {check.title}{points}"


def details(check: Check) -> str:
    """What went wrong and the question that helps; "" where nothing is to be said."""
    if check.outcome == "passed":
        return ""
    fault = NOT_RUN if check.outcome == "not_run" else ""
    hint = f"hint: {check.hint}" if check.hint else ""
    return "\n".join(part for part in (fault, check.message, hint) if part)


def explained(check: Check) -> str:
    """The verdict with its details indented below."""
    lines = details(check).splitlines()
    return "\n".join([verdict(check), *(f"    {line}" for line in lines)])


def grouped(checks: Iterable[Check]) -> Iterator[list[Check]]:
    """Neighbours of one function that failed in the same words are told once."""

    def words(check: Check) -> tuple[str, str]:
        failed = check.outcome == "failed" and check.message
        return check.function, failed or check.name

    for _, group in groupby(checks, key=words):
        yield list(group)


def together(group: list[Check]) -> str:
    """What to call a group of several: how many checks of what."""
    return f"{group[0].function}: {len(group)} checks failed in the same way"


def remarks(report: Report, function: str | None = None) -> str:
    """What was not passed, of one function or of all; "" where everything was."""
    ours = [check for check in report.checks if function in (None, check.function)]
    like = {name: text for name, text in report.behaves_like.items() if function in (None, name)}
    lines = [f"`{name}` behaves like: {text}" for name, text in like.items()]
    for group in grouped(check for check in ours if check.outcome != "passed"):
        if len(group) == 1:
            lines.append(explained(group[0]))
        else:
            points = f"(0 of {sum(check.max_score for check in group):g})"
            lines.append(f"{MARKS[group[0].outcome]} {together(group)} {points}")
            lines += [f"    {line}" for line in group[0].message.splitlines()]
    return "\n".join(lines)


def as_markdown(text: str, width: int = 88) -> str:
    """`text` as a block of code: strangers' words in it stay words, and lines stay lines."""
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, subsequent_indent="      ") or [""]
    ]
    return textwrap.indent("\n".join(lines), "    ")
