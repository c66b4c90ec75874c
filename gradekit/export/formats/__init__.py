"""One module a format: its `FORMAT` is all that `kit export` needs to make a command of it."""

import pkgutil
from importlib import import_module

from gradekit.export.format import AnswerFormat, ClassFormat


def names() -> list[str]:
    """The formats that there are, as they are typed."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> AnswerFormat | ClassFormat | None:
    """The format called `name`; the others are not even imported."""
    if name not in names():
        return None
    found: AnswerFormat | ClassFormat = import_module(f"{__name__}.{name}").FORMAT
    return found
