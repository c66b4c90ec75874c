"""The policy of a course: turns what answers earned into final scores.

All functions here are pure: of raw results, a policy, and marks by hand. No other module computes
final scores: scores.csv, pages and exports use `final_scores`. policy_files.py reads the files
of a policy, standing.py applies it to a folder of results.

The order is: points that a person gave for a check; which attempt counts; the late penalty; a
score that a person set, which is final; excused exercises. Weights and dropped exercises
change only the total.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal, NamedTuple

import msgspec

from gradekit.alphabet import alphabetical
from gradekit.intake.layouts import canvas
from gradekit.results import Result
from gradekit.texts import counted

DAY = timedelta(days=1)
DIGITS = 2  # of a final score
POINTS = 10.0  # of an exercise that has no report
EVERYBODY = ""  # stands for all students, in a table by student and exercise
NO_TIME = "no hand-in time is told, so no late penalty"
MARKED_LATE = "Canvas marks it late and tells no time, so no late penalty"
EXCUSED = "excused"
State = Literal["graded", "not_run", "excused", "unreadable", "missing"]


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Number = Annotated[float, msgspec.Meta(ge=0)]


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The late penalty.

    Attributes:
        per_day: The share of the points that each day costs, from 0 to 1; a day begun is a day.
        cap: The largest share that it can cost.
        grace_minutes: This much later is not late yet. After it, days count from the deadline.
        of: Whether it is a share of the `earned` points or of all `possible` ones.
    """

    per_day: Share = 0.0
    cap: Share = 1.0
    grace_minutes: Number = 0.0
    of: Literal["earned", "possible"] = "earned"


class Rule(msgspec.Struct, frozen=True):
    """The policy for one exercise."""

    deadline: datetime | None = None
    late: Late = Late()
    weight: float = 1.0


class Policy(msgspec.Struct, frozen=True):
    """The policy for a class. Students have the names that `results.called` gives them.

    Attributes:
        rules: By the name of the exercise; `otherwise` is for all others.
        extensions: By student and exercise ("" is every exercise): another deadline, or how
            much time is added.
        excused: Pairs of student and exercise that do not count; EVERYBODY is all students.
        columns: Exercises that a gradebook shows as one column, by its title.
    """

    rules: Mapping[str, Rule] = {}
    otherwise: Rule = Rule()
    attempt: Literal["last", "best"] = "last"
    drop_lowest: int = 0
    extensions: Mapping[tuple[str, str], datetime | timedelta] = {}
    excused: frozenset[tuple[str, str]] = frozenset()
    columns: Mapping[str, tuple[str, ...]] = {}

    def rule(self, exercise: str) -> Rule:
        """The rule for an exercise."""
        return self.rules.get(exercise, self.otherwise)

    def deadline(self, student: str, exercise: str) -> datetime | None:
        """The deadline of a student, with any extension; None if there is no deadline."""
        deadline = self.rule(exercise).deadline
        general = self.extensions.get((student, ""))
        own = self.extensions.get((student, exercise), general)
        if isinstance(own, datetime):
            return own
        return deadline + own if deadline is not None and own is not None else deadline

    def is_excused(self, student: str, exercise: str) -> bool:
        """Whether an exercise does not count for a student."""
        return bool({(student, exercise), (EVERYBODY, exercise)} & self.excused)

    @property
    def is_default(self) -> bool:
        """Whether it changes nothing."""
        return self == Policy()


class Mark(NamedTuple):
    """Points that a person gave.

    Attributes:
        check: The check that they are for; "" for the whole exercise, whose score is then final.
        source: Where they were written, such as `overrides.csv line 3`.
    """

    student: str
    exercise: str
    points: float
    reason: str = ""
    check: str = ""
    source: str = ""

    @property
    def said(self) -> str:
        """The reason that was given; without one, where the mark was written."""
        return self.reason or self.source


class Answer(NamedTuple):
    """Which answer a score is about.

    Attributes:
        number: Its position among the results.
        by: The versions of what judged it: grader, engine, libraries, seed.
    """

    number: int = -1
    file: str = ""
    sha256: str = ""
    by: tuple[tuple[str, str], ...] = ()


class Final(NamedTuple):
    """What a student gets for an exercise.

    Attributes:
        state: `graded`; `not_run`, through a fault of ours; `excused`; `unreadable`, if the file
            could not be graded; `missing`, if nothing was handed in and nobody gave points.
        raw: What the answer that counts earned, with marks for single checks.
        score: What the student gets, from 0 to `max_score`; None unless `state` is `graded`.
        why: The reasons why `score` is not `raw`, a few words each.
        dropped: It is among the lowest scores, which the total leaves out.
    """

    state: State = "missing"
    raw: float | None = None
    score: float | None = None
    max_score: float = 0.0
    why: tuple[str, ...] = ()
    answer: Answer = Answer()
    dropped: bool = False

    @property
    def reasons(self) -> str:
        """`why` on one line."""
        return "; ".join((*self.why, *(["dropped as the lowest"] if self.dropped else [])))

    @property
    def told(self) -> str:
        """The score with its reasons, for a student; "" if it is just what the answer earned."""
        told = self._replace(
            why=tuple(why for why in self.why if why not in (NO_TIME, MARKED_LATE))
        ).reasons
        if not told or self.score is None:
            return told
        return f"{self.score:g} of {self.max_score:g} points: {told}"


