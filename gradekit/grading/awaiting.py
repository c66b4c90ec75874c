"""Coroutines that pass between an imported check and the answer.

One of the answer's stands here as a coroutine of ours: to await it runs it to its end there. One of
the check's, which a function that the answer called has returned, is lent (lent.py), and run to its
end here when the answer awaits it. So what both await together comes in another order than
natively, and nothing else is different.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import cloudpickle

from gradekit.grading.handle import METHODS, is_handle, left

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file
KIND, GENERATOR = "coroutine", "async_generator"


def is_coroutine(value: Any) -> bool:
    """Whether a value that came back stands for a coroutine."""
    return is_handle(value) and type(value).__name__ == KIND


async def awaited(coroutine: Any, ask: Callable[..., Any]) -> Any:
    """A coroutine of ours in place of one of the answer's."""
    return ask("probe", [run_to_end, (coroutine,)], "await")


def is_generator(value: Any) -> bool:
    """Whether a value that came back stands for an asynchronous generator."""
    return is_handle(value) and type(value).__name__ == GENERATOR


async def items(generator: Any, ask: Callable[..., Any]) -> AsyncGenerator[Any, None]:
    """One of ours in place of one of the answer's."""
    with contextlib.suppress(StopAsyncIteration):
        while True:
            yield _item(ask("probe", [next_of, (generator,)], "async for"))


def _ask(value: Any, function: Callable[..., Any], *args: Any) -> Any:
    return value.kit__ref.objects.ask("probe", [function, (value, *args)], "await")


def _item(told: Any) -> Any:
    """The item that `next_of` told of.

    Raises:
        StopAsyncIteration: it told of none.
    """
    if not isinstance(told, tuple) or len(told) != 2 or told[0] is not True:
        raise StopAsyncIteration
    return told[1]


async def _next(self: Any) -> Any:
    return _item(_ask(self, next_of))


async def _enter(self: Any) -> Any:
    return _ask(self, entered)


async def _leave(self: Any, kind: Any, error: Any, trace: Any) -> bool:
    return left(self, kind, error, lambda name, args, *_: _ask(self, ended, name, args))


# Of objects that are no generators: handles of all checks have them from now on.
METHODS |= {"__anext__": _next, "__aenter__": _enter, "__aexit__": _leave}


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, even while another loop runs in this thread."""
    import asyncio  # here: it brings ssl along, a tenth of what `kit check` takes to start

    # A test that is a coroutine itself runs in a loop, and
    # asyncio refuses a second one in a thread.
    outer = asyncio._get_running_loop()  # noqa: SLF001  # documented for writers of event loops
    asyncio._set_running_loop(None)  # noqa: SLF001
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()
        asyncio._set_running_loop(outer)  # noqa: SLF001


def run_to_end(answer: Any, coroutine: Any) -> Any:
    """Runs in the worker: the result of a coroutine, by a loop that needs no sockets."""
    import asyncio as aio
    import time as clock

    # asyncio's own loop opens a pair of sockets, which the sandbox refuses.
    # This one has nothing to wait for but time.
    class Waiting:
        def select(self, seconds: float | None) -> list[Any]:
            if seconds is None:
                raise RuntimeError("it waits for what never comes")
            clock.sleep(seconds)
            return []

        def close(self) -> None:
            pass

    class Loop(aio.BaseEventLoop):
        def __init__(self) -> None:
            super().__init__()
            self._selector = Waiting()

        def _process_events(self, events: Any) -> None:
            pass

        def _write_to_self(self) -> None:
            pass

    loop = Loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def next_of(answer: Any, generator: Any) -> tuple[bool, Any]:
    """Runs in the worker: whether there is one more item, and the item."""
    try:
        return True, run_to_end(answer, generator.__anext__())
    except StopAsyncIteration:
        return False, None


def entered(answer: Any, manager: Any) -> Any:
    """Runs in the worker: the value of an `async with` block."""
    return run_to_end(answer, type(manager).__aenter__(manager))


def ended(answer: Any, manager: Any, name: Any, args: tuple[Any, ...]) -> Any:
    """Runs in the worker: its end, by a built-in exception, by one of its own or by none."""
    import builtins as known

    is_own = isinstance(name, BaseException)  # an exception of the answer's
    error: Any = name if name is None or is_own else getattr(known, name)(*args)
    kind = None if error is None else type(error)
    return run_to_end(answer, type(manager).__aexit__(manager, kind, error, None))
