"""What an imported test may not do on this machine with what the answer gave it.

A test runs on the trusted side, and was written to run beside the answer: it may open or delete
a file that the answer names, start a program by that name, load a pickle that the answer made, or
run code that it gave, such as the examples in a docstring. Python tells an audit hook of all that
before it is done, whichever function was called.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from gradekit.grading import callback
from gradekit.grading.raised import SubmissionError
from gradekit.grading.texts import Texts

# Events whose arguments name files, programs or hosts. `open` stands for reading as well.
WATCHED = (
    "open", "os.", "shutil.", "subprocess.", "socket.connect", "socket.getaddrinfo", "urllib.",
    "ctypes.dlopen", "sqlite3.connect", "glob.", "pathlib.", "ftplib.", "webbrowser.",
)  # fmt: skip
READING = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "glob.", "pathlib.Path.")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = ("os.putenv", "os.unsetenv")  # values of variables are no paths
OURS = Path(__file__).resolve().parents[2]
# Of ours, what opens files and starts processes for itself while a test runs.
OWN_FILES = (str(OURS / "sandbox") + os.sep, str(OURS / "grading" / "originals" / "world.py"))
LIBRARY = tuple({*map(os.path.realpath, sysconfig.get_paths().values()), sys.prefix})
PACKAGES = sysconfig.get_path("purelib")
# What pickles of data name: classes and functions of which none does more than make such data.
DATA = {
    "builtins": "bytearray complex frozenset list range set slice tuple dict int float str bytes",
    "collections": "OrderedDict defaultdict deque Counter",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "numpy": "ndarray dtype",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "torch": "Size device float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 bool "
    "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage BoolStorage",
    "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter",
    "torch.storage": "UntypedStorage TypedStorage",
}
CODE = (".py", ".ipynb")


class Fence:
    """The fence around one run of one test."""

    def __init__(
        self, texts: Texts, sources: Sequence[str], folder: Path, roots: Callable[[], list[str]]
    ) -> None:
        """
        Args:
            texts: What the answer has given so far.
            sources: The code of the tests.
            folder: Where they and their data lie.
            roots: Gives the temporary folders and files that the test has made.
        """
        self._texts, self._sources = texts, sources
        self._folder, self._roots = os.path.realpath(folder), roots
        # What the test starts is fenced as well; other threads of ours are not.
        own = threading.get_ident()
        self._others = {thread.ident for thread in threading.enumerate()} - {own}

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        """Look at what is done, for a block of code."""
        if not _installed:  # a hook stays for good: one for all tests, and only where there are any
            _installed.append(True)
            sys.addaudithook(_heard)
        _fences.append(self)
        try:
            yield
        finally:
            _fences.remove(self)

    def look(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise where a test is about to do what it may not."""
        if threading.get_ident() in self._others:
            return
        if event == "pickle.find_class":
            module, name = map(str, args)
            if name not in DATA.get(module, "").split():
                raise SubmissionError(f"what it saved is no data: a test does not load {name}")
        elif event == "exec":
            name = getattr(args[0], "co_filename", "")
            if self._texts.are_of(name) or self._is_made_here(name):
                raise SubmissionError(f"a test does not run {name[:80]!r}, which the answer gave")
        elif event == "compile":
            self._look_at_code(*args[:2])
        elif event.startswith(WATCHED) and event not in HARMLESS:
            self._look_at_words(event, args)

    def _is_made_here(self, name: str) -> bool:
        """Whether a file of code lies where the test and the answer write theirs."""
        is_path = os.path.isabs(name)  # noqa: PTH117  # other code has names such as "<string>"
        return is_path and any(_is_in(os.path.realpath(name), root) for root in self._roots())

    def _look_at_code(self, code: Any, file: Any) -> None:
        """Raise where a library is about to run code that the answer gave."""
        text = code.decode("utf-8", "replace") if isinstance(code, bytes) else code
        # A tree has no text: of those, `Running` takes care.
        if not isinstance(text, str) or any(_is_in(str(file), each) for each in LIBRARY):
            return
        if self._texts.are_in_code(text, self._sources) and not _is_parsed_only():
            raise SubmissionError(f"a test does not run {text.strip()[:80]!r}: the answer gave it")

    def _look_at_words(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise where a file, program or host is named by the answer, and may not be touched."""
        if event == "open":
            words, reads = args[:1], not (type(args[2]) is int and args[2] & WRITING)
        else:
            words, reads = args, event.startswith(READING)
        for each in words:
            for word in each if isinstance(each, list | tuple) else [each]:
                self._look_at(word, event, reads)

    def _look_at(self, word: Any, event: str, reads: bool) -> None:
        if not isinstance(word, str | bytes | os.PathLike) or isinstance(word, type):
            return
        name = os.fsdecode(word)
        if not self._texts.name(name) or self._is_allowed(os.path.realpath(name), event, reads):
            return
        if not _is_by_us() and not (reads and _is_of_running_code(name)):
            raise SubmissionError(f"a test does not touch {name[:80]!r}, which the answer named")

    def _is_allowed(self, path: str, event: str, reads: bool) -> bool:
        if any(_is_in(path, root) for root in self._roots()) or path == os.devnull:
            return True
        if any(_is_in(path, each) for each in LIBRARY):
            return reads or "__pycache__" in path  # where an import leaves what it has compiled
        if _is_in(path, self._folder):
            return reads and not path.endswith(CODE)
        return self._is_named(path) or _is_new_temporary(path, event)

    def _is_named(self, path: str) -> bool:
        """Whether it is a file that the test itself speaks of, in the folder where it runs."""
        folder, name = os.path.split(path)
        spoken = re.compile(rf"[\"'/]{re.escape(name)}[\"']")
        is_near = folder == os.path.realpath(os.getcwd()) and "." in name  # noqa: PTH109
        return is_near and any(map(spoken.search, self._sources))


def _is_by_us() -> bool:
    """Whether we do it ourselves, or what does it has been looked at as a whole."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        code = frame.f_code
        if code.co_filename == callback.__file__:  # beyond it is what called a function of the test
            return False
        if code.co_filename.startswith(OWN_FILES):
            return True
        # It goes by descriptors and bare names within the folder of its own event.
        if code.co_filename == shutil.__file__ and code.co_name.startswith("_rmtree"):
            return True
        frame = frame.f_back
    return False


def _is_parsed_only() -> bool:
    """Whether code becomes a tree, for us, a test or the standard library to look at.

    Other libraries parse what they are going to work out, as pandas does with a query.
    """
    frame = sys._getframe(4)  # noqa: SLF001
    if frame.f_code is not ast.parse.__code__ or frame.f_back is None:
        return False
    return not _is_in(frame.f_back.f_code.co_filename, PACKAGES)


def _is_of_running_code(name: str) -> bool:
    """Whether `inspect` looks up lines of what is running, for a test that asks who calls it."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    files = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    return linecache.__file__ in files and name in files


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _is_new_temporary(path: str, event: str) -> bool:
    """Whether a temporary file or folder is made, perhaps with a prefix that the answer gave."""
    is_made = event in ("open", "os.mkdir") and not os.path.exists(path)  # noqa: PTH110
    return is_made and os.path.dirname(path) == os.path.realpath(tempfile.gettempdir())  # noqa: PTH120


_installed: list[bool] = []
_fences: list[Fence] = []


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if _fences:
        _fences[-1].look(event, args)
