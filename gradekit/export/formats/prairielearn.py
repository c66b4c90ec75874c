"""Report -> PrairieLearn's /grade/results/results.json, for its external graders.

The format: https://docs.prairielearn.com/externalGrading/
"""

from __future__ import annotations

import json
from typing import Any

from gradekit.export.format import Answer, AnswerFormat
from gradekit.feedback import Level, at_level
from gradekit.report import Report
from gradekit.texts import details


def results(report: Report, level: Level) -> dict[str, Any]:
    """results.json as a dict. `score` is a share; every test has points, or none is shown."""
    shown = at_level(report, level)
    told = details(shown)
    return {
        "gradable": not report.not_run,
        "score": report.score / report.judged_score if report.judged_score else 0.0,
        "message": report.points,
        "tests": [
            {
                "name": check.title,
                "points": check.score,
                "max_points": check.max_score,
                "output": told[check.name],
            }
            for check in shown.checks
            # Examples: without points they would hide everybody's. What a person marks has a
            # rubric of its own there.
            if check.max_score and check.outcome != "waits"
        ],
    }


def not_gradable(reason: str) -> dict[str, Any]:
    """For an answer that cannot be read: it costs no attempt."""
    return {"gradable": False, "format_errors": [reason]}


def _write(answer: Answer) -> str:
    return _text(results(answer.report, answer.level))


def _unreadable(reason: str) -> str:
    return _text(not_gradable(reason))


def _text(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


FORMAT = AnswerFormat(
    summary="Grade FILE and write PrairieLearn's results.json. It is for an external grader.",
    example="kit export prairielearn softmax /grade/student/softmax.py \\\n"
    "    --out /grade/results/results.json",
    write=_write,
    not_run="told",
    unreadable=_unreadable,
)
