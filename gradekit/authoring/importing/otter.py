"""otter: master notebooks of `otter assign`, and folders of test files beside a notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradekit.authoring.importing.found import (
    Case,
    Found,
    Passed,
    beside,
    distinct,
    slug_of,
    text_of,
    title_of,
)
from gradekit.authoring.importing.needs import named_in
from gradekit.authoring.importing.notebooks import as_file, cells_of, notebooks_in
from gradekit.errors import GraderError
from gradekit.grading.originals.magics import without_magics
from gradekit.grading.originals.masters import config_of
from gradekit.grading.originals.okay import metadata_tests
from gradekit.grading.originals.older_masters import of_today

SEED = '__import__("random").seed({0}), __import__("numpy").random.seed({0})  # before each cell'
QUESTION = "# BEGIN QUESTION"
TESTS = re.compile(r"^test\s*=|@test_case\b", re.MULTILINE)
ASSIGNED = re.compile(r"^(\s*)([\w.\[\]'\", ]+?\s*=(?!=)).*#\s*SOLUTION\s*$")
LINE = re.compile(r"^(\s*).*#\s*SOLUTION\s*$")
SKIPPED = re.compile(
    r"#\s*(SOLUTION NO PROMPT|SEED|IGNORE)\s*$|#\s*(BEGIN|END) PROMPT\s*$|"
    r'^\s*""";?\s*#\s*END PROMPT\s*$'
)


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """Master notebooks, notebooks with tests in their metadata, and folders `tests` beside some."""
    found: list[Found | Passed] = []
    taken: set[Path] = set()
    generated: list[Path] = []  # perhaps with tests in their metadata
    for each in notebooks_in(folder):
        if isinstance(each, Passed):
            found.append(each)
            continue
        path, cells = each[0], of_today(each[1])
        if any(_begins(cell, QUESTION) for cell in cells):
            taken.add(path.parent)
            try:
                found.append(_master(path, cells))
            except GraderError as error:
                found.append(Passed(path, str(error)))
        else:
            generated.append(path)
    for paths in _with_tests(generated, found):
        found.append(_with_metadata(paths, solutions))
        taken |= {path.parent for path in paths}
    for tests in sorted(folder.rglob("tests")):
        if tests.is_dir() and tests.parent not in taken:
            files = [path for path in sorted(tests.glob("*.py")) if TESTS.search(text_of(path))]
            if files:
                found.append(_folder(tests, files, solutions))
    exercises = [made for made in found if isinstance(made, Found)]
    slugs = iter(distinct((made.slug, made.folder.name) for made in exercises))
    for made in found:
        yield made._replace(slug=next(slugs)) if isinstance(made, Found) else made


def _with_tests(notebooks: list[Path], masters: list[Found | Passed]) -> list[list[Path]]:
    """Notebooks with tests in their metadata, those of one name together; none made of a master."""
    made = {each.cases[0].path.name for each in masters if isinstance(each, Found)}
    found: dict[str, list[Path]] = {}
    for path in notebooks:
        if path.name not in made and metadata_tests(json.loads(path.read_text("utf-8-sig"))):
            found.setdefault(path.name, []).append(path)
    return [*found.values()]


def _begins(cell: dict[str, Any], mark: str) -> bool:
    return cell["cell_type"] == "raw" and str(cell["source"]).strip().upper().startswith(mark)


def _master(path: Path, cells: list[dict[str, Any]]) -> Found:
    answers = list(_without_tests(cells))
    seeds = _seeds_of(cells)
    files = beside([path], path.parent, [p for p in path.parent.glob("*.ipynb") if p != path])
    slug = slug_of(path.stem)
    return Found(
        slug,
        title_of(slug),
        as_file(answers, _seeding(seeds, _emptied)),
        as_file(answers, _seeding(seeds, _solved)),
        path.parent,
        files,
        (Case(path, "OtterNotebook"),),
        seeds=seeds,
    )


def _seeds_of(cells: list[dict[str, Any]]) -> tuple[int, str] | None:
    """What otter sets before each cell that it grades, by the settings of the assignment."""
    for cell in cells:
        if _begins(cell, "# ASSIGNMENT CONFIG"):
            told = config_of(str(cell["source"]))
            own, grading = (told.get(name) for name in ("seed", "generate"))
            own = own if isinstance(own, dict) else {}
            grading = grading if isinstance(grading, dict) else {}
            number = grading.get("seed", own.get("autograder_value"))
            variable = grading.get("seed_variable", own.get("variable"))
            return (number, str(variable or "")) if type(number) is int else None
    return None


def _seeding(
    seeds: tuple[int, str] | None, source_of: Callable[[dict[str, Any]], str]
) -> Callable[[dict[str, Any]], str]:
    """The same, with what otter does before each cell: as a file they are one."""
    if seeds is None:
        return source_of
    number, variable = seeds
    line = f"{variable} = {number}  # before each cell" if variable else SEED.format(number)

    def seeded(cell: dict[str, Any]) -> str:
        source = source_of(cell)
        is_code = cell["cell_type"] == "code" and source.strip()
        code = without_magics(source) if is_code else None
        return source if code is None else f"{line}\n{code}"

    return seeded


