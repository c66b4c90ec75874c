"""Handles: each stands in this process for one object of the answer's process.

Attributes, calls, items, iteration and operators are requests to the object, and give data or
handles. An object must not judge a check: if its `__eq__` always said True, it would pass every
check. So a handle equals no plain data, has no order, and hashes by identity. It has no truth
value, unless the class in the course's solution is true by Python's default. Where that class
defines such a method itself, the object is asked. objects.py keeps the objects, classes.py makes
the classes.
"""

from __future__ import annotations

import contextlib
import dis
import enum
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePath, PurePosixPath
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradekit.grading.annotations import check_annotations
from gradekit.grading.call import Call
from gradekit.grading.raised import SubmissionError
from gradekit.grading.shown import as_code
from gradekit.sandbox.known import (
    COMPARES,
    CONVERSIONS,
    ERRORS,
    HAS_TRUTH,
    HOLDS,
    OPERATORS,
    ORDERS,
    READABLE,
    SPECIAL,
)

if TYPE_CHECKING:
    from gradekit.grading.objects import Objects

LONGEST = 2**31  # the largest length that an object may claim
ADDRESS = 0x7F0000000000  # of the first object, where a test is shown one
COMPARED = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
MIRRORED = {"__lt__": "__gt__", "__gt__": "__lt__", "__le__": "__ge__", "__ge__": "__le__"}
TEXTS = (str, bytes, bytearray)
VERDICTS = (AssertionError, SubmissionError)  # a `with` block of the answer cannot swallow these
ERROR_NAMES = frozenset(ERRORS)
# Attributes that pathlib reads from the right side of ==. They are worked out here, from the path.
OF_PATHS = frozenset("_cparts _flavour _str_normcase _parts_normcase parser".split())
# Special entries of `ClassRef.judged`:
TRUE = "true"  # objects of the class are true by Python's default, without a request
IS_ONE = "__instancecheck__"  # the class, a Protocol, says what is an instance of it
ANY_CLASS = ""  # as the name of a class of the solution: holds for all classes


class Ref(NamedTuple):
    """Which object a handle stands for: its number in this check, and what messages call it.

    `method_of` is the number of the object that a method was looked up in.
    """

    objects: Objects
    number: int
    label: str
    method_of: int = 0


class ClassRef(NamedTuple):
    """The same for a class of the answer, and what is known of that class."""

    objects: Objects
    number: int
    label: str
    judged: frozenset[str]  # special methods that its objects are asked for
    data: type | None  # the built-in data type that it is derived from, such as list
    asked_of_data: frozenset[str]  # methods that are called on the data here; see `classes.PURE`
    library: str = ""  # the module that it is of, where it is none of the answer's own
    ways: frozenset[str] = frozenset()  # which it has of its own; see `known.OWN_WAYS`

    def allows(self, operator: str) -> bool:
        """Whether the solution's class defines a binary operator, on either side of it."""
        plain = f"__{operator[3:]}" if operator[:3] in ("__r", "__i") else operator
        return any(f"__{prefix}{plain[2:]}" in self.judged for prefix in ("", "r", "i")) or (
            operator in self.judged
        )


own_names = type.__dict__["__dict__"].__get__  # of a class here, whatever its metaclass says


def _path_of(kind: type, about: ClassRef) -> str:
    """The name of a class as Python shows it: with its module, unless that is the built-in one."""
    home = about.library or about.objects.home
    return kind.__name__ if home == "builtins" else f"{home}.{kind.__name__}"


def class_ref(kind: type) -> ClassRef | None:
    """Which class of the answer a class stands for; None if it stands for none."""
    # `type.mro(kind)` and not `kind.mro()`, which would be a request to the answer.
    for each in type.mro(kind):
        if "kit__class" in (found := own_names(each)):
            return found["kit__class"]  # type: ignore[no-any-return]
    return None


def is_handle(value: Any) -> bool:
    """Whether a value stands for an object or a class of the answer."""
    return isinstance(type(value), LiveClass) or type(value) is LiveClass


def is_subclass(kind: Any, of: Any, /) -> bool:
    """`issubclass` as a test asks it; a class of the answer may be derived from a library's."""
    claim = own_names(kind).get("kit__claim") if is_handle(kind) else None
    return issubclass(kind, of) or (claim is not None and issubclass(claim, of))


