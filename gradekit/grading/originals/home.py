"""The folder that a test runs in: data of the exercise, and what test and answer write there.

Natively both run in one folder. Here the test gets a temporary copy of it for each run, and the
answer's process keeps what it writes in memory (sandbox/inside/files.py), since it can write no
file. Before each request goes there what the test has changed, and back comes what the answer
wrote: plain files by relative paths, bounded in number and size, never code, and none in place of
the course's own.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cloudpickle

from gradekit.grading.imported import Shared
from gradekit.grading.originals.shared_files import MANY_BYTES, MANY_FILES, files_among
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

CODE = (".py", ".ipynb", ".pyc", ".so", ".pyd", ".pth")
# What a test or what it imports says where it has to do with files.
FILES = re.compile(
    r"\b(open|Path|savefig|savetxt|imsave|dump|touch)\(|\b(read|write|load|save|to)_\w+\("
    r"|\b(exists|is_?file|listdir|scandir|os\.walk|iterdir|glob|remove|unlink)\("
    r"|\b(np\.(load|save)\w*|loadtxt|getsize)\("
)
Stamp = tuple[int, int, int]  # of a file: its inode, size and time


class Home:
    """The folder of one run of a test, as a context; and a part of the test's surroundings."""

    def __init__(
        self, submission: SubmissionProxy, folders: Sequence[Path], texts: Mapping[str, str]
    ) -> None:
        """
        Args:
            folders: What lies in them lies in the test's folder too; the last one's comes first.
            texts: Files of the answer, which a test may read, by their paths in that folder.
        """
        self._submission, self._folders, self._texts = submission, folders, texts
        self.path = ""
        self._names: list[str] = []  # by which a test may call it
        self._given: frozenset[str] = frozenset()  # what came with the course
        self._told: dict[str, Stamp] = {}

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Make it, and be in it."""
        before = Path.cwd()
        made = os.path.realpath(tempfile.mkdtemp(prefix="kit-test-"))
        try:
            for folder in self._folders:
                _copy(folder, Path(made))
            for name, text in self._texts.items():
                _write(Path(made, name), text.encode())
            os.chdir(made)
            self.path, self._told = made, _stamps(made)
            self._names = [made]
            self._given = frozenset(self._told)
            yield
        finally:
            os.chdir(before)
            shutil.rmtree(made, ignore_errors=True)

    @property
    def is_changed(self) -> bool:
        return bool(self.path)

    @property
    def _shared(self) -> Shared | None:
        objects = run_of(self._submission).objects
        return objects if isinstance(objects, Shared) else None

    def begin(self, tells_place: bool) -> None:
        """What the answer wrote while it was loaded is there before the test opens it.

        Args:
            tells_place: The test knows where it lies itself, and may hand over paths of there.
        """
        if tells_place:
            self._names += [str(each) for each in reversed(self._folders)]
            self._submission.probe(put_files, self._names, {})
        if self._shared is not None:
            self._take()

    def connect(self) -> None:
        now = _stamps(self.path)
        if now == self._told:
            return
        changed: dict[str, bytes | None] = dict.fromkeys(self._told.keys() - now.keys())
        for name, stamp in list(now.items())[:MANY_FILES]:
            if self._told.get(name) != stamp and stamp[1] <= MANY_BYTES:
                changed[name] = Path(self.path, name).read_bytes()
        self._submission.probe(put_files, self._names, changed)
        if (shared := self._shared) is not None:
            shared.used.add("files")
            shared.files -= changed.keys()
        self._told = now

    def move_on(self) -> None:
        shared = self._shared
        if shared is not None and shared.files_changed:
            shared.files_changed = False
            self._take()

    def disconnect(self) -> None:
        """The answer's process forgets them when another check begins."""

    def _take(self) -> None:
        """Write what the answer has written."""
        written = files_among(self._submission.probe(taken_files), self._is_inside)
        if written is None:
            return
        for name, content in written.items():
            with contextlib.suppress(OSError):
                _write(Path(self.path, name), content)
        self._told = _stamps(self.path)

    def _is_inside(self, name: str) -> bool:
        """Whether a path that the answer named lies in the folder, and goes by no link.

        Nor is it one of the course's own files: a test may read there what it expects.
        """
        path = os.path.join(self.path, name)  # noqa: PTH118  # a text that nobody has looked at
        is_plain = not os.path.isabs(name) and os.path.normpath(path) == path  # noqa: PTH117
        inside = path.startswith(self.path + os.sep) and os.path.realpath(path) == path
        return is_plain and inside and name not in self._given and not name.endswith(CODE)


def mentions_files(text: str) -> bool:
    """Whether tests with this text read or write files."""
    return bool(FILES.search(text))


def _copy(folder: Path, target: Path) -> None:
    """Copy data, and no code: the test's own is loaded from where it lies."""

    def left_out(place: str, names: list[str]) -> list[str]:
        return [each for each in names if each.endswith(CODE) or each == "__pycache__"]

    shutil.copytree(folder, target, ignore=left_out, dirs_exist_ok=True)


def _stamps(folder: str) -> dict[str, Stamp]:
    """The files below a folder."""
    found: dict[str, Stamp] = {}
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    told = entry.stat(follow_symlinks=False)
                    name = entry.path[len(folder) + 1 :]
                    found[name] = (told.st_ino, told.st_size, told.st_mtime_ns)
    return found


def _write(path: Path, content: Any) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif type(content) is bytes and len(content) <= MANY_BYTES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# ------------------------------------------------------------------ what runs in the worker


def put_files(answer: Any, homes: list[str], changed: dict[str, Any]) -> None:
    """The test has changed these files in its folder, which it calls by one of these names."""
    answer.files.put(homes, changed)


def taken_files(answer: Any) -> Any:
    """What the answer has written or deleted since the last time."""
    return answer.files.taken()
