"""Where an original test lies, and the modules that lie beside it."""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where an original lies.

    Attributes:
        folder: The folder of the original itself.
        root: The folder of everything that came with the exercise.
        has_files: Whether its tests read or write files; then they run in a copy of both folders.
        tells_place: Whether its tests use `__file__`.
        reads_answer: Whether its tests read the file of the answer, to look at its code.
        home: The module that classes of the answer say they are of.
        patched: Modules in which its tests replace something, such as `rates` in
            `patch("rates.get")`.
    """

    folder: Path
    root: Path
    has_files: bool = False
    tells_place: bool = False
    reads_answer: bool = False
    home: str = ""
    patched: frozenset[str] = frozenset()

    def name_of(self, path: Path) -> str:
        """The full name of a file as a module: `package.module`."""
        parts = [path.stem]
        for folder in path.parents:
            if folder == self.root or not (folder / "__init__.py").is_file():
                break
            parts.insert(0, folder.name)
        return ".".join(parts)

    def find(self, name: str) -> Path | None:
        """The file of a module, in the original's folder, one around it, or one in sys.path."""
        # Called for each import of each test: strings take a tenth of the time that `Path`s take.
        added = [each for each in sys.path if _real(each).startswith(f"{self.root}{os.sep}")]
        place = name.replace(".", os.sep)
        for folder in (*_outwards(self.folder, self.root), *added):
            for path in (f"{folder}/{place}.py", f"{folder}/{place}/__init__.py"):
                if os.path.isfile(path):  # noqa: PTH113
                    return Path(path)
        return None


@cache
def _outwards(folder: Path, root: Path) -> list[str]:
    """A folder and those around it, up to the exercise's own.

    No further: above it are the cases of other exercises.
    """
    around = [each for each in folder.parents if root in (each, *each.parents)]
    return [str(each) for each in (folder, *around)]


def _real(folder: str) -> str:
    """The real path of an entry of `sys.path`."""
    is_path = os.path.isabs(folder)  # noqa: PTH117  # a relative one may change its meaning
    return _real_path(folder) if is_path else os.path.realpath(folder)


_real_path = lru_cache(1000)(os.path.realpath)