class Requested:
    """An attribute that every Python class has: here it is the answer's, such as its `__doc__`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, value: Any, kind: Any) -> Any:
        return attribute(kind if value is None else value, self._name)


class Order:
    """`mro` of a class of the answer's: type's own would have `Handle` in it."""

    def __get__(self, value: Any, kind: Any) -> Any:
        return attribute(value, "mro") if value is not None else lambda: [*kind.__mro__]


def is_said(frame: FrameType) -> bool:
    """Whether the code of a test itself says `x.__class__`, and does not ask `isinstance`.

    Libraries read the attribute to find out what they may do with an object, as `isinstance` does.
    """
    if type(frame.f_builtins) is dict:  # only code of a test has built-in names of its own
        return False
    code, at = frame.f_code.co_code, frame.f_lasti
    while at and code[at] == dis.opmap["CACHE"]:
        at -= 2
    return dis.opname[code[at]] in ("LOAD_ATTR", "LOAD_METHOD")


class ClaimingClass(type):
    """The metaclass of what `__class__` gives, where that is a library's class for `isinstance`.

    Whatever else is asked of it, is asked of the class of the answer's for which it stands.
    """

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        live = _claimed_by(cls)
        return super().__call__(*args, **keywords) if live is None else live(*args, **keywords)

    def __getattr__(cls, name: str) -> Any:
        if (live := _claimed_by(cls)) is None:
            raise AttributeError(name)
        return getattr(live, name)

    @property  # type: ignore[misc]
    def __dict__(cls) -> Any:  # type: ignore[override]
        live = _claimed_by(cls)
        return own_names(cls) if live is None else vars(live)

    def __eq__(cls, other: object) -> bool:
        return cls is other or (other is not None and other is _claimed_by(cls))

    # Not that of the class which it equals: `abc` keeps in a set what is no subclass of a class.
    __hash__ = type.__hash__


def _claimed_by(cls: type) -> Any:
    """The class of the answer's; None while it is being made."""
    return own_names(cls).get("kit__live")


