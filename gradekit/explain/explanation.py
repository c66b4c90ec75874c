"""Where an answer is wrong, as values: for the terminal, for watch, and as JSON."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable

import msgspec

from gradekit.edits.source import changed_lines
from gradekit.errors import KitError
from gradekit.explain.blame import Mended, Search
from gradekit.explain.clock import Clock
from gradekit.explain.shape import Fault, faults_of
from gradekit.explain.suspects import Suspect
from gradekit.explain.trace import Step
from gradekit.grading.session import Session
from gradekit.report import Report, clean
from gradekit.submission import Submission

SECONDS = 18.0  # of CPU time, for the whole search,
MOST_SECONDS = 23.0  # and on the wall, so that a command ends within half a minute
MOST_PLACES = 5


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place at which a small change makes an answer better, or that is to be looked at."""

    function: str  # as `softmax` or `Block.forward`; empty at the top level
    line: int  # of the file, or of the cell; 0 where a function is missing
    change: str  # what kind of change, as a question
    gain: float  # the points that it brings; 0 where nothing was tried
    cell: int = 0  # of a notebook, from 1
    before: str = ""  # the line, and with the change made: where the reader gave up
    after: str = ""

    @property
    def where(self) -> str:
        """`line 9`, or `cell 2, line 9`."""
        return f"cell {self.cell}, line {self.line}" if self.cell else f"line {self.line}"


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found out about an answer."""

    exercise: str
    places: tuple[Place, ...]  # the likeliest first
    seconds: float
    tries: int = 0  # how many changes were tried
    was_cut: bool = False  # whether time ran out before all were tried
    faults: tuple[Place, ...] = ()  # functions that are not what they have to be; see `shape`
    unmended: tuple[str, ...] = ()  # functions with failures that no change mends
    problem: str = ""  # why no change could be tried
    call: str = ""  # on which the answer is wrong, where no change mends it
    steps: tuple[Step, ...] = ()  # the values that its names are given in that call

    @property
    def mends(self) -> bool:
        """Whether some change makes the answer better."""
        return any(place.gain for place in self.places)


def explain(
    session: Session,
    submission: Submission,
    report: Report,
    *,
    deadline: float | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Explanation:
    """Look for the places at which an answer is wrong; its report says what fails.

    Call it while nothing is being graded.

    Args:
        deadline: On the clock of `time.monotonic`, when to stop at the latest.
        is_wanted: Asked often: whether anybody still waits for it.
        progress: Called often, with how many changes were tried and how many there are.
    """
    started = time.monotonic()
    clock = Clock(SECONDS, started + MOST_SECONDS if deadline is None else deadline)
    faults = faults_of(submission, report)
    report = _without(report, {each.function for each in faults})
    search = Search(
        session, submission, report, clock=clock, is_wanted=is_wanted, progress=progress
    )
    problem, call = "", ""
    places: list[Place] = []
    steps: list[Step] = []
    with contextlib.closing(search):
        try:
            places = places_of(search.run(), submission)
        except KitError as error:
            problem = report.common_problem or str(error)
        is_begun = any(check.max_score and not check.is_unwritten for check in report.failed)
        if is_begun and not problem and (not places or search.unmended()):
            guesses = [_guessed(each, submission) for each in search.suspects()]
            if not places:
                call, steps = search.traced()
            known = {(place.cell, place.line) for place in places}
            places += [each for each in guesses if (each.cell, each.line) not in known]
    return Explanation(
        exercise=report.exercise,
        places=tuple(places[:MOST_PLACES]),
        seconds=round(time.monotonic() - started, 3),
        tries=search.tries,
        was_cut=search.was_cut,
        faults=tuple(_fault(each, submission) for each in faults),
        unmended=tuple(search.unmended()),
        problem=clean(problem),
        call=call,
        steps=tuple(steps),
    )


def _without(report: Report, functions: set[str]) -> Report:
    """The report without the checks of some functions."""
    checks = tuple(each for each in report.checks if each.function not in functions)
    return msgspec.structs.replace(report, checks=checks)


def nothing_wrong(report: Report) -> Explanation:
    """The explanation of an answer that earns every point."""
    return Explanation(report.exercise, (), 0.0)


def places_of(mended: Iterable[Mended], submission: Submission) -> list[Place]:
    """The lines of the edits that mend something: those that mend most first."""
    best: dict[tuple[int, int], Mended] = {}
    for each in sorted(mended, key=lambda m: (-m.gain, m.rank)):
        best.setdefault((each.edit.cell, each.edit.line), each)
    return [_place(each, submission) for each in best.values()]


def _place(mended: Mended, submission: Submission) -> Place:
    edit = mended.edit
    source = submission.cells[edit.cell]
    changed = edit.applied(source)
    _, *pair = changed_lines(source.splitlines(), changed.splitlines())
    before, after = ("\n".join(lines) for lines in pair)
    cell = edit.cell + 1 if len(submission.cells) > 1 else 0
    return Place(edit.function, edit.line, edit.change, mended.gain, cell, before, after)


def _fault(fault: Fault, submission: Submission) -> Place:
    cell = fault.cell + 1 if len(submission.cells) > 1 and fault.line else 0
    return Place(fault.function, fault.line, fault.question, 0.0, cell)


def _guessed(suspect: Suspect, submission: Submission) -> Place:
    cell = suspect.cell + 1 if len(submission.cells) > 1 else 0
    return Place(suspect.function, suspect.line, suspect.question, 0.0, cell)


def without_edits(explanation: Explanation) -> Explanation:
    """The same for a reader who has not given up."""
    places = [msgspec.structs.replace(each, before="", after="") for each in explanation.places]
    return msgspec.structs.replace(explanation, places=tuple(places))


def to_json(explanation: Explanation) -> str:
    """The JSON form, indented."""
    return msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode()
