"""All edits of an answer, the likeliest first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from gradekit.edits import operators, values
from gradekit.edits.additions import Additions
from gradekit.edits.calls import Calls
from gradekit.edits.source import Edit, Source
from gradekit.edits.statements import statements
from gradekit.errors import KitError

KINDS = (
    values.constants, values.signs, values.indices, values.names, values.attributes, values.tuples,
    values.elements, values.sizes, values.subscripts, values.together, operators.binary,
    operators.epsilons, operators.comparisons, operators.conditions, operators.assignments,
    operators.terms, values.parameters,
)  # fmt: skip
IDLE = 2.0  # times likelier where a name that nothing uses is put to use,
WITHOUT_EFFECT = 4.0  # and in a statement that does nothing
WORD = re.compile(r"\w+")
MOST = 60_000  # of one answer


def edits_of(cells: Sequence[str]) -> list[Edit]:
    """All small changes of an answer's cells, those of one weight in the order of their place.

    Raises:
        KitError: no cell is valid Python.
    """
    found: list[Edit] = []
    problem = None
    for number, text in enumerate(cells):
        try:
            found += [edit._replace(cell=number) for edit in _different(Source(text))]
        except KitError as error:
            problem = error
    if problem and not found:
        raise problem
    return sorted(found, key=lambda edit: -edit.weight)[:MOST]


def _different(source: Source) -> Iterator[Edit]:
    """Each change once; the first that makes it also says the question."""
    seen: set[tuple[int, int, str]] = set()
    for edit in _all(source):
        key = edit.start, edit.end, edit.text
        old = source.text[edit.start : edit.end]
        if key not in seen and old != edit.text:
            seen.add(key)
            yield edit._replace(weight=edit.weight * _times_likelier(source, edit))


def _times_likelier(source: Source, edit: Edit) -> float:
    times = IDLE if _uses_idle(source, edit) else 1.0
    return times * WITHOUT_EFFECT if edit.line in source.idle_lines else times


def _uses_idle(source: Source, edit: Edit) -> bool:
    """Whether an edit asks for a name that its function binds and does not use."""
    idle = source.unused.get(edit.function, set())
    return bool(idle) and not idle.isdisjoint(WORD.findall(edit.text))


def _all(source: Source) -> Iterator[Edit]:
    calls, additions = Calls(source), Additions(source)
    for node in ast.walk(source.tree):
        if _is_behaviour(source, node):
            for kind in KINDS:
                yield from kind(source, node)
            yield from calls.edits(node)
            yield from additions.edits(node)
    yield from statements(source)


def _is_behaviour(source: Source, node: ast.AST) -> bool:
    """Whether a node does anything: no annotation does, nor does what stands in one."""
    while (parent := source.parents.get(node)) is not None:
        if isinstance(parent, ast.arg) or getattr(parent, "returns", None) is node:
            return False
        if isinstance(parent, ast.AnnAssign) and parent.annotation is node:
            return False
        if isinstance(parent, ast.JoinedStr):
            return False
        node = parent
        if isinstance(node, ast.stmt):
            return True
    return True