class LiveClass(type):
    """The metaclass of classes that stand for a class of the answer."""

    def __new__(
        mcs, name: str, bases: tuple[Any, ...], namespace: dict[str, Any], **keywords: Any
    ) -> Any:
        # Only `class_of` sets this key. Any other class is one that the check derives: its methods
        # are in this process and its base in the worker, so `derived` decides what it becomes.
        if "kit__class" not in namespace:
            for base in bases:
                if (about := class_ref(base)) is not None:
                    return about.objects.derived(name, bases, namespace, keywords)
        return super().__new__(mcs, name, bases, namespace)

    def __init__(cls, *told: Any, **keywords: Any) -> None:
        """`keywords` of a class that a check derives are for the answer's base."""
        super().__init__(*told)

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        about = _known(cls)
        call = Call(about.label, args, keywords)
        return about.objects.ask("call", [cls, args, keywords, False], call)

    def __instancecheck__(cls, value: Any) -> bool:
        if super().__instancecheck__(value):
            return True
        about = class_ref(cls)
        judges = about is not None and IS_ONE in about.judged
        return judges and operated(cls, "isinstance", value) is True

    def __getattr__(cls, name: str) -> Any:
        if class_ref(cls) is None:  # `Handle` itself
            raise AttributeError(name)
        return attribute(cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        _asked(cls, "attribute", ["set", name, value], name)

    def __delattr__(cls, name: str) -> None:
        _asked(cls, "attribute", ["delete", name], name)

    def __iter__(cls) -> Iterator[Any]:
        return iter(operated(cls, "__iter__"))

    def __len__(cls) -> int:
        return _length(cls)

    def __getitem__(cls, key: Any) -> Any:
        return operated(cls, "__getitem__", key)

    def __contains__(cls, item: Any) -> bool:
        return any(each is item or each == item for each in cls)

    def __bool__(cls) -> bool:
        if issubclass(cls, BaseException):  # pytest.raises tests whether it was given a class
            return True
        raise _known(cls).objects.refusal(f"the class {cls.__name__} has no truth value in a check")

    def __dir__(cls) -> list[str]:
        return names_in(operated(cls, "dir"))

    @property  # type: ignore[misc]  # as `__class__` below
    def __dict__(cls) -> Any:  # type: ignore[override]
        """What the answer's class itself defines: that of the class here would be empty."""
        if class_ref(cls) is None:  # `Handle` itself
            return own_names(cls)
        told = operated(cls, "vars")
        if type(told) is not dict or not all(type(name) is str for name in told):
            raise SubmissionError(f"vars({cls.__name__}) is no dict of names", "malformed")
        if "__module__" in told:  # under the name by which the tests import the answer
            told["__module__"] = cls.__module__
        return MappingProxyType(told)

    @property
    def __bases__(cls) -> Any:  # type: ignore[override]
        """Those of the answer's class; `Handle` stands for what is derived from no other of it."""
        claim = own_names(cls).get("kit__claim")
        others = claim.__bases__ if claim is not None else (object,)
        found = type.__dict__["__bases__"].__get__(cls)
        return tuple(own for each in found for own in (others if each is Handle else (each,)))

    @property
    def __base__(cls) -> Any:
        base = type.__dict__["__base__"].__get__(cls)
        if base is not Handle:
            return base
        claim = own_names(cls).get("kit__claim")
        return object if claim is None else claim.__base__

    @property
    def __mro__(cls) -> Any:
        own = [each for each in type.mro(cls) if each is not Handle or cls is Handle]
        claim = next(filter(None, (own_names(each).get("kit__claim") for each in own)), None)
        others = claim.__mro__[1:] if claim is not None else (object,)
        # A class that an own one is derived from has a claim as well, which is among these.
        return (*own[:-1], *(each for each in others if "kit__live" not in own_names(each)))

    def __subclasses__(cls) -> Any:
        return operated(cls, "subclasses")

    def __repr__(cls) -> str:
        about = class_ref(cls)
        if about is None or not about.objects.home:
            return f"<class {cls.__name__} of the answer>"
        return f"<class '{_path_of(cls, about)}'>"

    def kit__label(cls) -> str:
        return cls.__name__


class Handle(metaclass=LiveClass):
    """The base of all classes of handles; see the head of this module."""

    # No __dict__: all attributes but these are the object's, and are requested. Their prefix keeps
    # them apart from the names that answers use.
    __slots__ = ("__weakref__", "kit__data", "kit__hash", "kit__ref")
    __array_ufunc__ = None  # NumPy leaves `array + handle` to the handle's own __radd__

    # Here and not in each class, of which a test may ask `"__init__" in vars(Thing)`.
    __init__ = Requested("__init__")
    mro = Order()

    @property  # type: ignore[misc]  # as unittest.mock does it
    def __class__(self) -> Any:  # isinstance looks at it, besides at the type
        claim = own_names(type(self)).get("kit__claim")
        return type(self) if claim is None or is_said(sys._getframe(1)) else claim  # noqa: SLF001

    def __getattr__(self, name: str) -> Any:
        return attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _asked(self, "attribute", ["set", name, value], name)

    def __delattr__(self, name: str) -> None:
        _asked(self, "attribute", ["delete", name], name)

    def __dir__(self) -> list[str]:
        return names_in(operated(self, "dir"))

    def __repr__(self) -> str:
        about = _known(type(self))
        if not about.objects.home:
            return f"<{type(self).__name__} object>"
        # As Python shows an object whose class says nothing else: a test may look for that.
        path = _path_of(type(self), about)
        return f"<{path} object at {ADDRESS + self.kit__ref.number:#x}>"

    def __eq__(self, other: object) -> Any:
        return _equal(self, other)

    def __ne__(self, other: object) -> Any:
        if _judges(self, "__ne__"):
            return _judgement(self, "__ne__", other)
        equal = _equal(self, other)
        # Of an array, each entry is negated; of anything else its truth value, as Python does it:
        # if `__eq__` gives None, `!=` is True.
        return ~equal if hasattr(equal, "shape") and equal.shape else not equal

    def __hash__(self) -> int:
        return _hash(self)

    def __bool__(self) -> bool:
        if _judges(self, "__bool__") or _judges(self, "__len__"):
            return operated(self, "__bool__") is True
        about = _known(type(self))
        if about.data is not None:
            return bool(_view(self))
        if isinstance(self, enum.Flag):
            return bool(attribute(self, "value"))
        if TRUE in about.judged:
            if HAS_TRUTH in about.ways and operated(self, "__bool__") is not True:
                about.objects.refusal(f"{_label(self)} is false, which the solution's never is")
            return True
        text = f"an object of class {type(self).__name__} has no truth value in a check"
        raise about.objects.refusal(f"{text}: the solution's gives it none")

    def __contains__(self, item: Any) -> bool:
        if _judges(self, "__contains__"):
            return operated(self, "__contains__", item) is True
        if isinstance(self, enum.Flag):
            whole, part = (attribute(each, "value") if is_handle(each) else each
                           for each in (self, item))  # fmt: skip
            return type(whole) is int and type(part) is int and part & whole == part
        about = _known(type(self))
        if about.data is not None:
            return item in _view(self)
        try:
            items = iter(self)
        except TypeError:
            if HOLDS not in about.ways:
                raise
            text = f"what an object of class {about.label} holds is not judged in a check"
            raise about.objects.refusal(f"{text}: the solution's does not say it") from None
        return any(each is item or each == item for each in items)

    def __copy__(self) -> Any:
        return operated(self, "copy")

    def __deepcopy__(self, memo: Any) -> Any:
        return operated(self, "deepcopy")

    # A pickle would hold only the number, which means nothing in another check.
    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"an object of class {type(self).__name__} cannot be pickled")

    def kit__label(self) -> str:
        return str(_ref(self).label)


