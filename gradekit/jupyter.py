"""gradekit inside Jupyter: the magic `%kit`, and the hidden cells of exported notebooks.

The functions that a kernel's user has defined are taken from what was run so far, and graded
as `kit check` grades a file: by another process, which the kernel's state cannot mislead.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import html
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gradekit.causes import Cause, causes
from gradekit.course import Course, root_at, root_of, usual_course
from gradekit.definitions import asked_for, first_line_of, needed_by
from gradekit.errors import KitError
from gradekit.report import MARKS, WAITS, Check, Report
from gradekit.texts import cause_details, details, explained, remarks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


# A cell that only asks kit something, as the shell keeps it.
OF_KIT = re.compile(
    r"^(?:get_ipython\(\)\.run_line_magic|%)\W*(?:kit|load_ext\W+gradekit)\b[^\n]*$"
)


def register(shell: InteractiveShell) -> None:
    """What `%load_ext gradekit` does."""
    shell.register_magic_function(kit, "line", "kit")  # type: ignore[arg-type]


def kit(line: str) -> Table | None:
    """`%kit check softmax` grades the functions of this notebook.

    `%kit explain softmax` explains them. Any other line is run as by the command line: `%kit hint
    softmax`, `%kit list`.
    """
    try:
        words = _words(line)
        named, rest = _course_named(words)
        command, about = "".join(rest[:1]), rest[1:]
        if command == "watch" or "--watch" in about:
            raise KitError(
                f"`kit {command}` goes on until Ctrl-C: start it in a terminal. Here `%kit check "
                "EXERCISE` grades the functions of this notebook."
            )
        if about and command in ("check", "explain"):
            root = root_of(named) if named else _course_here()
            name, *options = about
            if command == "check":
                return Table(_graded(_shell(), name, root, tuple(options)))
            print(_explained(_shell(), name, root, options), end="")
            return None
        _run(words, show=True)
    except KitError as error:
        print(error)
    return None


def score(exercise: str, check: str, course: str = "") -> float:
    """The points of one check for the functions of this notebook; says what is missing.

    The notebook is graded once, by its first cell that asks.

    Raises:
        RuntimeError: autograde runs this in the student's own kernel, where any answer could
            change its points; or the check could not be run.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise RuntimeError(
            "this course has to be autograded with the nbgrader_config.py that "
            "`kit export nbgrader` wrote: copy its autograde_preprocessors into yours"
        )
    report = _graded(_shell(), exercise, root_at(course), ())
    for found in report.checks:
        if found.name == check:
            if found.outcome == "not_run":
                raise RuntimeError(f"the check was not run: {found.message}")
            if found.outcome in ("failed", "waits"):
                print(explained(found, details(report)[check]))
            return found.score
    raise RuntimeError(f"the grader of {exercise} has no check `{check}`: export it anew")


class Table:
    """A report as Jupyter shows it: a table in the output cell, or plain text."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __repr__(self) -> str:
        return f"{remarks(self.report)}\n{self._total()}".lstrip()

    def _repr_html_(self) -> str:
        passed = [c for c in self.report.checks if c.max_score and c.outcome == "passed"]
        settled = [*passed, *self.report.waiting]
        rows = [*map(_row, causes(self.report)), *map(_passed_row, settled)]
        like = "".join(
            f"<p><code>{html.escape(name)}</code> behaves like: {html.escape(mistake)}</p>"
            for name, mistake in self.report.behaves_like.items()
        )
        return f"<p><b>{self._total()}</b></p>{like}<table>{''.join(rows)}</table>"

    def _total(self) -> str:
        report = self.report
        return f"{report.exercise}: {report.points}"


def _row(cause: Cause) -> str:
    return _table_row(
        cause.outcome, cause.title, cause_details(cause), cause.score, cause.max_score
    )


def _passed_row(check: Check) -> str:
    text = WAITS if check.outcome == "waits" else ""
    return _table_row(check.outcome, check.title, text, check.score, check.max_score)


def _table_row(outcome: str, title: str, text: str, score: float, possible: float) -> str:
    below = f'<br><span style="opacity: 0.8">{html.escape(text)}</span>' if text else ""
    points = f"{score:g} / {possible:g}" if possible else "example"
    wide = "text-align: left; white-space: pre-wrap"
    return (
        f'<tr><td>{MARKS[outcome]}</td><td style="{wide}">{html.escape(title)}{below}</td>'
        f'<td style="white-space: nowrap">{points}</td></tr>'
    )


def _shell() -> InteractiveShell:
    from IPython.core.getipython import get_ipython

    shell: InteractiveShell | None = get_ipython()
    if shell is None:
        raise KitError("This works inside a Jupyter notebook only.")
    return shell


def _course_named(words: list[str]) -> tuple[str, list[str]]:
    """What `--course` names in front of a command, or "", and the words after it."""
    if words[:1] == ["--course"]:
        return "".join(words[1:2]), words[2:]
    if words and words[0].startswith("--course="):
        return words[0].partition("=")[2], words[1:]
    return "", words


def _course_here() -> Path:
    """The course of the practice folder, of KIT_COURSE, or kit's own, as for `kit check`."""
    from gradekit.practice.folders import remembered_course

    return remembered_course() or usual_course().root


