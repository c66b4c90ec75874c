"""Which results of earlier runs still hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from gradekit.batch.basis import Basis
from gradekit.batch.journal import Decision, Move
from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.intake.names import answer_suffix
from gradekit.results import SCHEMA, About, Result, person_of
from gradekit.submission import digest

REPLACED = "another answer of the same person was handed in"
ASKED = "it was graded again, as asked for"


class Export(NamedTuple):
    """Which hand-in a run is about, and how much of it is graded.

    Attributes:
        name: Of the folder or zip.
        only: The keys of the people to grade again; empty for everybody.
        exercise: The exercise that all files answer; "" if they answer several.
        partial: Files that somebody is still writing; their earlier results stay.
    """

    name: str = ""
    only: frozenset[str] = frozenset()
    exercise: str = ""
    partial: frozenset[str] = frozenset()

    def is_partial(self, file: str) -> bool:
        """Whether somebody is still writing a file, or the zip that it lies in."""
        return any(file == each or file.startswith(f"{each}/") for each in self.partial)


WHOLE = Export()


class Preview(NamedTuple):
    """What a run would do with the results that are there."""

    kept: int
    replaced: list[tuple[About, str]]  # with why
    withdrawn: list[About]


def preview(
    basis: Basis,
    handed_in: HandedIn,
    entries: Sequence[Entry],
    export: Export,
    results: Iterable[Result],
) -> Preview:
    """What a run would do with these results; nothing is changed."""
    resumed = Resumed(basis, handed_in, entries, export)
    decisions = [(result, resumed.decide(result, 0)) for result in results]
    replaced = [
        (result.about, decision.why) for result, decision in decisions if isinstance(decision, Move)
    ]
    return Preview(len(resumed.held), replaced, resumed.withdrawn)


class Resumed:
    """Decides about the results of earlier runs, one line of the journal after the other.

    A result holds while its answer, its grader, the engine and the seed are as they were. If the
    person has handed in another answer instead, it goes into the history. If its answer is no
    longer in this export, it stays and is marked as withdrawn. Results of other exports stay as
    they are: what a class hands in may come in several parts.

    Attributes:
        held: The entries whose results hold.
        withdrawn: The lines that were marked as withdrawn.
        finished: Where the journal has a report that holds, by `identity`.
    """

    def __init__(
        self, basis: Basis, handed_in: HandedIn, entries: Sequence[Entry], export: Export
    ) -> None:
        self._basis, self._handed_in, self._export = basis, handed_in, export
        # A line's person is found in one of three ways, the surest first: by an id, by a name that
        # only one person of the class has, and by the path of the file.
        self._by_person: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_file: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            self._by_person[entry.person.key, entry.exercise].append(entry)
            for name in {entry.student, entry.person.name}:
                self._by_name[name, entry.exercise].add(entry.person.key)
            self._by_file[entry.file, entry.exercise] = entry
        self._sha256: dict[str, str] = {}  # of files that were read, by path
        self.held: set[Entry] = set()
        self.withdrawn: list[About] = []
        self.finished: dict[bytes, int] = {}

    def decide(self, result: Result, position: int) -> Decision:
        """What becomes of a line that will stand at this position of the journal."""
        entries = self._entries_of(result)
        out_of_date = self._basis.out_of_date(result)
        if not entries:
            # Somebody else may have handed in the same bytes: the report serves for them.
            if not out_of_date:
                self._remember(result, position)
            return self._without_file(result)
        # Of several attempts of one person, the line belongs to the one with the same bytes.
        for entry in entries:
            if entry in self.held or self._differs(result, entry):
                continue
            if out_of_date:
                return Move(out_of_date)
            if self._export.only and entry.person.key in self._export.only:
                return Move(ASKED)
            self.held.add(entry)
            self._remember(result, position)
            return about_of(entry, self._export.name, result.versions)
        if self._is_of_another(result):
            return result.about
        return Move(REPLACED)

    def _entries_of(self, result: Result) -> list[Entry]:
        """What the person of a result has handed in for the same exercise today."""
        key = person_of(result).key
        found = self._by_person.get((key, result.exercise))
        if found is None and not result.person.name:  # a line of an older kit, without ids
            keys = self._by_name.get((result.student, result.exercise), set())
            found = self._by_person[min(keys), result.exercise] if len(keys) == 1 else None
        if found is None and result.export == self._export.name:
            # The same file: a roster was added or taken away, and names its owner otherwise.
            entry = self._by_file.get((result.file, result.exercise))
            found = [entry] if entry else None
        return found or []

    def _is_of_another(self, result: Result) -> bool:
        """Whether it is an attempt that does not count, from another export."""
        return result.state != "counted" and result.export != self._export.name

    def _differs(self, result: Result, entry: Entry) -> bool:
        if answer_suffix(entry.file) != answer_suffix(result.file):
            return True
        if entry.path not in self._sha256:
            self._sha256[entry.path] = _hash_of(self._handed_in, entry)
        return self._sha256[entry.path] != result.report.submission_sha256

    def _remember(self, result: Result, position: int) -> None:
        # The first position is as good as any: equal bytes have equal reports.
        key = identity(result.exercise, result.file, result.report.submission_sha256)
        self.finished.setdefault(key, position)

    def _without_file(self, result: Result) -> Decision:
        """The line about an answer that is not there today: withdrawn, if it should be there."""
        about = result.about
        if (
            result.export != self._export.name
            or not result.export
            or self._export.only
            or self._export.is_partial(result.file)
            or (self._export.exercise and result.exercise != self._export.exercise)
        ):
            return about
        about = msgspec.structs.replace(about, state="withdrawn")
        self.withdrawn.append(about)
        return about


def about_of(entry: Entry, export: str, versions: dict[str, str]) -> About:
    """The line of the journal about an entry, without its report."""
    return About(
        entry.student,
        entry.exercise,
        entry.file,
        SCHEMA,
        entry.person,
        entry.attempt,
        entry.handed_in,
        entry.file_date,
        "counted" if entry.counted else "attempt",
        export,
        versions,
    )


def _hash_of(handed_in: HandedIn, entry: Entry) -> str:
    try:
        return digest(*entry.contents(handed_in))
    except KitError:
        return ""


def identity(exercise: str, file: str, sha256: str) -> bytes:
    """A key that two answers share if they get the same report."""
    # With the suffix: the bytes of a notebook, handed in as .py, are another answer.
    return f"{exercise}{answer_suffix(file)}".encode() + bytes.fromhex(sha256)
