"""doctest: modules with examples in their docstrings, and texts with examples of a module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gradekit.authoring.importing.found import (
    MANY_FILES,
    Case,
    Found,
    Passed,
    beside,
    distinct,
    files_in,
    slug_of,
    text_of,
    title_of,
    without_solution,
)
from gradekit.authoring.importing.modules import (
    LEFT_OUT,
    is_test_file,
    python_files,
    solution_of,
)
from gradekit.authoring.importing.needs import data_of, helpers_of

TEXTS = (".txt", ".md", ".rst")
PROMPT = ">>> "
IMPORTED = re.compile(r"^\s*>>> (?:from|import) (\w+)", re.MULTILINE)


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """The modules of a folder that examples show: their own, and those of texts beside them."""
    modules = [path for path in python_files(folder) if not _is_no_module(path)]
    texts = [each for each in sorted(folder.rglob("*")) if _is_text(each, folder)]
    found, taken = [], set()
    for path in modules:
        about = [text for text in texts if _shows(text, path, modules)]
        taken |= {*about}
        cases = [each for each in (path, *about) if PROMPT in text_of(each)]
        if cases:
            found.append((path, cases))
    slugs = distinct((slug_of(path.stem), path.parent.name) for path, _ in found)
    for slug, (path, cases) in zip(slugs, found, strict=True):
        yield _exercise(slug, path, cases, solution_of(path, solutions, folder))
    for text in texts:
        if text not in taken:
            yield Passed(text, "its examples are of no module that lies beside it")


def _is_no_module(path: Path) -> bool:
    return is_test_file(path) or path.stem.endswith("_solution") or path.stem == "solution"


def _is_text(path: Path, folder: Path) -> bool:
    """Whether a file is a text with examples."""
    inside = path.relative_to(folder).parts
    is_ours = not any(part.startswith(".") or part in LEFT_OUT for part in inside)
    return is_ours and path.suffix in TEXTS and path.is_file() and PROMPT in text_of(path)


def _has_examples(path: Path) -> bool:
    """Whether a file belongs to a module or to a text, and is no data of theirs."""
    return path.suffix == ".py" or (path.suffix in TEXTS and PROMPT in text_of(path))


def _shows(text: Path, module: Path, modules: list[Path]) -> bool:
    """Whether the examples of a text are of that module: by its name, or by the first import."""
    if module.parent not in text.parents:
        return False
    if text.stem in {each.stem for each in modules if each.parent in text.parents}:
        return text.stem == module.stem
    names = {each.stem for each in modules if each.parent in text.parents}
    imported = (match[1] for match in IMPORTED.finditer(text_of(text)))
    return next((name for name in imported if name in names), "") == module.stem


def _exercise(slug: str, module: Path, cases: list[Path], solution: Path | None) -> Found | Passed:
    source = text_of(solution or module)
    try:
        stub = text_of(module) if solution else without_solution(source)
    except SyntaxError as error:
        return Passed(module, f"line {error.lineno} is no valid Python: {error.msg}")
    without = [module, *([solution] if solution else [])]
    files = beside([case for case in cases if case not in without], module.parent, without)
    # Only what belongs to this module: a folder may hold many.
    own = [each for each in files if not _has_examples(each)]
    named = [name for case in cases for name in IMPORTED.findall(text_of(case))]
    around = [each for each in islice(files_in(module.parent), MANY_FILES) if each not in without]
    helpers = [
        each
        for text in (source, "".join(f"import {name}\n" for name in named))
        for each in helpers_of(around, module.parent, text)
    ]
    data = data_of(around, cases, [source, *map(text_of, cases)])
    files = tuple(dict.fromkeys([*cases, *own, *helpers, *data]))
    notes = () if solution else ("no solution beside the stub: the module is taken for it",)
    originals = tuple(Case(case, "DoctestFile") for case in cases)
    return Found(
        slug, title_of(slug), stub, source, module.parent, files, originals, (module.stem,), notes
    )
