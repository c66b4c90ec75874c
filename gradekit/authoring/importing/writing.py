"""Writes found exercises into a course: stub, solution, cases, grader and entry."""

from __future__ import annotations

import ast
import hashlib
import json
import keyword
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gradekit.authoring.importing.found import Found
from gradekit.authoring.importing.needs import data_of, helpers_of, is_folder_named, packages_of
from gradekit.course import METADATA, Course, Exercise
from gradekit.errors import KitError
from gradekit.grading.originals.original import PERSON, Test

PACKAGE = Path(__file__).resolve().parents[2]
CASES = "cases"
WHOLE = 10.0  # what tests share whose points the course does not say
TITLE_CHARACTERS = 160

GRADER = '''\
"""The tests of `{folder}`, as they are, each a check. Written by `kit import {kind}`.

They run on the trusted side, with the names of the answer bound to the submission.
"""

from gradekit.grading import check
from gradekit.grading.originals import {readers}

EXAMPLES = False  # those of the stub are no checks here
ORIGINALS = {{
{originals}
}}
'''
ORIGINAL = """    {name}: {reader}(
        __file__,
        {name},
        "{sha256}",{modules}{seed}
    ),"""
CHECK = """

@check({about}, points={points!r}, hint={hint}{afresh})
def {name}(submission):
    {title}
    ORIGINALS[{case}].run(submission, {address}{hidden}{more})
"""

MANUAL = """

@check({about}, points={points!r}, manual=True)
def {name}(submission):
    {title}
"""


class Chosen(NamedTuple):
    """A test that becomes a check.

    Attributes:
        case: The file it stands in, from the exercise's folder in `cases/`.
        name: Of the check.
        points: What it is worth in the end.
    """

    case: str
    test: Test
    name: str
    points: float


