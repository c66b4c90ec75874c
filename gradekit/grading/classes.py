"""The classes that stand in this process for classes of the answer.

Each is a real class, made anew and empty for each check, so that `isinstance`, `except` and
`pytest.raises` work with it.
"""

from __future__ import annotations

import functools
import types
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.grading.handle import (
    ANY_CLASS,
    METHODS,
    TEXTS,
    ClaimingClass,
    ClassRef,
    Handle,
    LiveClass,
    Ref,
    Requested,
    attribute,
    class_ref,
    operated,
    own_names,
    plain,
)
from gradekit.report import clean
from gradekit.sandbox import wire
from gradekit.sandbox.known import AS_ARRAY, OWN_WAYS, UNHASHABLE, VIEWED, known_classes

if TYPE_CHECKING:
    from gradekit.grading.objects import Objects

LABEL_CHARACTERS = 80
# A datetime is a date as well, so it comes first.
DATA: list[type] = [datetime, date, *(known_classes()[name] for name in VIEWED)]
# Methods by which tests compare containers. They are called on the data, in this process:
# `assertSetEqual` asks for the difference of two sets, and a set class of the answer could lie.
OF_SETS = frozenset(
    "difference union intersection symmetric_difference issubset issuperset isdisjoint".split()
)
PURE: dict[type, frozenset[str]] = {
    set: OF_SETS, frozenset: OF_SETS, dict: frozenset({"keys", "items", "values", "get"}),
    list: frozenset({"index", "count"}), tuple: frozenset({"index", "count"}),
}  # fmt: skip


def class_of(objects: Objects, kind: wire.Kind, bases: list[Any]) -> Any:
    """The class for a class of the answer, which the worker describes as `kind`."""
    name = clean(kind.name, LABEL_CHARACTERS)
    name = name if name.isidentifier() else "Object"
    own = [base for base in bases if isinstance(base, LiveClass)]
    known = [base for base in bases if not isinstance(base, LiveClass)]
    # A built-in exception class, so that `except ValueError` in the check catches it.
    if known and known[0].__name__ == name and issubclass(known[0], Exception):
        return known[0]
    chain = {name, *(each.__name__ for base in own for each in type.mro(base))}
    # Whether the solution has such a class; then what that class defines is part of the task.
    is_of_task = not objects.judged.keys().isdisjoint(chain)
    named = {*chain, ANY_CLASS}
    judged = frozenset(special for each in named for special in objects.judged.get(each, ()))
    data = _data_of(own, known)
    pure = frozenset() if is_of_task or data is None else PURE.get(data, frozenset())
    # What the worker knows by name stands among its own bases: a generator, or a pattern.
    library = known[0].__module__ if known and not own and known[0].__name__ == name else ""
    ways = frozenset(kind.special) & OWN_WAYS.keys()
    about = ClassRef(objects, kind.number, name, judged, data, pure, library, ways)
    namespace: dict[str, Any] = {
        "kit__class": about,
        "__module__": objects.home or "submission",
        "__doc__": Requested("__doc__"),
        "__annotations__": Requested("__annotations__"),
    }
    if errors := [base for base in bases if issubclass(base, Exception)]:
        return LiveClass(name, (*errors,), {**namespace, **ERROR_METHODS})
    if claim := _claim(name, own, known, is_of_task):
        namespace["kit__claim"] = claim
    return _class_of_handles(name, own, kind.special, namespace)


def _class_of_handles(
    name: str, own: list[Any], special: list[str], namespace: dict[str, Any]
) -> Any:
    """A class of handles, with those special methods of the answer's class that become requests."""
    judged = namespace["kit__class"].judged
    passed_on = [each for each in special if each != AS_ARRAY or each in judged]
    methods: dict[str, Any] = {each: METHODS[each] for each in passed_on if each in METHODS}
    methods["__hash__"] = None if UNHASHABLE in special else Handle.__hash__
    made = LiveClass(
        name,
        (*own,) or (Handle,),
        {**namespace, "__slots__": (), **methods},
    )
    if isinstance(claim := namespace.get("kit__claim"), ClaimingClass):
        type.__setattr__(claim, "kit__live", made)
    if namespace["kit__class"].data in TEXTS:  # Python reads digits of a real text only
        type.__setattr__(made, "__int__", lambda value: int(plain(value)))
        type.__setattr__(made, "__float__", lambda value: float(plain(value)))
        if "__radd__" not in methods:  # `"Hello, " + name`
            type.__setattr__(made, "__radd__", lambda value, other: plain(other) + plain(value))
    # Python has used it now; a check that reads `__slots__` means that of the answer's class.
    type.__delattr__(made, "__slots__")
    return made


def _data_of(own: list[Any], known: list[type]) -> type | None:
    """The built-in data type that a class with these bases is derived from."""
    for about in map(class_ref, own):
        if about is not None and about.data is not None:
            return about.data
    return next((data for base in known for data in DATA if issubclass(base, data)), None)


def _claim(name: str, own: list[Any], known: list[type], is_of_task: bool) -> type | None:
    """What `__class__` gives for an object whose class is derived from a library's, or None.

    `isinstance` believes it. The handle is not derived from that class, because then the methods of
    the library would run here, and the object is not here. An array is claimed only if the solution
    has such a class (`is_of_task`): `pytest.approx` and others would read the array's contents,
    which the answer could make up.
    """
    bases: list[type] = [each for each in known if is_of_task or each is not np.ndarray]
    claims = [own_names(base).get("kit__claim") for base in own]
    bases += [claim for claim in claims if claim is not None]
    if not bases:
        return None
    try:
        return types.new_class(name, (bases[0],), {"metaclass": _claiming(type(bases[0]))})
    except Exception:  # function, bool and a few others allow no subclass
        return bases[0]


@functools.cache
def _claiming(meta: type) -> type:
    """A metaclass for claims of classes that have the metaclass `meta`."""
    if issubclass(meta, ClaimingClass):
        return meta
    return type(meta.__name__, (ClaimingClass, meta), {})


def object_of(kind: Any, ref: Ref) -> Any:
    """A handle, or an exception, of a class made by `class_of`."""
    if issubclass(kind, BaseException):
        # Without __init__, whose arguments are in the answer's process.
        error = kind.__new__(kind)
        error.__dict__["kit__ref"] = ref
        return error
    if not isinstance(kind, LiveClass):
        raise wire.Malformed("an object of no class of the answer's")
    handle: Any = object.__new__(kind)  # type: ignore[arg-type]  # a class of this metaclass
    object.__setattr__(handle, "kit__ref", ref)
    return handle


def _text_of(error: Any) -> str:
    told = error.__dict__.get("kit__text")
    return str(operated(error, "__str__")) if told is None else told


def _args_of(error: Any) -> Any:
    told = error.__dict__.get("kit__args")
    return attribute(error, "args") if told is None else told


def _set_args(error: Any, args: Any) -> None:
    error.__dict__["kit__args"] = args


ERROR_METHODS: dict[str, Any] = {
    "__getattr__": attribute,
    "__str__": _text_of,
    "__repr__": lambda error: f"{type(error).__name__}({_text_of(error)!r})",
    "args": property(_args_of, _set_args),
    "kit__label": lambda error: type(error).__name__,
}
