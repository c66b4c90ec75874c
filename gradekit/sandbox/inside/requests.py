"""What a check may ask of objects that stay in the worker, and how it is answered.

Four kinds of request: `get` a name of the answer's module; `attribute`: read, set or delete one;
`call` an object; `operate`: an operator or special method out of a fixed table. Each comes with a
prelude, which says what has changed on the other side since the last one.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import functools
import math
import operator
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradekit.sandbox import wire
from gradekit.sandbox.inside.arguments import Arguments
from gradekit.sandbox.inside.files import Files
from gradekit.sandbox.inside.generators import set_generators, states
from gradekit.sandbox.inside.generators import told as told_of
from gradekit.sandbox.inside.lasting import Lasting
from gradekit.sandbox.inside.lent import LentCoroutine, LentIterator, lent
from gradekit.sandbox.inside.objects import Objects, view
from gradekit.sandbox.inside.streams import Streams
from gradekit.sandbox.known import (
    IN_PLACE,
    LASTING,
    LENT,
    LENT_COROUTINE,
    LENT_FUNCTION,
    LENT_ITERATOR,
    LENT_PROPERTY,
    OPERATORS,
    RAISED,
    RAISED_CLASS,
    REPEATED,
    names_of_known,
)
from gradekit.sandbox.limits import IMPORTED

Operation = Callable[..., Any]


def _swapped(function: Operation) -> Operation:
    return lambda value, other: function(other, value)


def _operators() -> dict[str, Operation]:
    named: dict[str, Operation] = {
        "__divmod__": divmod,
        "__pow__": pow,
        "__and__": operator.and_,
        "__or__": operator.or_,
    }
    found: dict[str, Operation] = {}
    for name in OPERATORS:
        plain = f"__{name[3:]}" if name.startswith(("__r", "__i")) else name
        if name[2:-2] in ("rshift", "invert"):  # their own first letters, no prefixes
            plain = name
        function: Operation = named.get(plain) or getattr(operator, plain)
        if name.startswith("__i") and name[3:-2] in IN_PLACE:
            function = getattr(operator, name)
        elif name.startswith("__r") and plain != name:
            function = _swapped(function)
        found[name] = function
    return found


OPERATIONS: dict[str, Operation] = {
    **_operators(),
    "__neg__": operator.neg, "__pos__": operator.pos, "__abs__": abs, "__invert__": operator.invert,
    "__round__": round, "__trunc__": math.trunc, "__floor__": math.floor, "__ceil__": math.ceil,
    "__int__": int, "__float__": float, "__complex__": complex, "__index__": operator.index,
    "__str__": str, "__repr__": repr, "__format__": format, "__bytes__": bytes,
    "__len__": len, "__getitem__": operator.getitem, "__setitem__": operator.setitem,
    "__delitem__": operator.delitem, "__iter__": iter, "__next__": next, "__reversed__": reversed,
    "__aiter__": aiter,
    "__enter__": lambda value: type(value).__enter__(value),
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le,
    "__gt__": operator.gt, "__ge__": operator.ge, "__bool__": bool, "__hash__": hash,
    "__contains__": operator.contains, "__fspath__": os.fspath, "__array__": np.asarray,
    "isinstance": lambda kind, value: isinstance(value, kind),
    "view": view, "dir": lambda value: [str(name) for name in dir(value)],
    "vars": lambda kind: dict(vars(kind)), "names": lambda module: [*vars(module)],
    "subclasses": lambda kind: type.__subclasses__(kind),
    "copy": copy.copy, "deepcopy": copy.deepcopy,
}  # fmt: skip


SHARED = ("call", "operate", "attribute")  # whose arguments may be changed in place
GROUPS, IN_A_GROUP = 4, 50  # exception groups in one another, and exceptions in one
CALLERS = 20  # functions of the answer that are named to a check's function which looks


class Requests:
    """Answers the requests of checks that hold handles."""

    def __init__(
        self,
        answer: Any,
        printed: Callable[[], str],
        described: Callable[[BaseException], dict[str, Any]],
        converse: Callable[[wire.Pieces], tuple[str, Any, Any]],
        is_own: Callable[[str], bool],
        streams: dict[str, Any],
    ) -> None:
        """Begin with an answer that has been loaded.

        Args:
            printed: Takes what was printed since the last time.
            described: Tells of an exception.
            converse: Sends a frame, answers what is asked meanwhile, and gives the result: how
                it ended, the value, and what changed in tensors.
            is_own: Whether code of that file name is the answer's.
            streams: The worker's own, by their names in `sys`.
        """
        self._answer = answer
        self._printed = printed
        self._described = described
        self._converse = converse
        self._is_own = is_own
        self._streams = Streams(streams)
        self._names_callers = False  # a test's function looks at who calls it
        self._callbacks: dict[int, Any] = {}
        self._places: dict[int, int] = {}  # of what belongs to the check, by its id here
        self._errors: dict[int, Any] = {}  # of the check's own, and classes, kept alive
        self._states: dict[str, Any] = {}  # of the generators, empty where not known
        self._arguments: list[Arguments] = []  # of the requests under way, the innermost last
        self.objects = Objects(with_gradients=answer.mode == IMPORTED)
        self.files = answer.files or Files()
        self.files.keep_loaded()

    @property
    def lasting(self) -> Lasting:
        """What both sides hold."""
        return self.objects.lasting

    def reader(self) -> Callable[[Any], Any]:
        """A function that gives what the nodes of one frame stand for that are no data."""
        return functools.partial(self._read, {})

    def _read(self, repeated: dict[int, Any], node: Any) -> Any:
        """What a node of the other side that is no data stands for.

        Args:
            repeated: What stands more than once in the frame, by its number, as far as it is read.
        """
        if isinstance(node, tuple) and isinstance(node[0], wire.Lasting):
            repeated[node[0].number] = node[1]
            return node[1]
        if isinstance(node, wire.Live) and node.number < 0:
            return self.of_check(-node.number, node.name)
        if not isinstance(node, wire.Given):
            return self.objects.value(node)
        if node.place >= REPEATED:
            return repeated[node.place - REPEATED]
        if node.place >= LASTING:
            return self.lasting.at(node.place - LASTING)
        return self.of_check(node.place)

    def of_check(self, place: int, name: str = "") -> Any:
        """What stands for a function or an object of the check."""
        if (stub := self._callbacks.get(place)) is None:
            stub = self._stub(place, name) if place < LENT else self._lent(place)
            self._callbacks[place] = stub
            self._places[id(stub)] = place
        return stub

    def answered(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """The reply to a request."""
        prelude, asked = body
        # Before anything of the request itself: it may name
        # objects, which a new check has forgotten.
        self._begin(prelude)
        shared = self._answer.mode == IMPORTED
        given = asked if shared and kind in SHARED else ()
        arguments = Arguments(given, self.objects.holds, self.lasting)
        before = self._states_now() if shared else {}

        @functools.cache  # told once: what is told is as it was from then on
        def changes() -> Any:
            self._states = now = states() if shared else {}
            drawn = {name: told_of(name, now[name]) for name in before if now[name] != before[name]}
            kept = arguments.keep() if shared else []
            changed, gone = self.lasting.changes(arguments.content, self._is_known)
            lasting = (kept, changed, gone) if kept or changed or gone else None
            written, tensors = arguments.changes(), self._changed_tensors()
            taken = self._streams.news() if shared else None
            told = (written, drawn, tensors, self.files.changes(), lasting, taken)
            return told if any(told) or told[3] is not None or taken is not None else None

        self._arguments.append(arguments)
        try:
            with _gradients(prelude):
                box = [self._value(kind, asked)]
            told, count = changes(), self.lasting.count
            if shared and kind in SHARED:
                self.lasting.find(box, self._is_known)
            try:
                value = arguments.marked(box[0])
                return self._encoded("value", number, (told, self._printed(), value))
            except BaseException:
                self.lasting.drop_since(count)
                raise
        except BaseException as error:
            return self._raised(number, error, changes)
        finally:
            self._arguments.pop()

    def _states_now(self) -> dict[str, Any]:
        """The states of the generators: as after the last request, unless something came between.

        Making them takes 40 us, as long as many a request.
        """
        if not self._states:
            self._states = states()
        return self._states

    def _begin(self, prelude: dict[str, Any] | None) -> None:
        if prelude is None:
            return
        self._names_callers = bool(prelude.get("callers"))
        if prelude.get("fresh"):
            self.objects.clear()
            self._callbacks.clear()
            self._places.clear()
            self._errors.clear()
            self.files.clear()
            self._streams.reset()
        self._streams.reset(prelude.get("streams", ()))
        if generators := prelude.get("generators"):
            set_generators(*generators)
            self._states = {}
        self._set_tensors(prelude.get("tensors"))
        self._set_lasting(prelude.get("lasting", []))
        self.files.remove(prelude.get("removed", []))

    def _changed_tensors(self) -> list[Any]:
        return self.objects.tensors.changes() if self.objects.tensors is not None else []

    def _set_lasting(self, news: list[Any]) -> None:
        if news:
            self.lasting.set(news, Arguments((), self.objects.holds, self.lasting).parts)

    def _changed_lasting(self) -> Any:
        content = self._arguments[-1].content if self._arguments else lambda value: value
        changed, gone = self.lasting.changes(content, self._is_known)
        return ([], changed, gone) if changed or gone else None

    def _set_tensors(self, news: list[Any] | None) -> None:
        if news and self.objects.tensors is not None:
            self.objects.tensors.set(news)

    def _is_known(self, value: Any) -> bool:
        return id(value) in self._places or self.objects.holds(value)

    def _node(self, value: Any, is_no_data: bool) -> Any:
        if type(value) is wire.Lasting:
            if not is_no_data:
                return value
            held = self.lasting.at(value.number)
            self.lasting.drop(value.number)
            return self.objects.node(held, True)
        if (place := self._places.get(id(value))) is not None:
            return wire.Given(-place)
        return self.objects.node(value, is_no_data)

    def _encoded(self, kind: str, number: int, body: Any) -> wire.Pieces:
        self.objects.begin_frame()
        return wire.encode(kind, number, body, None, self._node)

    def _raised(self, number: int, error: BaseException, changes: Callable[[], Any]) -> wire.Pieces:
        told, printed, count = self._described(error), self._printed(), self.lasting.count
        told["callback"] = getattr(error, "kit__callback", None)
        try:
            more = _of_exception(error)
            if parts := self._parts_of(error, 0):
                more["parts"] = parts
            return self._encoded("raised", number, (changes(), printed, {**told, **more}))
        # An argument that cannot travel, or an exception that raises: once more with texts only.
        except BaseException:
            self.lasting.drop_since(count)
            return self._encoded("raised", number, (None, printed, told))

    def _parts_of(self, error: BaseException, depth: int) -> list[Any]:
        """Of a group of exceptions: each of them, as it is told alone."""
        if not isinstance(error, BaseExceptionGroup) or depth > GROUPS:
            return []
        return [
            {
                **self._described(each),
                **_of_exception(each),
                "parts": self._parts_of(each, depth + 1),
            }
            for each in error.exceptions[:IN_A_GROUP]
        ]

    def _stub(self, place: int, name: str) -> Callable[..., Any]:
        """A function that is called in place of one of the check's, and asks for its result.

        Its name and docstring are numbers, since the real ones could tell what is checked; the
        other side knows which they stand for (see grading/callback.py). A test that cannot do
        without has the name sent along.
        """

        def f(*args: Any, **keywords: Any) -> Any:
            return self._called(place, (stub, args, keywords))

        stub = f
        f.__name__ = f.__qualname__ = name or f"kit_name_{place}"
        f.__doc__ = f"kit_doc_{place}"
        return f

    def _lent(self, place: int) -> Any:
        """What stands for an object of the check's."""

        def ask(name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
            return self._called(place, (stub, args, keywords), name)

        if LENT_ITERATOR <= place < LENT_FUNCTION:
            stub: Any = LentIterator(ask)
        elif place >= LENT_COROUTINE:
            stub = LentCoroutine(ask)
        else:
            is_property = place >= LENT_PROPERTY
            stub = lent(ask, is_called=place >= LENT_FUNCTION, is_property=is_property)
        return stub

    def _called(self, place: int, asked: tuple[Any, ...], name: str = "") -> Any:
        """Have something of the check's called, or what `name` says done with it."""
        stub, args, keywords = asked
        given = self._arguments[-1] if self._arguments else None
        marked = [given.marked(each) for each in args] if given is not None else [*args]
        call = (stub, marked, keywords, name) if name else (stub, marked, keywords)
        news = self._changed_tensors(), self._changed_lasting(), self._streams.news()
        body: tuple[Any, ...] = (call, self._printed(), news)
        if self._names_callers:
            body += (self._callers(),)
        self._states = {}  # the answer may have drawn meanwhile
        how, value, news = self._converse(self._encoded("callback", place, body))
        self._states = {}
        tensors, lasting = news
        self._set_tensors(tensors)
        self._set_lasting(lasting)
        if how == "value":
            return value
        raise self._error(*value)

    def _callers(self) -> list[str]:
        """The names of the answer's functions that are running, the innermost first."""
        names: list[str] = []
        frame = sys._getframe(1)  # noqa: SLF001  # the way that `inspect` itself takes
        while frame is not None and len(names) < CALLERS:
            if self._is_own(frame.f_code.co_filename):
                names.append(frame.f_code.co_name)
            frame = frame.f_back  # type: ignore[assignment]
        return names

    def _error(
        self, name: Any, text: Any, number: int | None = None, own: int | None = None
    ) -> BaseException:
        """An exception of the check's, each time the same one of a number.

        Args:
            name: Of its nearest built-in class; or an exception of the answer's own.
            own: The number of its class, if that is one of the check's.
        """
        if isinstance(name, BaseException):
            return name
        known = self._errors.get(RAISED + number) if number is not None else None
        if known is not None:
            return known  # type: ignore[no-any-return]
        # `name` was chosen on the trusted side, from a table of built-in exceptions.
        kind = getattr(builtins, name)
        if own is not None:
            kind = self._errors.get(RAISED_CLASS + own) or type(name, (kind,), {})
            self._keep(RAISED_CLASS + own, kind)
        error: Any = kind(text)
        if number is not None:
            error.kit__callback = number
            self._keep(RAISED + number, error)
        return error  # type: ignore[no-any-return]

    def _keep(self, place: int, value: Any) -> None:
        self._errors[place] = value
        self._places[id(value)] = place

    def _value(self, kind: str, asked: Any) -> Any:
        if kind == "get":
            (name,) = asked
            return self._answer.module if name is None else self._answer.variable(name)
        if kind == "attribute":
            return _attribute(*asked)
        if kind == "operate":
            value, name, arguments = asked
            if name == "backward" and self.objects.tensors is not None:
                return self.objects.tensors.backward(self.objects.at(value), *arguments)
            if name == "__exit__":
                return self._leave(value, *arguments)
            return OPERATIONS[name](value, *arguments)
        if kind == "probe":
            return self._answer.probed(*asked)
        target, arguments, keywords, with_arguments = asked
        if type(target) is str:  # the name of a function; not an object derived from a text
            target = self._answer.function(target)
        value = target(*arguments, **keywords)
        return (value, arguments, keywords) if with_arguments else value

    def _leave(
        self, manager: Any, name: str | None, args: tuple[Any, ...], *numbers: int | None
    ) -> Any:
        """End a `with` block, in which an exception of the check's was raised, or none.

        `__exit__` is looked up on the class, as the `with` statement does.
        """
        error = None if name is None else self._error(name, *(args or ("",)), *numbers)
        kind = None if error is None else type(error)
        return type(manager).__exit__(manager, kind, error, None)


def _of_exception(error: BaseException) -> dict[str, Any]:
    """What checks that hold handles are told of an exception beside its texts."""
    more = {"error": error, "args": _arguments_of(error), "cause": error.__cause__}
    if error.__suppress_context__:
        more["from"] = True
    return more


def _arguments_of(error: BaseException) -> tuple[Any, ...]:
    """What an exception was made of: of an OSError the file as well, which `args` leaves out."""
    if type(error) in names_of_known():
        made = error.__reduce__()
        if isinstance(made, tuple) and isinstance(made[1], tuple):
            return made[1]
    return error.args


def _gradients(prelude: dict[str, Any] | None) -> contextlib.AbstractContextManager[object]:
    """A context without gradients, where the check has switched them off on its side."""
    if prelude and prelude.get("no_grad"):
        off: contextlib.AbstractContextManager[object] = sys.modules["torch"].no_grad()
        return off
    return contextlib.nullcontext()


def _attribute(value: Any, action: str, name: str, *new: Any) -> Any:
    if action == "get":
        return getattr(value, name)
    if action == "set":
        return setattr(value, name, *new)
    return delattr(value, name)
