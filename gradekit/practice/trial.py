"""A call of one's own answer as a small script: for `print`, `breakpoint()` and an editor."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from gradekit.causes import causes
from gradekit.course import Exercise
from gradekit.definitions import names_in
from gradekit.errors import KitError
from gradekit.files import writing
from gradekit.intake.names import TRIAL
from gradekit.practice.workspace import Workspace
from gradekit.report import Counterexample, Report
from gradekit.submission import Submission, read

MAGIC = re.compile(r"^([ \t]*[%!].*)$", re.MULTILINE)
IMPORTS = {"np": "import numpy as np", "torch": "import torch", "nn": "from torch import nn"}


def refuse_others(workspace: Workspace, exercise: Exercise, name: str) -> None:
    """Refuse a path of somebody else's file: nothing would confine it in one's own Python.

    Raises:
        KitError: `name` is the path of a file that is not in the practice folder.
    """
    path = Path(name)
    own = workspace.folder.resolve()
    if path.is_file() and path.resolve().parent != own:
        raise KitError(
            f"{name} is not in your practice folder, and nothing confines what runs in your own "
            f"Python.\n`kit check {exercise.slug} {name}` grades it in the sandbox."
        )


def answer_of(workspace: Workspace, exercise: Exercise) -> Submission:
    """The learner's file, or the notebook of its name where that file is as it came, or is gone.

    Raises:
        KitError: there is nothing that could be graded.
    """
    notebook = workspace.notebook(exercise)
    is_begun = workspace.answer(exercise).is_file() and not workspace.is_stub(exercise)
    return read(notebook) if notebook and not is_begun else workspace.read_answer(exercise)


def refuse_unknown(submission: Submission, function: str) -> None:
    """Refuse to call what a file does not define; a notebook's cells stand in the script.

    Raises:
        KitError: nothing in it is called so.
    """
    if submission.name.endswith(".ipynb"):
        return
    body = ast.parse("\n".join(submission.cells)).body
    bound = set[str]().union(*(names_in(each).bound for each in body))
    is_open = any(isinstance(each, ast.ImportFrom) and each.names[0].name == "*" for each in body)
    if function not in bound and not is_open:
        raise KitError(f"{submission.name} defines no `{function}`: name one of its functions.")


def example_of(report: Report) -> Counterexample | None:
    """The counterexample that a report shows first."""
    return next((each.counterexample for each in causes(report) if each.counterexample), None)


def parsed(call: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Function, arguments and keywords of a call that was typed; what is no data as `Code`.

    Raises:
        KitError: it is no call of a function, or its arguments cannot be made.
    """
    try:
        node = ast.parse(call.strip(), mode="eval").body
    except SyntaxError as error:
        raise KitError(f"`{call}` is no valid Python: {error.msg}.") from None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise KitError(f"`{call}` is no call of a function, such as `softmax([1, 2])`.")
    try:
        args = tuple(_argument(each) for each in node.args)
        keywords = {str(word.arg): _argument(word.value) for word in node.keywords}
    except Exception as error:  # whatever was typed
        raise KitError(
            f"The arguments of `{call}` cannot be made: {type(error).__name__}: {error}.\n"
            "They may use np, torch, nn and math."
        ) from None
    return node.func.id, args, keywords


def _argument(node: ast.expr) -> Any:
    """The value that a piece of code gives; the code itself, tried once, where that is no data."""
    from gradekit.grading.code import Code
    from gradekit.grading.shown import is_tensor

    if isinstance(node, ast.List | ast.Tuple):
        parts = map(_argument, node.elts)
        return [*parts] if isinstance(node, ast.List) else (*parts,)
    code = Code(ast.unparse(node))
    value = code.build()
    is_array = type(value).__module__ == "numpy" or is_tensor(value)
    is_plain = isinstance(value, bool | int | float | str | list | tuple | dict | None)
    return value if is_array or is_plain else code


def own_example(call: str, expected: str | None) -> Counterexample:
    """A call of one's own, with what the contract expects where that is declared."""
    return Counterexample(call=call.strip(), expected=expected or "", got="")


def write(
    workspace: Workspace, exercise: Exercise, example: Counterexample, submission: Submission
) -> Path:
    """Write the script beside the answer; it is kit's file, and written anew each time.

    Raises:
        KitError: it cannot be written.
    """
    path = workspace.folder / f"{TRIAL}{exercise.number}.py"
    with writing(path):
        path.write_text(script(exercise, example, submission), "utf-8")
    return path


def script(exercise: Exercise, example: Counterexample, submission: Submission) -> str:
    """The text of the file. Cells of a notebook stand in it, since nothing can import them."""
    calls = ast.walk(ast.parse(f"{example.call}\n{example.before}"))
    used = {node.id for node in calls if isinstance(node, ast.Name)}
    function = example.call.partition("(")[0]
    lines = [
        f'"""A call to look into. `kit try {exercise.slug}` writes this file anew."""',
        "",
        *(line for name, line in IMPORTS.items() if name in used),
        *_answer_lines(exercise, function, submission),
        "",
    ]
    if example.expected:
        lines.append(f"# expected: {example.expected}")
    if example.got:
        lines.append(f"# got:      {example.got}")
    if example.before:
        lines += ["# The first call is right; what the answer keeps of it makes the second wrong.",
                  example.before]  # fmt: skip
    return "\n".join([*lines, f"print({example.call})", ""])


def _answer_lines(exercise: Exercise, function: str, submission: Submission) -> list[str]:
    if not submission.name.endswith(".ipynb"):
        return [f"from {exercise.name} import {function}"]
    lines = []
    for number, cell in enumerate(submission.cells, 1):
        lines += [f"# {submission.name}, cell {number}", MAGIC.sub(r"# \1", cell).rstrip(), ""]
    return lines


def own_python() -> str:
    """The Python of the environment that is active, else one on the path, else kit's own."""
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if active:
        folder = "Scripts" if sys.platform == "win32" else "bin"
        if found := shutil.which("python", path=str(Path(active) / folder)):
            return found
    return sys.executable


def run(python: str, path: Path) -> None:
    """Run the script where it lies, on this terminal: the learner's own code, not isolated."""
    subprocess.run([python, path.name], cwd=path.parent, check=False)
