"""Courses of Python modules: a stub, its solution, and files of tests that import it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gradekit.authoring.importing.found import (
    Case,
    Found,
    Part,
    Passed,
    beside,
    distinct,
    imports_of,
    slug_of,
    text_of,
    title_of,
    without_solution,
)
from gradekit.authoring.importing.needs import named_in
from gradekit.errors import KitError

# Where the solution of `name.py` lies, from the folder of the stub.
SOLUTIONS = (
    ".meta/example.py",
    ".meta/exemplar.py",
    "solution/{}.py",
    "solutions/{}.py",
    "../solution/{}.py",
    "../solutions/{}.py",
    "{}_solution.py",
    "solution.py",
    "solution_{}.py",
)
SCRIPT = re.compile(r"""["'](?:[\w./]*/)?(\w+)\.py["']""")  # a file that a test runs as a program
LOADER = re.compile(r"\b(spec_from_file_location|import_module|__import__|SourceFileLoader)\b")
ENTRY = '''\
"""{title}: the answer is in the modules beside this file ({files})."""

{imports}
'''
HANDED_IN = "learners hand in the modules together with the exercise's own file, which imports them"
TAKEN = "no solution beside the stub: the modules are taken for it"
APART = ("student", "starter", "starter_code", "template", "skeleton", "solution", "solutions")
MANY_NAMES = 3  # of modules, in the name of an exercise
LEFT_OUT = {"solution", "solutions", "__pycache__", "venv", "node_modules", "build", "dist"}


def is_test_file(path: Path) -> bool:
    """Whether pytest and unittest would take a file for one of tests."""
    name = path.stem
    return name.startswith("test_") or name.endswith("_test") or name in ("tests", "test")


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files of a folder, without those of tools and of solutions."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts[:-1]
        if not any(part.startswith(".") or part in LEFT_OUT for part in parts):
            yield path


def find(
    folder: Path, solutions: Path | None, reader: str, is_ours: Callable[[str], bool]
) -> Iterator[Found | Passed]:
    """The exercises of a folder: one for each module that tests import.

    Args:
        solutions: A folder with solutions, called like the stubs; or None for the usual places.
        reader: The class that runs the tests.
        is_ours: Whether a source holds tests of this kind.
    """
    tests: dict[Path, list[Path]] = {}  # and the modules or packages that each of them tests
    for path in python_files(folder):
        if not is_test_file(path) or not is_ours(text_of(path)):
            continue
        try:
            units = _tested(path, folder)
        except SyntaxError as error:
            yield Passed(path, f"line {error.lineno} is no valid Python: {error.msg}")
            continue
        if units:
            tests[path] = units
        else:
            yield Passed(path, "it imports no module that lies beside it")
    groups = _groups(tests)
    names = [(_slug(units, folder), units[0].parent.name) for units, _ in groups]
    for slug, (units, files) in zip(distinct(names), groups, strict=True):
        if len(units) == 1 and units[0].is_file():
            yield _exercise(slug, units[0], files, folder, solutions, reader)
        else:
            yield _of_several(slug, units, files, folder, solutions, reader)


def _groups(tests: dict[Path, list[Path]]) -> list[tuple[list[Path], list[Path]]]:
    """Modules that one test needs together, and the tests of them, in the order of the tests."""
    groups: list[tuple[list[Path], list[Path]]] = []
    for test, units in tests.items():
        together = [group for group in groups if not set(group[0]).isdisjoint(units)]
        all_units = [unit for group in together for unit in group[0]]
        all_tests = [each for group in together for each in group[1]]
        all_units += [unit for unit in units if unit not in all_units]
        place = groups.index(together[0]) if together else len(groups)
        groups = [group for group in groups if group not in together]
        groups.insert(place, (all_units, [*all_tests, test]))
    return groups


def _slug(units: list[Path], folder: Path) -> str:
    """One module's name, the names of a few, or the folder's."""
    names = [unit.stem for unit in units]
    return slug_of("_".join(names) if len(names) <= MANY_NAMES else folder.name)


def _tested(test: Path, root: Path) -> list[Path]:
    """The modules and packages that a test imports to test them, from beside it up to the root.

    Raises:
        SyntaxError: it is no Python.
    """
    places = [test.parent, *(p for p in test.parents if root in (p, *p.parents))]
    found: dict[Path, None] = {}
    text = text_of(test)
    ast.parse(text)
    wanted = sorted({*imports_of(text), *SCRIPT.findall(text), *_loaded_by(text)})
    beside = [each for p in places for each in (p, p / "src")]
    # Where learners get their files in a folder of their own, or a solution is all that there is.
    apart = [p / each for p in places for each in APART]
    for name in wanted:
        for place in dict.fromkeys([*beside, *apart]):
            unit = _unit(place, name)
            if unit is not None and not _helps_tests(unit):
                found.setdefault(unit)
                break
    if not found:  # a test in the package that it tests: `from .shape import Square`
        units = [_unit(test.parent, name) for name in _relative_in(text)]
        found = dict.fromkeys(each for each in units if each and not _helps_tests(each))
    named = [path for path in found if path.stem in _meant_by(test)]
    is_package = any(path.is_dir() for path in found)
    return list(found) if is_package or (len(found) > 1 and not named) else named or list(found)


def _relative_in(text: str) -> list[str]:
    """The modules that a test imports from its own folder."""
    nodes = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.ImportFrom)]
    beside = [each for each in nodes if each.level == 1]
    return sorted({name for each in beside for name in _names_in(each)})


