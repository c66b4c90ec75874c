"""A fence around an imported test: what it may not do here with what the answer gave it.

An imported test runs on the trusted side, but was written to run beside the answer. It may open or
delete a file that the answer names, start a program of that name, load a pickle that the answer
made, or run code of the answer, such as the examples in a docstring. Python calls an audit hook
before each of these, whichever function does it, and the hook raises.

A test can make a file name from an answer's text in more ways than the hook can follow: resolved,
decoded, joined, read from an archive. So a test may start no program, and may write and delete only
its own files: in its temporary folders, in the folder where it runs, and where its code says so.
Elsewhere it may read what the answer has not named.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import multiprocessing
import os
import re
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from os import getcwd  # these by name, since a test may replace `os.getcwd`
from os.path import exists, realpath
from pathlib import Path
from types import FrameType
from typing import Any

from gradekit.grading.originals.acting import (
    LIBRARY,
    OURS,
    PACKAGES,
    SYSTEM,
    TEST,
    US,
    actor,
    is_thread_of_ours,
)
from gradekit.grading.originals.libraries import IN_MEMORY, Libraries, reaches_out
from gradekit.grading.originals.shared_files import remove
from gradekit.grading.proxy import SubmissionProxy
from gradekit.grading.raised import SubmissionError
from gradekit.grading.texts import Texts

# Events whose arguments name files, programs or hosts.
WATCHED = (
    "open", "os.", "shutil.", "subprocess.", "socket.connect", "socket.getaddrinfo", "urllib.",
    "ctypes.dlopen", "sqlite3.", "glob.", "pathlib.", "ftplib.", "webbrowser.", "pty.",
)  # fmt: skip
READING = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "glob.", "pathlib.Path.")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Refused outside the test's own files. All other ways to change a file raise one of these, too.
CHANGING = frozenset(
    "open os.remove os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown "
    "os.chflags os.setxattr os.removexattr os.utime shutil.rmtree sqlite3.connect".split()
)
LOOKING = frozenset({"open", "os.listdir", "os.scandir"})
STARTING = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile",
    "pty.spawn",
)  # fmt: skip
HARMLESS = ("os.putenv", "os.unsetenv")  # begin with "os.", and name no path
INSTALLED = tuple({*map(realpath, sysconfig.get_paths().values()), sys.prefix, OURS})
# Files of the system that all programs read.
SHARED = ("/usr/share", "/usr/lib", "/usr/local/share", "/etc/localtime", "/etc/mime.types")
# Folders in which libraries keep their caches and settings.
CACHES = frozenset({".cache", ".config", ".matplotlib", ".hypothesis", "__pycache__"})
# The classes and functions that pickles of data call. None of them does more than make data.
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
DEBUGGER = ".pdbrc"  # doctest looks for it; no debugger runs here, so its content is not used


class Fence:
    """The fence around one run of one test."""

    def __init__(
        self,
        submission: SubmissionProxy,
        texts: Texts,
        sources: Sequence[str],
        folder: Path,
        roots: Callable[[], list[str]],
    ) -> None:
        """
        Args:
            submission: Runs what libraries would run in this process; see libraries.py.
            texts: The texts that the answer has returned so far.
            sources: The code of the tests.
            folder: Where the tests and their data lie.
            roots: Returns the temporary folders and files that the test has made.
        """
        self._texts, self._sources = texts, sources
        self._folder, self._roots = realpath(folder), roots
        self._code = str(folder)  # the beginning of the file names of its code
        self._course = str(Path(self._folder).parent.parent)
        self._made: set[str] = set()  # paths of temporary files and folders
        self._litter: set[str] = set()  # those whose names the answer gave; removed at the end
        self._looks: dict[str, Callable[..., None]] = {
            "pickle.find_class": self._look_at_pickle,
            "exec": self._look_at_execution,
            "compile": self._look_at_code,
            **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), self._look_at_signal),
            **dict.fromkeys(("marshal.loads", "marshal.load"), self._look_at_marshal),
        }
        self._libraries = Libraries(submission, texts, self.look)
        self.has_imported = self._libraries.has_imported
        # Threads that the test starts are fenced as well. Those that run already are not.
        self._own = threading.get_ident()
        self._others = {thread.ident for thread in threading.enumerate()} - {self._own}

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        """Look at every event of a block of code."""
        if not _installed:  # a hook cannot be taken out: one serves all tests
            _installed.append(True)
            sys.addaudithook(_heard)
        _fences.append(self)
        try:
            with self._libraries:
                yield
        finally:
            _fences.remove(self)
            # Threads that the test has started, and that go on, stay within its fence.
            known = {*self._others, self._own}
            _left[:] = [each for each in _left if each[0].is_alive()]
            _left.extend((t, self) for t in threading.enumerate() if t.ident not in known)
            for path in self._litter:
                remove(path)

    def look(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise if a test is about to do what it may not do."""
        # Other events return at once: looking at a frame raises an event, too.
        if event not in self._looks and (not event.startswith(WATCHED) or event in HARMLESS):
            return
        thread = threading.get_ident()
        if thread in self._others or (thread != self._own and is_thread_of_ours()):
            return
        if event in self._looks:
            self._looks[event](*args)
        elif event in STARTING:
            self._look_at_program(event, args)
        else:
            self._look_at_words(event, args)

    def _look_at_pickle(self, module: Any, name: Any) -> None:
        """Raise if a pickle is about to call something that does more than make data."""
        if name not in DATA.get(str(module), "").split():
            raise SubmissionError(f"what it saved is no data: a test does not load {name}")

    def _look_at_execution(self, code: Any) -> None:
        name = getattr(code, "co_filename", "")
        if self._texts.are_of(name) or self._is_made_here(name):
            raise SubmissionError(f"a test does not run {name[:80]!r}, which the answer gave")

    def _look_at_marshal(self, *_: Any) -> None:
        if actor(self._code) == TEST:
            raise SubmissionError("a test does not load code by `marshal`")

    def _is_made_here(self, name: str) -> bool:
        """Whether code comes from a file that the test or the answer has written."""
        is_path = os.path.isabs(name)  # noqa: PTH117  # other code has names such as "<string>"
        return is_path and any(_is_in(realpath(name), root) for root in self._roots())

    def _look_at_code(self, code: Any, file: Any, *_: Any) -> None:
        """Raise if a library is about to run code that the answer gave."""
        text = code.decode("utf-8", "replace") if isinstance(code, bytes) else code
        # A syntax tree has no text: `Running` handles those.
        if not isinstance(text, str) or any(_is_in(str(file), each) for each in INSTALLED):
            return
        reaches = reaches_out(text, sys._getframe(3))  # noqa: SLF001  # whoever compiles it
        if reaches or (self._texts.are_in_code(text, self._sources) and not _is_parsed_only()):
            raise SubmissionError(f"a test does not run {text.strip()[:80]!r}: the answer gave it")

    def _look_at_program(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise if a test starts a program: it could run code of the answer."""
        if (by := actor(self._code)) == TEST:
            words = [each for each in _words(args) if isinstance(each, str | bytes)]
            shown = os.fsdecode(words[0])[:80] if words else event
            raise SubmissionError(f"a test can start no program: {shown}")
        if by != US:
            self._look_at_words(event, args)

    def _look_at_signal(self, process: int, signal: int) -> None:
        """Raise if a test sends a signal to a process that it has not started."""
        children = [each.pid for each in multiprocessing.active_children()]
        if signal and process not in children and actor(self._code) == TEST:
            raise SubmissionError(f"a test sends no signals: {signal} to process {process}")

    def _look_at_words(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise if the answer named a file, program or host that the test may not touch."""
        if event == "open":
            flags = args[2] if type(args[2]) is int else 0
            words, reads = args[:1], not flags & WRITING
        else:
            words, reads = args, event.startswith(READING)
        for word in _words(words):
            self._look_at(word, event, reads)

    def _look_at(self, word: Any, event: str, reads: bool) -> None:
        if not isinstance(word, str | bytes | os.PathLike) or isinstance(word, type):
            return
        name = os.fsdecode(word)
        path = realpath(name)
        if self._is_allowed(path, event, reads):
            return
        by = actor(self._code)
        if by == US or (reads and (_is_of_running_code(name) or Path(path).name == DEBUGGER)):
            return
        if self._texts.name(name):
            raise SubmissionError(f"a test does not touch {name[:80]!r}, which the answer named")
        if not self._is_of_test(name, path, event, reads, by):
            does = "read" if reads else "change"
            raise SubmissionError(f"a test does not {does} {name[:80]!r}, which is none of its own")

    def _is_allowed(self, path: str, event: str, reads: bool) -> bool:
        """Whether a test may touch a path, even if the answer named it."""
        is_own = any(_is_in(path, root) for root in self._roots()) or path in self._made
        if is_own and event == "ctypes.dlopen":  # the answer may have written the file
            raise SubmissionError(f"a test does not load {path[:80]!r} as a library")
        if is_own or path == os.devnull:
            return True
        if any(_is_in(path, each) for each in INSTALLED):
            # An import writes compiled code to __pycache__.
            return reads or ("__pycache__" in path and actor(self._code) == SYSTEM)
        if _is_in(path, self._folder):
            return reads and not path.endswith(CODE)
        if _is_new_temporary(path, event):
            self._made.add(path)
            if self._texts.name(path) and actor(self._code) == TEST:
                self._litter.add(path)
            return True
        return self._is_named(path)

    def _is_named(self, path: str) -> bool:
        """Whether it is a file in the current folder whose name stands in the test's own code."""
        folder, name = os.path.split(path)
        is_near = folder == realpath(getcwd()) and "." in name  # noqa: PTH109
        return is_near and self._is_spoken(name)

    def _is_spoken(self, name: str) -> bool:
        spoken = re.compile(rf"[\"'/]{re.escape(name)}[\"']")
        return any(map(spoken.search, self._sources))

    def _is_of_test(self, name: str, path: str, event: str, reads: bool, by: str) -> bool:
        """Whether a test may touch a path that the answer has not visibly named."""
        if event not in (LOOKING if reads else CHANGING) or name in IN_MEMORY:
            return True
        if event == "open" and Path(path).is_dir():  # to make an unnamed temporary file there
            return True
        if by == SYSTEM or (by == LIBRARY and not CACHES.isdisjoint(Path(path).parts)):
            return True
        folder, last = os.path.split(path)
        if by == LIBRARY and reads:
            return not self._texts.name(last) and not _is_in(path, self._course)
        if reads and any(_is_in(path, each) for each in (*SHARED, self._folder)):
            return True
        here = realpath(getcwd())  # noqa: PTH109
        place = os.path.dirname(name)  # noqa: PTH120  # as it was given: not resolved
        is_near = reads or folder == here or _is_in(folder, self._folder)
        is_near = is_near or any(len(place) > 1 and place in each for each in self._sources)
        return is_near and self._is_spoken(last)


def _words(args: Any) -> Iterator[Any]:
    """The arguments of an event; of a list, each item."""
    for each in args:
        yield from each if isinstance(each, list | tuple) else [each]


def _is_parsed_only() -> bool:
    """Whether code is only parsed into a tree, by us, by a test or by the standard library.

    Other libraries parse code in order to run it, as pandas does with a query.
    """
    frame = sys._getframe(4)  # noqa: SLF001
    if frame.f_code is not ast.parse.__code__ or frame.f_back is None:
        return False
    return not frame.f_back.f_code.co_filename.startswith(PACKAGES)


def _is_of_running_code(name: str) -> bool:
    """Whether `inspect` reads the source of code that is running, to show who called what."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    files = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    return linecache.__file__ in files and name in files


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _is_new_temporary(path: str, event: str) -> bool:
    """Whether a new temporary file or folder is about to be made."""
    is_made = event in ("open", "os.mkdir") and not exists(path)  # noqa: PTH110
    return is_made and os.path.dirname(path) == realpath(tempfile.gettempdir())  # noqa: PTH120


_installed: list[bool] = []
_fences: list[Fence] = []
_left: list[tuple[threading.Thread, Fence]] = []  # threads that go on after their test


def _heard(event: str, args: tuple[Any, ...]) -> None:
    fences = [fence for thread, fence in _left if thread.ident == threading.get_ident()]
    if fences := fences or _fences:
        fences[-1].look(event, args)
