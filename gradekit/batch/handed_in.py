"""The files that a class handed in: a folder, or a zip that a system exported.

Names and contents are strangers': links are never followed, reading is bounded, and
nothing is ever unpacked onto the disk.
"""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from gradekit.errors import KitError
from gradekit.sandbox.limits import NOTEBOOK_BYTES

LINK = 0o120000  # the file type of a symbolic link, as zip files record it


class Item(NamedTuple):
    """One thing in there. `path` is relative, with slashes; `changed` orders by age."""

    path: str
    kind: Literal["file", "folder", "link", "other", "unreadable"]
    changed: tuple[float, ...]


class HandedIn(Protocol):
    """Where submissions come from."""

    is_archive: bool

    def items(self) -> list[Item]:
        """Everything that is there, by path."""

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have.

        Raises:
            KitError: it cannot be read.
        """


def open_handed_in(path: Path, leave_out: Path | None = None) -> HandedIn:
    """The folder or zip file at `path`.

    Args:
        leave_out: A folder in there that nobody handed in: our own results.

    Raises:
        KitError: it is neither.
    """
    if path.is_dir():
        return Folder(path, leave_out)
    if not path.exists():
        raise KitError(f"There is no {path}: name the folder or zip that the class handed in.")
    if not zipfile.is_zipfile(path):
        raise KitError(f"{path} is neither a folder nor a zip file that can be read.")
    return Archive(path)


class Folder:
    """A folder on the disk."""

    is_archive = False

    def __init__(self, root: Path, leave_out: Path | None = None) -> None:
        self._root = root.resolve()
        self._leave_out = str(leave_out.resolve()) if leave_out else None

    def items(self) -> list[Item]:
        found: list[Item] = []
        self._walk(str(self._root), "", found)
        return sorted(found)

    def _walk(self, folder: str, relative: str, found: list[Item]) -> None:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            found.append(Item(relative.rstrip("/"), "unreadable", ()))
            return
        for entry in entries:
            path = relative + entry.name
            if entry.is_symlink():
                found.append(Item(path, "link", ()))
            elif entry.path == self._leave_out:
                continue
            elif entry.is_dir():
                found.append(Item(path, "folder", ()))
                self._walk(entry.path, path + "/", found)
            elif entry.is_file():
                found.append(Item(path, "file", (entry.stat().st_mtime,)))
            else:
                found.append(Item(path, "other", ()))

    def read(self, path: str) -> bytes:
        try:
            # The file may have been exchanged since it was listed.
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(self._root / path, flags | getattr(os, "O_BINARY", 0))
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise KitError("it is not a regular file")
                return file.read(NOTEBOOK_BYTES + 1)
        except OSError as error:
            raise KitError(f"it cannot be read: {error.strerror}") from None


class Archive:
    """A zip file, read where it lies."""

    is_archive = True

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def items(self) -> list[Item]:
        found = {}
        for member in self._zip.infolist():
            path = member.filename.strip("/")
            is_link = (member.external_attr >> 16) & 0o170000 == LINK
            kind: Literal["file", "folder", "link"]
            kind = "folder" if member.is_dir() else "link" if is_link else "file"
            found[path] = Item(path, kind, tuple(map(float, member.date_time)))
        return sorted(found.values())

    def read(self, path: str) -> bytes:
        try:
            with self._zip.open(path) as file:
                return file.read(NOTEBOOK_BYTES + 1)
        except Exception as error:  # zlib, lzma, bz2 and encryption have errors of their own
            raise KitError(f"it cannot be unpacked: {error}") from None
