"""What a check may ask of objects that stay in the worker, and how it is answered.

Four kinds of request: `get` a name of the answer's module; `attribute`: read, set or delete one;
`call` an object; `operate`: an operator or special method out of a fixed table. Each comes with a
prelude, which says what has changed on the other side since the last one.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import math
import operator
import os
import sys
from collections.abc import Callable
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.inside.arguments import Arguments
from gradekit.sandbox.inside.files import Files
from gradekit.sandbox.inside.generators import set_generators, states
from gradekit.sandbox.inside.objects import Objects, view
from gradekit.sandbox.inside.siblings import BUILTINS
from gradekit.sandbox.known import IN_PLACE, OPERATORS
from gradekit.sandbox.limits import IMPORTED

Operation = Callable[..., Any]


def _swapped(function: Operation) -> Operation:
    return lambda value, other: function(other, value)


def _leave(manager: Any, name: str | None, args: tuple[Any, ...]) -> Any:
    """End a `with` block, in which an exception of that built-in class was raised, or none.

    `__exit__` is looked up on the class, as the `with` statement does.
    """
    if name is None:
        return type(manager).__exit__(manager, None, None, None)
    # `name` was chosen on the trusted side, from a table of built-in exceptions.
    error = getattr(builtins, name)(*args)
    return type(manager).__exit__(manager, type(error), error, None)


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
    "__enter__": lambda value: type(value).__enter__(value), "__exit__": _leave,
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le,
    "__gt__": operator.gt, "__ge__": operator.ge, "__bool__": bool, "__hash__": hash,
    "__contains__": operator.contains, "__fspath__": os.fspath,
    "view": view, "dir": lambda value: [str(name) for name in dir(value)],
    "copy": copy.copy, "deepcopy": copy.deepcopy,
}  # fmt: skip


SHARED = ("call", "operate", "attribute")  # whose arguments may be changed in place


class Requests:
    """Answers the requests of checks that hold handles."""

    def __init__(
        self,
        answer: Any,
        printed: Callable[[], str],
        described: Callable[[BaseException], dict[str, Any]],
        converse: Callable[[wire.Pieces], tuple[str, Any, list[Any]]],
    ) -> None:
        """Begin with an answer that has been loaded.

        Args:
            printed: Takes what was printed since the last time.
            described: Tells of an exception.
            converse: Sends a frame, answers what is asked meanwhile, and gives the result: how
                it ended, the value, and what changed in tensors.
        """
        self._answer = answer
        self._printed = printed
        self._described = described
        self._converse = converse
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._places: dict[int, int] = {}  # of callbacks, by their ids
        self._states: dict[str, Any] = {}  # of the generators, empty where not known
        self._arguments: list[Arguments] = []  # of the requests under way, the innermost last
        self.objects = Objects(with_gradients=answer.mode == IMPORTED)
        self.files = Files()
        if answer.mode == IMPORTED:
            self.files.install(BUILTINS, answer.module.__dict__["__builtins__"])

    def value(self, node: Any) -> Any:
        """What a node of the other side that is no data stands for."""
        if not isinstance(node, wire.Given):
            return self.objects.value(node)
        if (stub := self._callbacks.get(node.place)) is None:
            stub = self._callbacks[node.place] = self._stub(node.place)
            self._places[id(stub)] = node.place
        return stub

    def answered(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """The reply to a request."""
        prelude, asked = body
        # Before anything of the request itself: it may name
        # objects, which a new check has forgotten.
        self._begin(prelude)
        shared = self._answer.mode == IMPORTED
        arguments = Arguments(asked if shared and kind in SHARED else (), self.objects.holds)
        before = self._states_now() if shared else {}

        def changes() -> Any:
            # Only the names: the other side draws by itself, and takes no state from a worker.
            self._states = states() if shared else {}
            drawn = [name for name in before if self._states[name] != before[name]]
            written, tensors = arguments.changes(), self._changed_tensors()
            told = (written, drawn, tensors, self.files.changes())
            return told if any(told) or told[3] is not None else None

        self._arguments.append(arguments)
        try:
            with _gradients(prelude):
                value = arguments.marked(self._value(kind, asked))
            return self._encoded("value", number, (value, self._printed(), changes()))
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
        if prelude.get("fresh"):
            self.objects.clear()
            self._callbacks.clear()
            self._places.clear()
            self.files.clear()
        if generators := prelude.get("generators"):
            set_generators(*generators)
            self._states = {}
        self._set_tensors(prelude.get("tensors"))
        self.files.remove(prelude.get("removed", []))

    def _changed_tensors(self) -> list[Any]:
        return self.objects.tensors.changes() if self.objects.tensors is not None else []

    def _set_tensors(self, news: list[Any] | None) -> None:
        if news and self.objects.tensors is not None:
            self.objects.tensors.set(news)

    def _node(self, value: Any, is_no_data: bool) -> Any:
        if (place := self._places.get(id(value))) is not None:
            return wire.Given(-place)
        return self.objects.node(value, is_no_data)

    def _encoded(self, kind: str, number: int, body: Any) -> wire.Pieces:
        self.objects.begin_frame()
        return wire.encode(kind, number, body, None, self._node)

    def _raised(self, number: int, error: BaseException, changes: Callable[[], Any]) -> wire.Pieces:
        told, printed = self._described(error), self._printed()
        told["callback"] = getattr(error, "kit__callback", None)
        try:
            more = {"error": error, "args": error.args, "cause": error.__cause__}
            return self._encoded("raised", number, ({**told, **more}, printed, changes()))
        # An argument that cannot travel, or an exception that raises: once more with texts only.
        except BaseException:
            return self._encoded("raised", number, (told, printed, None))

    def _stub(self, place: int) -> Callable[..., Any]:
        """A function that is called in place of one of the check's, and asks for its result.

        Its name and docstring are numbers, since the real ones could tell what is checked; the
        other side knows which they stand for (see grading/callback.py).
        """

        def f(*args: Any, **keywords: Any) -> Any:
            given = self._arguments[-1] if self._arguments else None
            marked = [given.marked(each) for each in args] if given is not None else [*args]
            body = ((stub, marked, keywords), self._printed(), self._changed_tensors())
            self._states = {}  # the answer may have drawn meanwhile
            how, value, news = self._converse(self._encoded("callback", place, body))
            self._states = {}
            self._set_tensors(news)
            if how == "value":
                return value
            name, text, number = value
            error = getattr(builtins, name)(text)
            error.kit__callback = number
            raise error

        stub = f
        f.__name__ = f.__qualname__ = f"kit_name_{place}"
        f.__doc__ = f"kit_doc_{place}"
        return f

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
            return OPERATIONS[name](value, *arguments)
        if kind == "probe":
            return self._answer.probed(*asked)
        target, arguments, keywords, with_arguments = asked
        if isinstance(target, str):
            target = self._answer.function(target)
        value = target(*arguments, **keywords)
        return (value, arguments, keywords) if with_arguments else value


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
