"""An object of an imported check, a mock say, as the answer sees it: it stays with the check.

What is done with it is asked for there, and that side decides what may be (grading/lent.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from types import TracebackType
from typing import Any

from gradekit.sandbox.known import OF_LENT

FEW, MANY = 16, 1024  # items of an iterator that come one by one; that come at once
Ask = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]  # with the name of what is done


class _Asking:
    """Stands for the object; has nothing of its own."""

    __slots__ = ("__weakref__", "kit__ask")

    def __getattr__(self, name: str) -> Any:
        return self.kit__ask("__getattr__", (name,), {})

    def __repr__(self) -> str:
        return "<an object of the test>"


class LentIterator(_Asking):
    """An iterator, whose items come as they are asked for: a test may look how far it has come.

    Of a long one they come many at a time in the end.
    """

    __slots__ = ("kit__ahead", "kit__end", "kit__taken")

    def __init__(self, ask: Ask) -> None:
        self.kit__ask = ask
        self.kit__ahead: list[Any] = []  # the next one last
        self.kit__end: tuple[Any, ...] | None = None  # what it ends with, once that is known
        self.kit__taken = 0

    def __iter__(self) -> LentIterator:
        return self

    def __next__(self) -> Any:
        if not self.kit__ahead and self.kit__end is None:
            count = max(1, min(self.kit__taken // FEW * FEW, MANY))
            items, is_over, value = self.kit__ask("__next__", (count,), {})
            self.kit__ahead = items[::-1]
            self.kit__taken += len(items)
            if is_over:
                self.kit__end = () if value is None else (value,)
        if self.kit__ahead:
            return self.kit__ahead.pop()
        end, self.kit__end = self.kit__end, None
        raise StopIteration(*(end or ()))


class LentCoroutine(_Asking):
    """A coroutine, which runs on the other side as soon as it is awaited."""

    __slots__ = ()

    def __init__(self, ask: Ask) -> None:
        self.kit__ask = ask

    def __await__(self) -> Generator[None, None, Any]:
        return self.kit__ask("__await__", (), {})
        yield

    def close(self) -> None:
        """It has not begun."""


class Lent(_Asking):
    """An object with methods: which of these the other side allows, it says."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        self.kit__ask("__setattr__", (name, value), {})


class LentFunction(Lent):
    """One that can be called."""

    __slots__ = ()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.kit__ask("", args, keywords)


class LentProperty(LentFunction):
    """One that the check puts into a class, as the attribute of its objects."""

    __slots__ = ()

    def __get__(self, value: Any, kind: Any = None) -> Any:
        return self.kit__ask("__get__", (value, kind), {})

    def __set__(self, value: Any, new: Any) -> None:
        self.kit__ask("__set__", (value, new), {})


def lent(ask: Ask, *, is_called: bool, is_property: bool) -> Lent:
    """What the answer gets. Without `__init__`, which would be that of the check's object."""
    kind = LentProperty if is_property else LentFunction if is_called else Lent
    made: Lent = object.__new__(kind)
    object.__setattr__(made, "kit__ask", ask)
    return made


def _asked(name: str) -> Callable[..., Any]:
    def method(self: Lent, *args: Any, **keywords: Any) -> Any:
        # No traceback: the lines of the answer mean nothing on the other side.
        told = (None if isinstance(each, TracebackType) else each for each in args)
        return self.kit__ask(name, (*told,), keywords)

    method.__name__ = name
    return method


def _iterated(self: Lent) -> Iterator[Any]:
    return iter(self.kit__ask("__iter__", (), {}))


async def _iterated_in_turn(self: Lent) -> AsyncIterator[Any]:
    for each in self.kit__ask("__aiter__", (), {}):
        yield each


ITERATED = {"__iter__": _iterated, "__aiter__": _iterated_in_turn}
for _name in OF_LENT:
    setattr(Lent, _name, ITERATED.get(_name) or _asked(_name))
