"""How a class fared at the checks of an exercise, and which of them to doubt.

A check may be hard, and rightly so. It is doubtful where those who are good at the rest of the
exercise fail it, and not by a mistake that it was written to catch; or where nobody passes it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gradekit.mistaken import never_ran
from gradekit.report import Check, Report
from gradekit.statistics import SOME, Item, items, reliability

if TYPE_CHECKING:
    import numpy as np

# How an answer fared at a check, a byte each.
FAILED, PASSED, NAMED, UNWRITTEN = range(4)  # NAMED: failed as a known mistake does
FAILING = 0.25  # of the strongest: what fewer of them fail is an honest slip
MOST = 0.5  # of the strongest: what so many fail is doubted where it tells nobody apart as well
DEVIATIONS = 2.0  # from no correlation at all, before one is said to be below zero


class CheckStatistics(NamedTuple):
    """How a class fared at one check; `seen` answers met it, and `failed` of them failed it.

    `named` failed it as a known mistake does, `unwritten` because there was nothing yet.
    """

    exercise: str
    name: str
    function: str
    title: str
    seen: int
    failed: int
    named: int
    unwritten: int
    item: Item

    @property
    def doubt(self) -> str:
        """Why to look at the check before one looks at the students; "" where nothing says so."""
        if self.seen < SOME or 2 * self.named >= self.failed:
            return ""  # a known mistake, for which the check was written, explains most failures
        if self.failed == self.seen:
            enough = self.failed - self.unwritten >= SOME
            return "Nobody passes it: does the exercise ask for it?" if enough else ""
        sure = DEVIATIONS / self.seen**0.5
        discrimination = self.item.discrimination or 0.0
        below_zero = discrimination < -sure
        if discrimination > sure or self.strong_fail < (FAILING if below_zero else MOST):
            return ""
        strong, weak_fail = _percent(self.strong_fail), 1 - (self.item.weak or 0.0)
        best = f"Strong students fail it: {strong} of those who did best in the rest"
        if below_zero and weak_fail >= self.strong_fail:
            return f"{best}. Whoever passes it has no more points there than others."
        return f"{best}, and {_percent(weak_fail)} of those who did worst."

    @property
    def strong_fail(self) -> float:
        """The share of those who fail it among the strongest in the rest of the exercise.

        0 where all have equally many points there, so that nobody is strong.
        """
        return 0.0 if self.item.strong is None else 1 - self.item.strong

    @property
    def remark(self) -> str:
        """The doubt, or that the check tells nobody apart."""
        return self.doubt or ("" if self.failed else "Nobody fails it.")


class Analysis:
    """Counts how answers to one exercise fared, by the checks of one version of its grader.

    What it holds grows with the ways to fail, not with the class.
    """

    def __init__(self, report: Report) -> None:
        """Args:
        report: The first of them; its checks are those of all.
        """
        self.exercise = report.exercise
        self._checks = judged(report)
        self._ways: Counter[bytes] = Counter()
        self.left_out = 0  # answers that failed everything alike, as no valid Python does

    def add(self, report: Report) -> None:
        """Count an answer."""
        if never_ran(report):
            self.left_out += 1
            return
        named = report.behaves_like
        self._ways[bytes(_fared(check, named) for check in judged(report))] += 1

    @property
    def seen(self) -> int:
        """How many answers say something about the checks."""
        return self._ways.total()

    @property
    def checks(self) -> list[CheckStatistics]:
        """All checks, those that most failed first."""
        if not self._ways:
            return []
        fared = [self._counted(k) for k in range(len(self._checks))]
        if self.seen < SOME:
            analysed = [Item(each[PASSED] / self.seen, None, None, None, None) for each in fared]
        else:
            ways, points, counts = self._arrays()
            analysed = items(ways == PASSED, points, counts)
        found = []
        for check, ways_of, item in zip(self._checks, fared, analysed, strict=True):
            about = self.exercise, check.name, check.function, check.title, self.seen
            failed = self.seen - ways_of[PASSED]
            found.append(CheckStatistics(*about, failed, ways_of[NAMED], ways_of[UNWRITTEN], item))
        return sorted(found, key=lambda each: -each.failed)

    @property
    def alpha(self) -> float | None:
        """Cronbach's alpha of all checks; None where it is not defined, or says nothing yet."""
        if self.seen < SOME:
            return None
        ways, points, counts = self._arrays()
        return reliability(ways == PASSED, points, counts)

    def _counted(self, k: int) -> Counter[int]:
        """How many answers fared how at check `k`."""
        found: Counter[int] = Counter()
        for way, count in self._ways.items():
            found[way[k]] += count
        return found

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ways to fare (R, K), points (K,), and how many answers fared so (R,)."""
        import numpy as np

        ways = np.frombuffer(b"".join(self._ways), dtype=np.uint8).reshape(len(self._ways), -1)
        points = np.array([check.max_score for check in self._checks])
        return ways, points, np.array(list(self._ways.values()), dtype=np.float64)


def judged(report: Report) -> list[Check]:
    """The checks that count: no examples, which everybody could see, and none that waits."""
    return [check for check in report.checks if check.max_score and check.outcome != "waits"]


def _fared(check: Check, named: dict[str, str]) -> int:
    if check.outcome == "passed":
        return PASSED
    if check.is_unwritten:
        return UNWRITTEN
    return NAMED if check.function in named else FAILED


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