def _ordered(name: str, sign: str) -> Callable[[Any, Any], Any]:
    """The method behind `sign`."""

    def method(self: Any, other: Any) -> Any:
        if _judges(self, name):
            return _judgement(self, name, other)
        if _known(type(self)).data is not None:
            return getattr(_view(self), name)(_view(other) if is_handle(other) else other)
        # `a > b` is `b < a` where only that is defined, as in Python.
        if isinstance(type(other), LiveClass) and MIRRORED[name] in _known(type(other)).judged:
            return NotImplemented
        if ORDERS not in _known(type(self)).ways:  # a TypeError, as natively
            return NotImplemented
        text = f"objects of class {type(self).__name__} are not compared by {sign} in a check"
        raise _known(type(self)).objects.refusal(f"{text}: the solution's have no order")

    return method


def _combined(name: str) -> Callable[[Any, Any], Any]:
    """The method of a binary operator.

    It is allowed like `==`: in `abs(x - 5) < 0.1` the object decides as much as in `x == 5`.
    """

    def method(self: Any, other: Any, *more: Any) -> Any:
        about = _known(type(self))
        if about.allows(name):
            if not is_handle(other):
                about.objects.used.add("judged")
            return operated(self, name, other, *more)
        if about.data is not None:
            return _of_data(name, _view(self), _view(other) if is_handle(other) else other)
        text = f"objects of class {about.label} are not combined by {name} in a check"
        raise about.objects.refusal(f"{text}: the solution's are not")

    return method


def _of_data(name: str, value: Any, other: Any) -> Any:
    """The operator applied to the data that an object holds."""
    method = getattr(type(value), name, None)
    return NotImplemented if method is None else method(value, other)


def _converted(name: str) -> Callable[[Any], Any]:
    """The method of a conversion to a number, such as `int(x)`."""

    def method(self: Any) -> Any:
        about = _known(type(self))
        if about.data is None and name not in about.judged:
            text = f"an object of class {about.label} is no number in a check"
            raise about.objects.refusal(f"{text}: the solution's are none")
        return operated(self, name)

    return method


def _passed_on(name: str) -> Callable[..., Any]:
    """A special method that is always a request to the object."""

    def method(self: Any, *args: Any) -> Any:
        return operated(self, name, *args)

    method.__name__ = name
    return method


def _called(self: Any, *args: Any, **keywords: Any) -> Any:
    ref = _ref(self)
    call = Call(ref.label, args, keywords)
    return ref.objects.ask("call", [self, args, keywords, False], call)


def left(self: Any, kind: Any, error: Any, leave: Callable[..., Any]) -> bool:
    """End a `with` block of an object; return whether it swallows the exception.

    Of an exception, the answer gets the built-in class and the text; of a failed assertion no
    text, since that may say what was expected. An exception of a class of its own it gets itself.

    Args:
        leave: Makes the request, with the name of a class, the arguments, and the numbers of an
            exception that the answer knows; or with an exception that it holds.
    """
    if kind is None:
        return leave(None, ()) is True
    name = next((base.__name__ for base in kind.__mro__ if base.__name__ in ERROR_NAMES), "")
    if not name:  # one that ends the process or the test, for example
        return False
    is_verdict = issubclass(kind, VERDICTS)
    if is_handle(error) and not is_verdict:  # of a class of the answer's, which looks for it
        return leave(error, ()) is True and _judges(self, "__exit__")
    numbers = () if is_verdict else _ref(self).objects.numbers_of(error)
    text = "" if is_verdict else words_of(error)
    is_swallowed = leave(name, (text,), *numbers) is True
    # A swallowed verdict would be a passed check, so no block may do that. Any other swallowed
    # exception skips the rest of the block, so only a class whose solution does so may do it.
    return is_swallowed and not is_verdict and _judges(self, "__exit__")


