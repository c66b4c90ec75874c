"""Whether an answer may keep something from one check to the next, as far as its code tells.

The examples of a docstring run natively once, one after the other. As checks each runs those before
it again, and what they have left behind in the answer would be there twice: a counter in a class, a
list in the module. Of such an answer each of these checks gets a new worker.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradekit.definitions import names_in

# Decorators that keep nothing, by their last names.
PLAIN = frozenset(
    "staticmethod classmethod property setter getter deleter abstractmethod dataclass overload "
    "total_ordering unique wraps contextmanager final override".split()
)
# Functions by which a name of the module, or of a class, may be bound anew.
BINDING = frozenset("globals vars setattr delattr exec eval".split())
# What a value may consist of that nobody can change.
FIXED = (
    ast.Constant, ast.Tuple, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Compare,
    ast.BoolOp, ast.JoinedStr, ast.FormattedValue, ast.operator, ast.unaryop, ast.cmpop,
    ast.boolop, ast.expr_context,
)  # fmt: skip


@lru_cache(100)
def may_keep(sources: tuple[str, ...]) -> bool:
    """Whether an answer of these sources may; one that cannot be parsed may."""
    try:
        body = [each for source in sources for each in ast.parse(source).body]
    except (SyntaxError, ValueError):
        return True
    own = {"cls", *(name for each in body for name in names_in(each).bound)}
    return any(map(_keeps, body)) or not own.isdisjoint(_changed(body))


def _keeps(statement: ast.stmt) -> bool:
    """Whether a statement of a module holds something that can change."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return False
        case ast.Assign() | ast.AnnAssign() | ast.Expr():  # also a docstring, or `main()`
            return statement.value is not None and not _is_fixed(statement.value)
        case ast.If():  # `if __name__ == "__main__":`
            return any(map(_keeps, [*statement.body, *statement.orelse]))
        case ast.ClassDef():
            # What stands in a class, a test may set too: `Account.interest = 0.05`.
            binds = any(isinstance(each, ast.Assign) for each in statement.body)
            return binds or not _is_plain(statement) or any(map(_keeps, statement.body))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            given = statement.args
            values = [*given.defaults, *filter(None, given.kw_defaults)]
            is_plain = _is_plain(statement) and all(map(_is_fixed, values))
            return not is_plain or any(map(_reaches_out, ast.walk(statement)))
    return True


def _is_fixed(value: ast.expr) -> bool:
    return all(isinstance(each, FIXED) for each in ast.walk(value))


def _is_plain(definition: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether none of its decorators keeps anything."""
    called = [d.func if isinstance(d, ast.Call) else d for d in definition.decorator_list]
    return all(getattr(each, "attr", getattr(each, "id", "")) in PLAIN for each in called)


def _reaches_out(node: ast.AST) -> bool:
    """Whether something in a function may bind a name of the module, or of a class."""
    match node:
        case ast.Global() | ast.Attribute(attr="__class__"):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in BINDING or (name == "type" and len(node.args) == 1)
    return False


def _changed(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """The names whose objects are changed anywhere: `x.y = 1`, `x[0] += 1`; a class by `cls`."""
    for node in (each for statement in statements for each in ast.walk(statement)):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            inner: ast.expr = node
            while isinstance(inner, ast.Subscript | ast.Attribute):
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield inner.id
