"""Files in temporary folders of a test, which the answer may read and write as well.

The answer's process can open no file. So what the test has in its folders is sent there, and
`open` and a few functions of `os` find it in memory; what the answer writes there is written here
afterwards. No path leads out of those folders, and no link is followed.
"""

# Paths as texts, since most of them exist in memory only.
# ruff: noqa: PTH109, PTH118, PTH119, PTH120

from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import io
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle

from gradekit.grading.originals.sharing import builtin_names
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

MANY_FILES, MANY_BYTES = 100, 2**20
SANDBOX = str(Path(__file__).resolve().parents[2] / "sandbox")
# What Python runs without reading its source: an answer could put it beside a module of the test.
COMPILED = (".pyc", ".so", ".pyd", ".pth")
MAKERS = ("mkdtemp", "mkstemp", "NamedTemporaryFile")


class Files:
    """The temporary folders and files that a test has made."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._roots: list[str] = []
        self._told: Any = None
        self._thread = threading.get_ident()
        self._makers = {name: getattr(tempfile, name) for name in MAKERS}
        for name, make in self._makers.items():
            setattr(tempfile, name, self._noting(make))

    def _noting(self, make: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(make)
        def noting(*args: Any, **keywords: Any) -> Any:
            made = make(*args, **keywords)
            path = made[1] if isinstance(made, tuple) else getattr(made, "name", made)
            # We make folders too, and those are no business of this test's.
            is_ours = sys._getframe(1).f_code.co_filename.startswith(SANDBOX)  # noqa: SLF001
            in_thread = threading.get_ident() == self._thread
            if isinstance(path, str) and in_thread and not is_ours:
                self._roots.append(os.path.realpath(path))
            return made

        return noting

    @property
    def roots(self) -> list[str]:
        """The folders and files, by their real paths."""
        return self._roots

    @property
    def is_changed(self) -> bool:
        return bool(self._roots)

    def connect(self) -> None:
        now = [self._roots, *self._content(), os.getcwd()]
        # A test may have written since: its folders are read before each request, and sent only
        # where something is different. They are small, which MANY_BYTES sees to.
        if now != self._told:
            objects = run_of(self._submission).objects
            if objects is not None:
                objects.used.add("files")
            self._submission.probe(put_files, *now)
            self._told = now

    def _content(self) -> tuple[dict[str, bytes], list[str]]:
        """The files, and the folders among them."""
        files: dict[str, bytes] = {}
        folders: list[str] = []
        size = 0
        for path in sorted(_below(self._roots)):
            if path.is_dir():
                folders.append(str(path))
            elif path.is_file() and len(files) < MANY_FILES:
                size += path.stat().st_size
                if size > MANY_BYTES:
                    break
                files[str(path)] = path.read_bytes()
        return files, folders

    def move_on(self) -> None:
        """Write what the answer has written."""
        written = files_among(self._submission.probe(taken_files), self._is_inside)
        if written is None:
            return
        for name, content in written.items():
            with contextlib.suppress(OSError):
                _write(Path(name), content)
        self._told = [self._roots, *self._content(), os.getcwd()]

    def _is_inside(self, name: str) -> bool:
        """Whether a path that the answer named lies in one of the folders, and goes by no link."""
        path = Path(name)
        is_plain = path.is_absolute() and os.path.normpath(name) == name
        if name.endswith(COMPILED):
            return False
        inside = any(Path(root) in (path, *path.parents) for root in self._roots)
        # The real path has to be the path itself: the answer could not make a link here, but a test
        # may have, and what it leads to is not the answer's to overwrite.
        return is_plain and inside and os.path.realpath(path) == name

    def disconnect(self) -> None:
        for name, make in self._makers.items():
            setattr(tempfile, name, make)
        # A test that failed has removed none, and there may be one such a check and answer.
        for root in self._roots:
            remove(root)
        if self._told is not None:
            self._submission.probe(forget_files)


def remove(path: str) -> None:
    """Remove a file or folder; where that fails, it stays."""
    if Path(path).is_dir() and not Path(path).is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            Path(path).unlink()


def _below(roots: list[str]) -> Iterator[Path]:
    for root in roots:
        path = Path(root)
        if not path.is_symlink():
            yield path
            yield from (each for each in path.rglob("*") if not each.is_symlink())


def files_among(told: Any, is_inside: Callable[[str], bool]) -> dict[str, Any] | None:
    """Of what the answer says that it has written, the files that may be; None if it is no list."""
    if not isinstance(told, dict) or len(told) > MANY_FILES:
        return None
    return {name: each for name, each in told.items() if type(name) is str and is_inside(name)}


def _write(path: Path, content: Any) -> None:
    """A file with that content, a folder for True, nothing for None."""
    if content is True:
        path.mkdir(exist_ok=True)
    elif content is None:
        path.unlink(missing_ok=True)
    elif type(content) is bytes and len(content) <= MANY_BYTES:
        path.write_bytes(content)


# ------------------------------------------------------------------ what runs in the worker

FOLDER, FILE = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644
REPLACED = ("stat", "listdir", "mkdir", "remove", "unlink")  # of `os`, beside `open`


class Memory:
    """Files and folders that are there in memory only, and the functions that find them.

    A path that is none of theirs is left to the functions that were there before.
    """

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.plain: dict[str, Any] = {name: getattr(os, name) for name in REPLACED}
        self.plain_open: Any = io.open
        self.changed: dict[str, Any] = {}

    def set(self, roots: list[str], files: dict[str, bytes], folders: list[str], home: str) -> None:
        self.roots, self.files, self.folders, self.home = roots, files, {*folders}, home

    def install(self, functions: dict[str, Any], opening: Any) -> None:
        for name, function in functions.items():
            setattr(os, name, function)
        vars(builtins)["open"] = vars(io)["open"] = opening
        for names in builtin_names(self.answer):
            names["open"] = opening

    def functions(self) -> dict[str, Any]:
        found = {"stat": self.stat, "listdir": self.listdir, "mkdir": self.mkdir}
        return {**found, "remove": self.remove, "unlink": self.remove}

    def place(self, path: Any) -> Any:
        """The path in full, if it is in one of the folders."""
        if isinstance(path, int):
            return None
        text = os.path.normpath(os.path.join(self.home, os.fsdecode(path)))
        return text if any(text == r or text.startswith(r + "/") for r in self.roots) else None

    def error(self, number: int, path: Any) -> OSError:
        return OSError(number, os.strerror(number), str(path))

    def open(
        self, file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None,
        errors: Any = None, newline: Any = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        path = self.place(file)
        if path is None:
            return self.plain_open(
                file, mode, buffering, encoding, errors, newline, closefd, opener
            )
        self.check(path, mode, file)
        before = b"" if "w" in mode else self.files.get(path, b"")
        is_read = "r" in mode and "+" not in mode
        stream: Any = io.BytesIO(before) if is_read else Written(self, path, before)
        stream.name = str(file)
        if "a" in mode:
            stream.seek(0, 2)
        if "b" in mode:
            return stream
        return io.TextIOWrapper(stream, encoding or "utf-8", errors, newline)

    def check(self, path: str, mode: str, file: Any) -> None:
        """Raise what the system would raise."""
        if path in self.folders:
            raise self.error(errno.EISDIR, file)
        is_there = path in self.files
        if "x" in mode and is_there:
            raise self.error(errno.EEXIST, file)
        if not is_there and ("r" in mode or os.path.dirname(path) not in self.folders):
            raise self.error(errno.ENOENT, file)

    def stat(self, path: Any, *args: Any, **keywords: Any) -> Any:
        where = self.place(path)
        if where is None:
            return self.plain["stat"](path, *args, **keywords)
        if where in self.folders:
            return os.stat_result((FOLDER, 0, 0, 1, 0, 0, 0, 0, 0, 0))
        if where not in self.files:
            raise self.error(errno.ENOENT, path)
        return os.stat_result((FILE, 0, 0, 1, 0, 0, len(self.files[where]), 0, 0, 0))

    def listdir(self, path: Any = ".") -> Any:
        where = self.place(path)
        if where is None:
            return self.plain["listdir"](path)
        if where not in self.folders:
            raise self.error(errno.ENOENT, path)
        inside = [each for each in (*self.files, *self.folders) if os.path.dirname(each) == where]
        return [os.path.basename(each) for each in inside]

    def mkdir(self, path: Any, *args: Any, **keywords: Any) -> None:
        where = self.place(path)
        if where is None:
            self.plain["mkdir"](path, *args, **keywords)
            return
        if where in self.folders or where in self.files:
            raise self.error(errno.EEXIST, path)
        if os.path.dirname(where) not in self.folders:
            raise self.error(errno.ENOENT, path)
        self.folders.add(where)
        self.changed[where] = True

    def remove(self, path: Any, *args: Any, **keywords: Any) -> None:
        where = self.place(path)
        if where is None:
            self.plain["remove"](path, *args, **keywords)
            return
        if where not in self.files:
            raise self.error(errno.ENOENT, path)
        del self.files[where]
        self.changed[where] = None


class Written(io.BytesIO):
    """A file that is kept when it is closed."""

    def __init__(self, memory: Any, path: str, before: bytes) -> None:
        io.BytesIO.__init__(self, before)
        self.memory, self.path = memory, path
        memory.files[path] = memory.changed[path] = before

    def close(self) -> None:
        if not self.closed:
            self.memory.files[self.path] = self.memory.changed[self.path] = self.getvalue()
        io.BytesIO.close(self)


def put_files(
    answer: Any, roots: list[str], files: dict[str, bytes], folders: list[str], home: str
) -> None:
    """From now on `open` finds these files, and keeps what is written among them."""
    # Kept in `builtins`: this function arrives by a pickle, each time with global names of its own.
    memory = vars(builtins).get("memory_of_files")
    if memory is None:
        memory = vars(builtins)["memory_of_files"] = Memory(answer)
        memory.install(memory.functions(), memory.open)
    memory.set(roots, files, folders, home)


def taken_files(answer: Any) -> Any:
    """What the answer has written, made or removed since the last time."""
    memory: Any = vars(builtins)["memory_of_files"]
    changed = dict(memory.changed)
    memory.changed.clear()
    return changed


def forget_files(answer: Any) -> None:
    """As before `put_files`."""
    memory: Any = vars(builtins).pop("memory_of_files")
    memory.install(memory.plain, memory.plain_open)
