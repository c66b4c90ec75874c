"""How functions and classes of a grader travel to an answer: whole, and telling nothing.

What a probe is called, in which file it stands and what its docstring says would tell an
answer what it is tried on; one that reads the name of a callable needs no mathematics. So
functions, code and classes of ours go out under one name, without file, line or docstring.
What they compute can be read by anybody, so they hold inputs and no expected value.
"""

from __future__ import annotations

import io
import pickle
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from cloudpickle import Pickler

NAME = "f"
CLASS = "M"
MODULE = "grader"
SILENT = ("__doc__", "__firstlineno__", "__static_attributes__")


def pickled(value: Any) -> bytes:
    """`value` as bytes that a worker unpickles."""
    if isinstance(value, FunctionType) and value.__closure__ is None:
        return _pickled_function(value)
    return _pickled(value)


@lru_cache(maxsize=256)
def _pickled_function(function: FunctionType) -> bytes:
    """A probe is pickled once for all submissions: it takes milliseconds."""
    return _pickled(function)


def _pickled(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


class _Pickler(Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """cloudpickle's, which sends by value what cannot be imported elsewhere; without its names."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, FunctionType):
            # cloudpickle would fill the globals with the grader's name and path.
            self.globals_ref.setdefault(id(obj.__globals__), {"__name__": MODULE})
        elif isinstance(obj, CodeType):
            return self.dispatch_table[CodeType](_without_names(obj))
        reduced = super().reducer_override(obj)
        if isinstance(reduced, tuple) and len(reduced) > 2 and isinstance(reduced[2], tuple):
            if isinstance(obj, FunctionType):
                return _function(reduced)
            if isinstance(obj, type):
                return _class(reduced)
        return reduced


def _without_names(code: CodeType) -> CodeType:
    """The same code, from nowhere."""
    constants = code.co_consts
    if constants and isinstance(constants[0], str) and constants[0] not in code.co_names:
        documented = getattr(code, "co_flags", 0) & 0x4000000  # CO_HAS_DOCSTRING, Python 3.13
        if documented or not _uses_first_constant(code):
            constants = ("", *constants[1:])
    return code.replace(
        co_name=NAME, co_qualname=NAME, co_filename=MODULE, co_firstlineno=1, co_consts=constants
    )


def _uses_first_constant(code: CodeType) -> bool:
    """Whether constant 0 is more than a docstring."""
    import dis

    return any(
        step.arg == 0 and step.opname in ("LOAD_CONST", "RETURN_CONST", "KW_NAMES")
        for step in dis.get_instructions(code)
    )


def _function(reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    make, arguments, (attributes, slots), *rest = reduced
    slots = slots | {
        "__name__": NAME, "__qualname__": NAME, "__module__": MODULE, "__doc__": None,
        "__annotations__": {},
    }  # fmt: skip
    return (make, arguments, (attributes, slots), *rest)


def _class(reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    make, arguments, (attributes, slots), *rest = reduced
    # (metaclass, name, bases, {"__module__": ...}, identity, further)
    kind, _, bases, more, *identity = arguments
    more = {key: value for key, value in more.items() if key != "__doc__"}
    more = more | {"__module__": MODULE, "__qualname__": CLASS}
    attributes = {key: value for key, value in attributes.items() if key not in SILENT}
    attributes |= {"__module__": MODULE, "__qualname__": CLASS, "__annotations__": {}}
    return (make, (kind, CLASS, bases, more, *identity), (attributes, slots), *rest)
