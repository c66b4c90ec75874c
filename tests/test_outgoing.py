"""What goes out to an answer beside data tells nothing, and still computes the same."""

from __future__ import annotations

import pickle
import subprocess
import sys
import types
from collections.abc import Iterator

import cloudpickle
import pytest

from gradekit.grading.outgoing import neutral, pickled

GRADER = '''
"""A docstring of the module."""
import torch
from torch import nn

CALLS = 0
mask = 5


def tattling_helper(x):
    """A docstring of a helper."""
    global CALLS
    CALLS += 1
    return x * 2


class TattlingModel(nn.Module):
    """A docstring of a class."""

    kept = 3

    def __init__(self, size):
        """A docstring of a method."""
        super().__init__()
        self.mask = size
        self.linear = nn.Linear(size, size)

    def forward(self, x):
        class TattlingInside:
            """A docstring of a class within."""

            four = 4

            def five(self):
                return super().__init__() or self.four + 1

        tattling_local = tattling_helper(x)
        return tattling_local + TattlingInside().five() + mask

    @property
    def doubled(self):
        """A docstring of a property."""
        return 2 * self.kept

    @classmethod
    def of_class(cls):
        return cls.kept


class TattlingSub(TattlingModel):
    def forward(self, x):
        return super().forward(x) + 1


class TattlingSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def tattling_factorial(n):
    return 1 if n < 2 else n * tattling_factorial(n - 1)


def tattling_probe(answer, x, *, key=3):
    """A docstring of a probe."""
    tattling = tattling_helper(x)

    def tattling_inside(y=tattling):
        """A docstring of a function within."""
        nonlocal tattling
        tattling += 1
        return [tattling for _ in range(2)]

    model = TattlingSub(2)
    at = torch.ones(2, requires_grad=True)
    TattlingSquare.apply(at).sum().backward()
    return (
        tattling_inside(), CALLS, tattling_factorial(5), model(1), model.doubled, model.mask,
        model.of_class(), at.grad.tolist(), key, (lambda s: s + tattling)(1), isinstance(model,
        TattlingModel), "text",
    )
'''


@pytest.fixture
def grader() -> Iterator[types.ModuleType]:
    """A module of a grader, registered as the plugin does it."""
    module = types.ModuleType("tattling_grader")
    module.__file__ = "/tattling/path.py"
    sys.modules[module.__name__] = module
    exec(compile(GRADER, module.__file__, "exec"), module.__dict__)
    cloudpickle.register_pickle_by_value(module)
    yield module
    cloudpickle.unregister_pickle_by_value(module)
    del sys.modules[module.__name__]


def test_nothing_tells_what_it_is_called(grader: types.ModuleType) -> None:
    """Names of functions, classes, variables, files and modules stay here, docstrings too."""
    sent = pickled(grader.tattling_probe).lower()
    assert b"tattling" not in sent and b"docstring" not in sent


def test_it_computes_the_same_elsewhere(grader: types.ModuleType) -> None:
    """super(), closures, globals, properties, torch's functions and modules work as before."""
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(None, 1))"
    sent = pickled(grader.tattling_probe)
    there = subprocess.run(
        [sys.executable, "-c", script], input=sent, capture_output=True, check=True
    )
    assert there.stdout.decode().strip() == str(grader.tattling_probe(None, 1))


def test_functions_share_their_globals(grader: types.ModuleType) -> None:
    """What one function counts in a global variable, another of the same pickle sees."""
    first, second = pickle.loads(pickled((grader.tattling_helper, grader.tattling_probe)))
    before = second(None, 1)[1]
    first(1)
    assert second(None, 1)[1] == before + 3  # its own two calls and that of `first`


def test_variables_asked_for_by_name_keep_theirs() -> None:
    """A function that calls locals() finds there what it put there."""

    def asks() -> list[str]:
        found = 1
        return sorted(locals()) if found else []

    assert pickle.loads(pickled(asks))() == ["found"]


def test_a_first_constant_that_is_used_is_no_docstring() -> None:
    """Only what no instruction loads is a docstring."""

    def documented() -> str:
        "the same text"
        return "the same text"

    assert pickle.loads(pickled(documented))() == "the same text"


def test_lines_are_one_line() -> None:
    """Every instruction lies on line 1."""
    code = neutral(test_lines_are_one_line.__code__).code
    assert {line for _, _, line in code.co_lines() if line} == {1}
