"""Answers of several files: the entry, the modules that it imports, and whose they are."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit import answers
from gradekit.answers import read_answer
from gradekit.authoring import new
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import KitError
from gradekit.grading.session import Session
from gradekit.intake.discovery import discover
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.siblings import MODULES, imported
from gradekit.report import Report
from gradekit.submission import read

ENTRY = """from parts import twice
from pack.inner import check

def toy(x):
    return check(twice(x))
"""
PARTS = """import numpy as np
from more import two

def twice(x):
    return two * np.asarray(x, float)
"""
FILES = {
    "exercise_01_toy.py": ENTRY,
    "parts.py": PARTS,
    "more.py": "two = 2\n",
    "pack/__init__.py": "",
    "pack/inner.py": "from .deeper import same\n\ndef check(x):\n    return same(x)\n",
    "pack/deeper.py": "def same(x):\n    return x\n",
    "unused.py": "raise SystemExit\n",
}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    new.begin(root, "toy", "numpy", None)
    return Course(root)


@pytest.fixture(scope="module")
def session(toys: Course) -> Iterator[Session]:
    with open_session(toys, toys.exercises[0]) as made:
        yield made


def test_a_folder_of_everything_is_no_answer(
    toys: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home folder, say: one sentence at once, instead of minutes of looking through it."""
    monkeypatch.setattr(answers, "MOST_FILES", 5)
    with pytest.raises(KitError, match=r"holds more than 5 files: name the folder of the answer"):
        read_answer(toys, toys.exercises[0], lay(tmp_path, FILES))


@pytest.fixture
def grade(toys: Course, session: Session, tmp_path: Path) -> Callable[[dict[str, str]], Report]:
    """Grade these files as one answer."""

    def graded(files: dict[str, str]) -> Report:
        answer = read_answer(toys, toys.exercises[0], lay(tmp_path / "answer", files))
        return session.grade(answer)

    return graded


def test_modules_are_imported_from_beside(grade: Callable[[dict[str, str]], Report]) -> None:
    """Modules of modules and packages too; what nobody imports is not even read."""
    report = grade(FILES)
    assert (report.score, report.passed_over) == (10, ())


def test_of_two_answers_the_other_is_told(grade: Callable[[dict[str, str]], Report]) -> None:
    """Where no name says which one is meant, the report says which one it is not about."""
    toy = "def toy(x):\n    return 2 * x\n"
    (note,) = grade({"first.py": toy, "second.py": toy}).passed_over
    file, _, reason = note.partition(": it is a duplicate: ")
    assert {file, reason.split()[0]} == {"first.py", "second.py"}


def test_file_takes_its_modules_along(toys: Course, session: Session, tmp_path: Path) -> None:
    """Also where only the entry is named, as in a practice folder; they decide what it is."""
    path = lay(tmp_path, FILES) / "exercise_01_toy.py"
    first = read(path)
    assert [name for name, _ in first.modules] == [
        "more.py", "pack/__init__.py", "pack/deeper.py", "pack/inner.py", "parts.py",
    ]  # fmt: skip
    assert session.grade(first).score == 10
    (tmp_path / "more.py").write_text("two = 3\n")
    assert read(path).sha256 != first.sha256
    assert session.grade(read(path)).score == 0


def test_zip_and_entry_of_another_name(toys: Course, session: Session, tmp_path: Path) -> None:
    """The course may say which file is the entry."""
    root = tmp_path / "course"
    shutil.copytree(toys.root, root)
    metadata = root / "exercises/exercises.toml"
    metadata.write_text(metadata.read_text() + 'entry = "main.py"\n')
    course = Course(root)
    files = {("main.py" if "toy" in name else name): text for name, text in FILES.items()}
    files["toys.py"] = "def toy(x):\n    return x\n"
    target = tmp_path / "answer.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"my answer/{name}", text)
    answer = read_answer(course, course.exercises[0], target)
    assert answer.cells == (ENTRY,) and session.grade(answer).score == 10
    with pytest.raises(KitError, match=r"call the one with its functions in it main\.py"):
        lay(tmp_path / "none", {"notes.txt": "nothing"})
        read_answer(course, course.exercises[0], tmp_path / "none")


def test_module_that_fails_is_told_with_its_line(
    grade: Callable[[dict[str, str]], Report],
) -> None:
    """As any statement that fails."""
    report = grade({**FILES, "more.py": "two = 1 / 0\n"})
    assert report.score == 0
    assert "ZeroDivisionError" in report.passed_over[0]
    raised = grade({**FILES, "pack/deeper.py": "def same(x):\n    return x.missing\n"})
    assert "(line 2" in raised.checks[-1].message


