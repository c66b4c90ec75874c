"""Modules handed in with an answer: imported from memory, in the same worker as the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from gradekit.sandbox.inside import inert
from gradekit.sandbox.inside.loading import show_lines

BUILTINS = inert.own_builtins()  # made once, in the zygote


class Siblings(Loader):
    """Finds and runs them, before installed packages, as Python does for files beside a script."""

    def __init__(self, sources: Iterable[tuple[str, str]], label: Callable[[str], None]) -> None:
        """`sources` are paths and texts; `label` is told each name that code is compiled under."""
        self._sources = dict(sources)
        self._label = label

    def install(self) -> None:
        """Make them importable, in place of the modules of an answer that ran here before."""
        for finder in [each for each in sys.meta_path if isinstance(each, Siblings)]:
            sys.meta_path.remove(finder)
        for name, module in [*sys.modules.items()]:
            if isinstance(getattr(module, "__loader__", None), Siblings):
                # Of another version of the same answer, tried in this worker by `kit explain`.
                del sys.modules[name]
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a module, if it is one of them; the import system asks this finder first."""
        place = name.replace(".", "/")
        for file, is_package in ((f"{place}/__init__.py", True), (f"{place}.py", False)):
            if file in self._sources:
                return self._spec(name, file, is_package)
        if any(file.startswith(f"{place}/") for file in self._sources):
            return self._spec(name, "", True)  # a folder without __init__.py
        return None

    def _spec(self, name: str, file: str, is_package: bool) -> ModuleSpec:
        return ModuleSpec(name, self, origin=file, is_package=is_package)

    def create_module(self, spec: ModuleSpec) -> None:
        """None: the import system makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        file = module.__spec__.origin if module.__spec__ else ""
        if not file:
            return
        source = self._sources[file]
        self._label(file)
        show_lines(file, source)
        module.__file__ = file
        module.__dict__["__builtins__"] = BUILTINS
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
