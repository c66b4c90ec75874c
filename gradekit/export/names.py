"""Which statements of a file or notebook belong to a function: those it needs to run."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Sequence
from typing import NamedTuple


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
