"""What a check may ask of objects that stay in the worker, and how it is answered.

Four kinds of request: `get` a name of the answer's module; `attribute`: read, set or delete one;
`call` an object; `operate`: an operator or special method out of a fixed table. Each comes with a
prelude, which says what has changed on the other side since the last one.
"""

from __future__ import annotations

import builtins
import copy
import math
import operator
from collections.abc import Callable
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.inside.objects import Objects, view
from gradekit.sandbox.known import IN_PLACE, OPERATORS

Operation = Callable[..., Any]


def _swapped(function: Operation) -> Operation:
    return lambda value, other: function(other, value)


def _leave(manager: Any, name: str | None, args: tuple[Any, ...]) -> Any:
    """End a `with` block, in which an exception of that built-in class was raised, or none."""
    if name is None:
        return type(manager).__exit__(manager, None, None, None)
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
        if name[2:-2] in ("rshift", "invert"):
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
    "__enter__": lambda value: type(value).__enter__(value), "__exit__": _leave,
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le,
    "__gt__": operator.gt, "__ge__": operator.ge, "__bool__": bool, "__hash__": hash,
    "__contains__": operator.contains,
    "view": view, "dir": lambda value: [str(name) for name in dir(value)],
    "copy": copy.copy, "deepcopy": copy.deepcopy,
}  # fmt: skip


class Requests:
    """Answers the requests of checks that hold handles."""

    def __init__(
        self,
        answer: Any,
        printed: Callable[[], str],
        described: Callable[[BaseException], dict[str, Any]],
    ) -> None:
        """`printed` takes what was printed since; `described` tells of an exception."""
        self._answer = answer
        self._printed = printed
        self._described = described
        self.objects = Objects()

    def answered(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """The reply to a request."""
        prelude, asked = body
        self._begin(prelude)
        try:
            value = self._value(kind, asked)
            return self._encoded("value", number, (value, self._printed(), None))
        except BaseException as error:
            return self._raised(number, error)

    def _begin(self, prelude: dict[str, Any] | None) -> None:
        if prelude and prelude.get("fresh"):
            self.objects.clear()

    def _encoded(self, kind: str, number: int, body: Any) -> wire.Pieces:
        self.objects.begin_frame()
        return wire.encode(kind, number, body, None, self.objects.node)

    def _raised(self, number: int, error: BaseException) -> wire.Pieces:
        told, printed = self._described(error), self._printed()
        try:
            more = {"error": error, "args": error.args}
            return self._encoded("raised", number, ({**told, **more}, printed, None))
        except BaseException:  # an argument that cannot travel, or an exception that raises
            return self._encoded("raised", number, (told, printed, None))

    def _value(self, kind: str, asked: Any) -> Any:
        if kind == "get":
            (name,) = asked
            return self._answer.module if name is None else self._answer.variable(name)
        if kind == "attribute":
            return _attribute(*asked)
        if kind == "operate":
            value, name, arguments = asked
            return OPERATIONS[name](value, *arguments)
        if kind == "probe":
            return self._answer.probed(*asked)
        target, arguments, keywords, with_arguments = asked
        if isinstance(target, str):
            target = self._answer.function(target)
        value = target(*arguments, **keywords)
        return (value, arguments, keywords) if with_arguments else value


def _attribute(value: Any, action: str, name: str, *new: Any) -> Any:
    if action == "get":
        return getattr(value, name)
    if action == "set":
        return setattr(value, name, *new)
    return delattr(value, name)
