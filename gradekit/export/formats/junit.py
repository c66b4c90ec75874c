"""Reports -> JUnit XML, which CI systems draw."""

from __future__ import annotations

from collections.abc import Iterable

from gradekit.export.format import Answer, AnswerFormat
from gradekit.feedback import Level, at_level
from gradekit.report import WAITS, Check, Report
from gradekit.texts import details


def xml(reports: Iterable[Report], level: Level) -> bytes:
    """One suite a report, one case a check; what we failed to run is an error, not a failure."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    def case(check: Check, exercise: str, told: str) -> TestCase:
        made = TestCase(check.name, classname=f"{exercise}.{check.function}", time=check.seconds)
        kinds = {"failed": Failure, "not_run": Error}
        if check.outcome == "waits":
            made.result = [Skipped(WAITS)]
        elif check.outcome in kinds:
            problem = kinds[check.outcome](check.title, check.ending)
            problem.text = told
            made.result = [problem]
        return made

    document = JUnitXml("gradekit")
    for report in reports:
        suite = TestSuite(report.exercise)
        suite.add_property("score", f"{report.score:g}")
        suite.add_property("max_score", f"{report.max_score:g}")
        shown = at_level(report, level)
        told = details(shown)
        for check in shown.checks:
            suite.add_testcase(case(check, report.exercise, told[check.name]))
        document.add_testsuite(suite)
    written: bytes = document.tostring()
    return written


def _write(answer: Answer) -> bytes:
    return xml([answer.report], answer.level)


FORMAT = AnswerFormat(
    summary="Grade FILE and write JUnit XML, which CI systems show.",
    example="kit export junit softmax softmax.py --out softmax.xml",
    write=_write,
    not_run="failed",  # what was not run stands there as an error, not as a failure
)
