"""Report -> Classroom 50's result.json (schema classroom50/result/v1). Scores are integers."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

import click

from gradekit.export.format import Answer, AnswerFormat
from gradekit.feedback import Level, at_level
from gradekit.report import Report
from gradekit.texts import details

SCHEMA = "classroom50/result/v1"
SCALE = 2  # our points come in halves; a check of other fractions is rounded


class Handin(NamedTuple):
    """Whose work it is; `datetime` as 2026-09-01T12:00:00Z."""

    classroom: str
    assignment: str
    assignment_type: str
    owner: str
    submission: str
    commit: str
    release: str
    review: str
    datetime: str


def result(report: Report, handin: Handin, level: Level) -> dict[str, Any]:
    """result.json as a dict, with twice our points: they come in halves, its in integers."""
    shown = at_level(report, level)
    told = details(shown)
    return {
        "schema": SCHEMA,
        **handin._asdict(),
        "score": _whole(report.score),
        "max-score": _whole(report.judged_score),
        "tests": [
            {
                "test-name": check.title,
                "passed": check.outcome == "passed",
                "score": _whole(check.score),
                "max-score": _whole(check.max_score),
                "output": told[check.name],
            }
            for check in shown.checks
            if check.max_score and check.outcome != "waits"
        ],
    }


def _whole(points: float) -> int:
    return round(points * SCALE)


def _write(answer: Answer) -> str:
    when = answer.more["datetime"] or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    handin = Handin(**{**answer.more, "datetime": when})
    made = result(answer.report, handin, answer.level)
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


FORMAT = AnswerFormat(
    summary="Grade FILE and write Classroom 50's result.json. Its scores are integers, so points "
    "are doubled.",
    example="kit export classroom50 softmax softmax.py --out result.json \\\n"
    '    --classroom cs101 --assignment softmax --owner "$GITHUB_ACTOR"',
    write=_write,
    not_run="refused",  # a file without those checks would cost the student their points
    parameters=[
        click.Option(["--classroom"], required=True),
        click.Option(["--assignment"], required=True),
        click.Option(["--assignment-type"], default="individual"),
        click.Option(["--owner"], required=True, help="Whose work it is."),
        click.Option(["--submission"], default="", help="Where it lies: a URL."),
        click.Option(["--commit"], default=""),
        click.Option(["--release"], default=""),
        click.Option(["--review"], default=""),
        click.Option(
            ["--datetime"], default="", help="Such as 2026-09-01T12:00:00Z. Default: now."
        ),
    ],
)
