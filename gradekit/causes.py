"""What failed, by cause: one fault may fail ten checks, and its reader needs it once.

Every renderer and every export groups failures here, so that screen, page, notebook and
Markdown say the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gradekit.report import PRINTED, Check, Counterexample, Report

RAISED = re.compile(r" raised (\w+)(?:: (.*))?", re.DOTALL)
STOPPED = "stopped: "  # by the sandbox, in that line
USED = "using `"  # how a message begins of what a check did itself
PLACE = re.compile(r"\(line (\d+)(?:: `([^\n]*)`)?\)$", re.MULTILINE)
WANTED = re.compile(r"expected (.*?), got")
# Where several checks fail by it, the hint of any one of them would lead elsewhere.
HINTS = {
    "type": "the value is of another type than the docstring says. What does each `return` give?",
    "shape": "the value has another shape than the docstring says. Which axis went missing, or "
    "which one is too many?",
    "dtype": "the numbers are of another dtype than the docstring says. Where is it decided?",
}


class Cause(NamedTuple):
    """Checks that failed, or could not be run, for one reason; the first one speaks for all."""

    checks: tuple[Check, ...]  # in the grader's order, one at least

    @property
    def first(self) -> Check:
        """The check that is told: one that is worth something, with a counterexample if possible.

        The message of an example, which is worth nothing, does not say which call it was.
        """
        return max(self.checks, key=lambda c: (c.counterexample is not None, bool(c.max_score)))

    @property
    def outcome(self) -> str:
        """`failed` or `not_run`."""
        return self.first.outcome

    @property
    def title(self) -> str:
        """What should be true, or what is not written yet."""
        if self.is_unwritten:
            return f"{self.first.function} is not written yet"
        return self.first.title

    @property
    def is_unwritten(self) -> bool:
        """Whether there is nothing yet that could be wrong."""
        return self.first.is_unwritten

    @property
    def told(self) -> str:
        """What went wrong; empty where the title says it."""
        return "" if self.is_unwritten else self.first.told

    @property
    def printed(self) -> str:
        """What the answer printed meanwhile; also of a function that is not written to its end."""
        return self.first.message.partition(PRINTED)[2]

    @property
    def message(self) -> str:
        """Both, each on lines of its own."""
        return f"{self.told}{PRINTED}{self.printed}".strip() if self.printed else self.told

    @property
    def counterexample(self) -> Counterexample | None:
        """A call on which the answer is wrong."""
        return self.first.counterexample

    @property
    def hint(self) -> str:
        """The question that helps: about the kind of failure where that is what checks share."""
        if self.is_unwritten or not self.first.hint:
            return ""
        if len(self.checks) > 1:
            own = self.first.hint if self.first.kind in ("nan", "rounding", "changed") else ""
            return HINTS.get(self.first.kind, own)  # an exception is explained by its line
        return self.first.hint

    @property
    def alike(self) -> str:
        """`4 checks fail like this`; empty for one, and where nothing is written yet."""
        if len(self.checks) == 1 or self.is_unwritten:
            return ""
        verb = "fail" if self.outcome == "failed" else "end"
        return f"{len(self.checks)} checks {verb} like this"

    @property
    def score(self) -> float:
        """Points that were earned, which is none."""
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> float:
        """Points that are at stake."""
        return sum(check.max_score for check in self.checks)


def causes(report: Report) -> list[Cause]:
    """What did not pass, by cause: first our own failures, then what explains most failures."""
    groups: dict[tuple[str, ...], list[Check]] = {}
    for check in report.checks:
        if check.outcome in ("failed", "not_run"):
            groups.setdefault(_reason(check), []).append(check)
    found = [Cause(tuple(group)) for group in groups.values()]
    return sorted(found, key=_place)


def line_of(check: Check) -> tuple[int, str] | None:
    """The line of the answer that an exception proves to be at fault, and its text.

    None where nothing was raised, and where the line is not known.
    """
    example = check.counterexample
    if example is not None and example.line:
        return example.line, example.code
    is_proven = RAISED.search(check.told) or check.told.startswith(STOPPED)
    found = PLACE.search(check.told) if is_proven else None
    return (int(found[1]), found[2] or "") if found else None


def _place(cause: Cause) -> tuple[bool, bool, bool, int, float]:
    failed = cause.outcome == "failed"
    # A check wanted a pair, and which one it does not say; others show the call.
    is_vague = cause.told.startswith(USED) and "unpack" in cause.told
    return failed, cause.is_unwritten, is_vague, -len(cause.checks), -cause.max_score


def _reason(check: Check) -> tuple[str, ...]:
    """What checks that failed for the same reason have in common."""
    told = check.told
    if check.outcome == "not_run":
        return "not run", told
    if check.is_unwritten:
        return told, check.function
    if check.ending != "finished":
        return check.ending, check.function
    # The example of a function says in Python's words that it is missing.
    undefined = f"NameError: name '{check.function}' is not defined"
    if told.startswith(f"there is no function `{check.function}`") or told.endswith(undefined):
        return "missing", check.function
    if raised := RAISED.search(told):  # one exception in one line, whatever the call
        if place := PLACE.search(told):
            return "raised", raised[1], place[0]
        # Of a call that did not come so far, since parameters are missing or too many.
        of_call = (raised[2] or "").startswith(f"{check.function}()")
        return "raised", check.function, raised[1], "" if of_call else raised[2] or ""
    if check.kind == "type" and (wanted := WANTED.search(told)):
        return "type", wanted[1]
    if check.kind in ("type", "shape", "dtype", "nan", "rounding", "changed"):
        return check.kind, check.function
    return "message", check.function, told or check.title
