"""Answers that share suspiciously much code: a lead for a person, never a verdict.

Winnowing (Schleimer, Wilkerson and Aiken, 2003) as in MOSS, by copydetect: names and
comments do not count. What the stub gave everybody is left out, and so is what many wrote:
short exercises have few right answers.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, groupby
from pathlib import Path

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.items import HandedIn
from gradekit.intake.placing import Entry
from gradekit.overview import SimilarPair
from gradekit.submission import parse

GRAM, WINDOW = 20, 8  # characters of normalised code: a fingerprint a line or so
ENOUGH = 8  # fingerprints of one's own, below which an answer says nothing
SHARE = 0.7
COMMON = 0.2  # of the class: what more than these wrote is common knowledge
FEW = 4  # ... and in small classes, what more than these wrote
SHOWN = 100
SOURCE_CHARACTERS = 100_000  # longer ones are no answers to short exercises


def similar_pairs(course: Course, handed_in: HandedIn, entries: list[Entry]) -> list[SimilarPair]:
    """The pairs that share most, by exercise; those with the largest share first.

    Raises:
        KitError: the library for it is not installed.
    """
    try:
        import copydetect  # noqa: F401
    except ImportError:
        raise KitError(
            "--similarity needs copydetect: pip install 'gradekit[instructor]'."
        ) from None
    pairs: list[SimilarPair] = []
    for name, group in groupby(entries, key=lambda entry: entry.exercise):
        stub = _fingerprints(course.stub(course.find(name)).read_text("utf-8"))
        answers = {}
        for entry in group:
            if source := _source(handed_in, entry):
                answers[entry.student] = _fingerprints(source) - stub
        pairs += (SimilarPair(name, *pair) for pair in _pairs(answers))
    return sorted(pairs, key=lambda pair: (-pair.share, pair))[:SHOWN]


def _source(handed_in: HandedIn, entry: Entry) -> str:
    """The code of an answer; "" where there is none that could be compared."""
    try:
        answer = parse(Path(entry.file), handed_in.read(entry.path))
    except KitError:
        return ""
    source = "\n".join(answer.cells)
    return source if len(source) <= SOURCE_CHARACTERS else ""


def _fingerprints(source: str) -> set[int]:
    from copydetect import CodeFingerprint

    return set(CodeFingerprint("answer.py", GRAM, WINDOW, fp=io.StringIO(source)).hashes)


def _pairs(answers: dict[str, set[int]]) -> Iterator[tuple[str, str, float]]:
    """Pairs of students with the share of the shorter answer that both have."""
    written_by: defaultdict[int, list[str]] = defaultdict(list)
    for student, prints in answers.items():
        for each in prints:
            written_by[each].append(student)
    most = max(FEW, COMMON * len(answers))
    rare = {each: students for each, students in written_by.items() if len(students) <= most}
    own = {student: len(prints & rare.keys()) for student, prints in answers.items()}
    shared = Counter(_together(rare.values()))
    for (first, second), count in shared.items():
        shorter = min(own[first], own[second])
        if shorter >= ENOUGH and count / shorter >= SHARE:
            yield first, second, count / shorter


def _together(groups: Iterable[list[str]]) -> Iterator[tuple[str, ...]]:
    for students in groups:
        yield from combinations(students, 2)
