"""Small mechanical changes to a solution, each of which its grader ought to notice.

cosmic-ray has the classic operators (arithmetic, comparison, constants, negation). What
goes wrong in array code beside those is added here: keywords left out of calls,
swapped arguments, dropped statements. Annotations and docstrings are no behaviour.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from types import CodeType
from typing import NamedTuple

from gradekit.edits.source import changed_lines
from gradekit.errors import KitError

# cosmic-ray's own, each turning one thing into another that a person might write instead.
OPERATORS = """
    NumberReplacer ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd
    ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add ReplaceBinaryOperator_Mul_Div
    ReplaceBinaryOperator_Div_Mul ReplaceBinaryOperator_Pow_Mul ReplaceBinaryOperator_FloorDiv_Div
    ReplaceBinaryOperator_Mod_Mul ReplaceBinaryOperator_BitAnd_BitOr
    ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_LtE_Lt
    ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_GtE_Gt
    ReplaceComparisonOperator_Lt_GtE ReplaceComparisonOperator_Gt_LtE
    ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq
    ReplaceComparisonOperator_Is_IsNot ReplaceComparisonOperator_IsNot_Is
    ReplaceUnaryOperator_Delete_USub ReplaceUnaryOperator_Delete_Not
    ReplaceUnaryOperator_Delete_Invert AddNot ZeroIterationForLoop ReplaceBreakWithContinue
""".split()


class Mutant(NamedTuple):
    """One change: the lines it touches, stripped, before and after, and the whole source.

    `line` is where it begins, counted from 1; texts alone may be equal in several places.
    """

    before: str
    after: str
    line: int
    source: str


def require_operators() -> None:
    """Make sure that there are operators to mutate with.

    Raises:
        KitError: cosmic-ray is not installed.
    """
    if find_spec("cosmic_ray") is None:
        raise KitError(
            "Mutants need cosmic-ray: `pip install 'gradekit[author]'`.\n"
            "To prove the rest without it, type `kit verify --no-mutants`."
        )


def mutants_of(source: str) -> Iterator[Mutant]:
    """All different mutants of a source text, in a fixed order."""
    # Different sources may behave alike (a comment, an annotation): graded once, counted once.
    seen = {_behaviour(source)}
    for mutated in (*_by_cosmic_ray(source), *_by_calls(source), *_without_statements(source)):
        try:
            behaviour = _behaviour(mutated)
        except SyntaxError:
            continue
        if behaviour not in seen:
            seen.add(behaviour)
            yield Mutant(*_difference(source, mutated), mutated)


def _by_cosmic_ray(source: str) -> Iterator[str]:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        occurrence = 0
        while (mutated := mutate_code(source, operator, occurrence)) is not None:
            yield mutated
            occurrence += 1


def _by_calls(source: str) -> Iterator[str]:
    """Each keyword argument left out, each pair of neighbouring arguments swapped."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        parts = [ast.get_source_segment(source, part) or "" for part in node.args]
        keywords = [ast.get_source_segment(source, keyword) or "" for keyword in node.keywords]
        function = ast.get_source_segment(source, node.func)
        for position in range(len(keywords)):
            rest = keywords[:position] + keywords[position + 1 :]
            yield _replaced(source, node, f"{function}({', '.join(parts + rest)})")
        for position in range(len(parts) - 1):
            swapped = parts.copy()
            swapped[position : position + 2] = reversed(swapped[position : position + 2])
            yield _replaced(source, node, f"{function}({', '.join(swapped + keywords)})")


def _without_statements(source: str) -> Iterator[str]:
    """Each statement inside a function replaced by `pass`."""
    for node in ast.walk(ast.parse(source)):
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            # Only blocks: `a if b else c` has a `body` as well, which is an expression.
            if isinstance(node, ast.Module) or not isinstance(body, list):
                continue
            for statement in body:
                if not (isinstance(statement, ast.Expr) and _is_text(statement.value)):
                    yield _replaced(source, statement, "pass")


def _replaced(source: str, node: ast.expr | ast.stmt, text: str) -> str:
    """`source` with the text of `node` replaced; positions count UTF-8 bytes in their line."""
    lines = source.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    head = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    tail = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(lines[node.end_lineno :])
    return (head + text.encode() + tail).decode()


def _behaviour(source: str) -> str:
    """The syntax tree without annotations and docstrings, which do nothing.

    Nor does what stands under `if __name__ == "__main__"`, where nothing is run as a script.
    """
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if not _asks_for_script(each)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.Expr) and _is_text(node.value):
            node.value = ast.Constant("")
    return ast.dump(tree)


def _asks_for_script(statement: ast.stmt) -> bool:
    asked = ast.walk(statement.test) if isinstance(statement, ast.If) else ()
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in asked)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_same_code(source: str, mutated: str) -> bool:
    """Whether both compile to the same code: such a mutant is none, and nothing could catch it."""
    return _bare_code(compile(source, "", "exec")) == _bare_code(compile(mutated, "", "exec"))


def _bare_code(code: CodeType) -> tuple[object, ...]:
    """All of a code object that decides what it does; not its lines."""
    constants = (_bare_code(c) if isinstance(c, CodeType) else (type(c), repr(c))
                 for c in code.co_consts)  # fmt: skip
    return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
            code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags,
            code.co_exceptiontable, *constants)  # fmt: skip


def _difference(source: str, mutated: str) -> tuple[str, str, int]:
    """The lines that differ, without what both texts share before and after, and the first."""
    start, *pair = changed_lines(source.splitlines(), mutated.splitlines())
    before, after = (" ".join(line.strip() for line in lines) for lines in pair)
    return before, after, start + 1