def words_of(error: BaseException) -> Any:
    """What a built-in class makes the like of an exception of: a `KeyError` shows it in quotes."""
    args = error.args if isinstance(error, KeyError) and not is_handle(error) else ()
    return args[0] if len(args) == 1 and type(args[0]) in (str, int, float) else str(error)


def _path(self: Any) -> str:
    told = operated(self, "__fspath__")
    if type(told) is not str:
        raise SubmissionError(f"{_label(self)} is no path", "malformed")
    return told


def _array(self: Any, dtype: Any = None, copy: Any = None) -> np.ndarray:
    told = operated(self, "__array__")
    if type(told) is not np.ndarray:
        raise SubmissionError(f"{_label(self)} gives no array", "malformed")
    return told if dtype is None else told.astype(dtype)


def _left(self: Any, kind: Any, error: Any, trace: Any) -> bool:
    return left(self, kind, error, lambda *told: operated(self, "__exit__", *told))


def _length(self: Any) -> int:
    told = operated(self, "__len__")
    if type(told) is not int or not 0 <= told < LONGEST:
        raise SubmissionError(f"len({_label(self)}) is no number of items", "malformed")
    return told


type.__delattr__(Handle, "__slots__")
for _name, _sign in COMPARED.items():
    # Not `setattr`: LiveClass would turn it into a request.
    type.__setattr__(Handle, _name, _ordered(_name, _sign))
METHODS: dict[str, Callable[..., Any]] = {
    **{name: _passed_on(name) for name in SPECIAL},
    **{name: _combined(name) for name in OPERATORS},
    **{name: _converted(name) for name in CONVERSIONS},
    "__call__": _called,
    "__len__": _length,
    "__fspath__": _path,
    "__array__": _array,
    "__exit__": _left,
}


# ------------------------------------------------------------------ what the methods share


def _ref(value: Any) -> Ref | ClassRef:
    """Which object or class of the answer a handle or class stands for."""
    return _known(value) if isinstance(value, type) else value.kit__ref


def _known(kind: type) -> ClassRef:
    about = class_ref(kind)
    if about is None:
        raise TypeError("no class of an answer")
    return about


def number_of(value: Any) -> int:
    """The number of an object of the answer; of a method, that of its object; else 0."""
    if isinstance(value, type) or not is_handle(value):
        return 0
    ref: Ref = value.kit__ref
    return ref.method_of or ref.number


def _label(value: Any) -> str:
    return str(_ref(value).label)


def _asked(value: Any, kind: str, asked: list[Any], name: str) -> Any:
    ref = _ref(value)
    return ref.objects.ask(kind, [value, *asked], f"{ref.label}.{name}")


def attribute(value: Any, name: str) -> Any:
    """An attribute of an object or class; of special names, only those in `READABLE`.

    pytest, copy and NumPy look for `__array__` and the like in any object, and an answer could
    mislead them by what it returns.
    """
    is_special = name.startswith("__") and name.endswith("__")
    if name.startswith("kit__") or (is_special and name not in READABLE):
        raise AttributeError(name)
    if not isinstance(value, type) and name in _known(type(value)).asked_of_data:
        # A namedtuple may have a field called `count`, like the method of tuples.
        if _known(type(value)).data is tuple:
            field = _asked(value, "attribute", ["get", name], name)
            if not callable(field):
                return field
        return getattr(_view(value), name)
    if name in OF_PATHS and isinstance(value, PurePath):
        return getattr(PurePosixPath(_path(value)), name)
    found = _asked(value, "attribute", ["get", name], name)
    if name == "__annotations__":
        check_annotations(found, _label(value))
    if isinstance(type(found), LiveClass) and callable(found):
        ref = found.kit__ref  # a method: `stack.push` says more than `push`
        label, owner = f"{_label(value)}.{name}", number_of(value)
        object.__setattr__(found, "kit__ref", ref._replace(label=label, method_of=owner))
    return found


def operated(value: Any, name: str, *args: Any) -> Any:
    """Request a special method of an object, or an operation such as `copy` or `dir`."""
    ref = _ref(value)
    return ref.objects.ask("operate", [value, name, args], Operation(ref.label, name, args))


