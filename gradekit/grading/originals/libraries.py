"""Functions of libraries that do what a text or a file says, without a word to an audit hook.

While a test runs, others stand in their place: they look at what they are given first, or have it
done where the answer lives.
"""

from __future__ import annotations

import contextlib
import logging.config
import os
import re
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from types import FrameType
from typing import Any

import cloudpickle

from gradekit.grading.originals.surroundings import ask_in_surroundings
from gradekit.grading.proxy import SubmissionProxy, run_of
from gradekit.grading.raised import SubmissionError
from gradekit.grading.texts import Texts

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

IN_MEMORY = ("", ":memory:")  # databases
ATTACH, DENY, OKAY = 24, 1, 0  # of SQLite; its module is imported by tests only
STEPS = 100_000  # of SQLite's machine, a few milliseconds, after which it asks whether to go on
MOST_STEPPING = 0.1  # seconds that those may take: what is longer was no query
OF_LOGGING = (logging.Handler, logging.Formatter, logging.Filter)
SYMPY = os.path.join(sysconfig.get_path("purelib"), "sympy", "")  # noqa: PTH118  # as in frames
# What reaches from a formula to all that Python can do. SymPy evaluates the text of one as code.
REACHES = re.compile(
    r"\b(?:__\w+|(?:gi|cr|ag|tb)_frame|f_(?:globals|locals|builtins|back)|open|eval|exec|compile"
    r"|[gs]etattr|delattr|globals|locals|vars|input|breakpoint)\b"
)


