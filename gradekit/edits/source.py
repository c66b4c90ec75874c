"""A source text and its tree: where each part stands, and what surrounds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from gradekit.errors import KitError

MAGIC = re.compile(r"^([ \t]*)([%!?].*)$", re.MULTILINE)
CHARACTERS = 200_000  # of one cell; beyond, looking for edits takes too long
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.comprehension)
ATOMS = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Tuple, ast.Dict)
WITHOUT_EFFECT = (ast.Name, ast.Attribute, ast.BinOp, ast.Compare, ast.Subscript)  # alone in a line


class Edit(NamedTuple):
    """One small change: `text` instead of what stands from `start` to `end`, in characters.

    Weights are judged, not measured. Only the order that they make matters: `edits_of` sorts by
    them, `explain.order` moves some forward; `benchmarks/explain.py` says what an order is worth.
    """

    start: int
    end: int
    text: str
    line: int  # of the first character that changes, from 1
    function: str  # in which it stands; empty at the top level
    change: str  # what kind of change, as a question
    weight: float  # how likely such a change is what a wrong answer needs
    replaces: bool = False  # whether it takes a whole statement away or puts one in
    cell: int = 0  # of a notebook, from 0

    def applied(self, source: str) -> str:
        """The source with the change made."""
        return source[: self.start] + self.text + source[self.end :]


def changed_lines(old: list[str], new: list[str]) -> tuple[int, list[str], list[str]]:
    """What differs, without the lines that both share before and after it.

    Returns:
        How many lines they share before it, and the lines of each that differ.

    Example:
        >>> changed_lines(["a", "b", "c"], ["a", "x", "y", "c"])
        (1, ['b'], ['x', 'y'])
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, old[start : len(old) - end], new[start : len(new) - end]


