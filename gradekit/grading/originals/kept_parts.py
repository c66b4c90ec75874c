"""Plain `assert` statements of a test: what their parts were, for the message if one does not hold.

`assert total(x) == 3` says nothing of what `total(x)` was, and to ask again afterwards might get
another value. So the code of a test is compiled with its assertions changed: they keep the values
in names of their own, `assert (__kept_0__ := total(x)) == 3`, and do what they did before.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from gradekit.grading.handle import is_handle
from gradekit.grading.shown import as_code, numbers_in, show_apart

LOOKED_AT = 2  # arguments of a call: `np.allclose(got, expected)`
SOURCE_CHARACTERS = 60
NUMBERS = 20  # more of them are shown by their ends
VALUE_CHARACTERS = 200
NAME = "__kept_{}__"  # of a value; with underscores at its end a class does not change it


class Kept(NamedTuple):
    """A part of an assertion whose value is kept, under a number."""

    number: int
    source: str


class Part(NamedTuple):
    """One of the conditions that `and` joins: the condition itself, and what it is about."""

    whole: Kept
    sides: list[Kept]


class _Assertion:
    """Changes one assertion, and knows its parts."""

    def __init__(self, node: ast.Assert) -> None:
        self.parts: list[Part] = []
        self._count = 0
        test = node.test
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            test.values = [self._part(each) for each in test.values]
        else:
            node.test = self._part(test)

    def _kept(self, node: ast.expr) -> tuple[ast.expr, Kept]:
        kept = Kept(self._count, ast.unparse(node))
        self._count += 1
        name = ast.Name(NAME.format(kept.number), ast.Store())
        return ast.copy_location(ast.NamedExpr(name, node), node), kept

    def _part(self, node: ast.expr) -> ast.expr:
        source = ast.unparse(node)
        sides: list[Kept] = []

        def side(each: ast.expr) -> ast.expr:
            if not _says_something(each):
                return each
            made, kept = self._kept(each)
            sides.append(kept)
            return made

        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            right = node.comparators[0]
            node.left = side(node.left)
            if not sides or _names_a_variable(right):
                node.comparators = [side(right)]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = side(node.operand)
        elif isinstance(node, ast.Call):
            node.args = [side(a) if n < LOOKED_AT else a for n, a in enumerate(node.args)]
        made, whole = self._kept(node)
        self.parts.append(Part(whole._replace(source=source), sides))
        return made


def _says_something(node: ast.expr) -> bool:
    """Whether a reader cannot see the value from the source."""
    if isinstance(node, ast.Starred | ast.GeneratorExp | ast.Lambda | ast.Await | ast.NamedExpr):
        return False
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return True
    return False


def _names_a_variable(node: ast.expr) -> bool:
    """Whether an expression has a name that it does not only call, as `date(2024, 3, 4)` does."""
    called = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    return any(isinstance(each, ast.Name) and id(each) not in called for each in ast.walk(node))


class _Keeping(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> Any:
        if node.msg is not None:  # the author's own words
            return node
        count = sum(1 + len(part.sides) for part in _Assertion(node).parts)
        # Nothing is kept longer than that: a test may look at what lives on.
        names = [ast.Name(NAME.format(number), ast.Store()) for number in range(count)]
        forget = ast.Assign([*names], ast.Constant(...))
        return [node, ast.copy_location(forget, node)]


def keeping(tree: ast.Module) -> ast.Module:
    """The same code, changed in place, whose assertions keep the values of their parts."""
    return ast.fix_missing_locations(_Keeping().visit(tree))  # type: ignore[no-any-return]


def told_of(assertion: ast.Assert, names: Mapping[str, Any]) -> str:
    """What the parts of a failed assertion were, a line each; "" where there is nothing to say.

    Args:
        assertion: As it stands in the test.
        names: The local names where it failed.
    """
    if assertion.msg is not None:
        return ""
    node = copy.deepcopy(assertion)
    # The last condition that was looked at is the one that does not hold.
    made = [part for part in _Assertion(node).parts if _value(part.whole, names) is not ...]
    if not made:
        return ""
    kept = [(each.source, _value(each, names)) for each in (*made[-1].sides, made[-1].whole)]
    if isinstance(kept[-1][1], bool | np.bool_):  # which the message says already
        kept.pop()
    try:
        return "\n".join(_lines([(source, value) for source, value in kept if value is not ...]))
    except Exception:  # of an object of the test, which has a `repr` of its own
        return ""


def _value(kept: Kept, names: Mapping[str, Any]) -> Any:
    """What was kept, or `...`."""
    return names.get(NAME.format(kept.number), ...)


def _lines(sides: list[tuple[str, Any]]) -> list[str]:
    texts = [_text(value) for _, value in sides]
    if len(sides) == 2 and all(texts) and texts[0] == texts[1]:
        texts = [*show_apart(*(value for _, value in sides))]
    return [f"{source[:SOURCE_CHARACTERS]} is {text}" for (source, _), text in
            zip(sides, texts, strict=True) if text and text != source]  # fmt: skip


def _text(value: Any) -> str:
    """A value for a message; "" for what has a name only, and for objects of the answer."""
    if is_handle(value) or callable(value) or isinstance(value, ModuleType):
        return ""
    text = as_code(value) if numbers_in(value) <= NUMBERS else show_apart(value, None)[0]
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]}..."
