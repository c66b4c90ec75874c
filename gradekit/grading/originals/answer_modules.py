"""The submission as a module: what `import student` gives in an original test.

The names of these modules are looked up in the answer's process each time, and binding or deleting
one changes it there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gradekit.grading.handle import names_in, operated

if TYPE_CHECKING:
    from gradekit.grading.originals.world import World

ASKED = ("__all__", "__version__")  # of the special names of a module, those that are looked up


class OfAnswer(ModuleType):
    """What both have in common: what is theirs is the answer's."""

    kit__world: World

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name)
        # As `object` does it: other assignments go to the answer.
        object.__setattr__(self, "kit__world", world)

    def kit__handle(self) -> Any:
        """The handle of the module in the answer's process."""
        raise NotImplementedError

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return Contents(self)

    @property
    def __file__(self) -> str:  # type: ignore[override]
        """Where it would lie natively: in the folder of the test, beside the data."""
        return os.path.join(os.getcwd(), *self.__name__.split(".")) + ".py"  # noqa: PTH109, PTH118

    def __dir__(self) -> list[str]:
        return names_in(operated(self.kit__handle(), "dir"))


# In each of the classes, since a class has its own docstring in that place.
DOC: Any = property(lambda module: getattr(module.kit__handle(), "__doc__"))  # noqa: B009


class AnswerModule(OfAnswer):
    """The submission under the name by which the tests import it."""

    __doc__ = DOC

    def kit__handle(self) -> Any:
        return self.kit__world.module

    def __getattr__(self, name: str) -> Any:
        if name in ASKED:
            return getattr(self.kit__handle(), name)
        if name.startswith("__"):
            raise AttributeError(name)
        return self.kit__world.answer(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.kit__world.assign(name, value)

    def __delattr__(self, name: str) -> None:
        self.kit__world.forget(name)


class PartModule(OfAnswer):
    """One module of an answer that has several."""

    __doc__ = DOC

    def __init__(self, name: str, world: World, handle: Callable[[], Any]) -> None:
        """
        Args:
            handle: Returns the module's handle, and is called for each request: the answer may
                import such a module only while the test runs.
        """
        super().__init__(name, world)
        object.__setattr__(self, "__path__", [])  # it may be a package
        object.__setattr__(self, "kit__handle", handle)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ASKED:
            raise AttributeError(name)
        value = getattr(self.kit__handle(), name)
        return self.kit__world.variables.shared(self.__name__, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.kit__handle(), name, self.kit__world.as_sent(name, value))

    def __delattr__(self, name: str) -> None:
        delattr(self.kit__handle(), name)


class Contents(MutableMapping[str, Any]):
    """`vars(module)`: its names as the answer's process has them, each looked up when used."""

    def __init__(self, module: OfAnswer) -> None:
        self._module = module

    def _names(self) -> list[str]:
        return names_in(operated(self._module.kit__handle(), "names"))

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return getattr(self._module, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self._names():
            raise KeyError(name)
        delattr(self._module, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())
