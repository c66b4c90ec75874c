"""The course's policy: what makes a final score out of what an answer earned.

Everything here is a pure function of raw results, a policy and marks by hand. It is the only
place that does so: scores.csv, pages and every export take what `final_scores` says. How a
policy is written down, and read, is `policy_files`; whose results they are, `standing`.

The order is: points that a person gave for a check; which attempt counts; the late penalty; a
score that a person set, which is final; excused exercises. Weights and dropped exercises
only concern the total.
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
POINTS = 10.0  # of an exercise, where no report tells
EVERYBODY = ""  # as a student, in a table by student and exercise
NO_TIME = "no hand-in time is told, so no late penalty"
MARKED_LATE = "Canvas marks it late and tells no time, so no late penalty"
EXCUSED = "excused"
State = Literal["graded", "not_run", "excused", "unreadable", "missing"]


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Number = Annotated[float, msgspec.Meta(ge=0)]


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs.

    Attributes:
        per_day: The share that each day begun costs, from 0 to 1.
        cap: The share that it costs at most.
        grace_minutes: So late is not late; beyond it days count from the deadline.
        of: Whether it is a share of the points that were `earned` or of all `possible` ones.
    """

    per_day: Share = 0.0
    cap: Share = 1.0
    grace_minutes: Number = 0.0
    of: Literal["earned", "possible"] = "earned"


class Rule(msgspec.Struct, frozen=True):
    """What holds for one exercise."""

    deadline: datetime | None = None
    late: Late = Late()
    weight: float = 1.0


class Policy(msgspec.Struct, frozen=True):
    """What holds for a class. Students are called as `results.called` calls them.

    Attributes:
        rules: By the exercise's name; `otherwise` holds for all others.
        extensions: By student and exercise ("" is every exercise): a deadline of their own, or
            how much later theirs is.
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
        """What holds for an exercise."""
        return self.rules.get(exercise, self.otherwise)

    def deadline(self, student: str, exercise: str) -> datetime | None:
        """Until when a student has time."""
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
        source: Where they stand, as `overrides.csv line 3`.
    """

    student: str
    exercise: str
    points: float
    reason: str = ""
    check: str = ""
    source: str = ""

    @property
    def said(self) -> str:
        """Why, in words; else where it stands."""
        return self.reason or self.source


class Answer(NamedTuple):
    """Which answer a score is about.

    `number` is its place among the results that scores were made of; `by` names what judged
    it, each with its version: grader, engine, libraries, seed.
    """

    number: int = -1
    file: str = ""
    sha256: str = ""
    by: tuple[tuple[str, str], ...] = ()


class Final(NamedTuple):
    """What somebody gets for an exercise.

    Attributes:
        state: `graded`; `not_run` through a fault of ours; `excused`; `unreadable`, what was handed
            in could not be graded; `missing`, nothing was handed in and nobody gave points.
        raw: What the answer that counts earned, marks for single checks included.
        score: What it counts, from 0 to `max_score`; None unless `state` is `graded`.
        why: What lies between `raw` and `score`, a few words each.
        dropped: It is among the lowest, which the total leaves out.
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
        """The score with its reasons, for a student; "" where it is simply what was earned."""
        told = self._replace(
            why=tuple(why for why in self.why if why not in (NO_TIME, MARKED_LATE))
        ).reasons
        if not told or self.score is None:
            return told
        return f"{self.score:g} of {self.max_score:g} points: {told}"


class Total(NamedTuple):
    """Weighted points over all exercises that count, and how many could be had."""

    points: float
    possible: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.points / self.possible if self.possible else 0.0


Finals = dict[str, dict[str, Final]]  # by student and exercise


class _Attempt(NamedTuple):
    """One graded answer as far as final scores depend on it."""

    counted: bool
    runs: bool
    raw: float
    max_score: float
    handed_in: str
    marked_late: bool  # by a platform that tells no time
    answer: Answer
    marked: tuple[str, ...]


class _Earned(NamedTuple):
    """What a student earned for an exercise, before the policy.

    `points` is what can be had, `penalty` what another system takes off for lateness.
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
    """What everybody gets for every exercise of the class.

    Args:
        results: All attempts, each read once; what was withdrawn is passed over.
        students: Those who belong to the class, with an answer or without.
        exercises: Those of the course, in its order; only those that somebody handed in, or
            has a mark for, are in what is returned.
        penalties: Points that another system takes off for lateness, by student and exercise;
            they count where the policy has no rule of its own.
        unreadable: By student and exercise, what was handed in and could not be graded.
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
    """All attempts by student and exercise, and the points that can be had by exercise."""
    attempts: defaultdict[tuple[str, str], list[_Attempt]] = defaultdict(list)
    possible: dict[str, float] = {}
    judged: dict[object, tuple[tuple[str, str], ...]] = {}  # one value for a whole class
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
    """The weighted points of one student. What is missing earned 0 of what could be had."""
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
    """What several exercises are worth together, as one column of a gradebook, by student.

    All columns have the same maximum: whoever was excused from a part, or has it dropped, gets
    the share of the rest. Whoever has a part that could not be judged has no score yet.
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
    """What the attempt that counts is worth, before anybody sets it by hand."""
    last = next((each for each in reversed(earned.attempts) if each.counted), None)
    run = [each for each in earned.attempts if each.runs]
    if policy.attempt == "best" and run:
        scored = [(_late(earned, each, policy), each) for each in run]
        # Of equal ones the last counts.
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
    """What an attempt is worth with the time that it was handed in, and why."""
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
    """How many days have begun since the deadline; 0 within the grace.

    Args:
        handed_in: In ISO 8601; without a zone it is UTC.
    """
    when = datetime.fromisoformat(handed_in)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    over = when - deadline
    return math.ceil(over / DAY) if over > timedelta(minutes=grace_minutes) else 0


def _drop_lowest(finals: dict[str, Final], policy: Policy) -> None:
    """Mark the exercises with the smallest shares; one always stays. What is missing is 0."""
    counting = [name for name, final in finals.items() if final.state != "excused"]

    def share(name: str) -> float:
        final = finals[name]
        return (final.score or 0.0) / final.max_score if final.max_score else 0.0

    for name in sorted(counting, key=share)[: max(0, min(policy.drop_lowest, len(counting) - 1))]:
        finals[name] = finals[name]._replace(dropped=True)
