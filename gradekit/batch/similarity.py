"""Groups of answers that share suspiciously much code: leads for a person, never a verdict.

What the stub and the published solution gave everybody is left out, and so is what many wrote:
short exercises have few right answers. Folders of earlier terms may be compared with, and are
never shown without somebody of this class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, groupby
from pathlib import Path
from typing import NamedTuple

from gradekit.alphabet import alphabetical
from gradekit.batch.fingerprints import FingerprintProcess, fingerprint_process
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.discovery import discover
from gradekit.intake.entries import Entry
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.items import HandedIn
from gradekit.overview import Alike, Likeness, Similar
from gradekit.results import NotGraded, Person

# These limits come from trying, not from theory. Lower, and honest answers to a short exercise look
# copied; higher, and a copy with a few changed lines is missed (tests/test_batch_similarity.py).
ENOUGH = 8  # fingerprints of one's own, below which an answer says nothing
SHARE = 0.7
COMMON = 0.2  # of the different answers: what stands in more than these is common knowledge
FEW, MANY = 4, 60  # ... but never fewer than these in a small class, nor more in a large one
HALF = 0.5  # of the class: what they wrote is common, however alike their answers are
SHOWN = 50  # groups on the page, those that share most; the table has all
COMPARED = 50  # answers of a group among which the closest pair is sought


class Author(NamedTuple):
    """Whose an answer is: the person's key and name, and the earlier term's folder or ""."""

    key: str
    student: str
    term: str


class Answer(NamedTuple):
    """One answer to compare, and where it can be read again."""

    author: Author
    entry: Entry
    source: HandedIn
    fingerprints: frozenset[int]


def similar_answers(
    course: Course, handed_in: HandedIn, entries: Sequence[Entry], against: Sequence[Path] = ()
) -> Similar:
    """The groups of answers that are alike, by exercise; those that share most first.

    Args:
        entries: The class.
        against: What earlier classes handed in, a folder or zip each.

    Raises:
        KitError: the library for it is not installed, or an earlier term cannot be read.
    """
    try:
        import copydetect  # noqa: F401
    except ImportError:
        raise KitError(
            "--similarity needs copydetect: pip install 'gradekit[instructor]'."
        ) from None
    corpora = [("", handed_in, [entry for entry in entries if entry.counted])]
    corpora += [_earlier(course, term, {entry.exercise for entry in entries}) for term in against]
    found: list[Alike] = []
    skipped: list[NotGraded] = []
    with fingerprint_process() as process:
        for name, answers in _by_exercise(corpora, process, skipped):
            given = _given(course, name, process)
            # Without what the stub gave to everybody. Those who hand in the published solution have
            # nothing of their own left, and are nobody's copy
            # (test_the_published_solution_is_nobodys_copy).
            own = [each._replace(fingerprints=each.fingerprints - given) for each in answers]
            found += [_alike(name, group, process) for group in _groups(own)]
    found.sort(
        key=lambda each: (-round(each.share, 2), -len(each.students), each.exercise, each.students)
    )
    return Similar(found, SHOWN, skipped)


def _earlier(course: Course, term: Path, exercises: set[str]) -> tuple[str, HandedIn, list[Entry]]:
    handed_in = open_handed_in(term)
    found = discover(handed_in, course, None, None)
    entries = [each for each in found.entries if each.counted and each.exercise in exercises]
    return term.name or str(term), handed_in, entries


def _by_exercise(
    corpora: list[tuple[str, HandedIn, list[Entry]]],
    process: FingerprintProcess,
    skipped: list[NotGraded],
) -> Iterator[tuple[str, list[Answer]]]:
    """The answers to each exercise; those without fingerprints are listed in `skipped`."""
    everything = sorted(
        ((entry, term, source) for term, source, entries in corpora for entry in entries),
        key=lambda each: (each[0].exercise, each[1], each[0].student),
    )
    for name, group in groupby(everything, key=lambda each: each[0].exercise):
        answers = []
        for entry, term, source in group:
            try:
                taken = process.take(entry.file, entry.stub or source.read(entry.path))
                problem = taken.problem
            except KitError as error:
                problem = str(error)
            if problem:
                reason = f"not compared: {problem}"
                skipped.append(
                    NotGraded(entry.file, entry.student, name, reason, True, entry.person)
                )
                continue
            author = Author(_key(entry.person, term), entry.student, term)
            answers.append(Answer(author, entry, source, frozenset(taken.lines)))
        yield name, answers


def _key(person: Person, term: str) -> str:
    """What tells people apart over the terms: a name alone may be two people's."""
    return person.key if person.id else f"{term} {person.key}"


def _given(course: Course, name: str, process: FingerprintProcess) -> frozenset[int]:
    """The fingerprints that everybody may have: the stub's and the model answer's."""
    exercise = course.find(name)
    paths = (course.stub(exercise), course.solution(exercise))
    taken = [process.take(path.name, path.read_bytes()) for path in paths if path.exists()]
    return frozenset().union(*(each.lines for each in taken))


