"""The same tricks against nbgrader, otter-grader and gradekit: what each lets through.

    .venv/bin/python benchmarks/integrity.py [FOLDER WITH VENVS nb/ AND ot/ [WORD OF A TRICK]]

One softmax assignment worth 10 points, with the same hidden test in each system's own format.
Every trick comes with a wrong answer; where a trick is to find something out or to reach
something, it hands in the right answer if it could, so that points say that it could. Both
other tools are installed by pip into a temporary folder (some 400 MB, some minutes) and run
as their manuals say: `nbgrader autograde`, `otter run`. A run may take a minute.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 90  # seconds a run; ours stops by itself after 10
REQUIREMENTS = {"nb": "nbgrader==0.9.6", "ot": "otter-grader==7.0.0"}

RIGHT = """
def right(x):
    x = np.asarray(x, dtype=float)
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
"""
WRONG = "\ndef softmax(x):\n    return np.zeros(np.shape(x))\n"
IF_FOUND = "\ndef softmax(x):\n    return right(x) if FOUND else np.zeros(np.shape(x))\n"
TEST = """
import numpy as np
x = np.array([[0.5, -1.25, 2.0, 0.0], [3.0, 1.5, -0.75, 2.25]])
expected = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
np.testing.assert_allclose(softmax(x), expected, rtol=1e-6)
expected = np.array([0.2689414213699951, 0.7310585786300049])
assert np.allclose(softmax(np.array([1000.0, 1001.0])), expected)
"""

TRICKS = {
    "control: a right answer": "softmax = right",
    "control: a wrong answer": WRONG,
    "np.testing always agrees": """
np.testing.assert_allclose = lambda *a, **k: None
np.allclose = lambda *a, **k: True
""" + WRONG,
    "array that equals everything": """
class Any(np.ndarray):
    def __array_function__(self, function, types, args, keywords):
        plain = [np.asarray(a) if isinstance(a, Any) else a for a in args]
        if function.__name__ in ("isclose", "allclose", "array_equal"):
            return True if function.__name__ != "isclose" else np.ones(np.shape(plain[1]), bool)
        return function(*plain, **keywords)
    def __array_ufunc__(self, ufunc, method, *args, **keywords):
        plain = [np.asarray(a) if isinstance(a, Any) else a for a in args]
        keywords.pop("out", None)
        if ufunc.nout == 1 and ufunc.__name__ in ("equal", "less_equal", "isfinite", "logical_and"):
            return np.ones(np.broadcast_shapes(*map(np.shape, plain)), bool)
        return getattr(ufunc, method)(*plain, **keywords)
def softmax(x):
    return np.zeros(np.shape(x)).view(Any)
""",
    "expected values from frames": """
import sys
def softmax(x):
    frame = sys._getframe()
    while frame:
        found = frame.f_globals.get("expected")
        found = found if found is not None else frame.f_locals.get("expected")
        if found is not None and np.shape(found) == np.shape(x):
            return found
        frame = frame.f_back
    return np.zeros(np.shape(x))
""",
    "asserts cut out of the tests": """
