"""A right answer earns full marks in whatever wrapping it arrives; what failed is told."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import KitError
from gradekit.grading.loaded import LoadedAnswer
from gradekit.grading.session import Session
from gradekit.sandbox.host import WorkerLost
from gradekit.sandbox.inside.ipython import plain_python
from gradekit.submission import parse

ANSWER = (Path(__file__).parents[1] / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
INNER = ANSWER.split('"""', 2)[2]  # without the docstring of the file


def notebook(*cells: str, **about: Any) -> bytes:
    """A notebook of code cells, without metadata."""
    made = [{"cell_type": "code", "source": source} for source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": made, **about}).encode()


BESIDE = {
    "raises": "1 / 0",
    "asks": "name = input('who? ')",
    "reads a file": "rows = open('data.csv').read()",
    "writes a file": "open('out.txt', 'w').write('x')",
    "exits": "import sys\nsys.exit()",
    "quits": "raise SystemExit(0)",
    "asserts": "assert softmax([1.0])[0] == 2",
    "an unknown package": "import pandas as pd\nframe = pd.DataFrame()",
    "a loop that fails": "for n in range(3):\n    print(undefined)",
    "a class that fails": "class Broken(undefined.Base):\n    pass",
}
PASSED_SILENTLY = {
    "plots": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
    "ax.plot([1, 2])\nplt.show()",
    "many axes": "from matplotlib import pyplot as plt\nfig, axes = plt.subplots(2, 3)\n"
    "assert axes.shape == (2, 3)\naxes[0, 1].set_title('x')",
    "a histogram": "import matplotlib.pyplot as plt\n"
    "n, bins, patches = plt.hist([1, 2, 3], bins=3)\n"
    "assert len(bins) == 4 and n.sum() == 3 and len(patches) == 3",
    "a bar": "from tqdm import tqdm, trange\nassert list(tqdm([1, 2])) == [1, 2]\n"
    "assert len(trange(4)) == 4\nfrom tqdm.auto import tqdm",
    "a platform": "import wandb\nwandb.init(project='x')\nwandb.log({'a': 1})",
    "colab": "from google.colab import drive\ndrive.mount('/content/drive')",
    "seaborn": "import seaborn as sns\nsns.set_theme()\nsns.heatmap([[1]])",
    "rich output": "from IPython.display import display, HTML, clear_output\ndisplay(HTML('<b>'))",
}
CELLS = {
    "time": ["%%time\n" + ANSWER],
    "capture": ["%%capture\n" + ANSWER],
    "capture into a name": ["%%capture out --no-stderr\n" + ANSWER],
    "shell": ["x = !ls", "!pip install numpy", ANSWER],
    "help": [ANSWER, "softmax?", "?softmax", "softmax??"],
    "only a shell line in a body": ["if True:\n    !pip install x", ANSWER],
    "magics": ["%matplotlib inline\n%load_ext autoreload\n%autoreload 2", ANSWER],
    "timeit": [ANSWER, "%timeit -n 10 softmax([1.0])", "%%timeit -r 3\nsoftmax([1.0])"],
    "another language": ["%%bash\nrm -rf /", ANSWER, "%%html\n<b>x</b>"],
    "await": ["import asyncio\nawait asyncio.sleep(0)", ANSWER],
    "display": [ANSWER, "display(softmax([1.0]))"],
    "get_ipython": ["get_ipython().run_line_magic('matplotlib', 'inline')", ANSWER],
    "a string with escapes": ['text = """\n!ls\n%time\nx?\n"""', ANSWER],
    "a broken cell": ["x = (", ANSWER],
    "future": ["from __future__ import annotations", INNER],
    "prompts": ["\n".join(f"    {line}".rstrip() for line in INNER.split("\n"))],
}
TEXTS = {
    "UTF-8 with a mark": ANSWER.encode("utf-8-sig"),
    "UTF-16": ANSWER.encode("utf-16"),
    "a latin-1 cookie": ("# -*- coding: latin-1 -*-\n# é\n" + ANSWER).encode("latin-1"),
    "cp1252": ("# é\n" + ANSWER).encode("cp1252"),
    "CRLF": ANSWER.replace("\n", "\r\n").encode(),
    "CR": ANSWER.replace("\n", "\r").encode(),
}


@pytest.fixture
def session(session_of: Callable[[str], Session]) -> Session:
    return session_of("softmax")


@pytest.mark.parametrize("where", ["file, above", "file, below", "cell"])
@pytest.mark.parametrize("kind", [*BESIDE, *PASSED_SILENTLY])
def test_what_is_beside_the_functions_costs_nothing(
    kind: str, where: str, session: Session
) -> None:
    """A demonstration that fails ends itself only, and the report names it in one line."""
    extra = BESIDE.get(kind) or PASSED_SILENTLY[kind]
    if where == "cell":
        answer = parse(Path("a.ipynb"), notebook(extra, INNER))
    else:
        parts = [extra, INNER] if where == "file, above" else [INNER, extra]
        answer = parse(Path("a.py"), "\n".join(parts).encode())
    report = session.grade(answer)
    assert report.passed, report.checks
    assert bool(report.passed_over) == (kind in BESIDE)


ENDS = {
    "hangs": ("while True:\n    pass", "did not come to an end"),
    "sleeps": ("import time\ntime.sleep(1000)", "did not come to an end"),
    "exits": ("import os\nos._exit(0)", "ended the process"),
    "kills": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ""),
}