class Total(NamedTuple):
    """Weighted points of all exercises that count, and the most that was possible."""

    points: float
    possible: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.points / self.possible if self.possible else 0.0


Finals = dict[str, dict[str, Final]]  # by student and exercise


class _Attempt(NamedTuple):
    """What final scores need to know of one graded answer."""

    counted: bool
    runs: bool
    raw: float
    max_score: float
    handed_in: str
    marked_late: bool  # by a platform that does not say when it was handed in
    answer: Answer
    marked: tuple[str, ...]


class _Earned(NamedTuple):
    """What a student earned for an exercise, before the policy.

    Attributes:
        points: The most that is possible.
        penalty: What another system takes off for lateness.
    """

    student: str
    exercise: str
    attempts: Sequence[_Attempt]
    points: float
    penalty: float | None


def _answer(number: int, result: Result) -> Answer:
    report = result.report
    by = {"grader": report.grader_sha256[:16], "seed": str(report.seed)}
    judged = tuple(sorted({**by, **result.versions}.items()))
    return Answer(number, result.file, report.submission_sha256, judged)


def final_scores(
    results: Iterable[Result],
    policy: Policy,
    marks: Sequence[Mark] = (),
    students: Iterable[str] = (),
    exercises: Sequence[str] = (),
    penalties: Mapping[tuple[str, str], float] = {},
    unreadable: Container[tuple[str, str]] = (),
) -> Finals:
    """What every student gets for every exercise.

    Args:
        results: All attempts; withdrawn ones are skipped.
        students: All who belong to the class, even without an answer.
        exercises: Those of the course, in its order. Exercises without any answer or mark are
            left out of the scores.
        penalties: Points that another system takes off for lateness, by student and exercise;
            they count if the policy has no late penalty itself.
        unreadable: The students and exercises whose file could not be graded.
    """
    by_answer: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    for mark in marks:
        by_answer[mark.student, mark.exercise].append(mark)
    attempts, possible = _gathered(results, by_answer)
    used = possible.keys() | {mark.exercise for mark in marks if not mark.check}
    ordered = [name for name in exercises if name in used] + sorted(used.difference(exercises))
    people = {*students, *(student for student, _ in (*attempts, *by_answer))}
    finals: Finals = {}
    for student in sorted(people, key=alphabetical):
        finals[student] = {}
        for name in ordered:
            key, most = (student, name), possible.get(name, POINTS)
            earned = _Earned(student, name, attempts.get(key, ()), most, penalties.get(key))
            final = _final(earned, policy, by_answer.get(key, ()))
            if final.state == "missing" and key in unreadable:
                final = final._replace(state="unreadable")
            finals[student][name] = final
        _drop_lowest(finals[student], policy)
    return finals


def _gathered(
    results: Iterable[Result], marks: Mapping[tuple[str, str], Sequence[Mark]]
) -> tuple[dict[tuple[str, str], list[_Attempt]], dict[str, float]]:
    """All attempts by student and exercise, and the possible points by exercise."""
    attempts: defaultdict[tuple[str, str], list[_Attempt]] = defaultdict(list)
    possible: dict[str, float] = {}
    judged: dict[object, tuple[tuple[str, str], ...]] = {}  # a class shares equal values: memory
    for number, result in enumerate(results):
        if result.state != "withdrawn":
            key = result.student, result.exercise
            answer = _answer(number, result)
            answer = answer._replace(by=judged.setdefault(answer.by, answer.by))
            attempt = _attempt(result, marks.get(key, ()), answer)
            attempts[key].append(attempt)
            most = possible.get(result.exercise, 0.0)
            possible[result.exercise] = max(most, attempt.max_score)
    return dict(attempts), possible


def total(finals: Mapping[str, Final], policy: Policy) -> Total:
    """The weighted points of one student; a missing exercise counts with 0 points."""
    counting = [
        (policy.rule(name).weight, final)
        for name, final in finals.items()
        if final.state != "excused" and not final.dropped
    ]
    return Total(
        round(sum(weight * (final.score or 0.0) for weight, final in counting), DIGITS),
        round(sum(weight * final.max_score for weight, final in counting), DIGITS),
    )


def column(of_class: Finals, policy: Policy, exercises: Sequence[str]) -> dict[str, Final]:
    """The scores of several exercises as one column of a gradebook, by student.

    All students have the same maximum. If one of the exercises is excused or dropped, the score is
    the share of the others. If one could not be judged, there is no score yet.
    """
    of_each = {student: _of_column(finals, exercises) for student, finals in of_class.items()}
    totals = {student: total(finals, policy) for student, finals in of_each.items()}
    most = max((each.possible for each in totals.values()), default=0.0)
    return {
        student: _together(finals, totals[student], most) for student, finals in of_each.items()
    }


def points(score: float | None) -> str:
    """A score as tables show it: nothing where there is none."""
    return "" if score is None else f"{score:g}"


