"""Mutants of a whole answer, which may have several modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from gradekit.edits.mutants import Mutant, mutants_of
from gradekit.submission import Submission


class Place(NamedTuple):
    """A mutant, and the module of the answer that it changes; empty for the answer's own file."""

    mutant: Mutant
    module: str
    before: str  # the whole text, unchanged

    def __str__(self) -> str:
        where = f"{self.module}, " if self.module else ""
        return f"{where}line {self.mutant.line}: {self.mutant.before}  ->  {self.mutant.after}"


def mutated_answers(answer: Submission) -> Iterator[tuple[Place, Submission]]:
    """Each mutant of an answer of one cell and its modules, in a fixed order."""
    (source,) = answer.cells
    bare = msgspec.structs.replace(answer, sha256="")
    for mutant in mutants_of(source):
        changed = msgspec.structs.replace(bare, cells=(mutant.source,))
        yield Place(mutant, "", source), changed
    for number, (path, text) in enumerate(answer.modules):
        for mutant in mutants_of(text):
            modules = [*answer.modules]
            modules[number] = path, mutant.source
            changed = msgspec.structs.replace(bare, modules=tuple(modules))
            yield Place(mutant, path, text), changed
