"""Annotations that an answer sends: only names of types, because `typing` evaluates their text."""

import ast
from typing import Any

from gradekit.grading.raised import SubmissionError

# What type annotations consist of: none of these does anything when it is evaluated.
OF_TYPES = (
    ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List,
    ast.BinOp, ast.BitOr, ast.Load,
)  # fmt: skip


def check_annotations(told: Any, label: str) -> None:
    """Refuse annotations that are more than names of types.

    Raises:
        SubmissionError: there are such.
    """
    waiting = [*told.values()] if type(told) is dict else []
    while waiting:
        text = waiting.pop()
        if not isinstance(text, str):
            continue
        try:
            nodes = [*ast.walk(ast.parse(text, mode="eval"))]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # cannot be evaluated
        names = [n.attr for n in nodes if isinstance(n, ast.Attribute)]
        if not all(isinstance(n, OF_TYPES) for n in nodes) or any(n.startswith("_") for n in names):
            raise SubmissionError(f"{label} has annotations that are no types")
        # A string inside an annotation is evaluated as well.
        waiting += [n.value for n in nodes if isinstance(n, ast.Constant) and n.value != text]
