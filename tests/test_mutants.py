"""Mutants: every kind of small change is made, once, and nothing that changes no behaviour."""

from __future__ import annotations

import ast

import pytest

from gradekit.edits.mutants import mutants_of

# A line of a function, and changes of it that have to be among its mutants.
KINDS = {
    "arithmetic": ("return x + y", ["return x - y"]),
    "product": ("return x * y", ["return x / y"]),
    "quotient": ("return x / y", ["return x * y"]),
    "power": ("return x**y", ["return x*y"]),
    "whole_quotient": ("return x // y", ["return x / y"]),
    "bits": ("return x & y", ["return x | y"]),
    "order": ("return x < y", ["return x <= y", "return x >= y"]),
    "equality": ("return x == y", ["return x != y"]),
    "identity": ("return x is None", ["return x is not None"]),
    "constant": ("return x + 2", ["return x + 3", "return x + 1"]),
    "truth": ("return f(x, keepdims=True)", ["return f(x, keepdims=False)"]),
    "both": ("return x and y", ["return x or y"]),
    "sign": ("return -x", ["return x"]),
    "complement": ("return ~x", ["return x"]),
    "condition": ("return 1 if x else 2", ["return 1 if not x else 2"]),
    "left_out_keyword": ("return f(x, axis=y)", ["return f(x)"]),
    "one_of_two_keywords": ("return f(a=x, b=y)", ["return f(b=y)", "return f(a=x)"]),
    "swapped_arguments": ("return f(x, y, 'z')", ["return f(y, x, 'z')", "return f(x, 'z', y)"]),
    "default": ("def g(a = 0.5): return a", ["def g(a = 1.5): return a"]),
    "dropped_statement": ("x = f(x)", ["pass"]),
    "dropped_return": ("return x", ["pass"]),
}
PLAIN = '''"""A module's text with 3 numbers, 1 + 1."""
import numpy as np


def f(x: int = 2, y: "float | None" = None) -> np.ndarray:
    """Add 1 to `x`: not (a * b)."""
    # Only 1 of 2 comments.
    return x
'''


def changes(source: str) -> list[tuple[str, str]]:
    """What each mutant changes, with single spaces."""
    pairs = [(mutant.before, mutant.after) for mutant in mutants_of(source)]
    return [(" ".join(before.split()), " ".join(after.split())) for before, after in pairs]


@pytest.mark.parametrize("kind", KINDS)
def test_kind_of_change_is_made(kind: str) -> None:
    """Each kind of operator makes the mutants that it is there for, and says what it changed."""
    line, wanted = KINDS[kind]
    made = changes(f"def function(f, x, y):\n    {line}\n")
    assert {(line, each) for each in wanted} <= set(made)


def test_loops_are_emptied_and_ended_otherwise() -> None:
    """A loop is run no times, and `break` goes on instead."""
    made = changes("def f(x):\n    for each in x:\n        if each:\n            break\n")
    assert ("for each in x:", "for each in []:") in made
    assert ("break", "continue") in made


def test_dropped_block_goes_as_a_whole() -> None:
    """A statement of several lines is dropped with its body; both branches lose theirs, too."""
    made = changes("def f(x):\n    if x:\n        g(x)\n    else:\n        h(x)\n")
    assert ("if x: g(x) else: h(x)", "pass") in made
    assert ("g(x)", "pass") in made and ("h(x)", "pass") in made


def test_annotations_docstrings_and_comments_are_no_behaviour() -> None:
    """Only the default and the statement are worth changing in a file full of words."""
    header = 'def f(x: int = 2, y: "float | None" = None) -> np.ndarray:'
    assert changes(PLAIN) == [
        (header, header.replace("2", "3")),
        (header, header.replace("2", "1")),
        ("return x", "pass"),
    ]


def test_mutants_are_different_python_in_a_fixed_order() -> None:
    """All mutants parse, none behaves by its tree as another or the source, and order is kept."""
    source = PLAIN.replace("return x", "return np.sum(x * 2 + x * 2, axis=-1)")
    mutants = list(mutants_of(source))
    assert mutants == list(mutants_of(source))
    trees = {ast.dump(ast.parse(mutant.source)) for mutant in mutants}
    assert len(trees) == len(mutants) > 10
    assert ast.dump(ast.parse(source)) not in trees


def test_letters_beyond_ascii_do_not_shift_a_change() -> None:
    """Positions count bytes in Python's trees: what stands before a change may be any letter."""
    made = changes("def f(x):\n    σ = 'é–ü'; y = g('–é', x, axis=0)\n    return σ, y\n")
    before = "σ = 'é–ü'; y = g('–é', x, axis=0)"
    assert (before, before.replace(", axis=0", "")) in made
    assert (before, before.replace("'–é', x", "x, '–é'")) in made