def _names_in(node: ast.ImportFrom) -> list[str]:
    return [node.module] if node.module else [alias.name for alias in node.names]


def _loaded_by(text: str) -> set[str]:
    """The texts in a test that may be names of modules which it loads by itself."""
    if not LOADER.search(text):
        return set()
    nodes = ast.walk(ast.parse(text))
    texts = (each.value for each in nodes if isinstance(each, ast.Constant))
    return {each for each in texts if isinstance(each, str) and each.isidentifier()}


def _unit(place: Path, name: str) -> Path | None:
    """The module that a test means by a name, or the package around it."""
    top = place / name.partition(".")[0]
    if (top / "__init__.py").is_file():
        return top
    path = place / f"{name.replace('.', '/')}.py"
    return path if path.is_file() else None


def _meant_by(test: Path) -> set[str]:
    name = test.stem
    return {name.removeprefix("test_"), name.removesuffix("_test")} - {name}


def _helps_tests(path: Path) -> bool:
    if path.is_dir():
        return path.stem in ("tests", "test") or any(map(is_test_file, path.glob("*.py")))
    return is_test_file(path) or path.stem in ("conftest", "test_utils", "helpers", "utils")


def solution_of(stub: Path, solutions: Path | None, root: Path | None = None) -> Path | None:
    """Where the solution of a stub lies; None where the module is its own solution.

    Args:
        root: The folder that is imported: a tree of solutions may lie in it or above the stub.
    Raises:
        KitError: it was said where solutions are, and this one is not there.
    """
    if solutions is not None:
        path = solutions if solutions.is_file() else solutions / stub.name
        if root is not None and not path.is_file():
            path = solutions / stub.relative_to(root)
        if not path.is_file():
            raise KitError(
                f"There is no solution {path}: name its file or folder by `--solutions`."
            )
        return path
    places = [stub.parent / place.format(stub.stem) for place in SOLUTIONS]
    for above in stub.parents:
        if root is None or root not in (above, *above.parents):
            break
        within = stub.relative_to(above)
        inner = Path(*(part for part in within.parts if part != "src"))
        for path in dict.fromkeys([within, inner]):
            places += [above / "solution" / path, above / "solutions" / path]
    own = stub.resolve()  # which may itself lie in a folder of solutions
    return next((path for path in places if path.is_file() and path.resolve() != own), None)