class Operation(NamedTuple):
    """An operation on an object; it becomes text only if a message needs it."""

    label: str
    name: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        """As code, roughly: `stack[2]`, `len(stack)`."""
        arguments = ", ".join(map(as_code, self.args))
        if self.name == "__getitem__":
            return f"{self.label}[{arguments}]"
        between = ", " if arguments else ""
        return f"{self.name.strip('_')}({self.label}{between}{arguments})"


def _judges(value: Any, name: str) -> bool:
    """Whether an object is asked for a special method, because the solution's class defines it."""
    about = _known(type(value))
    if name not in about.judged or about.objects.is_reading:
        return False
    about.objects.used.add("judged")
    return True


def _judgement(value: Any, name: str, other: Any) -> Any:
    """An object's own comparison with another one: data, or a column if it is one of pandas."""
    told = operated(value, name, other)
    if is_handle(told) and not _is_column(value):
        raise SubmissionError(f"{_label(value)} gives no answer to a comparison", "malformed")
    return told


def _is_column(value: Any) -> bool:
    """Whether an object is a pandas table, column or index."""
    pandas = sys.modules.get("pandas")
    kinds = (pandas.DataFrame, pandas.Series, pandas.Index) if pandas else ()
    return issubclass(value.__class__, kinds)


def _equal(value: Any, other: Any) -> Any:
    """Whether an object equals another: by its own `__eq__`, by its data, or by identity."""
    if _judges(value, "__eq__"):
        return _judgement(value, "__eq__", other)
    data = _known(type(value)).data
    if value is other or value.kit__ref.objects.is_reading:
        return value is other
    # The other side may be a handle, too, whose class defines `__eq__`.
    if is_handle(other):
        if isinstance(other, type):
            return False
        if _judges(other, "__eq__"):
            return _judgement(other, "__eq__", value)
        both = data is not None and _known(type(other)).data is data
        found = both and _view(value) == _view(other)
        _require_undisputed(value, other, found)
        return found
    if isinstance(other, PurePath) and isinstance(value, PurePath):
        return PurePosixPath(_path(value)) == other
    return data is not None and _view(value) == other


def _require_undisputed(value: Any, other: Any, found: bool) -> None:
    """Have the check fail if two objects would say otherwise themselves.

    `a != b` must not hold because we do not ask them. Plain data is not shown to them.
    """
    asked = next((each for each in (value, other) if COMPARES in _known(type(each)).ways), None)
    if asked is not None:
        against = other if asked is value else value
        if operated(asked, "__eq__", against) is not found:
            about = _known(type(asked))
            text = f"objects of class {about.label} compare in a way of their own"
            about.objects.refusal(f"{text}, which the solution's do not")


def hold(value: Any, told: Any) -> None:
    """Keep what an object holds that never changes, as it was told with it."""
    if isinstance(value, BaseException):
        value.args = told if type(told) is tuple else ()
        return
    if isinstance(value, Handle) and type(told) is _known(type(value)).data:
        object.__setattr__(value, "kit__data", told)


def plain(value: Any) -> Any:
    """A text or bytes that an object of the answer's holds; any other value as it is."""
    is_text = is_handle(value) and not isinstance(value, type) and not isinstance(value, Exception)
    return _view(value) if is_text and _known(type(value)).data in TEXTS else value


def _view(value: Any) -> Any:
    """The data that an object holds whose class is derived from a data type."""
    with contextlib.suppress(AttributeError):
        return value.kit__data
    data = _known(type(value)).data
    told = operated(value, "view")
    # Of exactly this type: a subclass could bring its own `__eq__` along.
    wanted = bytes if data is bytearray else data
    if wanted is None or type(told) is not wanted:
        raise SubmissionError(f"{_label(value)} holds other data than its class", "malformed")
    return told


def _hash(value: Any) -> int:
    """The hash of an object: of the data that it holds, else by identity, unless the solution's
    class defines its own.

    It is kept: if it changed later, a dict of the check could not find the object any more.
    """
    try:
        return int(value.kit__hash)
    except AttributeError:
        pass
    number = object.__hash__(value)
    if _judges(value, "__hash__"):
        told = operated(value, "__hash__")
        number = hash(told) if type(told) is int else number
    elif "__hash__" not in _known(type(value)).judged:
        with contextlib.suppress(AttributeError):
            number = hash(value.kit__data)  # which it equals
    object.__setattr__(value, "kit__hash", number)
    return number


def names_in(told: Any) -> list[str]:
    """The names that an answer told: what is no text is none."""
    return [name for name in told if type(name) is str] if isinstance(told, list) else []
