"""How much of a report its reader may see."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from gradekit.report import Check, Report

Level = Literal["score", "titles", "hints", "full"]
LEVELS: tuple[Level, ...] = ("score", "titles", "hints", "full")  # each shows more
WITHOUT_TITLE = {"not_run": "A check could not be run.", "waits": "A part is marked by a person."}
# How far our own words about a check go before they come to its call.
STOPPED = re.compile(
    r"stopped(?: after [\d.]+ s|: it used more than [\d.]+ GiB|: the whole answer took .*"
    r"|: it used \d+ MiB, and there was no more)"
)
NO_FUNCTION = re.compile(r"there is no function `(\w+)`|`(\w+)` is no function")


def at_level(report: Report, level: Level) -> Report:
    """The report with only what `level` allows.

    score: the points, and that a check could not be run or waits for a mark. titles: which
    checks failed. hints: and the question that helps, and the known mistake that the answer
    behaves like. full: and the counterexample. What gives no check away stays from titles on:
    what is the same for every check (a syntax error, say), and that a function is not written,
    is not there, or was stopped for its time or memory.
    """
    if level == "full":
        return report
    if level == "score":
        ours = tuple(
            Check(
                name="check",
                function="",
                title=WITHOUT_TITLE[check.outcome],
                outcome=check.outcome,
                score=0.0,
                max_score=check.max_score,
            )
            for check in (*report.not_run, *report.waiting)
        )
        return _kept(report, ours)
    common = _common_problem(report)
    functions = {check.function for check in report.checks}
    checks = tuple(
        Check(
            name=check.name,
            function=check.function,
            title=check.title,
            outcome=check.outcome,
            ending=check.ending,
            score=check.score,
            max_score=check.max_score,
            message=common or _harmless(check, functions),
            hint=check.hint if level == "hints" else "",
        )
        for check in report.checks
    )
    return _kept(report, checks, report.behaves_like if level == "hints" else {})


def _kept(
    report: Report, checks: tuple[Check, ...], behaves_like: dict[str, str] | None = None
) -> Report:
    """A report of these checks, with what no level hides: a field not named here stays behind."""
    return Report(
        schema=report.schema,
        exercise=report.exercise,
        score=report.score,
        max_score=report.max_score,
        isolation=report.isolation,
        seed=report.seed,
        seconds=report.seconds,
        submission_sha256=report.submission_sha256,
        grader_sha256=report.grader_sha256,
        checks=checks,
        passed_over=report.passed_over,
        behaves_like=behaves_like or {},
    )


def _common_problem(report: Report) -> str:
    """What all checks failed with; what the answer printed meanwhile is no part of it."""
    told = tuple(msgspec.structs.replace(check, message=check.told) for check in report.checks)
    return msgspec.structs.replace(report, checks=told).common_problem


def _harmless(check: Check, functions: set[str]) -> str:
    """As much of a check's message as tells nothing of the check.

    An answer can put words into its worker's mouth. So of what came from there only what we
    could have said ourselves is kept: a known sentence about one of our `functions`.
    """
    told = check.told
    if check.is_unwritten:
        return told
    if check.ending in ("timed_out", "out_of_memory"):  # ours to say
        stopped = STOPPED.match(told)
        return stopped[0] if stopped else ""
    missing = NO_FUNCTION.match(told)
    return missing[0] if missing and (missing[1] or missing[2]) in functions else ""