@pytest.mark.parametrize("where", ["above", "below", "cell"])
@pytest.mark.parametrize("kind", ENDS)
def test_what_hangs_or_ends_the_process_costs_one_loading(
    kind: str, where: str, course: Course
) -> None:
    """The answer is loaded again without that statement, which is named."""
    extra, told = ENDS[kind]
    if where == "cell":
        answer = parse(Path("a.ipynb"), notebook(INNER, extra))
    else:
        parts = [extra, INNER] if where == "above" else [INNER, extra]
        answer = parse(Path("a.py"), "\n".join(parts).encode())
    exercise = course.find("softmax")
    limits = msgspec.structs.replace(exercise.limits, import_seconds=1.0)
    with open_session(course, msgspec.structs.replace(exercise, limits=limits)) as quick:
        report = quick.grade(answer)
        again = quick.grade(answer)
    assert report.passed, report.checks[0]
    assert told in report.passed_over[0]
    assert again.without_times() == report.without_times()


def test_a_line_too_long_for_a_message_is_no_lost_worker(session: Session) -> None:
    """The worker could not send it back, was lost, and so it went on without an end."""
    report = session.grade(parse(Path("a.py"), b"x = " + b"9" * 300_000 + b"\n" + INNER.encode()))
    assert "4300 digits" in report.checks[0].message
    assert report.checks[0].ending == "finished"


