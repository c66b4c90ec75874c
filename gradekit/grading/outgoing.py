"""What is sent to a worker besides plain data, made so that it reveals nothing of the check.

Probes, callables and classes of a grader travel by cloudpickle, and a submission can look at
whatever arrives: at names, docstrings, file names and lines, in the frames of its callers too.
So the pickles are made of copies: functions are called `f`, classes `C`, their file and module
`grader`, every line is line 1, docstrings are gone, and the names of local and global
variables are numbers. What a submission has to see stays: parameters, attributes, and the
names in `answer.softmax`. The values that a function *holds* are its author's responsibility:
tests/test_outgoing.py looks through everything that the graders of this course send.
"""

from __future__ import annotations

import builtins
import dis
import io
import itertools
import pickle
from collections import ChainMap, Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from inspect import CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import cloudpickle

from gradekit.sandbox import wire

FUNCTION, CLASS, PLACE = "f", "C", "grader"
GLOBAL_OPERATIONS = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"})
# A function that asks for its variables by name needs them under their names.
ASK_FOR_NAMES = frozenset({"locals", "globals", "vars", "dir", "eval", "exec"})
FORGOTTEN = frozenset({"pytestmark", "__wrapped__"})  # of a function's own attributes
FORGOTTEN_OF_CLASSES = frozenset({"__doc__", "__firstlineno__", "__static_attributes__"})

# What a function may fill, so that whoever else has it sees that.
FILLED = frozenset({list, dict, set, deque, Counter, defaultdict})

_numbers = itertools.count(1)
# One table for the process, so that functions share globals, and equal probes have equal pickles:
# the memo compares requests byte for byte.
_names: dict[str, str] = {}


def pickled(value: Any) -> bytes:
    """The pickle of `value` under neutral names, for `wire.encode`.

    Raises:
        Exception: whatever cloudpickle raises for what cannot travel.
    """
    if isinstance(value, FunctionType) and value.__closure__ is None:
        return _pickled_function(value)
    return _dumps(value)


@lru_cache(maxsize=256)
def _pickled_function(function: FunctionType) -> bytes:
    """A probe is pickled once for all submissions, since cloudpickle takes milliseconds.

    Only without a closure: what is in its cells may change from one call to the next.
    """
    return _dumps(function)


def _dumps(value: Any) -> bytes:
    with io.BytesIO() as file:
        _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
        return file.getvalue()


class Pickles:
    """Makes the pickles of one frame: an object that is in several of them is one in the worker.

    A module and its optimiser, say, which have their parameters in common.
    """

    def __init__(self, kept: Callable[[Any], Any], note: Callable[[Any], int]) -> None:
        """
        Args:
            kept: Gives what is sent in place of an object that both sides hold; None for others.
            note: Is told what has been pickled; says from which number on modules in it count.
        """
        self._kept, self._note = kept, note
        self._file = io.BytesIO()
        self._pickler: _Pickler | None = None

    def __call__(self, value: Any) -> bytes:
        """As `pickled`."""
        is_copied = isinstance(value, FunctionType) and value.__closure__ is None
        if is_copied and self._kept(value) is None:
            return _pickled_function(value)
        if self._pickler is None:
            self._pickler = _Pickler(self._file, pickle.HIGHEST_PROTOCOL, self._kept)
        self._file.seek(0)
        self._file.truncate()
        self._pickler.dump(value)
        first = self._note(value).to_bytes(wire.FIRST_BYTES)
        return wire.OF_FRAME + first + self._file.getvalue()


def _property(value: property) -> tuple[Any, ...]:
    return property, (value.fget, value.fset, value.fdel)  # and no docstring