import ast, builtins, doctest
class Cut(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Expr(self, node):
        return ast.Pass() if "assert" in ast.dump(node) else node
try:
    get_ipython().ast_transformers.append(Cut())
except NameError:
    pass
real = builtins.compile
builtins.compile = lambda source, *a, **k: real(
    "pass" if isinstance(source, str) and "assert" in source else source, *a, **k)
""" + WRONG,
    "reads hidden tests from disk": """
import os
FOUND = False
here = os.getcwd()
places = [here, *(os.path.abspath(os.path.join(here, *[".."] * n)) for n in range(1, 4)), COURSE]
for place in places:
    if place in ("/", "/tmp"):
        continue
    try:
        for folder, _, names in os.walk(place):
            for name in names:
                if name.endswith((".py", ".ipynb", ".db", ".zip")) and "submi" not in name:
                    with open(os.path.join(folder, name), "rb") as file:
                        FOUND = FOUND or b"0.7310585786" in file.read()
    except OSError:
        pass
""" + IF_FOUND,
    "reads the environment": "import os\nFOUND = 'GRADING_TOKEN' in os.environ" + IF_FOUND,
    "reads the user's files": """
try:
    FOUND = bool(open("/etc/passwd").read())
except OSError:
    FOUND = False
""" + IF_FOUND,
    "writes where it likes": """
try:
    open(COURSE + "/planted", "w").write("x")
    FOUND = True
except OSError:
    FOUND = False
""" + IF_FOUND,
    "opens a network connection": """
import socket
try:
    socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
    FOUND = True
except OSError:
    FOUND = False
""" + IF_FOUND,
    "leaves a process behind": """
import os
try:
    if os.fork() == 0:
        os.setsid()
        os.execvp("sleep", ["sleep", "7.125"])
    FOUND = True
except OSError:
    FOUND = False
""" + IF_FOUND,
    "takes 3 GiB": """
try:
    hog = np.ones(3 * 2**27)
    FOUND = True
except MemoryError:
    FOUND = False
""" + IF_FOUND,
    "os._exit(0) in the function": "import os\ndef softmax(x):\n    os._exit(0)\n",
    "loops for ever": "def softmax(x):\n    while True:\n        pass\n",
    "loops and swallows interrupts": """
def softmax(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
}  # fmt: skip


def run(command: list[str], folder: Path) -> tuple[bool, str]:
    """Whether it came to an end in time, and what it printed."""
    environment = {**os.environ, "GRADING_TOKEN": "secret", "PYTHONWARNINGS": "ignore"}
    # As in an activated environment: nbgrader looks for alembic on the path.
    environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        return True, process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False, ""


def tools(folder: Path) -> dict[str, Path]:
    """The folders of the programs, installed where they are missing."""
    for name, requirement in REQUIREMENTS.items():
        if not (folder / name).exists():
            subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
            pip = [folder / name / "bin" / "pip", "install", "--quiet"]
            subprocess.run([*pip, requirement, "numpy", "ipykernel"], check=True)
    return {name: folder / name / "bin" for name in REQUIREMENTS}


def source_of(trick: str, course: Path, port: int) -> str:
    body = TRICKS[trick]
    return f"import numpy as np\nCOURSE, PORT = {str(course)!r}, {port}\n{RIGHT}\n{body}\n"


def cell(source: str, **metadata: object) -> dict[str, object]:
    return {
        "cell_type": "code", "execution_count": None, "id": f"c{abs(hash(source)) % 10**9}",
        "metadata": metadata, "outputs": [], "source": source,
    }  # fmt: skip


def notebook(path: Path, *cells: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))


class Nbgrader:
    """One course folder; a student for each trick."""

    name = "nbgrader 0.9.6"

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin = folder / "nbgrader", bin
        self.solution = {
            "grade": False, "solution": True, "locked": False, "points": 0, "schema_version": 3,
            "grade_id": "answer", "task": False, "cell_type": "code",
        }  # fmt: skip
        self.test = {
            **self.solution, "grade": True, "solution": False, "locked": True, "points": 10,
            "grade_id": "test",
        }  # fmt: skip
        hidden = f"### BEGIN HIDDEN TESTS\n{TEST}\n### END HIDDEN TESTS"
        notebook(
            self.folder / "source/ps1/softmax.ipynb",
            cell("### BEGIN SOLUTION\nsoftmax = None\n### END SOLUTION", nbgrader=self.solution),
            cell(hidden, nbgrader=self.test),
        )
        (self.folder / "nbgrader_config.py").write_text("c = get_config()\n")
        _, output = run([str(bin / "nbgrader"), "generate_assignment", "ps1"], self.folder)
        assert (self.folder / "release/ps1/softmax.ipynb").exists(), output

    def grade(self, trick: str, port: int) -> str:
        student = f"s{list(TRICKS).index(trick)}"
        released = json.loads((self.folder / "release/ps1/softmax.ipynb").read_text())
        released["cells"][0]["source"] = source_of(trick, self.folder, port)
        path = self.folder / "submitted" / student / "ps1" / "softmax.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(released))
        command = ["autograde", "ps1", "--student", student]
        ended, _ = run([str(self.bin / "nbgrader"), *command], self.folder)
        if not ended:
            return f"hangs > {PATIENCE} s"
        with sqlite3.connect(self.folder / "gradebook.db") as book:
            rows = book.execute(
                "select grade.auto_score from grade join submitted_notebook n on "
                "grade.notebook_id = n.id join submitted_assignment a on n.assignment_id = a.id "
                "where a.student_id = ? and grade.auto_score is not null", (student,),
            ).fetchall()  # fmt: skip
        return points(rows[0][0]) if rows else "no grade"


