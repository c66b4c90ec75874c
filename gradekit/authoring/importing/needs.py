"""What answers to an imported exercise need: data beside them, and packages to import."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from gradekit.authoring.importing.found import MANY_FILES, files_in
from gradekit.course import LIBRARIES
from gradekit.sandbox.packages import missing

# Of the course's machinery, or there anyway.
NOT_DATA = {".py", ".ipynb", ".md", ".rst", ".cfg", ".toml", ".ini", ".lock", ".yml", ".yaml"}
TOOLS = {"nbgrader", "otter", "okpy", "pytest", "IPython", "gradekit"}
ANYWAY = {*LIBRARIES["torch"], "scipy", "sklearn"}


def data_of(files: Iterable[Path], tests: Iterable[Path], sources: Iterable[str]) -> list[Path]:
    """The files beside the tests that an answer may open: those that the solution names."""
    left_out = set(tests)
    text = "\n".join(sources)
    return [
        path
        for path in files
        if path not in left_out
        and path.suffix not in NOT_DATA
        and (path.name in text or is_folder_named(path.parent.name, text))
    ]


def is_folder_named(name: str, text: str) -> bool:
    """Whether a text in the code names a folder, whose files may then be listed or matched."""
    return bool(name) and bool(
        re.search(rf"""["'](?:[^"'\n]*/)?{re.escape(name)}/?(?:["'/])""", text)
    )


def named_in(
    source: str, place: Path, without: Iterable[Path], tests: Iterable[Path] = ()
) -> list[Path]:
    """The data below a folder that an answer or its tests name, and modules that it imports."""
    texts = [source, *(path.read_text("utf-8", errors="replace") for path in tests)]
    left_out = {path.resolve() for path in without}
    files = [path for path in islice(files_in(place), MANY_FILES) if path.resolve() not in left_out]
    return [*data_of(files, (), texts), *helpers_of(files, place, source)]


def helpers_of(files: Iterable[Path], home: Path, solution: str) -> list[Path]:
    """The modules of the course below `home` that an answer imports, and those that they import."""
    modules = [each for each in files if each.suffix == ".py" and home in each.parents]
    found: dict[Path, None] = {}
    waiting = [solution]
    while waiting:
        names = set(_imported(waiting.pop(), beside=1))
        for path in modules:
            if path not in found and path.relative_to(home).with_suffix("").parts[0] in names:
                found[path] = None
                waiting.append(path.read_text("utf-8", errors="replace"))
    return list(found)


def packages_of(solution: str, own: Iterable[str]) -> list[str]:
    """The packages that a solution imports, of those that are installed here.

    Args:
        own: Names that are the answer itself.
    """
    known = {*own, *ANYWAY, *TOOLS, *sys.stdlib_module_names}
    names = sorted(set(_imported(solution)) - known)
    absent = set(missing(names))
    return [name for name in names if name not in absent]


def _imported(source: str, beside: int = 0) -> Iterator[str]:
    """The names that a source imports; with 1 as `beside`, also those with one leading dot."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level <= beside:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == beside == 1:
            yield from (alias.name for alias in node.names)
