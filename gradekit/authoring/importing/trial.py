"""Tries imported tests on the course's own solution: which are checks, and how they see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import as_completed
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.authoring.importing.writing import Chosen, Target, with_points
from gradekit.authoring.mutated import mutated_answers
from gradekit.definitions import defined_in
from gradekit.errors import GraderError, KitError
from gradekit.grading.loaded import LOST_AT, RUNNING
from gradekit.grading.originals.endless import Endless
from gradekit.grading.originals.original import PERSON, Original, Test
from gradekit.processes import side_by_side
from gradekit.report import Report
from gradekit.submission import Submission, read

if TYPE_CHECKING:
    from gradekit.grading.session import Session

DEFINED = re.compile(r"\bdef \w+")  # in the code of a test, which may be a function itself
DATA, HANDLES, JUDGED = "by data", "through handles", "judged by the answer itself"
FAILS_HERE = "the solution fails it here"
HANGS = LOST_AT["timed_out"]
BY_A_PERSON, ASKS_NOTHING = "marked by a person", "asks nothing of the answer"


class Tried(NamedTuple):
    """What became of one test."""

    case: str
    test: Test
    name: str  # of its check; empty where it is none
    points: float
    way: str  # one of the above; empty where it is no check
    why_not: str
    used: frozenset[str] = frozenset()  # what of the machinery it made use of


class Outcome(NamedTuple):
    """What became of one exercise."""

    target: Target
    tried: tuple[Tried, ...]
    mutants: int
    caught: int
    problem: str = ""  # why nothing of it was imported

    @property
    def checks(self) -> list[Tried]:
        return [each for each in self.tried if each.name]


def try_out(target: Target, with_mutants: bool) -> Outcome:
    """Find the tests of an exercise that is in the course, write its grader, and try that.

    The grader is written with every test that may be a check, and once more without those that
    the solution does not pass.
    """
    target.write_grader([])
    try:
        tests = list(_tests_of(target))
        able = [(case, test) for case, test in tests if test.obstacle in ("", PERSON)]
        refused = {(c, t.address): t.obstacle for c, t in tests if (c, t) not in able}
        chosen = with_points(able)
        if not chosen:
            return Outcome(target, tuple(_tried(tests, [], refused, {}, {})), 0, 0)
        target.write_grader(_shown(chosen))
        return _graded(target, tests, chosen, refused, with_mutants)
    except (GraderError, KitError) as error:
        return Outcome(target, (), 0, 0, str(error))


def _graded(
    target: Target,
    tests: list[tuple[str, Test]],
    chosen: list[Chosen],
    refused: dict[tuple[str, str], str],
    with_mutants: bool,
) -> Outcome:
    """Grade the solution, and its mutants, with the tests that may be checks."""
    from gradekit.engine import open_session

    exercise = target.exercise()
    answer = read(target.course.solution(exercise))
    with open_session(target.course, exercise) as session:
        report = session.grade(answer)
        _check_that_it_ends(report)
        failed = _failed(report)
        if again := _with_names(target, chosen, failed):
            target.write_grader(_shown(again))
            return _graded(target, tests, again, refused, with_mutants)
        ways = session.ways_of(answer)
        able = [each for each in chosen if each.name not in failed]
        empty, _ = session.examine(Submission(target.file_name, ("",), ""), timeouts=1)
        idle = {each.name for each in empty.checks if each.outcome == "passed"}
        count, caught = (0, 0)
        if with_mutants and able:
            count, caught = _mutants(session, target, {each.name for each in able})
    originals = originals_of(target.course.grader(exercise)) if failed else {}
    for each in chosen:
        if each.name in failed:
            why = failed[each.name] or "it does not pass"
            more = originals[each.case].why_not(each.test.address)
            refused[each.case, each.test.address] = f"{FAILS_HERE}: {why}{more}"
    final = with_points([(each.case, each.test) for each in able])
    target.write_grader(final)
    used = {new.name: ways.get(old.name, frozenset()) for old, new in zip(able, final, strict=True)}
    given = {
        # One that is expected to fail is passed by an empty answer, of course, and says so itself.
        new.name: ASKS_NOTHING if old.name in idle and not new.test.note else way_of(used[new.name])
        for old, new in zip(able, final, strict=True)
    }
    return Outcome(target, tuple(_tried(tests, final, refused, given, used)), count, caught)


def _shown(chosen: list[Chosen]) -> list[Chosen]:
    """The same, with nothing hidden: who imports a course is told why its solution fails a test."""
    return [each._replace(test=each.test._replace(hidden=False)) for each in chosen]


def _with_names(target: Target, chosen: list[Chosen], failed: Collection[str]) -> list[Chosen]:
    """The same, where those that failed tell the names of their functions; none if none has any.

    A solution may ask for `__name__`, for a register say. Else the answer gets no name.
    """
    originals = originals_of(target.course.grader(target.exercise()))

    def has_functions(each: Chosen) -> bool:
        source = originals[each.case].source_of(each.test.address).lstrip()
        return len(DEFINED.findall(source)) > source.startswith(("def ", "async def ", "@"))

    able = {each.name for each in chosen if each.name in failed and has_functions(each)}
    if not able or any(each.test.named for each in chosen):
        return []
    return [
        each._replace(test=each.test._replace(named=True)) if each.name in able else each
        for each in chosen
    ]


def _check_that_it_ends(report: Report) -> None:
    """Refuse a solution that hangs where it is run: each of its workers would wait for it anew.

    Raises:
        KitError: it does; says where, if that is known.
    """
    for note in report.passed_over:
        if note.endswith(HANGS):
            raise KitError(f"its solution does not come to an end: {note}")
    late = [each for each in report.failed if each.ending == "timed_out"]
    if late and len(late) == len(report.failed) and any(RUNNING in c.message for c in late):
        raise KitError(f"its solution does not come to an end: {late[0].message}")


def _failed(report: Report) -> dict[str, str]:
    """The messages of the checks that were not passed, by name."""
    missed = (each for each in report.checks if each.outcome in ("failed", "not_run"))
    return {each.name: each.message for each in missed}


def _tried(
    tests: list[tuple[str, Test]],
    chosen: list[Chosen],
    refused: dict[tuple[str, str], str],
    ways: dict[str, str],
    used: dict[str, frozenset[str]],
) -> Iterator[Tried]:
    checks = {(each.case, each.test.address): each for each in chosen}
    for case, test in tests:
        check = checks.get((case, test.address))
        if check is None:
            yield Tried(case, test, "", test.points or 0.0, "", refused[case, test.address])
        else:
            way = BY_A_PERSON if test.obstacle == PERSON else ways[check.name]
            yield Tried(case, test, check.name, check.points, way, "", used[check.name])


def way_of(used: frozenset[str]) -> str:
    """How a check saw the answer, in words."""
    if "judged" in used:
        return JUDGED
    return HANDLES if used & {"handles", "callbacks"} else DATA


def _tests_of(target: Target) -> Iterator[tuple[str, Test]]:
    """The tests of an exercise's originals, which may run module-level code of theirs."""
    from gradekit.grading.originals.trial import proxy_of

    exercise = target.exercise()
    originals = originals_of(target.course.grader(exercise))
    named = _defined_in(target.found.sources)
    answer = read(target.course.solution(exercise))
    with proxy_of(target.course, exercise, answer) as submission:
        for name, original in originals.items():
            try:
                for test in original.tests(submission):
                    about = test.about or _used_first(original.source_of(test.address), named)
                    yield name, test._replace(about=about or target.found.slug)
            except (Exception, Endless) as error:
                reason = f"its file cannot be run ({type(error).__name__}: {error})"
                yield name, Test("", name, obstacle=" ".join(reason.split()))


