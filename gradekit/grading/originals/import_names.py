"""What `import` makes of names: absolute ones of relative ones, and packages around a module."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import resolve_name
from types import ModuleType
from typing import Any


def absolute(name: str, namespace: Mapping[str, Any], level: int) -> str:
    """The absolute name of a relative import, made in a module with this namespace."""
    package = str(namespace.get("__package__") or "")
    if not package and level == 1:  # the package that the course is: from the folder of the file
        return name
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    return resolve_name("." * level + name, package)


def nothing(name: str) -> ModuleType:
    """What `import *` from an answer takes its names of: `Builtins` looks them up later."""
    module = ModuleType(name)
    module.__dict__["__all__"] = []
    return module


def package(name: str, found: ModuleType) -> ModuleType:
    """What `import a.b` binds to `a`: a module whose attribute `b` is the imported one."""
    for part in reversed(name.split(".")[1:]):
        outer = ModuleType(name)
        outer.__dict__[part] = found
        found = outer
    return found
