"""The values of a grading: what every renderer and every export is made from."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Literal

import msgspec

Outcome = Literal["passed", "failed", "not_run", "waits"]
Ending = Literal["finished", "timed_out", "out_of_memory", "crashed", "refused", "malformed"]

MARKS = {"passed": "✓", "failed": "✗", "not_run": "!", "waits": "○"}
MARKED = "marked"  # the kind of a check that a person has marked
WAITS = "waits for a mark"  # of a person
PRINTED = "\nprinted: "  # in a message, before what the answer printed
ADDRESS = re.compile(r" (?:object )?at 0x[0-9a-fA-F]+")
NOT_WRITTEN = "not written yet"  # the message where a function is still the stub's


class Counterexample(msgspec.Struct, frozen=True, kw_only=True):
    """A small call on which the answer is wrong; no check grades with it."""

    call: str  # can be pasted into Python, with np and torch imported
    expected: str
    got: str
    line: int = 0  # of the answer, where it raised what it raised; 0 where none is proven
    code: str = ""  # of that line
    before: str = ""  # a call that has to be made first: an answer may keep what it must not

    @property
    def after(self) -> str:
        """What has to come before the call, in words; empty where the call alone is wrong."""
        if self.before == self.call:
            return "the second time that it is called"
        return f"after {self.before}" if self.before else ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One grader test on one submission.

    `not_run` is our own failure and never counts against anyone. `waits` is a check that a person
    marks (`@check(..., manual=True)`), and that nobody has marked yet. `ending` says how a check
    ended that did not pass. Texts hold no control characters.
    """

    name: str
    function: str
    title: str
    outcome: Outcome
    ending: Ending = "finished"
    score: float
    max_score: float
    message: str = ""
    # In what a failed check's value differs (type, shape, dtype, nan, rounding, value, changed,
    # not raised), or `raised NAME`; `marked` where a person gave the points; empty where it is none
    # of these.
    kind: str = ""
    print: str = ""  # of a failed check: equal where answers behaved alike; tells nothing itself
    hint: str = ""
    counterexample: Counterexample | None = None
    seconds: float = 0.0

    @property
    def told(self) -> str:
        """The message without what the answer printed, which nobody but its author wrote."""
        return self.message.partition(PRINTED)[0]

    @property
    def is_unwritten(self) -> bool:
        """Whether the function is still the stub's, whatever it prints before it says so."""
        return self.told == NOT_WRITTEN


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks of one submission. Times are in seconds, hashes are SHA-256 in hex."""

    schema: int = 2
    exercise: str
    score: float
    max_score: float
    isolation: str
    seed: int = 0  # of the cases that the checks drew
    seconds: float
    submission_sha256: str
    grader_sha256: str
    checks: tuple[Check, ...]
    passed_over: tuple[str, ...] = ()  # what failed beside the functions, or was guessed
    behaves_like: dict[str, str] = {}  # function -> the known mistake it behaves like
    explained: bool = False  # counterexamples were looked for, whether or not there are any

    def without_times(self) -> Report:
        """What two gradings of the same answer have in common."""
        checks = tuple(msgspec.structs.replace(check, seconds=0.0) for check in self.checks)
        return msgspec.structs.replace(self, checks=checks, seconds=0.0)

    def with_counterexample(self, name: str, example: Counterexample) -> Report:
        """The report with a counterexample to the check called `name`."""
        checks = tuple(
            msgspec.structs.replace(check, counterexample=example) if check.name == name else check
            for check in self.checks
        )
        return msgspec.structs.replace(self, checks=checks)

    def says_the_same_as(self, other: Report) -> bool:
        """Whether both tell a learner the same, be it of two answers."""
        return self._told() == other._told()

    def _told(self) -> list[tuple[str, str, str]]:
        return [(check.name, check.outcome, check.message) for check in self.checks]

    def with_marks(self, marks: Mapping[str, float]) -> Report:
        """The report with points that a person gave, by the names of checks; unknown names are
        passed over. A check that was marked has passed with all of its points, else failed.
        """
        checks = tuple(
            msgspec.structs.replace(
                check,
                score=marks[check.name],
                outcome="passed" if marks[check.name] >= check.max_score else "failed",
                kind=MARKED,
            )
            if check.name in marks
            else check
            for check in self.checks
        )
        score = sum(check.score for check in checks)
        return msgspec.structs.replace(self, checks=checks, score=score)

    @property
    def passed(self) -> bool:
        """Whether every point was earned that has been judged so far."""
        if self.not_run or (self.waiting and self.failed):  # of examples alone: none may fail
            return False
        return self.score >= self.judged_score

    @property
    def waiting(self) -> tuple[Check, ...]:
        """The checks that a person has yet to mark."""
        return tuple(check for check in self.checks if check.outcome == "waits")

    @property
    def judged_score(self) -> float:
        """The points that could be earned so far: all but those that wait for a mark."""
        return self.max_score - sum(check.max_score for check in self.waiting)

    @property
    def praise(self) -> str:
        """What an answer that passed is told: that it earns every point, or all that is here."""
        return "fails nothing that is checked here" if self.waiting else "earns every point"

    @property
    def points(self) -> str:
        """`7 of 10 points`, and how many of them wait for a mark."""
        waiting = self.max_score - self.judged_score
        verb = "waits" if waiting == 1 else "wait"
        more = f", {waiting:g} {verb} for a mark" if self.waiting else ""
        return f"{self.score:g} of {self.max_score:g} points{more}"

    @property
    def not_run(self) -> tuple[Check, ...]:
        """The checks that we failed to run."""
        return tuple(check for check in self.checks if check.outcome == "not_run")

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that the submission failed."""
        return tuple(check for check in self.checks if check.outcome == "failed")

    @property
    def common_problem(self) -> str:
        """What all checks (of several) failed with, such as a syntax error; else empty."""
        judged = [check for check in self.checks if check.outcome != "waits"]
        messages = {check.message for check in judged}
        alike = len(messages) == 1 and len(self.failed) == len(judged) > 1
        return messages.pop() if alike else ""


def new_seed() -> int:
    """A seed of cases that nobody has seen yet."""
    return secrets.randbelow(2**31)


def to_json(report: Report) -> str:
    """The stable JSON form of a report, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def clean(text: str, limit: int = 2000) -> str:
    """`text` without characters that could steer a terminal or reorder a line.

    And without addresses in memory, which are others each time and tell nobody anything.
    """
    text = ADDRESS.sub("", text)
    text = text if len(text) <= limit else text[: limit - 4] + " ..."
    if text.replace("\n", "").isprintable():  # as nearly every text is
        return text
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
