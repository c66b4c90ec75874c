"""`inspect` and its like as a test sees them: of what is the answer's, its process is asked."""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import functools
import inspect
import io
import os
import sys
import typing
from collections.abc import Collection
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle

from gradekit.definitions import first_line_of
from gradekit.grading.handle import class_ref, is_handle
from gradekit.grading.originals.answer_modules import AnswerModule
from gradekit.grading.originals.borrowed import like
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


def views_that_ask(submission: SubmissionProxy) -> dict[str, ModuleType]:
    """Modules with functions that look into classes, functions and objects."""
    return {
        "inspect": inspecting(submission),
        "dataclasses": asking(submission, dataclasses, "asdict", "astuple", "fields", "replace"),
        "typing": asking(submission, typing, "get_type_hints"),
    }


def asking(submission: SubmissionProxy, real: ModuleType, *names: str) -> ModuleType:
    """A module like another, in which functions of these names look at handles where these live."""
    return like(real, {name: _asking(submission, getattr(real, name)) for name in names})


def _asking(submission: SubmissionProxy, real: Any) -> Any:
    @functools.wraps(real)
    def ask(*args: Any, **keywords: Any) -> Any:
        if not args or not is_handle(args[0]):
            return real(*args, **keywords)
        return submission.probe(call_there, real.__module__, real.__name__, args, keywords)

    return ask


def inspecting(submission: SubmissionProxy) -> ModuleType:
    """The module `inspect`, for tests that look at the source or the parameters of an answer."""
    module = asking(submission, inspect, "isabstract", "getfullargspec", "get_annotations")

    def getsource(value: Any) -> str:
        if isinstance(value, AnswerModule):
            return noted(submission, "\n".join(run_of(submission).submission.cells))
        if not is_handle(value):
            return inspect.getsource(value)
        # As it was handed in, where the value has a name there: in the answer's process `inspect`
        # gives whatever the answer has put in the place of its source.
        return handed_in(submission, value) or str(submission.probe(source_of, value))

    def signature(value: Any, **keywords: Any) -> inspect.Signature:
        if not is_handle(value):
            return inspect.signature(value, **keywords)
        wrapped = getattr(value, "__wrapped__", None)
        if isinstance(wrapped, FunctionType):  # the test's own, which the answer has decorated
            return inspect.signature(wrapped, **keywords)
        told = submission.probe(parameters_of, value)
        return inspect.Signature([parameter(*each) for each in told])

    vars(module).update(getsource=getsource, signature=signature, getmembers=members)
    return module


def members(value: Any, predicate: Any = None) -> list[tuple[str, Any]]:
    """`inspect.getmembers`; of the special methods of an answer's class, those that it defines.

    The class that stands for it here has others, which are handles' own.
    """
    if not is_handle(value):
        return inspect.getmembers(value, predicate)
    kind = value if isinstance(value, type) else type(value)
    own = {name: each for base in reversed(kind.__mro__) if is_handle(base) and class_ref(base)
           for name, each in vars(base).items()}  # fmt: skip
    found = {}
    for name in sorted({*dir(value)}):
        is_special = name.startswith("__") and name.endswith("__")
        if is_special and name in own:
            found[name] = own[name]
        elif not is_special:
            with contextlib.suppress(AttributeError):
                found[name] = getattr(value, name)
    return [(name, each) for name, each in found.items() if predicate is None or predicate(each)]


def handed_in(submission: SubmissionProxy, value: Any) -> str:
    """The text of a function or class that a test has taken from the answer by name, or ""."""
    run = run_of(submission)
    named = run.objects.named if run.objects is not None else {}
    names = [name for name, known in named.items() if known is value]
    found = ""
    for cell in run.submission.cells:
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.parse(cell).body:
                if getattr(node, "name", None) in names:
                    found = _lines_of(node, cell)  # the last one is what the name means
    return noted(submission, found)


def reading(submission: SubmissionProxy, names: Collection[str]) -> Any:
    """`open` for tests that read the answer's own file: as it was handed in, which is here.

    Args:
        names: How the test, and the answer, may call it.
    """
    real = builtins.open  # or what the test has put in its place

    def opening(file: Any, mode: str = "r", *args: Any, **keywords: Any) -> Any:
        if isinstance(file, str | os.PathLike) and mode in ("r", "rt"):
            place, name = os.path.split(os.fspath(file))
            is_here = place in ("", os.getcwd())  # noqa: PTH109
            if name in names and is_here and not os.path.exists(file):  # noqa: PTH110
                return io.StringIO(
                    noted(submission, "\n".join(run_of(submission).submission.cells))
                )
        return real(file, mode, *args, **keywords)

    return opening if real is io.open else real


def noted(submission: SubmissionProxy, text: str) -> str:
    """A text of the answer's that did not come as a reply, and may not be run all the same."""
    run = run_of(submission)
    # An answer with equal replies and another text may be judged otherwise.
    run.state.asked = None
    if (texts := getattr(run.objects, "texts", None)) is not None:
        texts.note(text)
    return text


def _lines_of(node: Any, text: str) -> str:
    return "".join(text.splitlines(keepends=True)[first_line_of(node) - 1 : node.end_lineno])


def call_there(answer: Any, module: str, name: str, args: Any, keywords: Any) -> Any:
    """Runs in the worker."""
    import importlib

    return getattr(importlib.import_module(module), name)(*args, **keywords)


def parameter(name: str, kind: int, default: Any) -> inspect.Parameter:
    """A parameter as it was told: with a default in a tuple, or none."""
    kinds = [
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    ]
    given = default[0] if default else inspect.Parameter.empty
    return inspect.Parameter(name, kinds[kind], default=given)


def source_of(answer: Any, value: Any) -> str:
    """Runs in the worker: the text of a function or class."""
    import inspect as looking

    return looking.getsource(value)


def parameters_of(answer: Any, value: Any) -> list[tuple[str, int, Any]]:
    """Runs in the worker: the parameters of a function."""
    import inspect as looking

    return [
        (each.name, int(each.kind), () if each.default is each.empty else (each.default,))
        for each in looking.signature(value).parameters.values()
    ]