def _without_tests(cells: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The cells, without those of tests; those of solutions are marked."""
    within = ""
    for cell in cells:
        for part in ("TESTS", "SOLUTION", "PROMPT"):
            if _begins(cell, f"# BEGIN {part}"):
                within = part
            elif _begins(cell, f"# END {part}"):
                within = ""
        if within != "TESTS" and cell["cell_type"] != "raw":
            yield {**cell, "within": within}


def _solved(cell: dict[str, Any]) -> str:
    """A cell as the author wrote it, without the prompts that only learners get."""
    kept, prompt = [], False
    if cell["cell_type"] != "code":
        return "" if cell["within"] == "PROMPT" else str(cell["source"])
    for line in cell["source"].splitlines():
        if re.search(r'"""\s*#\s*BEGIN PROMPT\s*$', line):
            prompt = True
        elif re.search(r'"""\s*;?\s*#\s*END PROMPT\s*$', line):
            prompt = False
        elif not prompt:
            kept.append(line)
    return "\n".join(kept)


def _emptied(cell: dict[str, Any]) -> str:
    """A cell as `otter assign` gives it to learners."""
    if cell["cell_type"] != "code":
        return "" if cell["within"] == "SOLUTION" else str(cell["source"])
    if cell["within"] == "SOLUTION" and "SOLUTION" not in cell["source"]:
        return "..."
    kept: list[str] = []
    inside = ""
    for line in cell["source"].splitlines():
        begin = re.search(r"^(\s*)#\s*BEGIN (SOLUTION|IGNORE)( NO PROMPT)?\s*$", line)
        if begin:
            inside = begin[2]
            if begin[2] == "SOLUTION" and not begin[3]:
                kept.append(f"{begin[1]}...")
        elif re.search(r"#\s*END (SOLUTION|IGNORE)\s*$", line):
            inside = ""
        elif inside or SKIPPED.search(line) or line.strip().lower() == "## solution ##":
            continue
        else:
            kept.append(LINE.sub(r"\1...", ASSIGNED.sub(r"\1\2 ...", line)))
    return "\n".join(kept)


def _folder(tests: Path, files: list[Path], solutions: Path | None) -> Found | Passed:
    """Test files of otter's beside what learners write."""
    folder = tests.parent
    stub = _code_beside(folder)
    solution = solutions if solutions is not None and solutions.is_file() else None
    usual = (folder / "solution", folder / "solutions", folder / "autograder")
    for place in (solutions, *usual, folder.parent / "autograder"):
        if solution is None and place is not None and place.is_dir():
            solution = _code_beside(place)
    stub = stub or solution
    with_cells = [each for each in (stub, solution) if each is not None]
    for each in with_cells:
        try:
            _as_python(each)
        except ValueError as error:
            return Passed(each, str(error))
    if stub is None or solution is None:
        return Passed(tests, "no solution lies beside it: say where with `--solutions`")
    slug = slug_of(folder.name if stub.stem in ("solution", "student") else stub.stem)
    source = _as_python(solution)
    own = named_in(source, folder, [stub, solution, *files], files)
    return Found(
        slug,
        title_of(slug),
        _as_python(stub),
        source,
        folder,
        tuple(dict.fromkeys([*beside(files, tests, []), *own])),
        tuple(Case(each, "OtterTests") for each in files),
        home=folder,
    )


def _with_metadata(paths: list[Path], solutions: Path | None) -> Found:
    """A notebook with its tests in its metadata, and what learners get, if that is there too."""

    def is_solution(path: Path) -> bool:
        inside = {part.lower() for part in path.parts[-3:-1]}
        return (solutions is not None and solutions in (path, *path.parents)) or bool(
            inside & {"autograder", "solution", "solutions"}
        )

    path = next(filter(is_solution, paths), paths[0])
    stub = next((each for each in paths if not is_solution(each)), path)
    slug = slug_of(path.stem)
    note = "no other notebook of its name lies beside it: it is taken for the solution"
    return Found(
        slug,
        title_of(slug),
        _as_python(stub),
        _as_python(path),
        path.parent,
        beside([path], path.parent, [p for p in path.parent.glob("*.ipynb") if p != path]),
        (Case(path, "OtterMetadata"),),
        notes=() if stub is not path else (note,),
    )


def _code_beside(folder: Path) -> Path | None:
    found = [*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("*.py"))]
    return next((path for path in found if not path.name.startswith("test")), None)


def _as_python(path: Path) -> str:
    if path.suffix == ".py":
        return text_of(path)
    return as_file(cells_of(path), lambda cell: str(cell["source"]))
