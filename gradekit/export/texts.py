"""A report in words, for systems that show plain text."""

from __future__ import annotations

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


def remarks(report: Report, function: str | None = None) -> str:
    """All checks that were not passed, of one function or of all; "" where all were."""
    failed = [
        check
        for check in report.checks
        if check.outcome != "passed" and function in (None, check.function)
    ]
    shared = {details(check) for check in failed}
    if len(failed) > 1 and len(shared) == 1 and (text := shared.pop()):
        return f"✗ {len(failed)} checks failed in the same way: {text}"
    named = [name for name in report.behaves_like if function in (None, name)]
    like = [f"`{name}` behaves like: {report.behaves_like[name]}" for name in named]
    return "\n".join([*like, *map(explained, failed)])
