"""Report -> plain sentences, for a screen reader: no marks, columns or colours."""

from __future__ import annotations

from collections.abc import Iterator

from gradekit.causes import Cause, causes
from gradekit.report import Report


def sentences(report: Report, most: int | None = None) -> Iterator[str]:
    """The report in lines that read well aloud: the score first, then what failed.

    Args:
        most: How many of the causes of failures are told in full; None for all.
    """
    yield f"{report.exercise}: {report.points}."
    for note in report.passed_over:
        yield f"Passed over: {note}."
    if common := report.common_problem:
        yield f"All checks failed: {common}"
        return
    found = causes(report)
    for cause in found[:most]:
        yield from _told(cause)
    if most is not None and (more := sum(len(cause.checks) for cause in found[most:])):
        yield f"And {more} more checks failed."
    for function, mistake in report.behaves_like.items():
        yield f"{function} behaves like: {mistake}."
    for check in report.waiting:
        yield f"Waits for a mark, {check.max_score:g} points, {check.function}: {check.title}"
    judged = [check for check in report.checks if check.outcome != "waits"]
    counted = [check for check in judged if check.max_score or check.outcome != "passed"]
    passed = sum(check.outcome == "passed" for check in counted)
    if counted or not report.waiting:
        yield f"Passed: {passed} of {len(counted)} checks."


def _told(cause: Cause) -> Iterator[str]:
    yield _failed(cause)
    if cause.alike:
        yield f"  {cause.alike}."
    if example := cause.counterexample:
        yield f"  {example.call}"
        if example.after:
            yield f"  {example.after}"
        yield f"  expected {example.expected}, got {example.got}"
        if example.line:
            yield f"  line {example.line}: {example.code}"
    elif cause.message:
        yield f"  {cause.message}"
    if cause.hint:
        yield f"  Hint: {cause.hint}"


def _failed(cause: Cause) -> str:
    if cause.outcome == "not_run":
        return f"Not run, through a fault of kit's own: {cause.title}"
    points = f"0 of {cause.max_score:g} points" if cause.max_score else "an example"
    return f"Failed, {points}, {cause.first.function}: {cause.title}"
