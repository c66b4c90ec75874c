"""Whatever is handed in: one clear sentence in the report, never a traceback of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gradekit.errors import KitError
from gradekit.report import Report
from gradekit.submission import parse, read

Grade = Callable[[str, str | bytes], Report]

RIGHT = """
import numpy as np
def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=float)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
"""

# What the file is; what every failed check of softmax says of it.
WHOLE_FILE = {
    "syntax": ("x = 1\ndef softmax(x:\n", "line 2 is no valid Python: "),
    "indentation": ("def softmax(x):\nreturn x\n", "line 2 is no valid Python: "),
    "ends_process": ("import os\n" + 9 * "os._exit(0)\n", "ended its own process (exit status 0)"),
}
FUNCTION = {
    "missing": ("", "there is no function `softmax` in exercise_05_softmax.py"),
    "not_a_function": ("softmax = 3", "`softmax` is no function but of type `int`"),
    "other_signature": ("def softmax(): return 1", "raised TypeError"),
    "none": ("def softmax(x, axis=-1): pass", "expected a NumPy array, got None (is there a"),
    "wrong_type": ("def softmax(x, axis=-1): return 'no'", "expected a NumPy array, got a str"),
    "list": ("def softmax(x, axis=-1): return [0.5]", "expected a NumPy array, got a list"),
    "wrong_shape": ("def softmax(x, axis=-1): return np.ones(99)", "got shape (99,)"),
    "wrong_dtype": (
        "def softmax(x, axis=-1): return np.exp(log_softmax(x, axis)).astype('float32')",
        "expected dtype float64, got float32",
    ),
    "huge": ("def softmax(x, axis=-1): return np.zeros(2**27)", "returned 1,024 MiB of data"),
    "object": ("class Foo: pass\ndef softmax(x, axis=-1): return Foo()", "a `Foo` object"),
    "generator": ("def softmax(x, axis=-1): yield 1", "returned a `generator` object"),
    "cyclic": ("def softmax(x, axis=-1):\n    a = []\n    a.append(a)\n    return a", "nested"),
    "raises": ("def softmax(x, axis=-1):\n    return {}['a']", "raised KeyError: 'a' (line "),
    "stub": (
        "def softmax(x, axis=-1): raise NotImplementedError('todo')",
        "raised NotImplementedError: todo",
    ),
    "odd_error": (
        "class Odd(BaseException): pass\ndef softmax(x, axis=-1): raise Odd('boo')",
        "raised Odd: boo",
    ),
}


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_file_that_does_not_run_is_told_in_one_sentence(grade_text: Grade, case: str) -> None:
    """A file that cannot be run earns nothing, and every check says the same reason."""
    source, sentence = WHOLE_FILE[case]
    report = grade_text("softmax", source + RIGHT)
    assert report.score == 0 and not report.not_run
    messages = {check.message for check in report.checks}
    assert len(messages) == 1 and sentence in messages.pop()


@pytest.mark.parametrize("case", FUNCTION)
def test_function_that_is_wrong_is_told_in_one_sentence(grade_text: Grade, case: str) -> None:
    """A broken softmax loses its own points, says why, and leaves log_softmax's alone."""
    source, sentence = FUNCTION[case]
    report = grade_text("softmax", RIGHT + source)
    theirs = [check for check in report.checks if check.function == "log_softmax"]
    assert report.score == sum(check.max_score for check in theirs) and not report.not_run
    failed = [check for check in report.failed if check.max_score]
    assert {check.function for check in failed} == {"softmax"}
    assert any(sentence in check.message for check in failed), failed[0].message
    assert not any("Traceback" in check.message for check in failed)


def test_syntax_error_shows_line_and_caret(grade_text: Grade) -> None:
    """The line that is no Python is shown, with a caret under the place."""
    report = grade_text("softmax", "x = 1\n    y = (2 +* 3)\n")
    lines = report.checks[0].message.split("\n")
    assert lines[0].startswith("line 2 is no valid Python")
    assert lines[1].strip() == "y = (2 +* 3)" and lines[2].strip() == "^"


def test_prints_change_nothing_and_are_shown(grade_text: Grade, course) -> None:
    """An answer may print, a lot and on both streams; under a failed check one can read it."""
    noise = "import sys\nprint('x' * 10**6)\nprint('loud', file=sys.stderr)\n"
    solution = course.solution(course.find("softmax")).read_text("utf-8")
    assert grade_text("softmax", noise + solution).passed
    wrong = RIGHT + "def softmax(x, axis=-1):\n    print('shape', np.shape(x))\n    return x\n"
    messages = [check.message for check in grade_text("softmax", wrong).failed]
    assert any("printed: shape (4,)" in message for message in messages)


