"""Which edits of an answer may help where a check fails, and which of them are likelier."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Collection, Mapping, Sequence

from gradekit.edits.source import Edit, Source
from gradekit.edits.values import NOTHING
from gradekit.errors import KitError
from gradekit.report import Check

Place = tuple[int, int]  # a cell, from 0, and a line of it
WAYS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
GOT_NOTHING = re.compile(r"got (?:None|a NoneType)\b")
# A name that has no value, and the line that asks for it.
STOPPED = re.compile(r"(?:NameError|UnboundLocalError)\b[^']*'(\w+)'.*?\(line (\d+)", re.DOTALL)
RAISED_AT = re.compile(r"\(line (\d+)")  # in the text of an exception
# How much likelier an edit is where the failure has to do with what it changes: in the line that
# raised, a copy where an argument was changed in place, an axis where a shape is wrong.
IN_RAISING_LINE, GIVES_RAISING_LINE, GIVES_BEFORE, IN_KIND = 3.0, 1.7, 1.3, 2.0
DOUBTFUL = 0.5  # where not all failing checks run the line
COPIES, OF_COPIES = (".copy()", ".clone()"), 6.0
OF_NOTHING = 4.0  # another value for a None, where None was asked for something
ABOUT = {
    "shape": ("axis", "index"),
    "dtype": ("dtype", "type"),
    "type": ("type", "method", "function"),
    "not raised": ("condition", "comparison"),
}
# Exceptions that tell of a wrong shape.
OF_SHAPE = re.compile(r"\b(shapes?|sizes?|dimensions?|broadcast|axis|axes|reshape)\b")


def likelihood(
    edit: Edit,
    key: Check,
    is_doubtful: bool,
    related: Mapping[Place, Mapping[int, float]],
) -> float:
    """The weight of an edit, and more where it has to do with how the check failed.

    Args:
        is_doubtful: It is in a line that not all failing checks run.
        related: As `related_of` gives it.
    """
    raised = RAISED_AT.search(key.told) if key.kind.startswith("raised") else None
    weight = edit.weight * (DOUBTFUL if is_doubtful else 1.0)
    if raised is not None:
        at = int(raised[1])
        others = related.get((edit.cell, at), {})
        weight *= IN_RAISING_LINE if edit.line == at else others.get(edit.line, 1.0)
    if edit.change == NOTHING and "NoneType" in key.told:
        weight *= OF_NOTHING
    kind = "shape" if raised is not None and OF_SHAPE.search(key.told) else key.kind
    if any(word in edit.change for word in ABOUT.get(kind, ())):
        weight *= IN_KIND
    if key.kind == "changed" and not edit.replaces and any(c in edit.text for c in COPIES):
        weight *= OF_COPIES
    return weight


def may_help(edit: Edit, key: Check, open_ends: Mapping[str, Collection[Place]] = {}) -> bool:
    """Whether an edit can help.

    Where a name has no value, it gives it one, or stands there. Where a function may end without
    a `return` and gave None, it puts one in, or changes which way the function takes.

    Args:
        open_ends: As `open_ends_of` gives it.
    """
    if key.function in open_ends and GOT_NOTHING.search(key.told):
        return "return" in edit.text or (edit.cell, edit.line) in open_ends[key.function]
    stopped = STOPPED.search(key.told)
    return stopped is None or stopped[1] in edit.text or edit.line == int(stopped[2])


def open_ends_of(cells: Sequence[str]) -> dict[str, set[Place]]:
    """Of each function that may end without a `return`, the places where it takes a way."""
    found: dict[str, set[Place]] = {}
    for number, text in enumerate(cells):
        with contextlib.suppress(KitError):
            source = Source(text)
            for _, _, each in source.statements():
                if isinstance(each, ast.FunctionDef) and _goes_on(each.body):
                    ways = (node for node in ast.walk(each) if isinstance(node, WAYS))
                    lines = {
                        line for node in ways for line in range(node.lineno, _head_end(node) + 1)
                    }
                    found[source.functions[each]] = {(number, line) for line in lines}
    return found


def _goes_on(block: Sequence[ast.stmt]) -> bool:
    """Whether what comes after a block may be reached."""
    last = block[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return False
    if isinstance(last, ast.If):
        return not last.orelse or _goes_on(last.body) or _goes_on(last.orelse)
    if isinstance(last, ast.With):
        return _goes_on(last.body)
    if isinstance(last, ast.Try):
        ends = [last.orelse or last.body, *(each.body for each in last.handlers)]
        return any(map(_goes_on, ends)) and (not last.finalbody or _goes_on(last.finalbody))
    is_endless = isinstance(last, ast.While) and isinstance(last.test, ast.Constant)
    return not is_endless


def runs(edit: Edit, lines: frozenset[Place], spans: list[dict[int, tuple[int, int]]]) -> bool:
    """Whether what an edit changes ran, as far as anybody knows."""
    if not lines or not edit.function:
        return True
    first, last = spans[edit.cell].get(edit.line, (edit.line, edit.line))
    return any((edit.cell, line) in lines for line in range(first, last + 1))


def related_of(cells: Sequence[str]) -> dict[Place, dict[int, float]]:
    """From each line to others where the fault may be when it raises, each with how much likelier.

    An answer that raises an error of its own where it should not asks the wrong question: the
    condition around a `raise`. Any other line may have been given a wrong value: the lines that
    give its names one, and those that give one to the names there.
    """
    found: dict[Place, dict[int, float]] = {}
    for number, text in enumerate(cells):
        with contextlib.suppress(KitError):
            source = Source(text)
            given = _given(source)
            for _, _, each in source.statements():
                parent, place = source.parents[each], (number, each.lineno)
                if isinstance(each, ast.Raise) and isinstance(parent, ast.If):
                    found[place] = {parent.lineno: IN_RAISING_LINE}
                elif not isinstance(each, ast.FunctionDef | ast.ClassDef):
                    around = source.around[each]
                    lines = {line for name in _used(each) for line in given.get((around, name), ())}
                    found[place] = dict.fromkeys(lines - {each.lineno}, GIVES_RAISING_LINE)
    return {place: _with_those_before(place, found) for place in found}


def _with_those_before(
    place: Place, related: Mapping[Place, Mapping[int, float]]
) -> dict[int, float]:
    """What `place` is related to, and lines that give the names there a value."""
    cell, own = place
    before = {line for near in related[place] for line in related.get((cell, near), ())}
    return {**dict.fromkeys(before - {own}, GIVES_BEFORE), **related[place]}


def _used(statement: ast.stmt) -> set[str]:
    """The names that a statement, or its head, asks for."""
    heads = ("test", "iter", "items")
    parts = [getattr(statement, name) for name in heads if hasattr(statement, name)]
    nodes = [part for each in parts for part in (each if isinstance(each, list) else [each])]
    walked = (node for part in nodes or [statement] for node in ast.walk(part))
    return {each.id for each in walked if isinstance(each, ast.Name)}


def _given(source: Source) -> dict[tuple[ast.AST | None, str], set[int]]:
    """The lines at which each function gives each of its names a value."""
    found: dict[tuple[ast.AST | None, str], set[int]] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault((source.around[node], node.id), set()).add(node.lineno)
    return found


def spans_of(text: str) -> dict[int, tuple[int, int]]:
    """From each line to the first and last line of the statement, or its head, it stands in."""
    found: dict[int, tuple[int, int]] = {}
    try:
        source = Source(text)
    except KitError:
        return found
    for node in ast.walk(source.tree):  # outer ones first
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        for line in range(node.lineno, node.end_lineno + 1):
            found[line] = node.lineno, _head_end(node)
    return found


def _head_end(node: ast.stmt) -> int:
    body: list[ast.stmt] = getattr(node, "body", [])
    return max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