def _of_column(finals: Mapping[str, Final], exercises: Sequence[str]) -> dict[str, Final]:
    return {name: finals[name] for name in exercises if name in finals}


def _together(finals: Mapping[str, Final], earned: Total, most: float) -> Final:
    states: set[State] = {final.state for final in finals.values()}
    why = tuple(f"{name}: {final.reasons}" for name, final in finals.items() if final.reasons)
    if open_ := states & {"not_run", "unreadable"}:
        return Final(min(open_), max_score=most, why=why)
    if "graded" not in states:
        return Final("excused" if states == {"excused"} else "missing", max_score=most, why=why)
    raw = sum(final.raw or 0.0 for final in finals.values())
    score = round(earned.share * most, DIGITS)
    return Final("graded", round(raw, DIGITS), score, most, why)


def _attempt(result: Result, marks: Sequence[Mark], answer: Answer) -> _Attempt:
    report = result.report
    known = {check.name for check in report.checks}
    given = [mark for mark in marks if mark.check in known]
    if given:
        report = report.with_marks({mark.check: mark.points for mark in given})
    marked = [f"{mark.check} marked {mark.points:g} ({mark.said})" for mark in given]
    if report.waiting:
        marked.append(f"{report.max_score - report.judged_score:g} points wait for a mark")
    return _Attempt(
        result.state == "counted",
        not report.not_run,
        report.score,
        report.max_score,
        result.handed_in,
        canvas.is_late(PurePosixPath(result.file).name),
        answer,
        tuple(marked),
    )


def _final(earned: _Earned, policy: Policy, marks: Sequence[Mark]) -> Final:
    final = _of_attempts(earned, policy)._replace(max_score=earned.points)
    for mark in (each for each in marks if not each.check):
        why = f"set to {mark.points:g} by hand ({mark.said})"
        final = final._replace(state="graded", score=mark.points, why=(*final.why, why))
    if policy.is_excused(earned.student, earned.exercise):
        final = final._replace(state="excused", score=None, why=(EXCUSED,))
    return final


def _of_attempts(earned: _Earned, policy: Policy) -> Final:
    """The score of the attempt that counts, before a mark by hand for the exercise."""
    last = next((each for each in reversed(earned.attempts) if each.counted), None)
    run = [each for each in earned.attempts if each.runs]
    if policy.attempt == "best" and run:
        scored = [(_late(earned, each, policy), each) for each in run]
        # If scores are equal, the last attempt counts.
        (score, why), best = max(scored, key=lambda pair: (pair[0][0], pair[1].counted))
        chosen = () if best is last else (f"the best of {len(earned.attempts)} attempts",)
        return _graded(best, score, (*chosen, *why))
    if last is None:
        return Final()
    if not last.runs:
        return Final("not_run", answer=last.answer)
    return _graded(last, *_late(earned, last, policy))


def _graded(attempt: _Attempt, score: float, why: tuple[str, ...]) -> Final:
    why = (*attempt.marked, *why)
    raw, score = round(attempt.raw, DIGITS), round(score, DIGITS)
    return Final("graded", raw, score, why=why, answer=attempt.answer)


def _late(earned: _Earned, attempt: _Attempt, policy: Policy) -> tuple[float, tuple[str, ...]]:
    """The score of an attempt after the late penalty, and why."""
    late = policy.rule(earned.exercise).late
    deadline = policy.deadline(earned.student, earned.exercise)
    if deadline is None or not late.per_day:
        if not earned.penalty:
            return attempt.raw, ()
        return max(0.0, attempt.raw - earned.penalty), (
            f"{earned.penalty:g} points off for lateness, by nbgrader",
        )
    if not attempt.handed_in:
        return attempt.raw, (MARKED_LATE if attempt.marked_late else NO_TIME,)
    days = days_late(attempt.handed_in, deadline, late.grace_minutes)
    if not days:
        return attempt.raw, ()
    share = min(late.cap, late.per_day * days)
    lost = share * (attempt.raw if late.of == "earned" else attempt.max_score)
    return max(0.0, attempt.raw - lost), (
        f"{counted(days, 'day')} late: {share:.0%} of the points {late.of} off",
    )


def days_late(handed_in: str, deadline: datetime, grace_minutes: float = 0.0) -> int:
    """How many days have begun since the deadline; 0 within the grace time.

    Args:
        handed_in: In ISO 8601; UTC if it names no time zone.
    """
    when = datetime.fromisoformat(handed_in)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    over = when - deadline
    return math.ceil(over / DAY) if over > timedelta(minutes=grace_minutes) else 0


def _drop_lowest(finals: dict[str, Final], policy: Policy) -> None:
    """Mark the exercises with the lowest shares as dropped, but never all of them."""
    counting = [name for name, final in finals.items() if final.state != "excused"]

    def share(name: str) -> float:
        final = finals[name]
        return (final.score or 0.0) / final.max_score if final.max_score else 0.0

    for name in sorted(counting, key=share)[: max(0, min(policy.drop_lowest, len(counting) - 1))]:
        finals[name] = finals[name]._replace(dropped=True)
