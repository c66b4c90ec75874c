"""Which of several files of one person counts, and why another does not."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.intake.placing import Placed
from gradekit.results import NotGraded, Person, printable

MANY = 3  # files of one person for one exercise, beyond which somebody should look
SHARE = 0.25  # of all answers: if one person has more than these so often, it is no person


class Choice(NamedTuple):
    """What is graded of all that was placed.

    `crowded` says how many files of an exercise a person has that are no attempts at one file.
    """

    entries: list[Entry]
    not_graded: list[NotGraded]
    crowded: Counter[tuple[Person, str]]


def choose(
    handed_in: HandedIn,
    placed: Sequence[Placed],
    names: Mapping[Person, str],
    not_graded: Sequence[NotGraded],
    modules: Mapping[Person, Sequence[str]],
) -> Choice:
    """One answer a person and exercise, with other attempts at it and the modules beside it.

    Args:
        names: What each person is called.
        not_graded: What could not be placed.
        modules: The paths of what each person's answers could import.
    """
    entries, left_out, crowded = _chosen(placed, names)
    listed = [*not_graded, *left_out]
    entries, used = _with_modules(handed_in, entries, listed, modules)
    # A module that an answer imports is a part of that answer, and no file that was left out.
    crowded.subtract((each.person, each.exercise) for each in used if each.superseded)
    return Choice(entries, [each for each in listed if each not in used], crowded)


def _chosen(
    placed: Sequence[Placed], names: Mapping[Person, str]
) -> tuple[list[Entry], list[NotGraded], Counter[tuple[Person, str]]]:
    """The best answer of each person to each exercise, and the attempts before it; the rest."""
    answers: defaultdict[tuple[Person, str], list[Placed]] = defaultdict(list)
    for each in placed:
        answers[each.owner, each.exercise].append(each)
    entries: list[Entry] = []
    left_out: list[NotGraded] = []
    crowded: Counter[tuple[Person, str]] = Counter()
    for (owner, exercise), candidates in answers.items():
        # A file whose name says clearly what it is comes before a later one that does not: a
        # student's scratch file, saved last, must not replace the answer.
        candidates.sort(key=lambda each: each.rank)
        *older, best = candidates
        attempts = [each for each in older if _is_attempt(each, best)]
        crowded[owner, exercise] = len(candidates) - len(attempts)
        for count, each in enumerate((*attempts, best), start=1):
            # Canvas numbers further attempts from 1 on; the first one has no number.
            number = count if attempts else each.attempt + each.platform
            entries.append(_entry(each, names[owner], number, each is best))
        for each in older:
            if each not in attempts:
                file, why = printable(each.item.path), _why_not(each, best)
                left_out.append(NotGraded(file, names[owner], exercise, why, True, owner))
    return entries, left_out, crowded


def _is_attempt(each: Placed, best: Placed) -> bool:
    """Whether the platform says that it is the same file, handed in earlier."""
    return (
        each.platform
        and best.platform
        and each.called == best.called
        and (each.attempt, each.attachment) != (best.attempt, best.attachment)
    )


def _entry(each: Placed, student: str, attempt: int, counted: bool) -> Entry:
    date = ""
    if each.item.changed:
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(each.item.changed))
    return Entry(
        student,
        each.exercise,
        printable(each.item.path),
        each.item.path,
        each.owner,
        attempt,
        each.handed_in,
        date,
        counted,
        stub=each.stub,
    )


def _why_not(each: Placed, best: Placed) -> str:
    """Why another file of the same person was graded instead."""
    file = printable(best.item.path)
    if each.strength != best.strength:
        return f"the name of {file} says more clearly what it is, and that was graded"
    if each.defines != best.defines:
        return f"{file} defines more of the exercise's functions, and was graded"
    if (each.attempt, each.attachment) != (best.attempt, best.attachment):
        return f"{file} is a later attempt, and was graded"
    if each.item.changed != best.item.changed:
        return f"it is a duplicate: {file} is newer, and was graded"
    return f"it is a duplicate: {file} was graded"


def _with_modules(
    handed_in: HandedIn,
    entries: list[Entry],
    not_graded: Sequence[NotGraded],
    theirs: Mapping[Person, Sequence[str]],
) -> tuple[list[Entry], list[NotGraded]]:
    """The entries with their owner's modules beside them; what of `not_graded` is one of those."""
    beside: dict[tuple[Person, str], tuple[str, ...]] = {}
    open_ones: dict[tuple[Person, str], bool] = {}  # whether one of them is no answer itself
    left_out = {(each.person, each.file) for each in not_graded}
    used: set[tuple[Person, str]] = set()
    found = []
    for entry in entries:
        folder = entry.path[: len(entry.path) - len(entry.path.rpartition("/")[2])]
        key = entry.person, folder
        if key not in beside:
            paths = theirs.get(entry.person, ())
            beside[key] = tuple(path for path in paths if path.startswith(folder))
            shown = ((entry.person, printable(path)) for path in beside[key])
            open_ones[key] = any(each in left_out for each in shown)
        if len(beside[key]) > (0 if entry.stub else 1):
            entry = entry._replace(beside=beside[key])
            if open_ones[key]:
                used |= {(entry.person, file) for file in _imported_by(handed_in, entry, folder)}
        found.append(entry)
    return found, [each for each in not_graded if (each.person, each.file) in used]


def _imported_by(handed_in: HandedIn, entry: Entry, folder: str) -> list[str]:
    """The modules beside an answer that it imports, as they are shown."""
    try:
        _, modules = entry.contents(handed_in)
    except KitError:  # whoever grades it says so
        return []
    return [printable(f"{folder}{name}") for name in modules]


def doubts_of(
    crowded: Counter[tuple[Person, str]], entries: list[Entry], names: Mapping[Person, str]
) -> list[str]:
    """Why the whole should be looked at: files of many people that seem to be one person's."""
    files = sum(crowded.values())
    doubts = []
    for (owner, exercise), count in sorted(crowded.items()):
        # A layout that is not known to us puts a whole class under one name. The grades would look
        # right and be one person's, so nothing is graded before somebody has looked.
        if count > MANY and count > SHARE * files:
            doubts.append(
                f"`{names[owner]}` has {count} files for {exercise}: a class rather than a person?"
            )
    if not doubts and len({each.student for each in entries}) == 1:
        (most,) = crowded.most_common(1)
        if most[1] > 1 and len(entries) == 1:
            doubts.append(
                f"all {files} files are of one person, `{names[most[0][0]]}`: is that so?"
            )
    return doubts