def _defined_in(solution: str) -> list[str]:
    """The functions and classes of a solution."""
    try:
        return list(defined_in(ast.parse(solution).body))
    except (SyntaxError, ValueError):  # its tests will say so
        return []


def _used_first(source: str, names: list[str]) -> str:
    """Which of the names a test's code names first; empty where it names none."""
    return next((word for word in re.findall(r"\w+", source) if word in names), "")


def originals_of(grader: Path) -> dict[str, Original]:
    """The originals that a generated grader declares."""
    spec = spec_from_file_location("imported_grader", grader)
    assert spec is not None and spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.ORIGINALS)


def _mutants(session: Session, target: Target, names: set[str]) -> tuple[int, int]:
    """How many mutants of the solution there are, and how many the checks so named catch."""
    count = caught = 0
    for _, mutated in mutated_answers(read(target.course.solution(target.exercise()))):
        report, _ = session.examine(mutated, timeouts=1)
        count += 1
        caught += any(check.name in names for check in report.failed)
    return count, caught


def try_all(
    targets: list[Target], with_mutants: bool, jobs: int, on_done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Try several exercises, side by side where there are several jobs."""
    outcomes = {}
    if jobs == 1:
        for each in targets:
            outcomes[each.name] = try_out(each, with_mutants)
            on_done(outcomes[each.name])
        return [*outcomes.values()]
    with side_by_side(jobs) as pool:
        waiting = {pool.submit(try_out, each, with_mutants): each.name for each in targets}
        for done in as_completed(waiting):
            outcomes[waiting[done]] = done.result()
            on_done(done.result())
    return [outcomes[each.name] for each in targets]
