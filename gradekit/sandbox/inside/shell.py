"""`get_ipython()` for an answer that was a notebook: what its magics do without a screen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradekit.sandbox.inside.inert import Inert

# They run their body, or the rest of their line, in the notebook's namespace.
RUNS_BODY = frozenset("time capture prun memit wandb scalene snakeviz pyinstrument heat".split())
RUNS_LINE = frozenset("time prun memit".split())


class Lines(list[str]):
    """What a shell command printed: nothing, since none is run."""

    n = s = p = nlstr = spstr = ""

    @property
    def l(self) -> list[str]:  # noqa: E743  # IPython's own name
        return list(self)


class Shell:
    """As much of IPython's shell as answers use; anything else is inert."""

    def __init__(self, namespace: dict[str, Any], run: Callable[[str, int], Any]) -> None:
        """`run` runs source text in the namespace, lines counted from a number, and gives the
        value of a last expression.
        """
        self.user_ns = namespace
        self._run = run

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """Run the body where IPython would; cells of other languages do not run."""
        if name == "timeit":
            return self._timed(cell, line)
        if name not in RUNS_BODY:
            return None
        if name == "capture":
            words = [word for word in line.split() if not word.startswith("-")]
            if words:
                self.user_ns[words[0]] = Inert()
        # From the line of the magic in the answer, so that errors in its body name the right line.
        self._run(cell, sys._getframe(1).f_lineno)  # noqa: SLF001
        return None

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> Any:
        """Run a line magic; return the value of what it ran, or None."""
        if name == "timeit":
            return self._timed(line, "")
        if name in RUNS_LINE:
            return self._run(line, sys._getframe(1).f_lineno - 1)  # noqa: SLF001
        if name == "pylab":
            self._run("import numpy, numpy as np, matplotlib, pylab\n"
                      "import matplotlib.pyplot as plt\nfrom numpy import *", 0)  # fmt: skip
        if name in ("sx", "system"):
            return Lines()
        return None

    def _timed(self, code: str, setup: str) -> Any:
        """Run the code once, since nobody reads the time; its names stay local, as in IPython."""
        words = setup.split() if setup else []
        setup = "" if words and words[0].startswith("-") else setup
        own = dict(self.user_ns)
        body = "\n".join(word for word in (setup, code) if word)
        while body.startswith("-"):  # options of the line magic: -n 10 -r3 -o
            word, _, rest = body.partition(" ")
            body = rest.partition(" ")[2] if word in ("-n", "-r", "-p") else rest
        exec(compile(body, "<timeit>", "exec", dont_inherit=True), own)
        return Inert()

    def magic(self, text: str) -> Any:
        """The old way to call a magic."""
        name, _, line = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, line)

    def run_cell(self, text: str, *_: Any, **__: Any) -> Any:
        self._run(text, 0)
        return Inert()

    def getoutput(self, *_: Any, **__: Any) -> Lines:
        return Lines()

    def push(self, names: dict[str, Any], *_: Any) -> None:
        self.user_ns.update(names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None