class Libraries:
    """What stands there during one run of one test."""

    def __init__(
        self,
        submission: SubmissionProxy,
        texts: Texts,
        look: Callable[[str, tuple[Any, ...]], None],
    ) -> None:
        """
        Args:
            texts: What the answer has given so far.
            look: The fence's, which raises where a test is about to do what it may not.
        """
        self._submission, self._texts, self._look = submission, texts, look
        self._thread = threading.get_ident()
        self._known: set[str] = set()  # modules that have been seen to
        self._undoing = contextlib.ExitStack()
        self._querying = self._last_step = 0.0  # seconds of CPU that SQLite has taken

    def __enter__(self) -> Libraries:
        configurator: Any = logging.config.BaseConfigurator
        self._replace((configurator, "resolve", self._resolving))
        with contextlib.suppress(ImportError):  # not in every Python
            import sqlite3

            for each in (sqlite3, sqlite3.dbapi2):
                self._replace((each, "connect", self._connecting))
        self.has_imported()
        return self

    def __exit__(self, *_: object) -> None:
        self._undoing.close()

    def has_imported(self) -> None:
        """The same for libraries that a test has imported since."""
        if yaml := self._new("yaml", "FullLoader"):
            for name in ("find_python_name", "find_python_module"):
                self._replace((yaml.constructor.FullConstructor, name, self._finding))
        if torch := self._new("torch", "jit"):
            for owner in (torch, torch.jit, torch.jit.RecursiveScriptModule):
                self._replace((owner, "save", self._opening(1, os.O_WRONLY)))
            self._replace((torch, "from_file", self._opening(0, os.O_RDWR)))
            self._replace((torch.jit, "load", self._loading))
        if jinja2 := self._new("jinja2", "Environment"):
            self._replace((jinja2.Environment, "__init__", self._rendering))
            # `Template` keeps environments: none made before is to be of use now, nor the reverse.
            forget = jinja2.environment.get_spontaneous_environment.cache_clear
            forget()
            self._undoing.callback(forget)

    def _new(self, name: str, last: str) -> Any:
        """A module that is loaded, up to its name `last`, and was not seen to."""
        module = sys.modules.get(name)
        if name in self._known or not hasattr(module, last):
            return None
        self._known.add(name)
        return module

    def _replace(self, place: tuple[Any, str, Callable[[Any], Any]]) -> None:
        owner, name, instead = place
        real = getattr(owner, name)
        # Of a class, what it inherits is not to stay there as its own.
        own = name in vars(owner)
        setattr(owner, name, instead(real))
        self._undoing.callback(*((setattr, owner, name, real) if own else (delattr, owner, name)))

    def _resolving(self, real: Any) -> Any:
        return lambda this, name: self._configured(partial(real, this), name)

    def _configured(self, resolve: Callable[[str], Any], name: str) -> Any:
        """What logging's configuration means by a name: one of the answer's calls what it likes."""
        is_given = self._texts.name(name)
        if not is_given or name.startswith("logging."):
            found = resolve(name)
            if not is_given or (isinstance(found, type) and issubclass(found, OF_LOGGING)):
                return found
        raise SubmissionError(f"a test does not call {name[:80]!r}, which the answer named")

    def _connecting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(*args: Any, **keywords: Any) -> Any:
            made = real(*args, **keywords)
            made.set_authorizer(self._attaching)
            made.set_progress_handler(self._takes_long, STEPS)
            return made

        return connect

    def _attaching(self, action: int, file: Any, *_: Any) -> int:
        """What SQLite asks about each part of a statement: it opens files out of our sight."""
        if action != ATTACH or file in IN_MEMORY:
            return OKAY
        try:
            self._look("sqlite3.connect", (file,))
        except SubmissionError:
            return DENY
        return OKAY if isinstance(file, str) else DENY  # where a statement works out the name

    def _takes_long(self) -> bool:
        """Whether a query is to be ended: the answer may have given one without end.

        Nothing else ends it, since it runs in C. Its time is bounded as the answer's own.
        """
        now = time.thread_time()
        self._querying += min(now - self._last_step, MOST_STEPPING)
        self._last_step = now
        return self._querying > run_of(self._submission).sandbox.limits.check_seconds

    def _finding(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """YAML's unsafe loader, which also `yaml.Loader` is, calls whatever a text names."""

        def find(this: Any, name: str, mark: Any, unsafe: bool = False) -> Any:
            if unsafe:
                raise SubmissionError(f"what it gave is no data: a test does not load {name[:80]}")
            return real(this, name, mark)

        return find

    def _opening(self, position: int, flags: int) -> Callable[[Any], Callable[..., Any]]:
        """torch opens files in C++; the name of one is an argument at `position`."""

        def standing_in(real: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(real)
            def opening(*args: Any, **keywords: Any) -> Any:
                named = [
                    *args[position : position + 1],
                    keywords.get("f"),
                    keywords.get("filename"),
                ]
                for each in named:
                    self._look("open", (each, "", flags))
                return real(*args, **keywords)

            return opening

        return standing_in

    def _loading(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """TorchScript is code, which opens files as well: it is loaded and run by the worker."""

        @wraps(real)
        def load(f: Any, *args: Any, **keywords: Any) -> Any:
            content = f.read() if hasattr(f, "read") else Path(f).read_bytes()
            asked = content, args, keywords
            return ask_in_surroundings(self._submission, scripted, asked, "torch.jit.load")

        return load

    def _rendering(self, real: Callable[..., None]) -> Callable[..., None]:
        """Templates of Jinja's may reach everything, unless they are rendered in its sandbox."""
        from jinja2 import sandbox

        @wraps(real)
        def initialize(this: Any, *args: Any, **keywords: Any) -> None:
            real(this, *args, **keywords)
            if not this.sandboxed and threading.get_ident() == self._thread:
                kind = type(this)
                this.__class__ = type(kind.__name__, (sandbox.SandboxedEnvironment, kind), {})
                this.globals["range"] = sandbox.safe_range
                this.binop_table = this.default_binop_table.copy()
                this.unop_table = this.default_unop_table.copy()

        return initialize


def reaches_out(code: str, frame: FrameType | None) -> bool:
    """Whether it is a formula's text, as SymPy evaluates it, that is more than a formula."""
    is_formula = frame is not None and frame.f_code.co_filename.startswith(SYMPY)
    return is_formula and REACHES.search(code) is not None


def scripted(answer: Any, content: bytes, args: Any, keywords: Any) -> Any:
    """Runs in the worker: what torch has saved as a script."""
    import io

    import torch

    return torch.jit.load(io.BytesIO(content), *args, **keywords)
