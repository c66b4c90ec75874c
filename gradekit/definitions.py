"""What a file or notebook defines, and which of its statements a function needs to run."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Names(NamedTuple):
    """What a statement at the top of a module takes from its module, and what it gives."""

    used: set[str]
    bound: set[str]


def names_in(statement: ast.stmt) -> Names:
    """The global names of a statement; names that are local to its functions do not count."""
    table = symtable.symtable(ast.unparse(statement), "<statement>", "exec")
    bound = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }
    return Names(_used(table), bound)


def _used(table: symtable.SymbolTable) -> set[str]:
    at_top = table.get_type() == "module"
    used = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (at_top or symbol.is_global())
    }
    return used.union(*map(_used, table.get_children()))


def needed_by(wanted: set[str], statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements that define `wanted`, and what those need in their turn, in order."""
    names = [names_in(statement) for statement in statements]
    wanted = set(wanted)
    needed: set[int] = set()
    while True:
        new = {n for n, each in enumerate(names) if each.bound & wanted} - needed
        if not new:
            return [statements[number] for number in sorted(needed)]
        needed |= new
        wanted |= set[str]().union(*(names[number].used for number in new))


def defined_in(body: Iterable[ast.stmt]) -> dict[str, Definition]:
    """The functions and classes that statements define, by name."""
    return {node.name: node for node in body if isinstance(node, Definition)}


def asked_for(stub: Path) -> dict[str, Definition]:
    """The functions and classes that the stub of an exercise asks for, by name.

    Raises:
        OSError: the file cannot be read.
        SyntaxError, ValueError: it is not Python.
    """
    return defined_in(ast.parse(stub.read_bytes()).body)


def first_line_of(statement: ast.stmt) -> int:
    """The line that a statement begins in, from 1: that of its first decorator, if it has any."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])