def _graded(shell: InteractiveShell, name: str, root: Path, options: tuple[str, ...]) -> Report:
    """The report on what the kernel's user has defined."""
    exercise, cells = _cells_of(shell, name, Course(root))
    return _graded_cells(str(root), exercise, cells, options)


def _explained(shell: InteractiveShell, name: str, root: Path, options: list[str]) -> str:
    """What `kit explain` says of it."""
    exercise, cells = _cells_of(shell, name, Course(root))
    return _run_on("explain", str(root), exercise, cells, options)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise KitError(f"`%kit {line}` cannot be read: {str(error).lower()}.") from None


def _cells_of(shell: InteractiveShell, name: str, course: Course) -> tuple[str, tuple[str, ...]]:
    """The exercise that is meant, and what the kernel's user has defined of it, cell by cell.

    Raises:
        KitError: nothing of it.
    """
    exercise = course.find(name)
    cells = list(shell.user_ns["In"])[1:]
    if exercise.imported:  # its tests look at variables as well
        cells = [cell for cell in cells if not OF_KIT.search(cell)]
    else:
        functions = asked_for(course.stub(exercise))
        cells = definitions(cells, set(functions))
        if functions and not any(cell.strip() for cell in cells):
            names = ", ".join(f"`{name}`" for name in functions)
            raise KitError(
                f"No cell that has been run defines {names}: run the cell with your answer first."
            )
    while cells and not cells[-1].strip():  # what ran since changes nothing
        cells.pop()
    return exercise.name, tuple(cells)


def definitions(cells: list[str], wanted: set[str]) -> list[str]:
    """The cells with only the statements that define the functions `wanted`, as the lines were.

    A notebook also plots and trains, which grading need not repeat.
    """
    trees = []
    for cell in cells:
        with contextlib.suppress(SyntaxError, ValueError):
            trees.append((cell, ast.parse(cell).body))
    statements = [statement for _, body in trees for statement in body]
    needed = {id(statement) for statement in needed_by(wanted, statements)}
    return [_only(cell, [s for s in body if id(s) in needed]) for cell, body in trees]


def _only(cell: str, statements: list[ast.stmt]) -> str:
    kept: set[int] = set()
    for statement in statements:
        first = first_line_of(statement)
        kept.update(range(first, (statement.end_lineno or first) + 1))
    lines = cell.split("\n")
    return "\n".join(line if number in kept else "" for number, line in enumerate(lines, start=1))


@functools.lru_cache(maxsize=8)
def _graded_cells(
    root: str, exercise: str, cells: tuple[str, ...], options: tuple[str, ...]
) -> Report:
    """The report of `kit check` on these cells. An answer that was graded once stays graded."""
    output = _run_on("check", root, exercise, cells, ["--json", *options])
    try:
        return msgspec.json.decode(output, type=Report)
    except msgspec.DecodeError:
        raise KitError(
            output or f"kit gave no report. Run `kit check {exercise}` in a terminal."
        ) from None


def _run_on(
    command: str, root: str, exercise: str, cells: Iterable[str], options: Iterable[str]
) -> str:
    """What a command says of these cells, as a notebook."""
    import nbformat
    from nbformat import v4

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells]), path)
        words = ["--course", root, command, exercise, str(path), *options]
        return _run(words, show=False)


def _run(words: list[str], *, show: bool) -> str:
    """Run the command line; return or print what it said.

    Raises:
        KitError: it could not do its work; the message is its own.
    """
    done = subprocess.run(
        [sys.executable, "-m", "gradekit", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    if done.returncode > 1:
        raise KitError(done.stderr.strip().removeprefix("kit: "))
    if show:
        print(done.stdout, end="")
    return done.stdout
