"""What it saves that a warm grader and its workers keep to one core (gradekit/batch/grader.py).

    python benchmarks/cores.py [--rounds 16] [--answers 20] [--exercises softmax ...]

One warm session grades the right answers of a bank in turn. Rounds on all cores and rounds on one
core take turns, with the same answers, so that a busy moment hits both. Linux only.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

EXERCISES = ("softmax", "safe_training_step")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=16, help="of each kind")
    parser.add_argument("--answers", type=int, default=20, help="graded in each round")
    parser.add_argument("--exercises", nargs="+", default=[*EXERCISES])
    chosen = parser.parse_args()
    heads = f"{'all cores':>10} {'one core':>10} {'saved':>7}"
    print(f"{'':22} {'median wall ms an answer':^29}   {'mean CPU ms an answer':^29}")
    print(f"{'exercise':22} {heads}   {heads}")
    for name in chosen.exercises:
        print(f"{name:22} {compare(name, chosen.rounds, chosen.answers)}", flush=True)


def compare(name: str, rounds: int, count: int) -> str:
    """Wall and CPU milliseconds an answer on all cores and on one, and what that saves."""
    from gradekit.batch.grader import _Place
    from gradekit.course import Course
    from gradekit.engine import open_session
    from gradekit.submission import read

    course = Course(ROOT)
    exercise = course.find(name)
    bank = (ROOT / "tests" / "bank" / exercise.name / "right").glob("*.py")
    answers = [read(course.solution(exercise)), *map(read, sorted(bank))]
    everywhere = os.sched_getaffinity(0)
    place = _Place()
    costs: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with open_session(course, exercise) as session:
        for answer in 8 * answers:  # as in the middle of a class: replies are known
            session.grade(answer)
        turns = itertools.cycle(answers)
        for number in range(rounds):
            batch = [*itertools.islice(turns, count)]  # the same for both, in either order
            for alone in (number % 2 == 0, number % 2 == 1):
                place._keep_to({place._here()} if alone else everywhere)
                before = moment()
                for answer in batch:
                    session.grade(answer)
                spent = [(b - a) / count for a, b in zip(before, moment(), strict=True)]
                costs[alone].append((spent[0], spent[1]))
        place._keep_to(everywhere)
    columns = []
    for kind, mean in ((0, statistics.median), (1, statistics.mean)):
        free, kept = (1000 * mean([cost[kind] for cost in costs[each]]) for each in (False, True))
        columns.append(f"{free:10.2f} {kept:10.2f} {1 - kept / free:7.0%}")
    return "   ".join(columns)


def moment() -> tuple[float, float]:
    """Now: the wall clock, and the CPU time of this process, its zygotes and their workers."""
    import throughput

    return throughput._moment()


if __name__ == "__main__":
    main()
