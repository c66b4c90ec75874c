"""`doctest` for a test that runs the examples in the answer's docstrings: they run where it lives.

So the answer itself says whether they hold.
"""

from __future__ import annotations

import doctest
import sys
from types import ModuleType
from typing import Any

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.originals.borrowed import like
from gradekit.grading.originals.surroundings import ask_in_surroundings
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


def examining(submission: SubmissionProxy, modules: set[str]) -> ModuleType:
    """The module `doctest`, for a test of an answer that it calls by one of `modules`."""

    def ask(function: Any, *args: Any) -> Any:
        objects = run_of(submission).objects
        if objects is not None:
            objects.used.add("judged")
        return ask_in_surroundings(submission, function, args, "doctest")

    def testmod(m: Any = None, *args: Any, **keywords: Any) -> doctest.TestResults:
        name = getattr(m, "__name__", "")
        if name not in modules:
            return doctest.testmod(m, *args, **keywords)
        return doctest.TestResults(*ask(examples_of_module, name, args, keywords))

    def run_docstring_examples(f: Any, globs: Any, *args: Any, **keywords: Any) -> None:
        if is_handle(f):
            ask(examples_of_object, f, args, keywords)
        else:
            doctest.run_docstring_examples(f, globs, *args, **keywords)

    own = {"testmod": testmod, "run_docstring_examples": run_docstring_examples}
    return like(doctest, own)


def examples_of_module(answer: Any, name: str, args: Any, keywords: Any) -> list[int]:
    """Runs in the worker: how many examples failed, and how many there are."""
    import doctest as examples
    import importlib
    import sys as system

    namespace = answer.namespace
    is_part = namespace["__name__"] != name and name in system.modules
    module = importlib.import_module(name if is_part else namespace["__name__"])
    return [*examples.testmod(module, *args, **keywords)]


def examples_of_object(answer: Any, value: Any, args: Any, keywords: Any) -> None:
    """Runs in the worker: prints what does not hold."""
    import doctest as examples

    examples.run_docstring_examples(value, {**answer.namespace}, *args, **keywords)
