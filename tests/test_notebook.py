"""gradekit in a notebook of the learner's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from gradekit.jupyter import definitions

nbclient = pytest.importorskip("nbclient", reason="no Jupyter kernel is installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Jupyter's libraries warn of each other

ROOT = Path(__file__).resolve().parents[1]


def outputs_of(*cells: str) -> list[Any]:
    """Run cells in a kernel; return the outputs of the last one."""
    return all_outputs(*cells)[-1]


def all_outputs(*cells: str) -> list[list[Any]]:
    """Run cells in a kernel; return the outputs of each."""
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells]


def test_magic_grades_the_functions_of_the_notebook() -> None:
    """Functions from several cells, redefined and used between, are graded as a file would be."""
    solution = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
    head, log = solution.split("def log_softmax")
    shown = outputs_of(
        "%load_ext gradekit",
        "def softmax(x):\n    return x",
        head,
        "print(softmax([1, 2]))\nimport torch\ntorch.set_default_dtype(torch.float64)",
        f"def log_softmax{log}",
        "raise RuntimeError('a cell that fails')",
        "%kit check exercise_05",
    )
    data = shown[-1]["data"]
    assert "exercise_05_softmax: 10 of 10 points" in data["text/plain"]
    assert "<table>" in data["text/html"]


def test_magic_shows_counterexamples_and_escapes_them() -> None:
    """What failed comes first, once for each cause; texts of the answer are no HTML."""
    cells = ["%load_ext gradekit", "def softmax(x, axis=-1):\n    raise ValueError('<b>loud</b>')"]
    html = outputs_of(*cells, "%kit check softmax")[-1]["data"]["text/html"]
    assert "0 / " in html
    assert "checks fail like this" in html
    assert "&lt;b&gt;loud" in html
    assert "<b>loud" not in html
    hints = outputs_of(*cells, "%kit check softmax --feedback titles")[-1]["data"]["text/html"]
    assert "hint: " not in hints


def test_magic_runs_other_commands_and_tells_what_is_wrong() -> None:
    """`%kit hint` prints; an unknown exercise ends with the sentence of the command line."""
    _, hint, unknown, missing, quote, watch, _, explained = all_outputs(
        "%load_ext gradekit",
        "%kit hint softmax",
        "%kit check softmacks",
        "%kit check softmax",
        "%kit check 'softmax",
        "%kit watch softmax",
        "async def softmax(x, axis=-1):\n    return x\nlog_softmax = softmax",
        "%kit explain softmax",
    )
    assert "Hint 1 of 3" in hint[-1]["text"]
    assert "Did you mean `exercise_05_softmax`?" in unknown[-1]["text"]
    assert "Traceback" not in unknown[-1]["text"]
    said = missing[-1]["text"]
    assert said.startswith("No cell that has been run defines `softmax`, `log_softmax`: run")
    assert "cannot be read: no closing quotation." in quote[-1]["text"]
    assert "start it in a terminal. Here `%kit check EXERCISE` grades" in watch[-1]["text"]
    assert explained[-1]["text"].startswith("cell 7, line 1: is `def softmax` meant, and not")


def test_only_what_the_functions_need_is_taken() -> None:
    """Training and plots stay behind; helpers, constants and decorators come along, by line."""
    cells = [
        "import numpy as np\nimport matplotlib.pyplot as plt",
        "SCALE = 2\nx = train_for_hours()",
        "not valid python",
        "def helper(v):\n    return SCALE * v",
        "plt.plot([1])\n@memoized\ndef f(x):\n    return helper(np.asarray(x))",
        "def memoized(function):\n    return function",
    ]
    assert definitions(cells, {"f"}) == [
        "import numpy as np\n",
        "SCALE = 2\n",
        "def helper(v):\n    return SCALE * v",
        "\n@memoized\ndef f(x):\n    return helper(np.asarray(x))",
        "def memoized(function):\n    return function",
    ]


def test_notebook_that_is_checked_reads_back() -> None:
    """The example answer of the repository, a notebook, holds the function it is about."""
    path = ROOT / "examples" / "answers" / "softmax_right.ipynb"
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert "def softmax" in "\n".join(definitions(cells, {"softmax"}))
