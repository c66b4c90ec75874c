"""What a test changes in this process is put back after it, whether it got to its end or not.

Elsewhere a process ends with its tests. Here the next answer is judged in the same one: a test that
puts something in the place of `sys.stdout` or `random.randint`, and does not get to the line that
puts it back because an answer raised before, would change what others are given.
"""

from __future__ import annotations

import builtins
import contextlib
import decimal
import gc
import locale
import logging
import os
import random
import re
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter, is_
from types import ModuleType
from typing import Any

import numpy as np

# Library modules whose functions tests replace: `patch("random.randint")`.
WATCHED: tuple[ModuleType, ...] = (random, time, secrets, os.path)
STREAMS = ("stdin", "stdout", "stderr", "argv", "displayhook", "excepthook")
OF_LOGGERS = ("level", "propagate", "disabled", "handlers", "filters")
_attributes = attrgetter(*OF_LOGGERS)


class Undoing:
    """What was there before a test."""

    def __init__(self) -> None:
        self.modules: dict[ModuleType, dict[str, Any]] = {}
        self._stack = contextlib.ExitStack()
        for each in (_environment, _folder, _modules, _logging, _numbers, _interpreter):
            self._stack.callback(each())
        for module in (builtins, *WATCHED):
            self.note(module)

    def note(self, module: ModuleType, sources: Sequence[str] = ()) -> None:
        """Remember the functions and classes of a module that a test imports.

        Args:
            sources: The code of the test: modules within this one count that it speaks of.
        """
        spoken = frozenset[str]().union(*map(_looked_up, sources))
        inner = [vars(module)[name] for name in spoken & vars(module).keys()]
        for each in (module, *inner):
            if type(each) is ModuleType and each not in self.modules:
                self.modules[each] = {**vars(each)}

    def undo(self) -> None:
        """Put it back."""
        if (mock := sys.modules.get("unittest.mock")) is not None:
            mock.patch.stopall()  # what a test has started and not stopped
        for module, before in self.modules.items():
            now = vars(module)
            now.update({name: before[name] for name in replaced_in(now, before)})
        self.modules.clear()
        self._stack.close()


@lru_cache(100)
def _looked_up(source: str) -> frozenset[str]:
    """Names in a source that something is looked up in: `b` of `a.b.c`, or of `f(a.b, "c")`."""
    return frozenset(re.findall(r"(?<=\.)\w+(?=[.,])", source))


def is_same(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a namespace of thousands of names is as it was, as after nearly every test."""
    same_values = len(now) == len(before) and all(map(is_, now.values(), before.values()))
    return same_values and all(map(is_, now, before))


def replaced_in(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """The functions and classes of a module in whose place a test has put something, or nothing."""
    if is_same(now, before):
        return []
    return [k for k, v in before.items() if now.get(k) is not v and _is_ours(k, v)]


def _is_ours(name: str, value: Any) -> bool:
    """Whether a test's stand-in for it is taken away; constants of a module are its own affair."""
    return callable(value) and not name.startswith("_")


def _environment() -> Callable[[], None]:
    before = dict(os.environ)

    def undo() -> None:
        if os.environ != before:
            os.environ.clear()
            os.environ.update(before)

    return undo


def _folder() -> Callable[[], None]:
    before = os.getcwd()  # noqa: PTH109

    def undo() -> None:
        with contextlib.suppress(OSError):  # somebody else has deleted it
            os.chdir(before)

    return undo


def _modules() -> Callable[[], None]:
    """Those that are loaded; what a test has loaded besides may stay."""
    before = {**sys.modules}

    def undo() -> None:
        if is_same(sys.modules, before):
            return
        changed = {k: v for k, v in sys.modules.items() if before.get(k) is not v}
        for name, value in changed.items():
            if not isinstance(value, ModuleType):
                del sys.modules[name]
        sys.modules.update({k: v for k, v in before.items() if sys.modules.get(k) is not v})

    return undo


def _logging() -> Callable[[], None]:
    root = logging.root
    disabled = root.manager.disable
    before = {each: _of_logger(each) for each in _loggers()}

    def undo() -> None:
        root.manager.disable = disabled
        for logger in _loggers():
            told = before.get(logger, _new_logger)
            if _of_logger(logger) != told:
                pairs = zip(OF_LOGGERS, told, strict=True)
                vars(logger).update({k: [*v] if isinstance(v, list) else v for k, v in pairs})
                root.manager._clear_cache()  # type: ignore[attr-defined]  # noqa: SLF001

    return undo


def _loggers() -> list[logging.Logger]:
    others = logging.root.manager.loggerDict.values()
    return [logging.root, *(each for each in others if isinstance(each, logging.Logger))]


def _of_logger(logger: logging.Logger) -> tuple[Any, ...]:
    """What `OF_LOGGERS` names, its lists copied."""
    *found, handlers, filters = _attributes(logger)
    return *found, [*handlers], [*filters]


_new_logger = _of_logger(logging.Logger("new"))


def _numbers() -> Callable[[], None]:
    """How numbers are computed and shown."""
    errors, shown, context = np.geterr(), np.get_printoptions(), decimal.getcontext().copy()
    torch = sys.modules.get("torch")
    kind = torch.get_default_dtype() if torch else None

    def undo() -> None:
        np.seterr(**errors)
        np.set_printoptions(**shown)
        decimal.setcontext(context)
        if torch and torch.get_default_dtype() is not kind:
            torch.set_default_dtype(kind)

    return undo


def _interpreter() -> Callable[[], None]:
    before = {name: getattr(sys, name) for name in STREAMS}
    arguments, depth, collects = [*sys.argv], sys.getrecursionlimit(), gc.isenabled()
    place = locale.setlocale(locale.LC_ALL)

    def undo() -> None:
        vars(sys).update(before)
        sys.argv[:] = arguments
        sys.setrecursionlimit(depth)
        if gc.isenabled() is not collects:
            (gc.enable if collects else gc.disable)()
        if locale.setlocale(locale.LC_ALL) != place:
            locale.setlocale(locale.LC_ALL, place)

    return undo