def _groups(answers: list[Answer]) -> list[tuple[float, list[Answer]]]:
    """Answers that hang together by what each pair shares, and the share of the closest pair.

    Equal answers are compared once, so that a hundred copies cost no more than one.
    """
    same: defaultdict[frozenset[int], list[Answer]] = defaultdict(list)
    for each in answers:
        same[each.fingerprints].append(each)
    kinds = list(same)
    rare = _rare(same, len({each.author for each in answers}))
    own = [len(kind & rare) for kind in kinds]
    joined = list(range(len(kinds)))  # each kind's representative, itself at first
    best: defaultdict[int, float] = defaultdict(float)

    def root(index: int) -> int:
        # Union-find: who copied from a copy belongs to the same group as the first.
        while joined[index] != index:
            index = joined[index]
        return index

    for index, kind in enumerate(kinds):
        # Equal answers of two people are a group even if no other answer is like them.
        if own[index] >= ENOUGH and len({each.author.key for each in same[kind]}) > 1:
            best[index] = 1.0
    for (first, second), count in _shared(kinds, rare).items():
        # Of the shorter one: a copy with much added is as much a copy.
        shorter = min(own[first], own[second])
        if shorter >= ENOUGH and count / shorter >= SHARE:
            one, other = sorted((root(first), root(second)))
            joined[other] = one
            best[one] = max(best[one], best[other], count / shorter)
    members: defaultdict[int, list[Answer]] = defaultdict(list)
    for index, kind in enumerate(kinds):
        members[root(index)] += same[kind]
    return [
        (best[index], group)
        for index, group in members.items()
        if best[index] and _leads_to_somebody(group)
    ]


def _rare(same: dict[frozenset[int], list[Answer]], authors: int) -> frozenset[int]:
    """The fingerprints that are not common knowledge: few different answers have them.

    Equal answers count once, else a ring that copies would be common by its own size; what half
    of everybody wrote is common all the same.
    """
    different = Counter(each for kind in same for each in kind)
    written = Counter(each for kind, group in same.items() for each in kind for _ in group)
    most = max(FEW, min(COMMON * len(same), MANY))
    return frozenset(
        each
        for each, count in different.items()
        if count <= most and written[each] <= max(FEW, HALF * authors)
    )


def _shared(kinds: list[frozenset[int]], rare: frozenset[int]) -> Counter[tuple[int, int]]:
    """How many rare fingerprints each pair of kinds has in common, where there are any."""
    having: defaultdict[int, list[int]] = defaultdict(list)
    for index, kind in enumerate(kinds):
        for each in kind & rare:
            having[each].append(index)
    # By way of the fingerprints, not by all pairs of answers. A rare one is in MANY at most,
    # so a class of thousands does not mean millions of comparisons.
    return Counter(pair for those in having.values() for pair in combinations(those, 2))


def _leads_to_somebody(group: list[Answer]) -> bool:
    """Whether two people are in it, one of them of this class."""
    return len({each.author.key for each in group}) > 1 and any(
        not each.author.term for each in group
    )


def _alike(exercise: str, group: tuple[float, list[Answer]], process: FingerprintProcess) -> Alike:
    """A group with the two answers to look at first, and the lines that both have."""
    share, answers = group
    first, second = _closest(answers)
    both = first.fingerprints & second.fingerprints
    sides = [_side(each, both, process) for each in (first, second)]
    students = tuple(sorted(map(_called, answers), key=alphabetical))
    return Alike(exercise, students, share, (sides[0], sides[1]))


def _closest(answers: list[Answer]) -> tuple[Answer, Answer]:
    """Two answers of two people, one of this class, that share most of the shorter one."""
    some = sorted(answers, key=lambda each: (each.author.term, each.author.student))[:COMPARED]
    pairs = [
        (first, second)
        for first, second in combinations(some, 2)
        if first.author.key != second.author.key and not first.author.term
    ]
    return max(pairs, key=lambda pair: _share(*pair))


def _share(first: Answer, second: Answer) -> float:
    shorter = min(len(first.fingerprints), len(second.fingerprints))
    return len(first.fingerprints & second.fingerprints) / max(shorter, 1)


def _side(answer: Answer, both: Iterable[int], process: FingerprintProcess) -> Likeness:
    entry = answer.entry
    taken = process.take(entry.file, entry.stub or answer.source.read(entry.path))
    marked = set()
    for each in both:
        first, last = taken.lines[each]
        marked |= set(range(first, last + 1))
    return Likeness(_called(answer), entry.file, taken.source, frozenset(marked))


def _called(answer: Answer) -> str:
    term = answer.author.term
    return f"{answer.author.student} ({term})" if term else answer.author.student