def _module(module: ModuleType) -> tuple[Any, ...]:
    """A library's module by its name; one that travels by value without special attributes.

    Those are its name, file and loader, for example.
    """
    maker, arguments = cloudpickle.Pickler.dispatch_table[ModuleType](module)
    if len(arguments) == 1:
        return maker, arguments
    _, contents = arguments
    return maker, (PLACE, {name: contents[name] for name in contents if not _is_special(name)})


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's pickler, given neutral copies in place of functions and classes."""

    dispatch_table = ChainMap(
        {property: _property, ModuleType: _module}, cloudpickle.Pickler.dispatch_table
    )

    def __init__(
        self, file: io.BytesIO, protocol: int, kept: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(file, protocol)
        if kept is not None:
            self.persistent_id = kept  # asked for every object, so only where it is needed
        self._namespaces: dict[int, dict[str, Any]] = {}  # by the id of the globals they are for

    def reducer_override(self, value: Any) -> Any:
        """How `value` is pickled, if it is a function or class that travels by value."""
        reduced = super().reducer_override(value)
        if reduced is NotImplemented:
            return reduced
        if isinstance(value, FunctionType):
            return super().reducer_override(self._neutral(value))
        # NoneType and its like have no state, and are known by name.
        return _neutral_class(value, reduced) if len(reduced) > 2 else reduced

    def _neutral(self, function: FunctionType) -> FunctionType:
        """A copy to pickle. Functions that share their globals still do."""
        # Of the globals, only what the code uses: a grader's module also has the expected values.
        code, names = neutral(function.__code__)
        namespace = self._namespaces.setdefault(id(function.__globals__), {"__name__": PLACE})
        for name, new in names:
            if name in function.__globals__:
                namespace[new] = function.__globals__[name]
            elif _is_of_answer(function, name):
                namespace[new] = OfAnswer(name)
        copy = FunctionType(
            code, namespace, code.co_name, function.__defaults__, function.__closure__
        )
        copy.__kwdefaults__ = function.__kwdefaults__
        copy.__dict__.update(
            {key: kept for key, kept in vars(function).items() if key not in FORGOTTEN}
        )
        # The original is not touched: pytest still reports it under its name, with its lines.
        copy.__doc__, copy.__module__ = None, PLACE
        return copy


class OfAnswer(NamedTuple):
    """A name that a test has of the answer by a star import; it means the answer's there."""

    name: str


def _is_of_answer(function: FunctionType, name: str) -> bool:
    """Whether a function of an imported check finds a name of the answer's."""
    gives = getattr(getattr(function, "__builtins__", None), "gives", None)
    return gives is not None and not hasattr(builtins, name) and bool(gives(name))


def has_own(function: FunctionType) -> bool:
    """Whether a method of a test's class has variables of the test that a copy would not share.

    Lists that it fills, say, or what is bound later. One that uses `super()` has to be a copy.
    """
    code = function.__code__
    if "__class__" in code.co_freevars or function.__module__.startswith("gradekit."):
        return False
    cells = function.__closure__ or ()
    if not all(map(_is_bound, cells)) or any(type(e.cell_contents) in FILLED for e in cells):
        return True
    used = [function.__globals__.get(name) for name in code.co_names]
    if any(type(each) in FILLED and not each for each in used):
        return True
    return any(
        i.opname == "STORE_GLOBAL"
        or (i.opname in ("STORE_DEREF", "DELETE_DEREF") and i.argval in code.co_freevars)
        for i in dis.get_instructions(code)
    )


def _is_bound(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _neutral_class(kind: type, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """cloudpickle's reduction of a class: a maker, its arguments, then the class's attributes."""
    maker, arguments, (attributes, slots), *rest = reduced
    new = {kind.__name__: CLASS, kind.__qualname__: CLASS, kind.__module__: PLACE}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict) and "__module__" in value:  # keywords for the metaclass
            return {**value, "__module__": PLACE}
        return new.get(value, value) if isinstance(value, str) else value

    kept = {key: attributes[key] for key in attributes if key not in FORGOTTEN_OF_CLASSES}
    if "__module__" in kept:
        kept["__module__"] = PLACE
    return (maker, tuple(map(renamed, arguments)), (kept, slots), *rest)


class Neutral(NamedTuple):
    """Neutral code, and the pairs of old and new names of the globals that it uses."""

    code: CodeType
    names: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def neutral(code: CodeType) -> Neutral:
    """The same code with neutral names, no docstrings and one line, and so for all within it."""
    uses_names = any(
        instruction.opname in GLOBAL_OPERATIONS and instruction.argval in ASK_FOR_NAMES
        for part in _all_of(code)
        for instruction in dis.get_instructions(part)
    )
    names: dict[str, set[str]] = {}
    new = _renamed(code, names, rename=not uses_names)
    return Neutral(new, tuple((old, each) for old in sorted(names) for each in sorted(names[old])))


def _all_of(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_of(constant)


def _renamed(code: CodeType, names: dict[str, set[str]], *, rename: bool) -> CodeType:
    """As `neutral`; records the new names of each global in `names`."""
    instructions = [*dis.get_instructions(code)]
    used_as_global = {i.argval for i in instructions if i.opname in GLOBAL_OPERATIONS}
    # One entry of co_names serves the global `mask` and the attribute `.mask` alike, which has
    # to keep its name. Such a global keeps it too.
    otherwise = {
        i.argval
        for i in instructions
        if i.opcode in dis.hasname and i.opname not in GLOBAL_OPERATIONS
    }
    as_they_were = otherwise | vars(builtins).keys() if rename else {*code.co_names}
    for name in used_as_global:
        names.setdefault(name, set()).add(name if name in as_they_were else _number_of(name))
    constants = _without_texts(code, instructions)
    return code.replace(
        co_name=_function_name(code.co_name),
        co_qualname=_function_name(code.co_name),
        co_filename=PLACE,
        co_firstlineno=1,
        co_linetable=_one_line(code),
        co_consts=tuple(
            _renamed(each, names, rename=rename) if isinstance(each, CodeType) else each
            for each in constants
        ),
        co_names=tuple(
            name if name in as_they_were else _number_of(name) for name in code.co_names
        ),
        **(_variables(code) if rename and code.co_flags & CO_OPTIMIZED else {}),
    )


def _variables(code: CodeType) -> dict[str, Any]:
    """The names of local variables, of which parameters stay as they are."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    parameters = code.co_varnames[:count]

    def new(name: str) -> str:
        # `__class__` is how super() finds its class; `.0` is what a comprehension goes through.
        stays = name in parameters or _is_special(name) or name.startswith(".")
        return name if stays else _number_of(name)

    return {
        field: tuple(map(new, getattr(code, field)))
        for field in ("co_varnames", "co_cellvars", "co_freevars")
    }


def _without_texts(code: CodeType, instructions: list[dis.Instruction]) -> tuple[Any, ...]:
    """The constants, without docstrings and without the names of functions and classes."""
    constants = [*code.co_consts]
    loads = [i.arg for i in instructions if i.opname == "LOAD_CONST"]
    is_function = code.co_flags & CO_OPTIMIZED and not code.co_name.startswith("<")
    # A function's docstring is its first constant, which no instruction loads.
    if is_function and constants and isinstance(constants[0], str) and 0 not in loads:
        constants[0] = None
    building = False
    for now, then in itertools.pairwise(instructions):
        building = building or now.opname == "LOAD_BUILD_CLASS"
        if now.opname != "LOAD_CONST" or now.arg is None or not isinstance(now.argval, str):
            continue
        if loads.count(now.arg) > 1:  # it is also the value of something
            continue
        if then.opname == "STORE_NAME" and then.argval == "__doc__":
            constants[now.arg] = ""
        elif then.opname == "STORE_NAME" and then.argval == "__qualname__":
            constants[now.arg] = CLASS
        elif building:  # the first text after it is the name of the class
            constants[now.arg] = CLASS
            building = False
    return tuple(constants)


def _one_line(code: CodeType) -> bytes:
    """A line table that puts every instruction on the first line.

    An entry stands for up to eight code units (of two bytes); 0x80 marks its beginning, 13 says "no
    columns", and the 0 after it "no line further". So it is in Python 3.11 and since then.
    """
    # co_code includes the inline caches, so that the table covers as many units as Python expects.
    units = len(code.co_code) // 2
    spans = [8] * (units // 8) + ([units % 8] if units % 8 else [])
    return b"".join(bytes([0x80 | 13 << 3 | (span - 1), 0]) for span in spans)


def _function_name(name: str) -> str:
    """The neutral name of a function; `<listcomp>` and `__init__` stay, they reveal nothing."""
    is_part = name.startswith("<") and name != "<lambda>"
    return name if is_part or _is_special(name) else FUNCTION


def _number_of(name: str) -> str:
    """The number that stands for the name of a variable, always the same in this process."""
    return name if _is_special(name) else _names.setdefault(name, f"_{next(_numbers)}")


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
