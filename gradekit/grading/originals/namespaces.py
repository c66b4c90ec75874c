"""The namespaces in which the code of a test runs: it shares names with the answer."""

from __future__ import annotations

import builtins
import sys
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradekit.grading.handle import is_subclass
from gradekit.grading.originals.inspecting import reading
from gradekit.grading.raised import MissingName, UnboundName

if TYPE_CHECKING:
    from gradekit.grading.originals.world import World


class Builtins(dict[str, Any]):
    """The built-in names, then the submission's names.

    Python looks for a name in the globals and then in the builtins. If these are a subclass of
    dict, it calls `__getitem__` and so `__missing__`, where any name can be looked up.
    """

    def __init__(self, world: World) -> None:
        own = {
            "print": world.print, "__import__": world.import_module,
            "eval": world.running.eval, "exec": world.running.exec,
            "compile": world.running.compile, "issubclass": is_subclass,
        }  # fmt: skip
        if world.shares_names:
            own |= {"globals": self.globals, "locals": self.locals, "vars": self.vars,
                    "dir": self.dir}  # fmt: skip
        super().__init__(vars(builtins), **own)
        self._world = world

    def globals(self) -> Any:
        return Names(self._world, sys._getframe(1).f_globals)  # noqa: SLF001

    def locals(self) -> Any:
        return self._names_at(sys._getframe(1))  # noqa: SLF001

    def vars(self, *of: Any) -> Any:
        return builtins.vars(*of) if of else self._names_at(sys._getframe(1))  # noqa: SLF001

    def dir(self, *of: Any) -> list[str]:
        return builtins.dir(*of) if of else sorted(self._names_at(sys._getframe(1)))  # noqa: SLF001

    def _names_at(self, frame: FrameType) -> Any:
        """The names where a test calls: outside of functions it shares them with the answer."""
        is_outside = frame.f_locals is frame.f_globals
        return Names(self._world, frame.f_globals) if is_outside else frame.f_locals

    def __getitem__(self, name: str) -> Any:
        if name == "input":
            return builtins.input if self._world.has_keyboard else no_input
        # As the solution has it: an `abs` of an answer's own would make every difference 0.
        if name in self._world.hides and self._world.gives(name):
            return self._world.shared(name)
        if name == "open":
            return reading(self._world.submission, self._world.files_of_answer)
        return super().__getitem__(name)

    def gives(self, name: str) -> bool:
        """Whether the answer is asked for a name that is no built-in one."""
        is_special = name.startswith("__") or name in self._world.deleted
        return not is_special and self._world.gives(name)

    def __missing__(self, name: str) -> Any:
        if not self.gives(name):
            raise KeyError(name)
        try:
            return self._world.shared(name)
        except MissingName as error:  # a NameError, as the test would get without kit
            raise UnboundName(str(error)) from None


def no_input(prompt: object = "") -> str:
    """`input` for a test that replaced neither it nor stdin: it must not wait for a person."""
    raise EOFError("EOF when reading a line")


class Names(dict[str, Any]):
    """All names of the answer and of the test: for `globals()`, and for `env` in otter's tests.

    A dict, since `exec` and `eval` take nothing else; it holds nothing itself.
    """

    def __init__(self, world: World, namespace: dict[str, Any]) -> None:
        super().__init__()
        self._world, self.kit__namespace = world, namespace

    def __missing__(self, name: str) -> Any:
        if name in self.kit__namespace:
            return self.kit__namespace[name]
        try:
            return self._world.answer(name)
        except AttributeError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self.kit__namespace[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._world.names, *self.kit__namespace]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def keys(self) -> Any:
        return KeysView(self)

    def items(self) -> Any:
        return ItemsView(self)

    def values(self) -> Any:
        return ValuesView(self)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(str(name), self) is not self