EVIL = """
import os, sys, socket
found = []
for attempt in (
    lambda: open("/etc/passwd").read(),
    lambda: open({grader!r}).read(),
    lambda: os.system("true"),
    lambda: os.fork(),
    lambda: socket.socket(),
    lambda: open("file", "w"),
    lambda: os.listdir({root!r}),
):
    try:
        attempt()
        found.append("done")
    except (OSError, PermissionError):
        pass
two = 2 if not found else 0
"""


def test_modules_are_locked_up_as_well(
    toys: Course, grade: Callable[[dict[str, str]], Report]
) -> None:
    """Whatever a module tries while it is imported, it is refused; and no name helps."""
    grader = str(toys.grader(toys.exercises[0]))
    evil = EVIL.format(grader=grader, root=str(toys.root))
    assert grade({**FILES, "more.py": evil}).score == 10
    for name in ("gradekit", "cloudpickle", "msgspec", "numpy", "os", "builtins", "grader"):
        forged = "def __getattr__(name):\n    raise SystemExit\n"
        report = grade({**FILES, f"{name}.py": forged, "more.py": f"import {name}\ntwo = 2\n"})
        assert not report.not_run
        assert [check.max_score for check in report.checks] == [0, 10]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({f"m{n}.py": "" for n in range(MODULES + 1)}, "more than 50 modules"),
        ({"m0.py": f"text = '{'x' * 700_000}'", "m1.py": f"t = '{'x' * 700_000}'"}, "1 MiB"),
    ],
)
def test_modules_are_bounded(toys: Course, tmp_path: Path, more: dict[str, str], told: str) -> None:
    """In number and size, with a sentence."""
    entry = "".join(f"import {name.removesuffix('.py')}\n" for name in more)
    lay(tmp_path, {**more, "exercise_01_toy.py": entry})
    for path in (tmp_path, tmp_path / "exercise_01_toy.py"):
        with pytest.raises(KitError, match=told):
            read_answer(toys, toys.exercises[0], path)


def test_imports_are_read_off_the_text() -> None:
    """Of files and of the JSON of notebooks; a name in a sentence does no harm."""
    text = b"import os.path as p, parts\nif x: import inner\nfrom .near import y\n"
    text += b"from far.off import (\n"
    assert imported(text) == {"os", "parts", "inner", "far"}
    assert imported(b'"import parts\\n", "from more import x\\n"') == {"parts", "more"}
    assert imported(b"import numpy, torch\n") == set()
    for long in (b"from " + b"a" * 2**20, b"from a" + b".a" * 2**19, b"import " + b"a." * 2**19):
        assert len(imported(long)) <= 1
    assert imported(b";import " * 2**17 + b"\nimport last\n") == {"last"}


def test_class_of_folders(toys: Course, tmp_path: Path) -> None:
    """Each answer gets the modules of its author, never another's; graded anew when one changes."""
    handed = tmp_path / "handed"
    lay(handed / "ada", FILES)
    lay(handed / "bob", {"exercise_01_toy.py": ENTRY})  # without its modules
    lay(handed / "cem" / "toy", {**FILES, "more.py": "two = 2.0\n"})
    found = discover(open_handed_in(handed), toys)
    modules = {e.student: len(e.contents(open_handed_in(handed))[1]) for e in found.entries}
    assert modules == {"ada": 5, "bob": 0, "cem": 5}
    assert {each.file for each in found.not_graded} >= {"ada/unused.py"}
    assert not [each for each in found.not_graded if each.file.endswith(("parts.py", "more.py"))]

    def run() -> dict[str, str]:
        words = ["--course", str(toys.root), "grade", str(handed), "--out", str(tmp_path / "out")]
        result = CliRunner().invoke(kit, [*words, "--jobs", "1"])
        assert result.exit_code == 0, result.output
        lines = (tmp_path / "out/scores.csv").read_text("utf-8-sig").splitlines()[1:]
        return {line.split(",")[0]: line.split(",")[1] for line in lines}

    assert run() == {"ada": "10", "bob": "0", "cem": "10"}
    (handed / "ada/more.py").write_text("two = 3\n")
    assert run() == {"ada": "0", "bob": "0", "cem": "10"}


def test_flat_folder_lends_nobody_anothers_module(toys: Course, tmp_path: Path) -> None:
    """Where all lie in one folder, a file belongs to the one who is named in it."""
    lay(tmp_path, {"ada_exercise_01.py": "import bob_exercise_01\n", "bob_exercise_01.py": ENTRY})
    found = discover(open_handed_in(tmp_path), toys)
    assert len(found.entries) == 2
    assert all(not each.contents(open_handed_in(tmp_path))[1] for each in found.entries)
