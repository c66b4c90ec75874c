"""Modules that an answer imports from beside it, as text: nothing of them is run here.

Which ones is read off the text: a hostile file could keep a parser busy for minutes.
A package is taken along as a whole.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

from gradekit.errors import KitError
from gradekit.sandbox.limits import SOURCE_BYTES

MODULES = 50
# A line of code, in a file or in the JSON of a notebook. No two parts of it may match the same
# characters: the text is a stranger's.
IMPORT = re.compile(
    rb"""(?:^|[\n\r;:"]|\\n)[ \t]*(?:from[ \t]+([A-Za-z_]\w*)(?:\.[\w.]*)?[ \t]+import\b"""
    rb"""|import[ \t]+([A-Za-z_][\w., \t]*))"""
)
# A folder of such a name is a copy of a library, and no part of an answer.
LIBRARIES = frozenset({"numpy", "scipy", "sklearn", "torch", "pandas", "matplotlib"})

Parts = Callable[[str], Sequence[str]]  # the files of a module or package, as relative paths


def modules_of(content: bytes, parts: Parts, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """The modules that a file imports, and those that they import, by their paths beside it.

    Raises:
        KitError: they are too many or too large, or one cannot be read.
    """
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    waiting = [content]
    while waiting:
        # Sorted, since the modules are part of the answer's hash, and of what a limit leaves out.
        for name in sorted(imported(waiting.pop()) - seen):
            seen.add(name)
            for path in parts(name):
                found[path] = read(path)
                waiting.append(found[path])
                if len(found) > MODULES:
                    raise KitError(f"it imports more than {MODULES} modules of its own")
                if sum(map(len, found.values())) > SOURCE_BYTES:
                    mib = SOURCE_BYTES // 2**20
                    raise KitError(f"the modules that it imports hold more than {mib} MiB")
    return dict(sorted(found.items()))


def imported(content: bytes) -> set[str]:
    """The first parts of the names that a text imports, without those of libraries."""
    names: set[str] = set()
    for module, several in IMPORT.findall(content):
        words = [module, *(part.split()[:1] for part in several.split(b","))]
        flat = [word if isinstance(word, bytes) else b"".join(word) for word in words]
        names.update(word.partition(b".")[0].decode("ascii", "ignore") for word in flat if word)
    return names - LIBRARIES


def on_disk(folder: Path) -> Parts:
    """What lies in a folder."""

    def parts(name: str) -> Sequence[str]:
        if (folder / f"{name}.py").is_file():
            return [f"{name}.py"]
        if name in sys.stdlib_module_names or not (folder / name).is_dir():
            return []
        files = islice((folder / name).rglob("*.py"), MODULES + 1)
        return among(path.relative_to(folder).as_posix() for path in files)(name)

    return parts


def among(paths: Iterable[str]) -> Parts:
    """What these relative paths hold."""
    known = set(paths)

    def parts(name: str) -> list[str]:
        file, folder = f"{name}.py", f"{name}/"
        if file in known:
            return [file]
        return sorted(path for path in known if path.startswith(folder) and is_module(path))

    return parts


def is_module(path: str) -> bool:
    """Whether a file can be imported under its path."""
    names = path.removesuffix(".py").split("/")  # pathlib would take as long as all the rest
    return path.endswith(".py") and all(name.isidentifier() for name in names)
