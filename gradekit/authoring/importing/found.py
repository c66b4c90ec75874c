"""What the readers of all kinds give: exercises that were found, with their tests."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gradekit.definitions import first_line_of
from gradekit.errors import KitError

MANY_FILES, MANY_BYTES = 300, 20 * 2**20  # what of a folder is taken along beside the tests
NOT_TAKEN = ("__pycache__", "node_modules", "venv")
BEGIN, END = re.compile(r"#+\s*BEGIN SOLUTION"), re.compile(r"#+\s*END SOLUTION")
STUB_LINE = "raise NotImplementedError"


class Case(NamedTuple):
    """A file of tests, and the class of gradekit.grading.originals that runs it."""

    path: Path
    reader: str


class Part(NamedTuple):
    """A module of an answer that has several, with its path as it is imported."""

    path: str
    stub: str
    solution: str


class Found(NamedTuple):
    """An exercise as it was found.

    Attributes:
        folder: What goes to `cases/` lies in it.
        files: That go to `cases/`: the tests, and what they need.
        modules: The names under which the tests import the answer.
        notes: What an instructor should know of how it was found.
        parts: Modules that learners write, where the answer has several; `stub` and `solution` then
            only import them.
        home: Where an answer runs, if not beside the tests.
        seeds: What is set before each cell: the random generators, or a variable of that name.
        assignment: What the course calls the assignment that it belongs to.
    """

    slug: str
    title: str
    stub: str
    solution: str
    folder: Path
    files: tuple[Path, ...]
    cases: tuple[Case, ...]
    modules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    home: Path | None = None
    seeds: tuple[int, str] | None = None
    assignment: str = ""

    @property
    def sources(self) -> str:
        """All of the solution as one text, to look at."""
        return "\n".join([self.solution, *(part.solution for part in self.parts)])


class Passed(NamedTuple):
    """What was looked at and not imported, and why."""

    path: Path
    why: str


def slug_of(name: str) -> str:
    """A name as the slug of an exercise."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = unicodedata.normalize("NFKD", words.casefold())
    without_accents = "".join(each for each in plain if not unicodedata.combining(each))
    slug = re.sub(r"[^a-z0-9]+", "_", without_accents).strip("_") or "exercise"
    return slug if slug[0].isalpha() else f"e_{slug}"


def title_of(slug: str) -> str:
    """A slug as a title."""
    return slug.replace("_", " ").capitalize()


def distinct(found: Iterable[tuple[str, str]]) -> list[str]:
    """Slugs for pairs of a slug and what stands before it where another has it too."""
    pairs = list(found)
    slugs = [slug for slug, _ in pairs]
    taken: set[str] = set()
    names = []
    for slug, before in pairs:
        name = slug if slugs.count(slug) == 1 else slug_of(f"{before}_{slug}")
        number = 2
        while name in taken:
            name = f"{name.rstrip('0123456789').rstrip('_')}_{number}"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def text_of(path: Path) -> str:
    """The text of a file of the course.

    Raises:
        KitError: it cannot be read.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise KitError(f"{path} is no UTF-8 text: save it as UTF-8.") from None
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from None


def beside(tests: Iterable[Path], folder: Path, without: Iterable[Path]) -> tuple[Path, ...]:
    """The tests, and what lies beside them: helpers, data, conftest.py of the folders around."""
    left_out = {path.resolve() for path in without}
    found: dict[Path, None] = {}
    size = 0
    for test in tests:
        found[test] = None
        around = [test.parent, *(p for p in test.parents if folder in (p, *p.parents))]
        for path in _helpers(test, list(dict.fromkeys(around))):
            if path.resolve() not in left_out:
                found[path] = None
        for path in files_in(test.parent):
            size += path.stat().st_size
            if len(found) >= MANY_FILES or size > MANY_BYTES:
                break
            if path.resolve() not in left_out:
                found[path] = None
    return tuple(found)


def _helpers(test: Path, around: list[Path]) -> Iterator[Path]:
    """In the folders around a test: conftest.py, all of a package, and modules that it imports."""
    named: set[str] = imports_of(text_of(test)) if test.suffix == ".py" else set()
    for place in around:
        is_package = (place / "__init__.py").is_file()
        conftest = sorted(place.glob("*.py" if is_package else "conftest.py"))
        yield from conftest
        for path in conftest:
            named |= imports_of(text_of(path))
    seen: set[Path] = set()
    waiting = sorted(named)
    while waiting:
        name = waiting.pop()
        helper = next((p for place in around if (p := place / f"{name}.py").is_file()), None)
        if helper is not None and helper not in seen:
            seen.add(helper)
            waiting += sorted(imports_of(text_of(helper)))
            yield helper


def files_in(folder: Path) -> Iterator[Path]:
    """The files below a folder, without hidden ones, links and those of tools."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in NOT_TAKEN for part in parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def without_solution(source: str) -> str:
    """A stub made of a solution: regions between BEGIN and END SOLUTION, else all bodies, go."""
    if BEGIN.search(source):
        return without_regions(source, STUB_LINE)
    return _without_bodies(source)


def without_marks(source: str) -> str:
    """The solution without the marks around it, which mean nothing any more."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if not (BEGIN.search(line) or END.search(line)))


def without_regions(source: str, put: str) -> str:
    """The source with `put` in place of each region between BEGIN and END SOLUTION."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if BEGIN.search(line):
            indent = line[: len(line) - len(line.lstrip())]
            kept += [f"{indent}{each}" if each else "" for each in put.splitlines()]
            inside = True
        elif END.search(line):
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _without_bodies(source: str) -> str:
    """The source with each function's body replaced by its docstring and an error."""
    lines = source.splitlines()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inner = {id(n) for f in functions for n in ast.walk(f) if n is not f}
    for function in sorted(functions, key=lambda each: -each.lineno):
        if id(function) in inner:
            continue
        body = function.body[1:] if ast.get_docstring(function) else function.body
        if not body:
            continue
        first, last = body[0], body[-1]
        start = first_line_of(first)
        if start == function.lineno:  # `def f(): return 1` in one line
            head = lines[start - 1].encode()[: first.col_offset].decode()
            lines[start - 1 : last.end_lineno] = [f"{head}{STUB_LINE}"]
            continue
        indent = " " * first.col_offset
        lines[start - 1 : last.end_lineno] = [f"{indent}{STUB_LINE}"]
    return "\n".join(lines) + "\n"


def imports_of(source: str) -> set[str]:
    """The top-level modules that a source imports anywhere."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module)
    return names
