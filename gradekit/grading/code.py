"""Arguments that are written as code: generators and callables.

A value such as a NumPy generator or a function has no short form that a learner could paste
into Python. `Code` keeps the text that builds it, so that the text that is shown and the
value that is sent cannot differ.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np

MOST_FUNCTIONS = 256
_functions: dict[str, FunctionType] = {}  # by their text


class Code:
    """An argument that is built by evaluating `text`, anew for every call.

    The names `np`, `math`, and, where the text uses them, `torch` and `nn` are known to it.

    Example:
        >>> seed = Code("np.random.default_rng(3)")
        >>> seed
        np.random.default_rng(3)
        >>> built((seed, 2))[0].integers(10, size=2).tolist()
        [8, 0]
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled = compile(text, "<argument>", "eval")

    def build(self) -> Any:
        """The value itself, a new one each time; a function that can keep nothing is made once.

        Its pickle is then known as well: making one takes most of a millisecond.
        """
        if (known := _functions.get(self.text)) is not None:
            return known
        # A lambda's module is its `__name__`; without one cloudpickle would search all modules.
        names: dict[str, Any] = {"__name__": "__main__", "np": np, "math": math}
        if {"torch", "nn"} & {*self._compiled.co_names, *_names_inside(self._compiled)}:
            import torch

            names |= {"torch": torch, "nn": torch.nn}
        # The text is the grader's own, never a submission's, and is evaluated on the trusted side.
        value = eval(self._compiled, names)
        if isinstance(value, FunctionType) and _keeps_nothing(value):
            # Graders that put drawn numbers into the text would
            # fill it: a session lives for a whole class.
            if len(_functions) >= MOST_FUNCTIONS:
                _functions.clear()
            _functions[self.text] = value
        return value

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Code) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[type[Code], tuple[str]]:
        return Code, (self.text,)


def built(value: Any) -> Any:
    """`value` with every `Code` in it, also inside lists, tuples and dicts, built."""
    if isinstance(value, Code):
        return value.build()
    # A new list only where there is something to build: most arguments have none, and
    # each call of every check comes through here.
    if isinstance(value, list | tuple) and any(map(_holds_code, value)):
        return type(value)(map(built, value))
    if isinstance(value, dict) and any(map(_holds_code, value.values())):
        return {key: built(item) for key, item in value.items()}
    return value


def _keeps_nothing(function: FunctionType) -> bool:
    """Whether no call can leave anything for the next in a closure or a default."""
    return not (function.__closure__ or function.__defaults__ or function.__kwdefaults__)


def _holds_code(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_code, value))
    if isinstance(value, dict):
        return any(map(_holds_code, value.values()))
    return isinstance(value, Code)


def _names_inside(code: Any) -> set[str]:
    """The global names that nested functions of `code` use."""
    names: set[str] = set()
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= {*constant.co_names} | _names_inside(constant)
    return names
