"""How often `kit explain` finds the line: mutants of the bank's right answers, explained.

    python benchmarks/explain.py [--mutants N] [--dropped N] [--seed S] [--hand own|other]
                                 [--exercise NAME ...]

A mutant changes one expression of a solution or of a right answer (`kit verify`'s operators, and
some that it does not have: a negated argument, another power, another axis), or drops a
statement. With `--hand other` they are the slips of `benchmarks/slips.py`, which share nothing
with what the search tries; rare kinds of slips come oftener than their share. Those that lose no
point are passed over. Printed are, for changed expressions, how
often the changed line comes first and among the first three; for dropped statements, how often
the function is right; and the seconds, on the wall, and of the CPU of this process and its
workers. `--verbose` prints each mutant.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from slips import slips

from gradekit.commands.explain import impatient_with
from gradekit.course import Course, Exercise
from gradekit.edits.mutants import mutants_of
from gradekit.edits.source import Source
from gradekit.engine import open_session
from gradekit.explain.explanation import MOST_SECONDS, Explanation, explain
from gradekit.grading.session import Session
from gradekit.submission import Submission

ROOT = Path(__file__).resolve().parents[1]
# Of the right answers of an exercise: making `kit verify`'s mutants takes a second a file.
FILES = {"own": 3, "other": 20}


class Mutant(NamedTuple):
    """A changed source, the line that was changed, its function, and what was done."""

    source: str
    line: int
    last_line: int
    function: str
    dropped: bool
    told: str
    kind: str = ""


class Outcome(NamedTuple):
    """What came of explaining one mutant."""

    exercise: Exercise
    mutant: Mutant
    place: int  # of the changed line among those found; 0 if it is not there
    function_right: bool
    found: tuple[str, ...]  # the places, the likeliest first
    seconds: float
    cpu: float
    tries: int


def mutants(text: str) -> list[Mutant]:
    """All mutants of a right answer."""
    found = []
    for source in (*(each.source for each in mutants_of(text)), *further(text)):
        if source != text and (made := described(text, source)):
            found.append(made)
    return found


def slipped(text: str) -> list[Mutant]:
    """All slips of another hand in a right answer, as mutants."""
    found = []
    for kind, source in slips(text):
        if (made := described(text, source)) is not None:
            first = made.line - (kind == "doubled")  # either copy is one too many
            found.append(made._replace(line=first, dropped=kind == "dropped", kind=kind))
    return found


def chosen(pool: list[Mutant], rng: random.Random) -> Mutant:
    """One of them; a kind that is four times as frequent comes twice as often."""
    counts = sorted(Counter(each.kind for each in pool).items())
    (kind,) = rng.choices([kind for kind, _ in counts], [count**0.5 for _, count in counts])
    return rng.choice([each for each in pool if each.kind == kind])


def described(text: str, source: str) -> Mutant | None:
    old, new = text.splitlines(), source.splitlines()
    start = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    end = 0
    while end < min(len(old), len(new)) - start - 1 and old[-1 - end] == new[-1 - end]:
        end += 1
    after = new[start].strip()
    dropped = after.split("#")[0].strip().endswith("pass") and "pass" not in old[start].split()
    try:
        function = function_at(text, start + 1)
    except Exception:
        return None
    told = f"{old[start].strip()}  ->  {after}"
    return Mutant(source, start + 1, len(new) - end, function, dropped, told)


def function_at(text: str, line: int) -> str:
    source = Source(text)
    best = ""
    for node, name in source.functions.items():
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            best = name or best
    return best


def further(text: str) -> Iterator[str]:
    """Changes that are no operators of `kit verify`, made without `gradekit.edits`."""
    lines = text.splitlines(keepends=True)

    def put(node: ast.AST, new: str) -> str:
        start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
        end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
        return text[:start] + new + text[end:]

    if not text.isascii():
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            for argument in node.args:
                if isinstance(argument, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
                    yield put(argument, f"-{ast.unparse(argument)}")
            for keyword in node.keywords:
                if keyword.arg in ("axis", "dim") and isinstance(keyword.value, ast.Constant):
                    for other in (0, 1, -1):
                        if other != keyword.value.value:
                            yield put(keyword.value, str(other))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            for other in ("3", "1", "0.5"):
                if ast.unparse(node.right) != other:
                    yield put(node.right, other)


def explained(session: Session, exercise: Exercise, mutant: Mutant, limit: float) -> Outcome | None:
    submission = Submission(exercise.file_name, (mutant.source,), "")
    began = cpu_seconds(session)
    started = time.monotonic()
    limits = impatient_with(exercise, submission).limits
    report, _ = session.examine(submission, timeouts=1, limits=limits)
    if report.score >= report.max_score:
        return None
    found = explain(session, submission, report, deadline=started + limit)
    seconds = time.monotonic() - started
    place = place_of(mutant, found)
    right = bool(found.places) and found.places[0].function == mutant.function
    places = tuple(f"{each.line}: {each.after.strip()}" for each in found.places[:3])
    cpu = cpu_seconds(session) - began
    return Outcome(exercise, mutant, place, right, places, seconds, cpu, found.tries)


def place_of(mutant: Mutant, found: Explanation) -> int:
    lines = range(mutant.line, max(mutant.last_line, mutant.line) + 1)
    return next((n for n, place in enumerate(found.places, 1) if place.line in lines), 0)


def cpu_seconds(session: Session) -> float:
    """Of this process, the zygote, and the workers that have ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    zygote = session._sandbox._zygote
    assert zygote is not None, "workers are forked on Linux only"
    fields = Path(f"/proc/{zygote._process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:15]))  # its own and those of its children
    return own.ru_utime + own.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def run(options: argparse.Namespace) -> list[Outcome]:
    course = Course(ROOT)
    exercises = [*map(course.find, options.exercise)] or course.exercises
    outcomes = []
    for exercise in exercises:
        rng = random.Random(f"{options.seed} {exercise.name}")
        right = sorted((course.bank / exercise.name / "right").glob("*.py"))
        every_file = [course.solution(exercise), *right]
        files = rng.sample(every_file, min(FILES[options.hand], len(every_file)))
        make = mutants if options.hand == "own" else slipped
        known = [made for file in files if (made := make(file.read_text("utf-8")))]
        wanted = {False: options.mutants, True: options.dropped}
        with open_session(course, exercise) as session:
            session.wait_until_warm()
            for _ in range(20 * sum(wanted.values())):
                every = rng.choice(known)
                dropped = rng.random() < wanted[True] / max(sum(wanted.values()), 1)
                pool = [each for each in every if each.dropped == dropped]
                if not pool or not wanted[dropped]:
                    continue
                outcome = explained(session, exercise, chosen(pool, rng), options.limit)
                if outcome is None:
                    continue
                wanted[dropped] -= 1
                outcomes.append(outcome)
                if options.verbose:
                    tell(outcome)
        print(exercise.slug, summary(o for o in outcomes if o.exercise is exercise), flush=True)
    return outcomes


def tell(outcome: Outcome) -> None:
    mutant = outcome.mutant
    print(
        f"  {'dropped' if mutant.dropped else 'changed'} line {mutant.line}: "
        f"place {outcome.place}, "
        f"function {'right' if outcome.function_right else 'wrong'}, {outcome.seconds:.1f} s, "
        f"cpu {outcome.cpu:.1f} s, {outcome.tries} tries | {mutant.kind} {mutant.told[:150]}",
        flush=True,
    )
    if not (outcome.function_right if mutant.dropped else outcome.place == 1):
        print(f"    found {'; '.join(outcome.found) or 'nothing'}", flush=True)


def summary(outcomes: Iterator[Outcome]) -> str:
    every = [*outcomes]
    changed = [each for each in every if not each.mutant.dropped]
    dropped = [each for each in every if each.mutant.dropped]
    parts = []
    if changed:
        first = sum(each.place == 1 for each in changed)
        three = sum(1 <= each.place <= 3 for each in changed)
        parts.append(f"first {first}, of three {three}, of {len(changed)} changed")
    if dropped:
        parts.append(f"function {sum(d.function_right for d in dropped)} of {len(dropped)} dropped")
    if every:
        median = statistics.median(each.seconds for each in every)
        parts.append(f"median {median:.1f} s, most {max(each.seconds for each in every):.1f} s")
        parts.append(f"cpu {statistics.median(each.cpu for each in every):.1f} s")
    return "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=15, help="changed expressions an exercise")
    parser.add_argument("--dropped", type=int, default=4, help="dropped statements an exercise")
    parser.add_argument(
        "--limit", type=float, default=MOST_SECONDS, help="seconds on the wall for one answer"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hand", choices=FILES, default="own", help="whose mutants")
    parser.add_argument("--exercise", nargs="*", default=[])
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    outcomes = run(options)
    for library in ("numpy", "torch"):
        print(library, summary(o for o in outcomes if o.exercise.library == library))
    print("all", summary(iter(outcomes)))
    sys.exit(0)


if __name__ == "__main__":
    main()
