"""`mock.create_autospec`, and `patch(..., autospec=True)`, of what is the answer's.

mock looks at each attribute of what it imitates, and at the parameters of functions. Of something
that stays in the answer's process, both are asked for there, and mock gets a skeleton of it: a
class or a function with nothing in it.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.originals.inspecting import parameter
from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

KINDS = {"static": staticmethod, "class": classmethod}


@contextlib.contextmanager
def autospecs(submission: SubmissionProxy) -> Iterator[None]:
    """In this block mock can imitate what is the answer's."""
    from unittest import mock

    real = mock.create_autospec

    def create_autospec(spec: Any, *args: Any, **keywords: Any) -> Any:
        if not is_handle(spec):
            return real(spec, *args, **keywords)
        made = real(skeleton(submission, spec), *args, **keywords)
        is_instance = isinstance(spec, type) and keywords.get("instance")
        if is_instance and isinstance(made, mock.NonCallableMock):
            made.__class__ = spec  # what `isinstance` is told
        return made

    mock.create_autospec = create_autospec
    try:
        yield
    finally:
        mock.create_autospec = real


def skeleton(submission: SubmissionProxy, value: Any) -> Any:
    """A class or function with the parameters and attributes of the answer's."""
    told = submission.probe(looks_of, value)
    name, own, parts = told
    if own is not None and not parts:
        return _function(name, *own)
    members: dict[str, Any] = {}
    for each, kind, looks in parts:
        function = None if looks is None else _function(each, *looks)
        members[each] = KINDS[kind](function) if kind in KINDS else function
    if own is not None:
        members["__init__"] = _function("__init__", *own)
    made = type(name, (), members)
    return made if isinstance(value, type) else made()


def _function(name: str, parameters: Any, is_coroutine: bool) -> FunctionType:
    """A function with those parameters, which does nothing."""

    def plain(*args: Any, **keywords: Any) -> None: ...

    async def coroutine(*args: Any, **keywords: Any) -> None: ...

    made: Any = coroutine if is_coroutine is True else plain
    made.__name__ = made.__qualname__ = name
    made.__signature__ = inspect.Signature([parameter(*each) for each in parameters])
    return made  # type: ignore[no-any-return]


def looks_of(answer: Any, value: Any) -> tuple[str, Any, list[Any]]:
    """Runs in the worker: a name, its parameters, and its attributes with kinds and parameters."""
    import inspect as looking

    def parameters(function: Any, with_self: bool = False) -> Any:
        try:
            found = [
                (each.name, int(each.kind), () if each.default is each.empty else (None,))
                for each in looking.signature(function).parameters.values()
            ]
        except (TypeError, ValueError):
            found = [("args", 2, ()), ("kwargs", 4, ())]
        first = [("self", 1, ())] if with_self else []
        return first + found, looking.iscoroutinefunction(function)

    if not isinstance(value, type) and callable(value) and hasattr(value, "__code__"):
        return value.__name__, parameters(value), []
    owner = value if isinstance(value, type) else type(value)
    parts: list[Any] = []
    for name in dir(value):
        if name.startswith("__") and name.endswith("__"):
            continue
        found = looking.getattr_static(value, name, None)
        kind = {staticmethod: "static", classmethod: "class"}.get(type(found), "")
        function = found.__func__ if kind else found
        parts.append((name, kind, parameters(function) if hasattr(function, "__code__") else None))
    own = parameters(value, with_self=True) if isinstance(value, type) else None
    return owner.__name__, own, parts
