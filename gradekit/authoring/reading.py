"""What is wrong with an exercise's files before anything of them is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from gradekit.errors import KitError
from gradekit.submission import read

CLOCKS = {"time", "timeit", "datetime"}
ONLY_PROBES = "only a probe may look at the clock; import it there"


def fault_of(path: Path, called: str) -> str:
    """Why a file is no Python that can be graded, in a sentence about `called`; else empty."""
    try:
        ast.parse("".join(read(path).cells))
    except KitError as error:
        return str(error).replace(str(path), called)
    except SyntaxError as error:
        return f"{called}, line {error.lineno}, is no valid Python: {error.msg}"
    return ""


def not_python(folder: Path) -> Iterator[str]:
    """What lies in a folder of the bank and is never graded."""
    for path in sorted(folder.glob("*")):
        if path.suffix != ".py" and path.name != "__pycache__" and not path.name.startswith("."):
            yield f"{folder.name}/{path.name} is no Python file (.py), and is never graded"


def unsaid(grader: Path) -> Iterator[str]:
    """What the tests of a grader leave out: the mark, the title or the hint of a check."""
    for test in _parts(grader):
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test"):
            continue
        mark = next((each for each in test.decorator_list if _is_check(each)), None)
        if mark is None:
            yield f"{test.name} has no `@check`, so it never runs"
            continue
        if not (ast.get_docstring(test) or "").strip():
            yield f"{test.name} has no docstring: say what should be true"
        if _hint(mark).strip() == "" and not _is_manual(mark):
            yield f"{test.name} has no hint: ask a question that leads to the mistake"


def unseen(grader: Path) -> Iterator[str]:
    """Which checks of a grader never run, because of what they are called or what they take."""
    lines: dict[str, int] = {}
    for test in _parts(grader):
        if not isinstance(test, ast.FunctionDef) or not any(map(_is_check, test.decorator_list)):
            continue
        here = f"the grader, line {test.lineno}: {test.name}"
        if not test.name.startswith("test"):
            yield f"{here} has `@check` but never runs: its name has to begin with `test_`"
        if (line := lines.setdefault(test.name, test.lineno)) != test.lineno:
            yield f"{here} stands in line {line} too, and only the last of them runs"
        for name in (each.arg for each in test.args.args):
            if name != "submission" and get_close_matches(name, ["submission"]):
                yield f"{here} takes `{name}`: is it `submission`?"


def unlike(stub: Path, solution: Path) -> Iterator[str]:
    """The functions that take other parameters in the solution than learners are told."""
    asked, given = _parameters(stub), _parameters(solution)
    for name, parameters in asked.items():
        if given.get(name, parameters) != parameters:
            yield (
                f"the stub asks for `{name}({', '.join(parameters)})`, and the solution has "
                f"`{name}({', '.join(given[name])})`"
            )


def points_of(grader: Path) -> float:
    """What the checks of a grader add up to, as it stands there; 10 where that is computed."""
    marks = [
        each
        for test in _parts(grader)
        if isinstance(test, ast.FunctionDef)
        for each in test.decorator_list
        if _is_check(each) and isinstance(each, ast.Call)
    ]
    points = [word.value for mark in marks for word in mark.keywords if word.arg == "points"]
    told = [each.value for each in points if isinstance(each, ast.Constant)]
    numbers = [each for each in told if isinstance(each, int | float)]
    return sum(numbers) if numbers and len(numbers) == len(marks) else 10


def timed(grader: Path) -> Iterator[str]:
    """Which clocks a grader imports outside its probes, though equal replies are judged once."""
    for part in _parts(grader):
        is_test = getattr(part, "name", "").startswith("test")
        for node in ast.walk(part) if is_test else [part]:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in CLOCKS.intersection(names):
                yield f"the grader imports {name}: {ONLY_PROBES}"


def _parameters(path: Path) -> dict[str, list[str]]:
    """What each function of a file takes, in words; not of those that take anything."""
    found = {}
    for part in _parts(path):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            has, optional = part.args, len(part.args.defaults)
            names = [each.arg for each in (*has.posonlyargs, *has.args)]
            required = names[: len(names) - optional]
            words = [*required, *(f"{name}=..." for name in names[len(required) :])]
            words += [f"*, {each.arg}" for each in has.kwonlyargs]
            if not has.vararg and not has.kwarg:
                found[part.name] = words
    return found


def _parts(grader: Path) -> list[ast.stmt]:
    return ast.parse(grader.read_text("utf-8-sig")).body


def _is_check(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(called, "id", getattr(called, "attr", "")) == "check"


def _is_manual(mark: ast.expr) -> bool:
    """Whether a person marks it; then there is nothing to give a hint about."""
    keywords = mark.keywords if isinstance(mark, ast.Call) else []
    return any(keyword.arg == "manual" for keyword in keywords)


def _hint(mark: ast.expr) -> str:
    """The hint as it stands there; what is computed is taken to say something."""
    keywords = mark.keywords if isinstance(mark, ast.Call) else []
    for keyword in keywords:
        if keyword.arg == "hint":
            value = keyword.value
            return str(value.value) if isinstance(value, ast.Constant) else ast.unparse(value)
    return ""