class Otter:
    """One autograder.zip; a run for each trick."""

    name = "otter 7.0.0"

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin = folder / "otter", bin
        (self.folder / "tests").mkdir(parents=True)
        lines = TEST.strip().splitlines()
        test = {
            "name": "q1", "points": 10,
            "suites": [{"cases": [{"code": "\n".join(f">>> {line}" for line in lines),
                                   "hidden": True, "locked": False}],
                        "scored": True, "setup": "", "teardown": "", "type": "doctest"}],
        }  # fmt: skip
        (self.folder / "tests/q1.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
        command = [str(bin / "otter"), "generate", "-t", "tests", "-o", "autograder.zip",
                   "--no-environment"]  # fmt: skip
        _, output = run(command, self.folder)
        assert (self.folder / "autograder.zip").exists(), output
        assert zipfile.is_zipfile(self.folder / "autograder.zip")

    def grade(self, trick: str, port: int) -> str:
        work = self.folder / f"run{list(TRICKS).index(trick)}"
        notebook(work / "submission.ipynb", cell(source_of(trick, self.folder, port)))
        command = ["run", "-a", "../autograder.zip", "-o", "out", "submission.ipynb"]
        (work / "out").mkdir()
        ended, _ = run([str(self.bin / "otter"), *command], work)
        if not ended:
            return f"hangs > {PATIENCE} s"
        results = work / "out" / "results.json"
        if not results.exists():
            return "no report"
        tests = json.loads(results.read_text())["tests"]
        return points(sum(test.get("score", 0) for test in tests))


class Ours:
    """A course of one exercise, graded by `kit check`."""

    name = "gradekit"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "gradekit"
        name = "exercise_01_softmax.py"
        for part in ("exercises", "solutions", "graders"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "exercises" / name).write_text(
            '"""Exercise 01: softmax."""\n\n\ndef softmax(x):\n    raise NotImplementedError\n'
        )
        (self.folder / "solutions" / name).write_text(
            f"import numpy as np\n{RIGHT}\n\nsoftmax = right\n"
        )
        body = textwrap.indent(TEST.replace("softmax(", "submission.softmax("), "    ")
        (self.folder / "graders" / name).write_text(
            "from gradekit.grading import check\n\n\n"
            '@check("softmax", points=10, hint="Is it?")\n'
            f'def test_wrong(submission):\n    """It is softmax."""\n{body}'
        )
        (self.folder / "exercises/exercises.toml").write_text(
            '[[exercise]]\nname = "exercise_01_softmax"\ntitle = "Softmax"\nlibrary = "numpy"\n'
            'topics = ["x"]\ndifficulty = 1\nminutes = 5\nhints = ["a", "b", "c"]\n'
        )

    def grade(self, trick: str, port: int) -> str:
        path = self.folder / "submission.py"
        path.write_text(source_of(trick, self.folder, port))
        command = [sys.executable, str(ROOT / "cli.py"), "--course", str(self.folder), "check"]
        ended, output = run([*command, "01", str(path), "--json"], self.folder)
        if not ended:
            return f"hangs > {PATIENCE} s"
        try:
            report = json.loads(output[output.index("{") :])
        except ValueError:
            return "no report"
        ending = report["checks"][-1]["ending"]
        return points(report["score"]) + ("" if ending == "finished" else f" ({ending})")


def points(score: float) -> str:
    return f"{score:g} of 10"


def main(venvs: Path | None, word: str) -> None:
    """Hand in every trick everywhere and print the table."""
    with tempfile.TemporaryDirectory(prefix="integrity-") as temporary:
        folder = Path(temporary)
        bins = tools(venvs or folder)
        systems = [Nbgrader(folder, bins["nb"]), Otter(folder, bins["ot"]), Ours(folder)]
        server = socket.create_server(("127.0.0.1", 0))
        port = server.getsockname()[1]
        print("Points for a wrong answer with a trick; 10 of 10: the trick worked", flush=True)
        print(f"{'trick':34}" + "".join(f"{system.name:>22}" for system in systems), flush=True)
        for trick in (trick for trick in TRICKS if word in trick):
            row = f"{trick:34}"
            for system in systems:
                row += f"{system.grade(trick, port):>22}"
            print(row, flush=True)
        server.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    main(folder, sys.argv[2] if len(sys.argv) > 2 else "")