class _Sources(NamedTuple):
    """The texts of a module: what learners begin with, and the solution."""

    stub: str
    solution: str
    file: Path | None  # that the solution stands in; None where the module is taken for it


def _sources(module: Path, solutions: Path | None, root: Path) -> _Sources | Passed:
    file = solution_of(module, solutions, root)
    source = text_of(file or module)
    try:
        ast.parse(source)
        return _Sources(text_of(module) if file else without_solution(source), source, file)
    except SyntaxError as error:
        return Passed(file or module, f"line {error.lineno} is no valid Python: {error.msg}")


def _exercise(
    slug: str, module: Path, tests: list[Path], root: Path, solutions: Path | None, reader: str
) -> Found | Passed:
    """An exercise whose answer is one module."""
    found = _sources(module, solutions, root)
    if isinstance(found, Passed):
        return found
    folder = _common([*tests, module])
    without = [module, *([found.file] if found.file else [])]
    files = beside(tests, folder, without)
    needed = named_in(found.solution, module.parent, without, tests)
    home = module.parent
    if home.name in APART and home != root:  # data lies beside such a folder, or in it
        home = home.parent
        needed += named_in(found.solution, home, [*without, *needed], tests)
    return Found(
        slug,
        title_of(slug),
        found.stub,
        found.solution,
        folder,
        files + tuple(each for each in needed if each not in files),
        tuple(Case(test, reader) for test in tests),
        _names_of(module, root),
        () if found.file else ("no solution beside the stub: the module is taken for it",),
        home=home,
    )


def _of_several(
    slug: str,
    units: list[Path],
    tests: list[Path],
    root: Path,
    solutions: Path | None,
    reader: str,
) -> Found | Passed:
    """An exercise whose answer has several modules: its own file only imports them."""
    parts, alone = [], True
    modules = {path: unit.parent for unit in units for path in _modules_in(unit)}
    for path, place in modules.items():
        found = _sources(path, solutions, root)
        if isinstance(found, Passed):
            return found
        alone = alone and found.file is None
        parts.append(Part(path.relative_to(place).as_posix(), found.stub, found.solution))
    folder = _common([*tests, *modules])
    sources = "\n".join(part.solution for part in parts)
    data = [path for path in named_in(sources, folder, modules, tests) if path.suffix != ".py"]
    names = tuple(sorted({_name_of(part.path) for part in parts}))
    entry = _entry(slug, parts, names)
    return Found(
        slug,
        title_of(slug),
        entry,
        entry,
        folder,
        tuple(dict.fromkeys([*beside(tests, folder, modules), *data])),
        tuple(Case(test, reader) for test in tests),
        names,
        (HANDED_IN, *([TAKEN] if alone else [])),
        tuple(parts),
        folder,
    )


def _entry(slug: str, parts: list[Part], names: Iterable[str]) -> str:
    """The exercise's own file, where the answer is in modules beside it."""
    return ENTRY.format(
        title=title_of(slug),
        files=", ".join(part.path for part in parts),
        imports="\n".join(f"import {name}" for name in names),
    )


def _modules_in(unit: Path) -> list[Path]:
    if unit.is_file():
        return [unit]
    return [path for path in sorted(unit.rglob("*.py")) if "__pycache__" not in path.parts]


def _name_of(path: str) -> str:
    """The name under which a module is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _common(paths: list[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))


def _names_of(module: Path, root: Path) -> tuple[str, ...]:
    """All names under which tests may import it: `name`, `package.name`."""
    parts = module.relative_to(root).with_suffix("").parts
    names = tuple(
        ".".join(parts[start:])
        for start in range(len(parts) - 1, -1, -1)
        if all(part.isidentifier() for part in parts[start:])
    )
    return names or (module.stem,)  # `07_lists.py` can be run, though not imported
