"""The submission as a module: what `import student` gives in an original test.

The names of these modules are looked up in the answer's process each time, and binding or deleting
one changes it there.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradekit.grading.originals.world import World


class AnswerModule(ModuleType):
    """The submission under the name by which the tests import it."""

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name)
        # By way of `__dict__`: other assignments go to the answer.
        self.__dict__["__all__"] = []  # after `import *`, `Builtins` finds the names
        self.__dict__["kit__world"] = world

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return getattr(self.__dict__["kit__world"].module, "__doc__")  # noqa: B009

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return getattr(self.__dict__["kit__world"].module, name)
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["kit__world"].answer(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["kit__world"].assign(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__["kit__world"].forget(name)


class PartModule(ModuleType):
    """One module of an answer that has several."""

    def __init__(self, name: str, world: World, handle: Callable[[], Any]) -> None:
        """
        Args:
            handle: Returns the module's handle, and is called for each request: the answer may
                import such a module only while the test runs.
        """
        super().__init__(name)
        self.__dict__["__all__"] = []
        self.__dict__["__path__"] = []  # it may be a package
        self.__dict__["kit__world"] = world
        self.__dict__["kit__handle"] = handle

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return getattr(self.__dict__["kit__handle"](), "__doc__")  # noqa: B009

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        value = getattr(self.__dict__["kit__handle"](), name)
        return self.__dict__["kit__world"].variables.shared(self.__name__, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        value = self.__dict__["kit__world"].as_sent(name, value)
        setattr(self.__dict__["kit__handle"](), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__dict__["kit__handle"](), name)
