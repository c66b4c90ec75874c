"""A folder on the disk, read without following a link in any component of a path."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Container, Iterator
from pathlib import Path
from typing import BinaryIO

from gradekit.errors import KitError
from gradekit.intake.items import Item
from gradekit.sandbox.limits import NOTEBOOK_BYTES

DEPTH = 40  # folders; nobody's answer lies deeper, and paths have an end
RESULTS = "results.jsonl"  # what `kit grade` makes in its folder, and what lies beside it
BESIDE = (".lock", "standing.jsonl")
# O_NONBLOCK: opening a named pipe would wait for ever for somebody to write into it.
FILE_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


class Folder:
    """A folder on the disk."""

    is_archive = False

    def __init__(
        self, root: Path, leave_out: Path | None = None, partial: Container[str] = ()
    ) -> None:
        """Args:
        leave_out: A folder in there that is not looked into.
        partial: Paths of files that somebody is still writing; they are left out as well.
        """
        self._root = root.resolve()
        self._partial = partial
        self._leave_out = str(leave_out.resolve()) if leave_out else None

    def items(self) -> list[Item]:
        """Everything that is there, by path."""
        found: list[Item] = []
        waiting = [(str(self._root), "", 0)]
        while waiting:
            folder, relative, depth = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = list(entries)
            except OSError:
                found.append(Item(relative.rstrip("/"), "unreadable"))
                continue
            for entry in listed:
                item = self._item(entry, relative + entry.name, depth)
                if item is None or item.path in self._partial:
                    continue
                found.append(item)
                if item.kind == "folder":
                    waiting.append((entry.path, item.path + "/", depth + 1))
        return sorted(found)

    def _item(self, entry: os.DirEntry[str], path: str, depth: int) -> Item | None:
        """What an entry is; None where it is our own."""
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            return Item(path, "unreadable")
        if stat.S_ISLNK(about.st_mode):
            return Item(path, "link")
        if stat.S_ISDIR(about.st_mode):
            if entry.path == self._leave_out:
                return None
            if depth >= DEPTH:
                return Item(path, "deep")
            return Item(path, "results" if _is_ours(entry.path) else "folder")
        if stat.S_ISREG(about.st_mode):
            return Item(path, "file", about.st_mtime, about.st_size)
        return Item(path, "other")

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have."""
        with self.opened(path) as file:
            return file.read(NOTEBOOK_BYTES + 1)

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A file, open for reading.

        Raises:
            KitError: it cannot be read, or a link stands in its path.
        """
        try:
            # It may have been exchanged since it was listed.
            descriptor = _open_beneath(self._root, path)
            with os.fdopen(descriptor, "rb") as file:
                # Of the open file, not of the path: that could be
                # exchanged between a look and the opening.
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise KitError("it is not a regular file")
                yield file
        except OSError as error:
            raise KitError(f"it cannot be read: {error.strerror}") from None
        except ValueError:  # a NUL in its name
            raise KitError("it cannot be read: its name is no name of a file") from None


def _is_ours(folder: str) -> bool:
    """Whether `kit grade` wrote a folder. A student may have a results.jsonl, too."""
    there = [os.path.lexists(f"{folder}/{name}") for name in (RESULTS, *BESIDE)]
    return there[0] and any(there[1:])


def _open_beneath(root: Path, path: str) -> int:
    """Open a file below `root`, a component at a time, none of them a link."""
    *folders, name = path.split("/")
    if ".." in (*folders, name):
        raise KitError("its path leads out of the folder")
    if os.open not in os.supports_dir_fd:  # Windows
        if any((root / "/".join(folders[: n + 1])).is_symlink() for n in range(len(folders))):
            raise KitError("a link stands in its path")
        return os.open(root / path, FILE_FLAGS | getattr(os, "O_BINARY", 0))
    here = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        for folder in folders:
            # O_NOFOLLOW only concerns the last component of a
            # path: so each folder is opened on its own.
            there = os.open(folder, FOLDER_FLAGS, dir_fd=here)
            os.close(here)
            here = there
        return os.open(name, FILE_FLAGS, dir_fd=here)
    finally:
        os.close(here)
