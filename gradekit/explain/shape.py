"""Functions that are not what they have to be: missing, a class, `async def`, a generator.

What failed says so, and the source says where. Nothing is tried: no small change mends these.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from typing import NamedTuple

from gradekit.definitions import Definition
from gradekit.report import Check, Report
from gradekit.submission import Submission

NEAR = 0.75  # how much of two names is alike where one is meant for the other
COROUTINE, GENERATOR, CLASS = "returned a `coroutine`", "returned a `generator`", "it is a class"


class Fault(NamedTuple):
    """What a function is instead. `cell` counts from 0; `line` is 0 where there is no place."""

    function: str
    cell: int
    line: int
    question: str


class _Defined(NamedTuple):
    node: Definition
    cell: int
    inside: str  # the function or class around it, "" at the top


def faults_of(submission: Submission, report: Report) -> list[Fault]:
    """One a function, in the order of the checks that fail for it."""
    try:
        defined = [
            each
            for number, cell in enumerate(submission.cells)
            for each in _definitions(ast.parse(cell), number)
        ]
    except (SyntaxError, ValueError, RecursionError):
        return []
    # What other checks are about is no misspelling of this one.
    others = {check.function for check in report.checks}
    spare = [each for each in defined if each.node.name not in others and not each.inside]
    found: dict[str, Fault] = {}
    for check in report.failed:
        is_new = check.max_score and check.function not in found
        if is_new and (fault := _fault(check, defined, spare)):
            found[check.function] = fault
    return [*found.values()]


def _fault(check: Check, defined: list[_Defined], spare: list[_Defined]) -> Fault | None:
    name, told = check.function, check.told
    own = [each for each in defined if each.node.name == name]
    if told.startswith(f"there is no function `{name}`"):
        return _missing(name, own, spare)
    top = next((each for each in reversed(own) if not each.inside), None)
    if top is None:
        return None
    if COROUTINE in told and isinstance(top.node, ast.AsyncFunctionDef):
        return Fault(
            name, top.cell, top.node.lineno, f"is `def {name}` meant, and not `async def`?"
        )
    if GENERATOR in told and (lines := [each.lineno for each in _yields(top.node)]):
        return Fault(name, top.cell, lines[0], f"is `return` meant in `{name}`, and not `yield`?")
    if CLASS in told and isinstance(top.node, ast.ClassDef):
        return Fault(
            name, top.cell, top.node.lineno, f"is `{name}` meant to be a function, and not a class?"
        )
    return None


def _missing(name: str, own: list[_Defined], spare: list[_Defined]) -> Fault | None:
    """Why there is no function of that name."""
    if own and all(each.inside for each in own):
        cell, line, around = own[0].cell, own[0].node.lineno, own[0].inside
        question = f"why does `{name}` stand inside of `{around}`, where nobody can call it?"
        return Fault(name, cell, line, question)
    if own:  # it is defined where running the file did not come to
        return None
    tops = {each.node.name: each for each in spare}
    if near := difflib.get_close_matches(name, tops, 1, NEAR):
        top = tops[near[0]]
        question = f"is `{name}` the name that is meant, and not `{near[0]}`?"
        return Fault(name, top.cell, top.node.lineno, question)
    return Fault(name, 0, 0, f"there is no function `{name}`")


def _definitions(node: ast.AST, cell: int, inside: str = "") -> Iterator[_Defined]:
    """All functions and classes below a node, with what stands around each."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield _Defined(child, cell, inside)
            yield from _definitions(child, cell, child.name)
        else:
            yield from _definitions(child, cell, inside)


def _yields(node: ast.AST) -> Iterator[ast.expr]:
    """Every `yield` of a function itself."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            yield child
        if not isinstance(child, Definition | ast.Lambda):
            yield from _yields(child)
