"""Report -> plain sentences, for a screen reader: no marks, columns or colours."""

from __future__ import annotations

from collections.abc import Iterator

from gradekit.report import Check, Report


def sentences(report: Report, most: int | None = None) -> Iterator[str]:
    """The report in lines that read well aloud: the score first, then what failed.

    Args:
        most: How many of the failed checks are told in full; None for all.
    """
    yield f"{report.exercise}: {report.score:g} of {report.max_score:g} points."
    counted = [check for check in report.checks if check.max_score or check.outcome != "passed"]
    for note in report.passed_over:
        yield f"Passed over: {note}."
    if common := report.common_problem:
        yield f"All checks failed: {common}"
        return
    failed = [check for check in counted if check.outcome != "passed"]
    for check in failed[:most]:
        yield _failed(check)
        if check.message:
            yield f"  {check.message}"
        if check.hint:
            yield f"  Hint: {check.hint}"
    if len(failed) > len(failed[:most]):
        yield f"And {len(failed) - len(failed[:most])} more checks failed."
    for function, mistake in report.behaves_like.items():
        yield f"{function} behaves like: {mistake}."
    yield f"Passed: {len(counted) - len(failed)} of {len(counted)} checks."


def _failed(check: Check) -> str:
    if check.outcome == "not_run":
        return f"Not run, through a fault of kit's own: {check.title}"
    points = f"0 of {check.max_score:g} points" if check.max_score else "an example"
    return f"Failed, {points}, {check.function}: {check.title}"
