"""What learners are told of the bank's wrong answers: how large, how long, and whether it is true.

    .venv/bin/python benchmarks/messages.py [EXERCISE ...] [--every N] [--offset N] [--list]

Each wrong answer is graded and explained as `kit check` does it, and its first message is looked
at: whether it has a counterexample and of how many numbers, whether the whole call stands in
it, and how many lines of 80 columns it takes. Every call that is shown is evaluated from its text
against the answer and the truth, and has to give what the message says.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gradekit.causes import Cause, causes
from gradekit.course import Course, Exercise
from gradekit.engine import open_session
from gradekit.grading.code import built
from gradekit.grading.session import Session
from gradekit.grading.shown import numbers_in
from gradekit.practice.trial import parsed
from gradekit.report import clean
from gradekit.submission import Submission, read
from gradekit.texts import example_text

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, INDENT, MOST_LINES, MOST_NUMBERS = 80, 4, 5, 6
SHORTENED = re.compile(r"<(?:array|tensor|list|tuple|dict)\b|\(\.\.\.\)|\[\.\.\.\]|\{\.\.\.\}")


class Told(NamedTuple):
    """The first message on one answer. `numbers` is None where there is no counterexample."""

    answer: str
    text: str
    kind: str
    numbers: int | None
    lines: int
    is_whole: bool  # the call that it shows
    untrue: str  # what a call gave instead of what is said


def told(session: Session, submission: Submission) -> Told | None:
    """What a learner reads first of a wrong answer; None if nothing costs it points."""
    report = session.explained(submission, session.grade(submission))
    cause = next((each for each in causes(report) if each.max_score), None)
    if cause is None:
        return None
    example = cause.counterexample
    text = example_text(example) if example else cause.first.told
    numbers, untrue = None, ""
    if example is not None:
        _, args, keywords = parsed(example.call)
        numbers = numbers_in(built((args, keywords)))
        untrue = _untrue(session, submission, cause)
    lines = [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, COLUMNS - INDENT, break_on_hyphens=False) or [""]
    ]
    whole = not SHORTENED.search(example.call if example else text)
    return Told(submission.name, text, cause.first.kind, numbers, len(lines), whole, untrue)


def _untrue(session: Session, submission: Submission, cause: Cause) -> str:
    """How the shown call departs otherwise than is said; empty if it does not."""
    example = cause.counterexample
    assert example is not None
    _, args, keywords = parsed(example.call)
    before = parsed(example.before)[1:] if example.before else None
    fault = session.departure(submission, cause.first, args, keywords, before)
    if fault is None:
        return "the call gives what is expected"
    said = clean(fault.expected), clean(fault.got)
    return "" if said == (example.expected, example.got) else f"{said[0]} / {said[1]}"


def exercise_told(
    course: Course, exercise: Exercise, every: int, offset: int = 0
) -> Iterator[Told]:
    wrong = sorted((course.bank / exercise.name / "wrong").glob("*.py"))[offset::every]
    with open_session(course, exercise) as session:
        for path in wrong:
            if (found := told(session, read(path))) is not None:
                yield found._replace(answer=path.stem)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exercises", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="only one answer in so many")
    parser.add_argument("--offset", type=int, default=0, help="of the first one")
    parser.add_argument("--list", action="store_true", help="the messages that fall short")
    options = parser.parse_args()
    course = Course(ROOT)
    chosen = [course.find(name) for name in options.exercises] or course.exercises
    print(f"{'exercise':40} answers  shown  small  long  cut  untrue")
    total: Counter[str] = Counter()
    for exercise in chosen:
        counts: Counter[str] = Counter()
        for each in exercise_told(course, exercise, options.every, options.offset):
            shown = each.numbers is not None
            small = shown and (each.numbers or 0) <= MOST_NUMBERS
            counts.update(
                answers=1, shown=shown, small=small, long=each.lines > MOST_LINES,
                cut=not each.is_whole, untrue=bool(each.untrue),
            )  # fmt: skip
            good = small and each.is_whole and each.lines <= MOST_LINES and not each.untrue
            if options.list and not good:
                print(f"--- {each.answer} {each.kind} {each.numbers} {each.untrue}\n{each.text}")
        total.update(counts)
        _print(exercise.name, counts)
    _print("all", total)


def _print(name: str, counts: Counter[str]) -> None:
    share = 100 * counts["small"] / max(counts["shown"], 1)
    print(
        f"{name:40} {counts['answers']:7} {counts['shown']:6} {share:4.0f} % "
        f"{counts['long']:5} {counts['cut']:4} {counts['untrue']:7}",
        flush=True,
    )


if __name__ == "__main__":
    main()
