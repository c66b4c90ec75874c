"""`inspect` as a test sees it: of functions of the answer, the answer's process is asked."""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
from types import ModuleType
from typing import Any

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


def inspecting(submission: SubmissionProxy) -> ModuleType:
    """The module `inspect`, for tests that look at the source or the parameters of an answer."""
    module = ModuleType("inspect")
    vars(module).update(vars(inspect))

    def getsource(value: Any) -> str:
        if not is_handle(value):
            return inspect.getsource(value)
        # As it was handed in, where the value has a name there: in the answer's process `inspect`
        # gives whatever the answer has put in the place of its source.
        return handed_in(submission, value) or str(submission.probe(source_of, value))

    def signature(value: Any, **keywords: Any) -> inspect.Signature:
        if not is_handle(value):
            return inspect.signature(value, **keywords)
        told = submission.probe(parameters_of, value)
        return inspect.Signature([parameter(*each) for each in told])

    vars(module).update(getsource=getsource, signature=signature)
    return module


def handed_in(submission: SubmissionProxy, value: Any) -> str:
    """The text of a function or class that a test has taken from the answer by name, or ""."""
    run = run_of(submission)
    # The text is no reply: an answer with equal replies and another text may be judged otherwise.
    run.attempt.asked = None
    named = run.attempt.objects.named if run.attempt.objects is not None else {}
    names = [name for name, known in named.items() if known is value]
    found = ""
    for cell in run.cells:
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.parse(cell).body:
                if getattr(node, "name", None) in names:
                    found = _lines_of(node, cell)  # the last one is what the name means
    return found


def _lines_of(node: Any, text: str) -> str:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return "".join(text.splitlines(keepends=True)[first - 1 : node.end_lineno])


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
