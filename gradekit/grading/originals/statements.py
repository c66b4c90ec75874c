"""One statement of a test at a time, in names that it shares with the answer."""

from __future__ import annotations

import ast
import copy
from typing import Any

from gradekit.grading.originals.kept_parts import keeping

FORGET = "__forget_in_the_answer__"  # what `del name` becomes a call of


def run_statement(
    statement: ast.stmt, namespace: dict[str, Any], file: str, shared: set[str] | None = None
) -> Any:
    """Run a statement; the value, if it is an expression."""
    if shared is not None:
        # One `del a, b` may become several statements:
        # calls for shared names, `del` for the others.
        module = _Forgetting(shared).visit(ast.Module([statement], []))
        statements: list[ast.stmt] = ast.fix_missing_locations(module).body
        if len(statements) != 1:
            for each in statements:
                run_statement(each, namespace, file)
            return None
        (statement,) = statements
    if isinstance(statement, ast.Expr):
        return eval(compile(ast.Expression(statement.value), file, "eval"), namespace)
    # A copy: a test's statements are run once for each test that needs them.
    module = keeping(ast.Module([copy.deepcopy(statement)], []))
    exec(compile(module, file, "exec"), namespace)
    return None


class _Forgetting(ast.NodeTransformer):
    """Turns `del name` of a shared name into a call, outside functions and classes.

    `del` looks only in the namespace that it runs in, where the answer's names are not. Inside a
    function or class the name is a local one.
    """

    def __init__(self, shared: set[str]) -> None:
        self._shared = shared

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_Delete(self, node: ast.Delete) -> Any:
        kept, calls = [], []
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self._shared:
                called = ast.Call(ast.Name(FORGET, ast.Load()), [ast.Constant(target.id)], [])
                calls.append(ast.copy_location(ast.Expr(called), node))
            else:
                kept.append(target)
        if kept:
            calls.append(ast.copy_location(ast.Delete(kept), node))  # type: ignore[arg-type]
        return calls