class Source:
    """A parsed source text."""

    def __init__(self, text: str) -> None:
        """Parse a text; lines that are IPython's alone count as nothing.

        Raises:
            KitError: it is no Python, or too long.
        """
        if len(text) > CHARACTERS:
            raise KitError(f"it has more than {CHARACTERS:,} characters")
        self.text = text
        try:
            # As long as before: every place in the tree is a place in the text as it was.
            self.tree = ast.parse(MAGIC.sub(_as_nothing, text))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise KitError(f"it is no valid Python ({type(error).__name__})") from None
        self._starts = [0]
        # As Python counts lines: one ends with \n, \r\n or \r. `splitlines` knows other ends.
        self._lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.parents: dict[ast.AST, ast.AST] = {}
        self.functions: dict[ast.AST, str] = {}  # the name of what each node stands in
        self.around: dict[ast.AST, ast.AST | None] = {}  # the innermost function around it
        self._scopes: dict[ast.AST | None, list[str]] = {}  # the names known in each function
        self._look_around()

    def _look_around(self) -> None:
        # By hand and not by a visitor: a stranger's tree may be deeper than Python's stack.
        waiting: list[tuple[ast.AST, str, ast.AST | None]] = [(self.tree, "", None)]
        while waiting:
            node, name, function = waiting.pop()
            self.functions[node], self.around[node] = name, function
            inside, inner = name, function
            if isinstance(node, FUNCTIONS):
                inner = node
                if function is None:  # checks name functions of the top level and methods
                    inside = f"{name}.{node.name}" if name else node.name
                self.functions[node] = inside
            elif isinstance(node, ast.ClassDef) and function is None:
                inside = f"{name}.{node.name}" if name else node.name
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                waiting.append((child, inside, inner))

    def start(self, node: ast.AST) -> int:
        """Where a node begins, in characters."""
        return self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where it ends."""
        return self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _offset(self, line: int, column: int) -> int:
        """Columns count UTF-8 bytes in Python's trees."""
        text = self._lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode("utf-8", "ignore"))
        return self._starts[line - 1] + column

    def line_at(self, offset: int) -> int:
        """The number of the line in which a character stands."""
        low, high = 0, len(self._lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= offset else (low, middle)
        return low + 1

    def line_start(self, line: int) -> int:
        """Where a line begins."""
        return self._starts[line - 1]

    def code(self, node: ast.AST) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def atom(self, node: ast.AST) -> str:
        """The text of a node, in parentheses where something is to stand beside it."""
        text = self.code(node)
        is_atom = isinstance(node, ATOMS) or (
            isinstance(node, ast.Constant) and not text.startswith("-")
        )
        return text if is_atom else f"({text})"

    def edit(
        self, start: int, end: int, text: str, node: ast.AST, change: str, weight: float
    ) -> Edit:
        """A change of some characters that belong to `node`."""
        old = self.text[start:end]
        # The line is that of the first character that differs: of a call over five lines, the one
        # with the argument. Blanks that both begin with do not count, or an end of line among them
        # would make it the next line.
        same = 0
        while same < min(len(old), len(text)) and old[same] == text[same]:
            same += 1
        while same and (old[same - 1].isspace() or text[same - 1].isspace()):
            same -= 1
        line = self.line_at(start + same)
        return Edit(start, end, text, line, self.functions[node], change, weight)

    def replaced(self, node: ast.AST, text: str, change: str, weight: float) -> Edit:
        """The change of a node's text."""
        return self.edit(self.start(node), self.end(node), text, node, change, weight)

    def exchanged(
        self, first: ast.AST, second: ast.AST, node: ast.AST, change: str, weight: float
    ) -> Edit:
        """Two parts of `node` in one another's place; what stands between them stays."""
        middle = self.text[self.end(first) : self.start(second)]
        text = self.code(second) + middle + self.code(first)
        return self.edit(self.start(first), self.end(second), text, node, change, weight)

    def statements(self) -> Iterator[tuple[list[ast.stmt], int, ast.stmt]]:
        """Each statement with the block that it stands in and its place there."""
        for node in ast.walk(self.tree):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    for place, statement in enumerate(block):
                        yield block, place, statement

    @cached_property
    def idle_lines(self) -> set[int]:
        """The lines of statements that do nothing: a call without its function, say."""
        return {
            line
            for _, _, each in self.statements()
            if isinstance(each, ast.Expr) and isinstance(each.value, WITHOUT_EFFECT)
            for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)
        }

    @cached_property
    def numbers(self) -> list[int | float]:
        """The numbers that are written in the functions, each once, in order of appearance."""
        found: dict[int | float, None] = {}
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
                and self.around.get(node) is not None
            ):
                found[node.value] = None
        return [*found]

    @cached_property
    def attributes(self) -> list[str]:
        """The attributes that methods give `self`, in order of appearance."""
        found: dict[str, None] = {}
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
                continue
            if self.code(node.value) == "self":
                found[node.attr] = None
        return [*found]

    @cached_property
    def methods(self) -> set[str]:
        """The names of all functions of the file, be they methods or not."""
        return {node.name for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)}

    @cached_property
    def keys(self) -> list[str]:
        """The texts with which dicts are made or asked, in order of appearance."""
        found: dict[str, None] = {}
        for node in ast.walk(self.tree):
            keys = [node.slice] if isinstance(node, ast.Subscript) else []
            keys += [each for each in node.keys if each] if isinstance(node, ast.Dict) else []
            for key in keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found[key.value] = None
        return [*found]

    @cached_property
    def unused(self) -> dict[str, set[str]]:
        """The names that each function binds and never asks for, with attributes of `self`.

        What was forgotten, or taken for something else, often leaves one behind.
        """
        bound: dict[str, set[str]] = {}
        asked: dict[str, set[str]] = {}
        for node in ast.walk(self.tree):
            place = self.functions[node]
            if isinstance(node, ast.arg):
                bound.setdefault(place, set()).add(node.arg)
            elif isinstance(node, ast.Name):
                known = bound if isinstance(node.ctx, ast.Store) else asked
                known.setdefault(place, set()).add(node.id)
        every = (node for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))
        used = {node.attr for node in every if isinstance(node.ctx, ast.Load)}
        idle = {*self.attributes} - used
        return {
            place: (names - asked.get(place, set()) - {"self", "_"}) | idle
            for place, names in bound.items()
            if place
        }

    @cached_property
    def outer_names(self) -> list[str]:
        """What is known outside of all functions: imports, definitions, constants, what is used."""
        found: dict[str, None] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.alias):  # also within a function: nobody minds one too many
                found[(node.asname or node.name).partition(".")[0]] = None
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                found[node.name] = None
            elif isinstance(node, ast.Name) and self.around[node] is None:
                found[node.id] = None
        return [*found]

    @cached_property
    def loop_names(self) -> list[str]:
        """The variables of loops, in order of appearance: what is often an index."""
        loops = (each for each in ast.walk(self.tree) if isinstance(each, LOOPS))
        names = (each for loop in loops for each in ast.walk(loop.target))
        return [*dict.fromkeys(each.id for each in names if isinstance(each, ast.Name))]

    def names_in_scope(self, node: ast.AST) -> list[str]:
        """Parameters and variables of the functions around a node, in order of appearance."""
        function = self.around[node]
        if function not in self._scopes:
            self._scopes[function] = self._names_of(function)
        return [*self._scopes[function]]

    def _names_of(self, function: ast.AST | None) -> list[str]:
        found: dict[str, None] = {}
        while function is not None:
            for inner in ast.walk(function):
                if isinstance(inner, ast.arg):
                    found[inner.arg] = None
                elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    found[inner.id] = None
            function = self.around.get(self.parents[function])
        found.pop("self", None)
        return [*found]

    def names_near(self, node: ast.AST, most: int) -> list[str]:
        """Of the names in scope those that are used nearest to a node, in order of appearance."""
        scope = self.names_in_scope(node)
        if len(scope) <= most:
            return scope
        line = getattr(node, "lineno", 1)
        far = {name: min(abs(line - at) for at in self._lines_of_names[name]) for name in scope}
        near = sorted(scope, key=lambda name: far[name])[:most]
        return [name for name in scope if name in near]

    @cached_property
    def _lines_of_names(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.arg):
                name = node.id if isinstance(node, ast.Name) else node.arg
                found.setdefault(name, set()).add(node.lineno)
        return found


def _as_nothing(match: re.Match[str]) -> str:
    """A statement that does nothing, as long as what stood there."""
    indent, magic = match[1], match[2]
    return f"{indent}0{' ' * (len(magic) - 1)}"
