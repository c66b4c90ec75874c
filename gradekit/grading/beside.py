"""Modules that lie beside a grader, for what several graders share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def modules_beside(grader: Path) -> Iterator[None]:
    """Let a grader import modules of its folder, while it is loaded.

    Afterwards nothing of them is left in `sys.modules`: another course of this process may have a
    module of the same name, and what a probe needs of them travels by value.
    """
    folder = str(grader.parent)
    before = set(sys.modules)
    # Python remembers what a folder holds for as long as its time of change is the same, and a file
    # that was written within the same tick of the clock would not be found.
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            # The grader itself stays: it was put there by pytest, and not by way of this folder.
            if file != str(grader) and Path(file).is_relative_to(folder):
                del sys.modules[name]