class Target:
    """One found exercise in the course that it goes to."""

    def __init__(self, course: Course, found: Found, number: int, kind: str) -> None:
        self.course, self.found, self.kind = course, found, kind
        self.name = f"exercise_{number:02}_{found.slug}"
        self.cases = course.root / CASES / self.name

    @property
    def file_name(self) -> str:
        return f"{self.name}.py"

    def case_name(self, path: Path) -> str:
        """A file's name in `cases/`."""
        return path.relative_to(self.found.folder).as_posix()

    def write_files(self) -> None:
        """Write what needs no run of a test: stub, solution, and the originals byte for byte."""
        root = self.course.root
        stubs, solutions = root / "exercises", root / "solutions"
        if self.found.parts:  # apart from the modules of other exercises
            solutions /= self.name
        for folder, text in ((stubs, self.found.stub), (solutions, self.found.solution)):
            _write(folder / self.file_name, text)
        for part in self.found.parts:
            for place, text in ((stubs / self.name, part.stub), (solutions, part.solution)):
                _write(place / part.path, text)
        for name, path in self._data().items():
            _copy(path, stubs / self.name / name)
        (root / "graders").mkdir(exist_ok=True)
        for path in dict.fromkeys([*(case.path for case in self.found.cases), *self.found.files]):
            _copy(path, self.cases / self.case_name(path))

    def _data(self) -> dict[str, Path]:
        """The files that lie beside an answer, by the paths under which it opens them."""
        tests = [case.path for case in self.found.cases]
        found = data_of(self.found.files, tests, [self.found.sources, *map(_source, tests)])
        home = self.found.home or tests[0].parent  # where a notebook runs
        found += helpers_of(self.found.files, home, self.found.sources)
        return {name: path for path in found for name in self._names_beside(path, home)}

    def _names_beside(self, path: Path, home: Path) -> list[str]:
        """The paths under which an answer opens a file, of which it may know the last part only."""
        is_inside = home in path.parents
        inside = path.relative_to(home).as_posix() if is_inside else path.name
        texts = "\n".join([self.found.sources, *(_source(case.path) for case in self.found.cases)])
        if path.suffix == ".py":
            return [inside]
        # The course may lie around the folder that an answer runs in: `data/a.csv` is opened there.
        parts = (path.relative_to(self.found.folder) if self.found.folder in path.parents
                 else Path(path.name)).parts  # fmt: skip
        names = ["/".join(parts[start:]) for start in range(len(parts))]
        texts = texts.replace("\\", "")  # of quotes in the texts of notebooks and of otter's tests
        said = [name for name in names if re.search(rf"""["'/]{re.escape(name)}["']""", texts)]
        if len(said) > 1 and re.search(rf"""["'](?:\./)?{re.escape(path.name)}["']""", texts):
            is_apart = not is_folder_named(path.parent.name, texts.replace(said[0], ""))
            return [said[0], path.name] if is_apart else said[:1]
        if said and said[0] != path.name:
            return said[:1]
        if len(parts) > 1 and is_folder_named(path.parent.name, texts):
            return [inside if is_inside and inside != path.name else "/".join(parts[-2:])]
        return [inside if inside in texts or home == self.cases_home else path.name]

    @property
    def cases_home(self) -> Path:
        """The folder of the tests, which a notebook shares with its answer."""
        return self.found.cases[0].path.parent

    def write_grader(self, chosen: Sequence[Chosen]) -> None:
        """Write the grader, with a check for each chosen test."""
        path = self.course.root / "graders" / self.file_name
        path.write_text(self._grader(chosen), "utf-8")

    def _grader(self, chosen: Sequence[Chosen]) -> str:
        originals = []
        for case in self.found.cases:
            content = case.path.read_bytes()
            names, kind = self.found.modules, "parts" if self.found.parts else "modules"
            originals.append(
                ORIGINAL.format(
                    name=json.dumps(self.case_name(case.path)),
                    reader=case.reader,
                    sha256=hashlib.sha256(content).hexdigest(),
                    modules=f"\n        {kind}={json.dumps(names)}," if names else "",
                    seed=self._seed(),
                )
            )
        readers = ", ".join(sorted({case.reader for case in self.found.cases}))
        text = GRADER.format(
            folder=f"{CASES}/{self.name}",
            kind=self.kind,
            readers=readers,
            originals="\n".join(originals),
        )
        return text + "".join(map(_check, chosen))

    def _seed(self) -> str:
        number, variable = self.found.seeds or (None, "")
        return "" if number is None or variable else f"\n        seed={number},"

    def entry(self) -> str:
        """The exercise's entry in exercises.toml."""
        sources = [self.found.sources, *(_source(case.path) for case in self.found.cases)]
        library = (
            "torch"
            if any(re.search(r"\bimport torch\b|\bfrom torch\b", s) for s in sources)
            else "numpy"
        )
        return "\n".join(
            [
                "",
                "[[exercise]]",
                f'name = "{self.name}"',
                f"title = {json.dumps(self.found.title)}",
                f'library = "{library}"',
                f'topics = ["{self.kind}"]',
                "difficulty = 2",
                "minutes = 30",
                "imported = true",
                *self._needs(),
                "",
            ]
        )

    def _needs(self) -> list[str]:
        """The lines of the entry about packages and data."""
        written = [part.path for part in self.found.parts]
        files = [*written, *self._data()]
        own = [name.partition("/")[0].removesuffix(".py") for name in files]
        packages = packages_of(self.found.sources, [*self.found.modules, *own])
        # Learners hand in what they were given: a notebook of that name.
        source = self.found.cases[0].path.name
        is_notebook = source.endswith(".ipynb") and source != f"{self.found.slug}.ipynb"
        number, variable = self.found.seeds or ("", "")
        lines = {
            "cell_seed": number,
            "seed_variable": variable,
            "packages": packages,
            "files": files,
            "written": written,
            "entry": source if is_notebook else "",
            "assignment": self.found.assignment,
        }
        return [
            f"{name} = {json.dumps(values)}"
            for name, values in lines.items()
            if values not in ("", [])
        ]

    def exercise(self) -> Exercise:
        """The exercise as the course has it now."""
        return self.course.find(self.name)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _source(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def _check(chosen: Chosen) -> str:
    test = chosen.test
    hidden = ", hidden=True" if test.hidden else ""
    expected = f", expected={[*test.expected]!r}" if test.expected else ""
    form = MANUAL if test.obstacle == PERSON else CHECK
    title = " ".join(test.title.split())[:TITLE_CHARACTERS] or chosen.name
    return form.format(
        about=json.dumps(test.about),
        points=chosen.points,
        hint=json.dumps(test.hint, ensure_ascii=False),
        name=chosen.name,
        title=_docstring(title),
        case=json.dumps(chosen.case),
        address=json.dumps(test.address),
        hidden=hidden,
        afresh=", afresh=True" if test.afresh else "",
        more=expected + (", named=True" if test.named else ""),
    )


def _docstring(text: str) -> str:
    """A text as a docstring, whatever is in it."""
    plain = f'"""{text}"""'
    try:
        if "\\" not in text and not text.endswith('"') and ast.literal_eval(plain) == text:
            return plain
    except (SyntaxError, ValueError):
        pass
    return repr(text)


def names_for(tests: Iterable[tuple[str, Test]]) -> list[str]:
    """A name of a check for each test: its own, or made of its title, and each once."""
    names: list[str] = []
    for _, test in tests:
        address = re.sub(r"#(\d+)$", r"_\1", test.address)
        last = re.split(r"[.:]", address)[-1]
        if not re.search(r"[A-Za-z]{3}", last):
            last = address if address.startswith(test.about) else f"{test.about}_{address}"
        word = re.sub(r"\W+", "_", last.lower()).strip("_")
        name = word if word.startswith("test") else f"test_{word}"
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"test_{len(names) + 1}"
        base, number = name, 2
        while name in names:
            name = f"{base}_{number}"
            number += 1
        names.append(name)
    return names


def with_points(tests: Sequence[tuple[str, Test]]) -> list[Chosen]:
    """The tests as checks: with the points that the course gives, or equal parts of ten."""
    names = names_for(tests)
    # One that is expected to fail has no points whatever the course says.
    said = [test.points for _, test in tests if test.points is not None and not test.note]
    open_ones = sum(test.points is None for _, test in tests)
    share = WHOLE / open_ones if open_ones and not said else 1.0
    return [
        Chosen(case, test, name, float(share if test.points is None else test.points))
        for (case, test), name in zip(tests, names, strict=True)
    ]


def opened(root: Path) -> Course:
    """The course to import into, which is made where there is none.

    Raises:
        KitError: it must not or cannot be written.
    """
    root = root.resolve()
    if PACKAGE in (root, *root.parents):
        raise KitError(
            "The course that is installed with kit stays as it is.\n"
            "Name a folder of your own: `--into my-course`."
        )
    metadata = root / "exercises" / METADATA
    try:
        metadata.parent.mkdir(parents=True, exist_ok=True)
        metadata.touch()
    except OSError as error:
        raise KitError(f"{error.filename or root} cannot be written: {error.strerror}.") from None
    return Course(root)


def add_entries(course: Course, entries: Iterable[str]) -> Course:
    """Append entries to the course's exercises.toml; the course as it is then."""
    path = course.root / "exercises" / METADATA
    before = path.read_text("utf-8")
    text = "".join(entries)
    path.write_text(
        before.rstrip("\n") + "\n" + text if before.strip() else text.lstrip("\n"), "utf-8"
    )
    return Course(course.root)
