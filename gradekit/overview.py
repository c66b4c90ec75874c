"""A class at a glance: what pages and tables about all results are made from.

Results are read once, one at a time. What stays in memory is a small cell a submission, who is
wrong in which way, and how often answers fared alike, so that a large class does not mean a
large process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from gradekit.alphabet import alphabetical
from gradekit.analysis import Analysis, CheckStatistics, judged
from gradekit.causes import line_of
from gradekit.course import Course, Exercise
from gradekit.mistaken import Mistaken, Way, largest, ways
from gradekit.report import Check, Report
from gradekit.results import NotGraded, Person, Result, person_of
from gradekit.statistics import Spread, spread

if TYPE_CHECKING:
    from gradekit.standing import Standing

SHOWN = 12  # entries of each list of remarkable things
TROUBLE = ("timed_out", "out_of_memory", "crashed", "refused", "malformed")


class Cell(NamedTuple):
    """One student's answer to one exercise.

    `failed` are the titles of its failed checks, `note` the known mistakes it behaves like,
    or why it was not graded. `score` is final; `raw` is what the answer earned, None where there
    is no answer, and `why` says what lies between them.
    """

    state: Literal["graded", "not_run", "not_graded", "excused"]
    score: float = 0.0
    max_score: float = 0.0
    failed: tuple[str, ...] = ()
    note: str = ""
    raw: float | None = None
    why: str = ""

    @property
    def fraction(self) -> float:
        """The points earned, from 0 to 1."""
        return self.score / self.max_score if self.max_score else 0.0


class Remark(NamedTuple):
    """A submission worth a look, with why."""

    student: str
    exercise: str
    seconds: float
    note: str


class Likeness(NamedTuple):
    """One side of two answers that are compared; `common` are the lines that both have."""

    student: str
    file: str
    source: str
    common: frozenset[int]


class Alike(NamedTuple):
    """Answers to an exercise that have much in common.

    Attributes:
        students: Whose they are; those of an earlier term with its folder's name.
        share: What the closest two share of the shorter one's own code, from 0 to 1.
        closest: The two answers to look at first.
    """

    exercise: str
    students: tuple[str, ...]
    share: float
    closest: tuple[Likeness, Likeness]


class Similar(NamedTuple):
    """The leads for a person to look at: the first `shown` on the page, all in the table.

    `skipped` are the files that could not be compared.
    """

    groups: Sequence[Alike] = ()
    shown: int = 0
    skipped: Sequence[NotGraded] = ()


class Overview:
    """Everything about a class that can be counted."""

    def __init__(
        self,
        course: Course,
        results: Iterable[Result],
        not_graded: Iterable[NotGraded] = (),
        similar: Similar | None = None,
        people: Mapping[str, Person] = {},
        standing: Standing | None = None,
    ) -> None:
        """Args:
        people: Those who belong to the class, with an answer or without, by what they are called.
        standing: The final scores; without it every score is what was earned.
        """
        self.standing = standing
        self.not_graded = list(not_graded)
        self.similar = similar or Similar()
        self.people = dict(people)
        self.cells: dict[str, dict[str, Cell]] = {name: {} for name in people}
        # Lines at which answers raised what they should not, by exercise, function and text.
        self.lines: Counter[tuple[str, str, str]] = Counter()
        self.graded = self.full_marks = self.not_run = 0
        # What waits for a person's mark: student, exercise, and the check.
        self.waiting: list[tuple[str, str, Check]] = []
        self.faults: dict[str, str] = {}  # exercise -> what first kept a check from being run
        self._fractions = 0.0
        self._final_mean: float | None = None  # where it is not that of what was earned
        self._analyses: dict[tuple[str, ...], Analysis] = {}
        self._mistaken: dict[Way, Mistaken] = {}
        self._troubled: list[Remark] = []
        self._slowest: list[Remark] = []
        titles: dict[str, str] = {}
        for problem in self.not_graded:
            if problem.exercise and not problem.superseded:
                cells = self.cells.setdefault(problem.student, {})
                cells[problem.exercise] = Cell("not_graded", note=problem.reason)
        for result in results:
            self._count(result, titles)
        if standing is not None:
            self._take_finals(standing)
        used = {name for cells in self.cells.values() for name in cells}
        self.exercises = [each for each in course.exercises if each.name in used]
        self.cells = dict(sorted(self.cells.items(), key=lambda pair: alphabetical(pair[0])))

    def _count(self, result: Result, titles: dict[str, str]) -> None:
        report = result.report
        self.people.setdefault(result.student, person_of(result))
        cells = self.cells.setdefault(result.student, {})
        if report.not_run:
            self.not_run += 1
            first = report.not_run[0]
            self.faults.setdefault(result.exercise, f"{first.name}: {first.message}")
            cells[result.exercise] = Cell("not_run", note=first.message)
            return
        self.graded += 1
        self.full_marks += report.passed and not report.waiting
        waiting = ((result.student, result.exercise, check) for check in report.waiting)
        self.waiting += waiting
        self._fractions += report.score / report.max_score if report.max_score else 0.0
        # One string a title for the whole class: cells only point to it.
        failed = tuple(titles.setdefault(check.title, check.title) for check in report.failed)
        cells[result.exercise] = Cell(
            "graded",
            report.score,
            report.max_score,
            failed,
            "; ".join(
                f"{function}: {mistake}" for function, mistake in report.behaves_like.items()
            ),
            report.score,
        )
        # An answer counts once for a line: most lines fail several checks.
        self.lines.update({(report.exercise, *line) for line in _lines_in(report)})
        self._analyse(result)
        self._notice(result)

    def _take_finals(self, standing: Standing) -> None:
        """Let every cell show the final score."""
        for student, finals in standing.finals.items():
            cells = self.cells.setdefault(student, {})
            for exercise, final in finals.items():
                if final.state in ("graded", "excused"):
                    cell = cells.get(exercise, Cell("graded"))
                    cells[exercise] = cell._replace(
                        state=final.state,
                        score=final.score or 0.0,
                        max_score=final.max_score,
                        raw=final.raw,
                        why=final.reasons,
                    )
        if self.has_policy:
            shares = [
                cell.fraction
                for cells in self.cells.values()
                for cell in cells.values()
                if cell.state == "graded"
            ]
            self.full_marks = sum(share >= 1 for share in shares)
            self._final_mean = sum(shares) / len(shares) if shares else 0.0

    def _analyse(self, result: Result) -> None:
        """Count how it fared at the checks, and in which ways it is wrong."""
        report = result.report
        # Where a grader was changed, answers before and after are two groups.
        checks = report.exercise, *(check.name for check in judged(report))
        if checks not in self._analyses:
            self._analyses[checks] = Analysis(report)
        self._analyses[checks].add(report)
        found = ways(report)
        for way in found:
            if way not in self._mistaken:
                self._mistaken[way] = Mistaken(way, report)
            self._mistaken[way].add(result.student, only=len(found) == 1)

    def _notice(self, result: Result) -> None:
        """Keep it in mind if it is among the slowest, or ended badly."""
        report = result.report
        endings = Counter(check.ending for check in report.checks if check.ending in TROUBLE)
        note = ", ".join(f"{count} {ending.replace('_', ' ')}" for ending, count in endings.items())
        remark = Remark(result.student, result.exercise, report.seconds, note)
        if endings:
            self._troubled.append(remark)
        self._slowest.append(remark)
        if len(self._slowest) > 20 * SHOWN:
            self._slowest = self.slowest

    @property
    def waiting_answers(self) -> set[tuple[str, str]]:
        """Student and exercise of each answer of which a part waits for a person's mark."""
        return {(student, exercise) for student, exercise, _ in self.waiting}

    @property
    def mean(self) -> float:
        """What a graded answer counts on average, from 0 to 1."""
        if self._final_mean is not None:
            return self._final_mean
        return self._fractions / self.graded if self.graded else 0.0

    @property
    def slowest(self) -> list[Remark]:
        """The submissions that took longest."""
        return sorted(self._slowest, key=lambda each: -each.seconds)[:SHOWN]

    @property
    def troubled(self) -> list[Remark]:
        """All submissions that the sandbox had to stop somewhere, by exercise and student."""
        return sorted(self._troubled, key=lambda each: (each.exercise, alphabetical(each.student)))

    @cached_property
    def analyses(self) -> dict[str, Analysis]:
        """By exercise, how answers fared at its checks: of the checks that most of them met."""
        ordered = sorted(self._analyses.values(), key=lambda each: each.seen)
        found = {each.exercise: each for each in ordered}
        return {each.name: found[each.name] for each in self.exercises if each.name in found}

    @cached_property
    def checks(self) -> dict[str, list[CheckStatistics]]:
        """By exercise, its checks, those that most failed first."""
        return {name: analysis.checks for name, analysis in self.analyses.items()}

    @cached_property
    def doubtful(self) -> list[CheckStatistics]:
        """The checks to look at before the students; first what nobody passes."""
        found = [check for checks in self.checks.values() for check in checks if check.doubt]
        return sorted(found, key=lambda check: (check.failed < check.seen, -check.strong_fail))

    @cached_property
    def named(self) -> list[Mistaken]:
        """The mistakes that have a name, the commonest first."""
        return largest(self._mistaken.values(), named=True)

    @cached_property
    def unnamed(self) -> list[Mistaken]:
        """The mistakes without a name, those that most answers share first."""
        return largest(self._mistaken.values(), named=False)

    def lines_of(self, exercise: Exercise) -> list[tuple[str, str, int]]:
        """Function, line, and how many answers failed at it, the most frequent first."""
        own = [(f, line, n) for (name, f, line), n in self.lines.items() if name == exercise.name]
        return sorted(own, key=lambda each: (-each[2], each))[:SHOWN]

    @property
    def has_policy(self) -> bool:
        """Whether a final score may be something else than what was earned."""
        return self.standing is not None and not self.standing.is_plain

    def id_of(self, student: str) -> str:
        """The platform's id of a student; "" where it is not known."""
        return self.people[student].id if student in self.people else ""

    def total(self, student: str) -> float:
        """A student's points, weighted where the policy says so."""
        if self.standing is not None:
            return self.standing.total(student).points
        return sum(cell.score for cell in self.cells[student].values())

    def possible(self, student: str) -> float:
        """What a student's total could be: of all exercises that count."""
        if self.standing is not None:
            return self.standing.total(student).possible
        return sum(cell.max_score for cell in self.cells[student].values())

    def fractions(self, exercise: Exercise) -> list[float]:
        """What each graded answer to an exercise earned, from 0 to 1."""
        cells = (cells.get(exercise.name) for cells in self.cells.values())
        return [cell.fraction for cell in cells if cell and cell.state == "graded"]

    def spread(self, exercise: Exercise | None = None) -> Spread | None:
        """Where the shares of the points lie, of one exercise or of all; None of no answer."""
        chosen = [exercise] if exercise else self.exercises
        return spread([share for each in chosen for share in self.fractions(each)])

    def missing(self, exercise: Exercise) -> int:
        """How many of the class handed in nothing for an exercise."""
        return sum(exercise.name not in cells for cells in self.cells.values())


def _lines_in(report: Report) -> set[tuple[str, str]]:
    """Functions with the lines, blanks at their ends aside, that are proven to be at fault."""
    places = ((check.function, line_of(check)) for check in report.failed)
    return {(name, line[1].strip()) for name, line in places if line and line[1].strip()}
