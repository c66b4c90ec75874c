"""Answers of a class that are wrong in the same way: by a known mistake, or by one without a name.

A way to be wrong is about one function. Without a name, two answers are wrong in the same way
where the same checks failed with equal prints: what came back was the same, up to rounding.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradekit.feedback import NO_FUNCTION
from gradekit.report import MARKED, NOT_WRITTEN, Check, Report

ID_BYTES = 4
NEVER_RAN = "every check fails alike, as of a file that is no valid Python"
STOPPED = re.compile(r"line \d+ is no valid Python|running the file stopped")
UNWRITTEN = "it is not written yet"
MISSING = "there is no function of that name"


class Way(NamedTuple):
    """A way to be wrong. `sentence` says how, or is ""; then `id` tells it from others.

    `function` is "" where it is about the whole file.
    """

    exercise: str
    function: str
    sentence: str = ""
    id: str = ""


class Mistaken:
    """Those who are wrong in one way, the titles of the checks that they all fail."""

    def __init__(self, way: Way, report: Report) -> None:
        self.way = way
        self.titles = [
            check.title
            for check in report.failed
            if check.max_score and way.function in ("", check.function)
        ]
        self.students: list[str] = []
        self._only: str | None = None  # somebody who is wrong in no other way

    def add(self, student: str, *, only: bool) -> None:
        """Count somebody; `only`: nothing else is wrong with the answer."""
        self.students.append(student)
        if only and self._only is None:
            self._only = student

    @property
    def example(self) -> str:
        """Whose answer shows the mistake best."""
        return self._only or self.students[0]


def never_ran(report: Report) -> bool:
    """Whether an answer failed everything alike: it is not written, or is no valid Python."""
    failed = report.failed
    return bool(report.common_problem) or (
        bool(failed) and all(STOPPED.match(check.told) for check in failed)
    )


def ways(report: Report) -> list[Way]:
    """How an answer is wrong, one way a function at most."""
    if never_ran(report):
        sentence = UNWRITTEN if report.common_problem == NOT_WRITTEN else NEVER_RAN
        return [Way(report.exercise, "", sentence)]
    failed: dict[str, list[Check]] = {}
    for check in report.failed:
        # Of a check that a person marked nobody knows how the answer behaves.
        if check.max_score and check.kind != MARKED:
            failed.setdefault(check.function, []).append(check)
    return [_way(report, function, checks) for function, checks in failed.items()]


def _way(report: Report, function: str, checks: list[Check]) -> Way:
    sentence = report.behaves_like.get(function) or _said(checks)
    if sentence:
        return Way(report.exercise, function, sentence)
    return Way(report.exercise, function, "", _id(report.exercise, function, checks))


def _said(checks: Sequence[Check]) -> str:
    """What is wrong where no behaviour is needed to tell; else empty."""
    if all(check.is_unwritten for check in checks):
        return UNWRITTEN
    return MISSING if all(NO_FUNCTION.match(check.told) for check in checks) else ""


def _id(exercise: str, function: str, checks: Iterable[Check]) -> str:
    """Equal where the same checks failed with equal prints."""
    parts = [exercise, function]
    for check in checks:
        parts += [check.name, check.print or f"{check.ending} {check.kind}"]
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=ID_BYTES)
    return digest.hexdigest()


def largest(found: Iterable[Mistaken], *, named: bool) -> list[Mistaken]:
    """Those with a name, or without, that most students share first."""
    chosen = [each for each in found if bool(each.way.sentence) is named]
    return sorted(chosen, key=lambda each: -len(each.students))