def test_sleeping_at_import_is_stopped(course, tmp_path: Path) -> None:
    """A file that sleeps forever is stopped by the wall clock, though it uses no CPU."""
    import msgspec

    from gradekit.engine import open_session

    exercise = course.find("softmax")
    quick = msgspec.structs.replace(exercise.limits, import_seconds=0.5)
    exercise = msgspec.structs.replace(exercise, limits=quick)
    path = tmp_path / exercise.file_name
    path.write_text("import time\ntime.sleep(1000)\n")
    with open_session(course, exercise) as session:
        report = session.grade(read(path))
    assert {check.ending for check in report.checks} == {"timed_out"}
    assert "stopped after 0.5 s: running the file did not return" in report.checks[0].message


UNREADABLE = {
    "missing.py": (None, "There is no file"),
    "empty.py": (b" \n\n", "is empty"),
    "rubbish.py": (bytes(range(256)), "is not a text file"),
    "nul.py": (b"x = 1\0", "is not a text file"),
    "answer.txt": (b"x = 1", "is neither a Python file"),
    "answer.tar.gz": (b"\x1f\x8b", "unpack it, or pack it as a zip"),
    "large.py": (b"#" * (2**20 + 1), "is larger than 1 MiB"),
    "broken.ipynb": (b"{", "is not a Jupyter notebook that can be read .it is cut short"),
    "saved_empty.ipynb": (b"", "is empty"),
    "deep.ipynb": (b"[" * 100_000, "is not a Jupyter notebook"),
    "other.ipynb": (b'{"a": 1}', "is not a Jupyter notebook"),
    "number.ipynb": (b"3", "is not a Jupyter notebook"),
    "list.ipynb": (b"[]", "(it has not the form of one)"),
    "dict.ipynb": (b"{}", "(it has not the form of one)"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_is_named(tmp_path: Path, name: str) -> None:
    """A file that cannot be graded at all is a KitError with its name in it."""
    content, sentence = UNREADABLE[name]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KitError, match=sentence) as error:
        read(path)
    assert name in str(error.value)


def test_folder_and_pipe_are_named(tmp_path: Path) -> None:
    """A folder, or anything else that is no file, is refused without being read."""
    import os

    with pytest.raises(KitError, match="is a folder"):
        read(tmp_path)
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    with pytest.raises(KitError, match="not a regular file"):
        read(pipe)


def notebook(*cells: str, **metadata: object) -> bytes:
    """A notebook with these code cells."""
    made = [
        {"cell_type": "code", "metadata": metadata, "source": cell, "outputs": [],
         "execution_count": None}
        for cell in cells
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made}).encode()


def test_notebook_is_graded_like_a_file(session_of, course, tmp_path: Path) -> None:
    """Magics are passed over, and a cell that fails does not take the others with it."""
    solution = course.solution(course.find("softmax")).read_text("utf-8")
    path = tmp_path / "homework.ipynb"
    path.write_bytes(
        notebook("%matplotlib inline\nimport matplotlib.pyplot as plt", solution, "!ls\n1 / 0")
    )
    report = session_of("softmax").grade(read(path))
    assert report.passed


def test_notebook_says_which_cell_failed(session_of, tmp_path: Path) -> None:
    """A function missing because its cell failed is told with that cell's error."""
    path = tmp_path / "homework.ipynb"
    path.write_bytes(notebook("import nothing_like_this\ndef softmax(x): return x", "y = 2"))
    report = session_of("softmax").grade(read(path))
    message = report.checks[-1].message
    assert "there is no function `log_softmax` in homework.ipynb" in message
    assert "cell 1, line 1, `import nothing_like_this`, stopped with ModuleNotFoundError" in message


@pytest.mark.parametrize(
    "notebook",
    [
        {
            "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
            "worksheets": [{"metadata": {}, "cells": [
                {"cell_type": "code", "collapsed": False, "input": ["x = 1\n", "y = 2"],
                 "language": "python", "metadata": {}, "outputs": []},
            ]}],
        },
        {
            "nbformat": 4, "nbformat_minor": 5, "metadata": {},
            "cells": [
                {"cell_type": "code", "id": "a", "source": "x = 1\ny = 2", "outputs": [],
                 "execution_count": None, "metadata": {"width": float("nan")}},
            ],
        },
    ],
    ids=["version 3", "NaN, which is no JSON"],
)  # fmt: skip
def test_unusual_notebooks_are_read(notebook: dict[str, object]) -> None:
    """What a strict reader of version 4 does not take, nbformat does."""
    content = json.dumps(notebook).encode()
    assert parse(Path("a.ipynb"), content).cells == ("x = 1\ny = 2",)
