"""How much of a report its reader may see."""

from __future__ import annotations

from typing import Literal

import msgspec

from gradekit.report import Report

Level = Literal["score", "titles", "hints", "full"]
LEVELS: tuple[Level, ...] = ("score", "titles", "hints", "full")  # each shows more


def at_level(report: Report, level: Level) -> Report:
    """The report with only what `level` allows.

    score: the points, and that a check could not be run. titles: which checks failed.
    hints: and the question that helps, and the known mistake that the answer behaves like.
    full: and the counterexample. What is the same for every check (a syntax error, say)
    gives no check away and stays from titles on.
    """
    if level == "full":
        return report
    if level == "score":
        ours = tuple(
            msgspec.structs.replace(
                check, name="check", function="", title="A check could not be run.", message=""
            )
            for check in report.not_run
        )
        return msgspec.structs.replace(report, checks=ours, behaves_like={})
    common = report.common_problem
    checks = tuple(
        msgspec.structs.replace(check, message=common, hint=check.hint if level == "hints" else "")
        for check in report.checks
    )
    named = report.behaves_like if level == "hints" else {}
    return msgspec.structs.replace(report, checks=checks, behaves_like=named)
