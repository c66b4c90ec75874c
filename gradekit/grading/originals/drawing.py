"""matplotlib as a test sees it, where the answer draws: `plt` is that of the answer's process.

There are its figures. A test that asks `plt.gca()` for the axes that the answer has drawn on, or
hands over axes of its own, would natively share them with the answer.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from gradekit.grading.originals.surroundings import module_named
from gradekit.grading.proxy import SubmissionProxy, run_of

PACKAGE, PYPLOT = "matplotlib", "matplotlib.pyplot"


class Drawing(ModuleType):
    """`matplotlib.pyplot` of the answer's process."""

    def __init__(self, submission: SubmissionProxy) -> None:
        super().__init__(PYPLOT)
        self.__dict__["_submission"] = submission

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        # A class is the same on both sides, and the one of this side is one for `isinstance`.
        real = getattr(importlib.import_module(PYPLOT), name)
        return real if isinstance(real, type) else getattr(self._there(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._there(), name, value)

    def _there(self) -> Any:
        return self.__dict__["_submission"].probe(module_named, PYPLOT)


class Package(ModuleType):
    """`matplotlib`, imported when a test first looks into it."""

    def __init__(self, drawing: ModuleType) -> None:
        super().__init__(PACKAGE)
        self.__dict__.update(pyplot=drawing)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(PACKAGE), name)


def views_of_drawing(submission: SubmissionProxy) -> dict[str, ModuleType]:
    """The modules that a test gets, where the solution imports matplotlib's pyplot."""
    imported = run_of(submission).terms.libraries.values()
    if not any(PYPLOT in (module, f"{module}.{name}") for module, name in imported):
        return {}
    drawing = Drawing(submission)
    return {PYPLOT: drawing, PACKAGE: Package(drawing)}