def test_a_file_that_is_lost_before_its_statements_is_given_up(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost at the first of them each time, whether that is left out or not."""
    lost = WorkerLost("crashed", "{what} crashed")
    monkeypatch.setattr(LoadedAnswer, "_run_steps", lambda *_: (0, lost))
    report = session.grade(parse(Path("a.py"), b"import os\nos._exit(0)\n"))
    assert {check.ending for check in report.failed} == {"crashed"}


def test_what_always_ends_the_process_has_an_end(session: Session) -> None:
    """A handful of such statements is tried without; a file of them is not."""
    text = "import os\n" + "os._exit(0)\n" * 50 + INNER
    report = session.grade(parse(Path("a.py"), text.encode()))
    assert {check.ending for check in report.failed} == {"crashed"}
    assert report.score == 0


MENDED = {
    "fences": f"Here is my answer:\n\n```python\n{INNER}\n```\n\nI hope it's right!\n",
    "fences without a word": f"```\n{INNER}\n```",
    "two blocks": f"First\n```py\nimport numpy as np\n```\nthen\n```py\n{INNER}\n```\n",
    "prompts": "\n".join(
        f"{'... ' if line.startswith(' ') or not line else '>>> '}{line}"
        for line in INNER.strip().split("\n")
    ),
    "a session below": f"{INNER}\n\n>>> softmax([0, 0])\narray([0.5, 0.5])\n>>> x\n",
    "non-breaking spaces": INNER.replace("    ", "\u00a0\u00a0\u00a0 "),
    "zero-width spaces": INNER.replace("return", "return\u200b "),
    "a mark in the middle": INNER.replace("\ndef ", "\n\ufeffdef "),
}


@pytest.mark.parametrize("text", MENDED.values(), ids=MENDED)
@pytest.mark.parametrize("name", ["a.py", "a.ipynb"])
def test_what_can_be_mended_without_a_guess_is(text: str, name: str, session: Session) -> None:
    """Fences, prompts and invisible characters cost nothing, and the report says what was done."""
    content = notebook("import math", text) if name == "a.ipynb" else text.encode()
    report = session.grade(parse(Path(name), content))
    assert report.passed, report.checks[0]
    assert report.passed_over or name == "a.ipynb"


HINTS = {
    "typographic quotes": ("x = \u201ca\u201d", "typographic quotes"),
    "print of Python 2": ('print "a"', "this is Python 3"),
    "a merge conflict": ("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other", "merge conflict"),
    "newer syntax": ("type Vector = list[float]", "newer syntax"),
    "generic functions": ("def f[T](x: T) -> T:\n    return x", "newer syntax"),
    "an exception of Python 2": ("try: x\nexcept Exception, e:\n    pass", "is Python 2"),
    # What stands elsewhere, here in a text, explains nothing.
    "a word of a text": ('x = """\nprint all of it\n"""\ny = (1 + 2', "'(' was never closed\n"),
    "outside a function": ("return softmax", "\n    return softmax\n"),
    "a long line": (f"x = '{'a' * 100}' + 'b", f"\u2026{'a' * 64}' + '\u2026\n    {' ' * 69}^"),
}


@pytest.mark.parametrize(("text", "told"), HINTS.values(), ids=HINTS)
def test_what_cannot_be_read_has_a_sentence_that_helps(
    text: str, told: str, session: Session
) -> None:
    """Where Python cannot read an answer, the message says what may be the matter."""
    report = session.grade(parse(Path("a.py"), f"{INNER}\n{text}\n".encode()))
    if told == "newer syntax" and report.passed:
        pytest.skip("this Python knows it")
    assert report.score == 0
    assert told in report.common_problem


FILES = {
    "RTF": (b"{\\rtf1\\ansi x}", "an RTF document"),
    "Word": (b"PK\x03\x04" + b"x" * 100, "a zip file or a Word document"),
    "a page": (b"<!DOCTYPE html><html>", "a web page"),
    "PDF": (b"%PDF-1.7", "a PDF"),
}


@pytest.mark.parametrize(("content", "told"), FILES.values(), ids=FILES)
def test_files_of_other_programs_are_named(content: bytes, told: str) -> None:
    """A document under the name of an answer is called what it is."""
    with pytest.raises(KitError, match=told):
        parse(Path("a.py"), content)


def test_names_that_lie_about_the_format(session: Session) -> None:
    """A notebook called .py, a script called .ipynb, and `.ipynb.txt` are read as what they are."""
    for name, content in (
        ("a.py", notebook("%%time\n" + ANSWER)),
        ("a.ipynb", ANSWER.encode()),
        ("a.ipynb.txt", notebook("%matplotlib inline", ANSWER)),
        ("A.PY", ANSWER.encode()),
    ):
        assert session.grade(parse(Path(name), content)).passed, name


OLD_TEXTS = {
    "cp1251": "# \u0440\u0435\u0448\u0435\u043d\u0438\u0435 \u0437\u0430\u0434\u0430\u0447\u0438\n",
    "shift_jis": "# \u30bd\u30d5\u30c8\u30de\u30c3\u30af\u30b9\u3092\u8a08\u7b97\u3059\u308b\n",
    "gb18030": "# \u8ba1\u7b97\u6982\u7387\u7684\u51fd\u6570\uff0c\u7b80\u5355\n",
    "mac_roman": "# \u00fcber die Wahrscheinlichkeit, na\u00efve L\u00f6sung\n",
    "utf-16-le": "",
}


@pytest.mark.parametrize(("encoding", "comment"), OLD_TEXTS.items(), ids=OLD_TEXTS)
def test_older_encodings_are_guessed_and_noted(
    encoding: str, comment: str, session: Session
) -> None:
    """Whatever an editor of another decade wrote is read, and the guess is noted."""
    report = session.grade(parse(Path("a.py"), (comment + ANSWER).encode(encoding)))
    assert report.passed
    assert "it is not UTF-8" in report.passed_over[0]


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
def test_cells_mean_what_they_mean_in_ipython(cells: list[str], session: Session) -> None:
    """A right answer in a notebook earns full marks, whatever magics are around it."""
    assert session.grade(parse(Path("a.ipynb"), notebook(*cells))).passed


SCRIPTS = {
    "nbconvert": "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\n"
    "get_ipython().run_line_magic('matplotlib', 'inline')\n"
    "get_ipython().system('pip install x')\n\n"
    "# In[ ]:\n\n" + INNER,
    "nbconvert with a cell magic": "# In[0]:\n"
    f"# In[1]:\n\nget_ipython().run_cell_magic('time', '', {INNER!r})\n",
    "Colab": '"""Untitled0.ipynb"""\n\n!pip install torch\n%matplotlib inline\n' + INNER,
    "Colab with a cell magic": "# Commented out IPython magic to ensure Python compatibility.\n"
    "# %%time\n" + "\n".join(f"# {line}" for line in INNER.strip().split("\n")) + "\n\nx = 1\n",
    "VS Code": "# %%\nimport numpy as np\n# %% [markdown]\n# Text\n# %%\n" + INNER,
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_of_notebooks_are_read_as_notebooks(text: str, session: Session) -> None:
    """What an exporter wrote of a notebook earns what the notebook does."""
    assert session.grade(parse(Path("a.py"), text.encode())).passed


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_text_of_every_origin(content: bytes, session: Session) -> None:
    """What Python itself would read is read, and a guess is noted."""
    report = session.grade(parse(Path("a.py"), content))
    assert report.passed
    assert bool(report.passed_over) == (content == TEXTS["cp1252"])


def test_a_name_that_nothing_bound_says_why(session: Session, course: Course) -> None:
    """The reason of a NameError is the statement that failed, not the bare name."""
    cells = notebook("import nothing as np", "def softmax(x, axis=-1):\n    return np.exp(x)")
    messages = [check.message for check in session.grade(parse(Path("a.ipynb"), cells)).failed]
    why = "cell 1, line 1 stopped at `import nothing as np`: ModuleNotFoundError"
    assert any(f"`np` is not defined: {why}" in message for message in messages)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "class Solution:\n    def softmax(self, x):\n        return x",
            "method of class `Solution`",
        ),
        ("def my_softmax(x):\n    return x", "there is `my_softmax`"),
        ("async def softmax(x, axis=-1):\n    return x", "is it `async def` where `def`"),
        ("class softmax:\n    def __init__(self, x, axis=-1):\n        0", "it is a class, and no"),
        ("def softmax():\n    return 1", "using `softmax` as its docstring says raised TypeError"),
        ("def softmax(x, axis=-1):\n    return input()", "to type (line 2: `return input()`)"),
    ],
)
def test_what_was_probably_meant_is_named(text: str, told: str, session: Session) -> None:
    """A function in a class, or of a nearly right name, is pointed at."""
    messages = [check.message for check in session.grade(parse(Path("a.py"), text.encode())).failed]
    assert any(told in message for message in messages)


PIECES = [
    "x = 1", "def f(a):\n    return a % 2", "%time f(1)", "!ls -l", "!pip install 'x", "x = !ls",
    "x = %time f(1)", "f?", "??f", "np.*load*?", "s = '''a\n%time\n!ls\n'''", "y = (1 +\n%time\n2)",
    "if x:\n    !pip install y", "for i in x:\n\tx = !echo {i}\n\t%timeit i", "a = 1 \\\n  % 3",
    "!ls \\\n  -l", "x = !ls \\\n  -l", "/f 1 2", ",f a b", ";f a b", "%%time\nx = 1", "# comment?",
    "x = y?", "!!ls", "    x = 1", "", "   ", ">>> x = 1", "... y", "In [1]: x = 1", "x != 1",
    "if (a\n  !=b):\n    pass", "x = 'open", 'x = """open', "(((", "))", "?", "%", "x=%  foo", "\\",
    "s = f'{x!r}'", "def k():\n    '''\n    >>> k()\n    '''", "if 1:\n  if 2:\n    %a\n  %b\n%c",
]  # fmt: skip


def test_cells_are_transformed_as_ipython_does() -> None:
    """The same text comes of 10,000 generated cells, but for empty lines that keep the count."""
    module = pytest.importorskip("IPython.core.inputtransformer2")
    dice = random.Random(12)
    for _ in range(10_000):
        cell = "\n".join(dice.choices(PIECES, k=dice.randint(1, 5)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = module.TransformerManager().transform_cell(cell)
            except SyntaxError:
                continue
            assert plain_python(cell, keep_lines=False).rstrip() == expected.rstrip(), cell
