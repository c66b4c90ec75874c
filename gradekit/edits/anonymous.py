"""A source without its author: no comments, no docstrings, no name of the person who wrote it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

SHORTEST = 3  # letters of a name that are looked for: `x` and `li` are in every source
CHARACTERS = 100_000  # of a cell; a longer one is left out as well
WORD = re.compile(r"[^\W\d_]+")
PART = re.compile(r"[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")  # of an identifier: adaLovelace, ada_l


def anonymous(cells: Iterable[str], names: Iterable[str]) -> str:
    """The code of an answer, laid out anew, without what tells whose it was.

    Args:
        cells: Those that are no valid Python are left out.
        names: Of the author: names, logins, ids, in any form.
    Returns:
        "" where there is no code, or none that an honest author would write.
    """
    words = {
        word.casefold() for name in names for word in WORD.findall(name) if len(word) >= SHORTEST
    }
    statements: list[ast.stmt] = []
    for cell in cells:
        try:
            statements += ast.parse(cell).body if len(cell) <= CHARACTERS else []
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    try:
        tree = ast.Module([each for each in statements if not _is_aside(each)], [])
        _Anonymous(words, tree).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))
    except RecursionError:  # nested deeper than anybody writes
        return ""


def _is_aside(statement: ast.stmt) -> bool:
    """Whether it only talks, or only runs where the file is a program."""
    if isinstance(statement, ast.Expr):
        value = statement.value
        called = value.func if isinstance(value, ast.Call) else None
        return isinstance(value, ast.Constant) or getattr(called, "id", "") == "print"
    return isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)


class _Anonymous(ast.NodeTransformer):
    """Takes docstrings out, and gives what bears a name of the author another one."""

    def __init__(self, words: set[str], tree: ast.Module) -> None:
        self._words = words
        self._names: dict[str, str] = {}
        # Only what the file itself binds: somebody called Max does not change np.max.
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._hide(node.id)
        # The names at the top stay: checks call them, and the file has to run in the bank.
        top = {id(each) for each in tree.body}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and id(node) not in top:
                self._hide(node.name)

    def _hide(self, name: str) -> None:
        if self._words & {part.casefold() for part in PART.findall(name)}:
            self._names.setdefault(name, f"name_{len(self._names) + 1}")

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = [each for each in node.body if not _is_aside(each)] or [ast.Pass()]
            node.name = self._names.get(node.name, node.name)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            said = {word.casefold() for word in WORD.findall(node.value)}
            if said & self._words:
                return ast.copy_location(ast.Constant(""), node)
        return node
