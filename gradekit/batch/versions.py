"""What decides a report besides the answer: an equal set of versions means an equal report."""

from __future__ import annotations

import ast
import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradekit.course import Course, Exercise
from gradekit.sandbox.packages import distribution_of

# The parts of kit that turn an answer into a report; pages and commands do not. Their text counts,
# not kit's version: in a checkout the engine changes between two versions, and results made before
# would be kept.
ENGINE = (
    "causes.py", "course.py", "definitions.py", "engine.py", "report.py", "submission.py",
    "sandbox", "grading", "intake",
)  # fmt: skip
LIBRARIES = {"python": (), "numpy": ("numpy",), "torch": ("numpy", "torch")}
DIGITS = 16  # of a SHA-256: enough to tell versions apart


def versions_of(course: Course, exercise: Exercise) -> dict[str, str]:
    """What the reports of an exercise depend on today, by name."""
    beside = [path for path in course.beside_graders() if path.suffix != ".py"]
    data = [*course.data(exercise).values(), *beside]
    return {
        "kit": _version("gradekit"),
        "engine": engine(),
        "grader": _digest([*_grader_files(course, exercise), *data], course.root),
        "python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES[exercise.library]},
        **{name: _version(distribution_of(name)) for name in exercise.packages},
    }


@cache
def engine() -> str:
    """A digest of the code of kit that decides reports."""
    package = Path(__file__).resolve().parents[1]
    parts = [package / name for name in ENGINE]
    files = [path for part in parts for path in ([part] if part.is_file() else part.rglob("*.py"))]
    return _digest(sorted(files), package)


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _grader_files(course: Course, exercise: Exercise) -> list[Path]:
    """The grader, the modules beside it that it imports, and the names of known mistakes."""
    grader = course.grader(exercise)
    found: list[Path] = []
    waiting = [grader]
    # What a grader imports of kit is in the engine's digest, and libraries have versions of their
    # own: so only files beside the grader are followed.
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.append(path)
        waiting += [grader.with_name(f"{name}.py") for name in _imported(path.read_bytes())]
    return sorted(found) + sorted(grader.parent.glob(f"*/{grader.stem}.json"))


def _imported(source: bytes) -> set[str]:
    try:
        tree = ast.parse(source)
    # A grader that cannot be parsed says so when it is run; its own bytes are in the digest.
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            from_here = [alias.name for alias in node.names] if not node.module else [node.module]
            names.update(name.split(".")[0] for name in from_here)
    return names


def _digest(files: list[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:DIGITS]
