"""Files that the answer writes, while the kernel lets it write none: they are kept in memory.

So a class that saves itself and loads again can be tested. `open` and a few functions of `os` look
here first; whatever else opens files, in C say, is refused as ever. What an imported test has
written in its folder is put here too.
"""

# Paths as texts, since it stands in for the functions that take them.
# ruff: noqa: PTH109, PTH110, PTH117, PTH119, PTH120

from __future__ import annotations

import builtins
import errno
import functools
import io
import os
import stat
import sys
from collections.abc import Callable
from typing import Any

FOLDER, FILE = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644


class Files:
    """The files of one check, by their paths."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self._loaded: dict[str, bytes] = {}  # what was written while the answer was loaded
        self._dirty: set[str] = set()  # paths of which `taken` has to tell
        self._is_told = True
        self._open, self._stat, self._listdir = builtins.open, os.stat, os.listdir
        self._mkdir = os.mkdir
        self._homes = [os.getcwd()]  # folders that a path may begin with, and means this one

    def install(self, *builtin_names: dict[str, Any]) -> None:
        """Have `open` and its like look here, under those built-in names too."""
        for names in builtin_names:
            names["open"] = self.open
        # pathlib opens by `io.open`, most others by the built-in name.
        builtins.open = io.open = self.open
        os.remove, os.unlink = self._removing(os.remove), self._removing(os.unlink)
        os.path.exists, os.path.isfile = map(self._finding, (os.path.exists, os.path.isfile))
        os.stat, os.listdir, os.mkdir = self.stat, self.listdir, self.mkdir
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            torch.save = torch.serialization.save = self._saving(torch.save)

    def keep_loaded(self) -> None:
        """What there is now stands at the beginning of each check."""
        self._loaded = dict(self.contents)

    def clear(self) -> None:
        """Be as when the answer had been loaded: another check begins."""
        self.contents = dict(self._loaded)
        self.folders.clear()
        self._dirty = {*self._loaded}
        self._is_told = not self._loaded
        del self._homes[1:]

    def changes(self) -> list[str] | None:
        """The paths of all files, where something has changed since this was told last."""
        if self._is_told:
            return None
        self._is_told = True
        return sorted(self.contents)

    def remove(self, paths: list[str]) -> None:
        """Take over that the check has deleted files."""
        for path in paths:
            self.contents.pop(path, None)
            self._dirty.discard(path)

    def put(self, homes: list[str], files: dict[str, bytes | None]) -> None:
        """Take over files that the check has written; None: deleted.

        Args:
            homes: How the check may call the folder that it runs in.
        """
        self._homes[1:] = homes
        self.remove([path for path, content in files.items() if content is None])
        self.contents.update({path: each for path, each in files.items() if each is not None})
        self._dirty -= files.keys()

    def taken(self) -> dict[str, bytes | None]:
        """What the answer has written or deleted since the last time."""
        told = {path: self.contents.get(path) for path in sorted(self._dirty)}
        self._dirty.clear()
        return told

    def write(self, path: str, content: bytes | None) -> None:
        """Keep a file that the answer has written; None: deleted."""
        if content is None:
            self.contents.pop(path, None)
        else:
            self.contents[path] = content
        self._dirty.add(path)
        self._is_told = False

    def open(self, file: Any, mode: str = "r", *args: Any, **keywords: Any) -> Any:
        """As the built-in `open`."""
        path = self._path(file)
        writes = any(letter in mode for letter in "wax+")
        # What is not in memory and would only be read is a real file, such as a module's data.
        if path is None or (path not in self.contents and (not writes or mode.startswith("r"))):
            return self._open(self._beside(file, path), mode, *args, **keywords)
        if "x" in mode and path in self.contents:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        if path in self.folders:
            raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
        if mode[0] in "wx" or path not in self.contents:
            self.write(path, self._before(path) if mode[0] == "a" else b"")
        raw = _Open(self, path, is_written=writes)
        if "a" in mode:
            raw.seek(0, io.SEEK_END)
        return raw if "b" in mode else _as_text(raw, *args, **keywords)

    def _before(self, path: str) -> bytes:
        """What a real file holds that is about to be added to."""
        try:
            with self._open(path, "rb") as file:
                return bytes(file.read())
        except OSError:
            return b""

    def stat(self, path: Any, *args: Any, **keywords: Any) -> Any:
        """As `os.stat`."""
        place = self._path(path)
        if place in self.folders:
            return os.stat_result((FOLDER, 0, 0, 1, 0, 0, 0, 0, 0, 0))
        if place in self.contents:
            return os.stat_result((FILE, 0, 0, 1, 0, 0, len(self.contents[place]), 0, 0, 0))
        return self._stat(self._beside(path, place), *args, **keywords)

    def listdir(self, path: Any = ".") -> list[Any]:
        """As `os.listdir`."""
        place = self._path(path)
        there = [each for each in (*self.contents, *self.folders) if _parent(each) == place]
        if place in self.folders:
            real = []
        else:
            real = self._listdir(self._beside(path, place))
        return [*real, *(n for each in there if (n := os.path.basename(each)) not in real)]

    def mkdir(self, path: Any, *args: Any, **keywords: Any) -> None:
        """As `os.mkdir`: the folder is there for what is kept in memory."""
        place = self._path(path)
        if place is None or os.path.isabs(place):
            self._mkdir(path, *args, **keywords)
        elif os.path.exists(place):
            raise FileExistsError(errno.EEXIST, "File exists", path)
        elif not os.path.exists(_parent(place)):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        else:
            self.folders.add(place)

    def _saving(self, real: Callable[..., None]) -> Callable[..., None]:
        """torch opens the file that it saves to in C++; all others it opens as Python does."""

        @functools.wraps(real)
        def save(obj: Any, f: Any, *args: Any, **keywords: Any) -> None:
            if not isinstance(f, str | os.PathLike):
                real(obj, f, *args, **keywords)
                return
            with builtins.open(f, "wb") as file:
                real(obj, file, *args, **keywords)

        return save

    def _removing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def remove(path: Any, **keywords: Any) -> None:
            place = self._path(path)
            if place in self.contents:
                self.write(place, None)
            else:
                real(path, **keywords)

        return remove

    def _finding(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def find(path: Any) -> bool:
            place = self._path(path)
            return place in self.contents or bool(real(self._beside(path, place)))

        return find

    def _path(self, file: Any) -> str | None:
        """The path of a file in one spelling; None for a descriptor."""
        if isinstance(file, int):
            return None
        path = os.fspath(file)
        name = os.path.normpath(path if isinstance(path, str) else os.fsdecode(path))
        found = []
        for home in self._homes:
            if name == home:
                return "."
            if name.startswith(f"{home}/"):
                found.append(name[len(home) + 1 :])
        # A folder of the course may lie in another one: what is meant is what is there.
        return next(filter(self._is_there, found[:-1]), found[-1]) if found else name

    def _is_there(self, path: str) -> bool:
        try:
            return path in self.contents or path in self.folders or bool(self._stat(path))
        except OSError:
            return False

    def _beside(self, file: Any, path: str | None) -> Any:
        """The real path of a file that the check named by its own folder; else as it was named."""
        in_home = path is not None and os.path.isabs(file) and not os.path.isabs(path)
        return path if in_home else file


class _Open(io.BytesIO):
    """An open file. What was written is there for others once it is flushed or closed."""

    def __init__(self, files: Files, path: str, *, is_written: bool) -> None:
        super().__init__(files.contents.get(path, b""))
        self._files, self._is_written = files, is_written
        self.name = path

    def writable(self) -> bool:
        return self._is_written

    def flush(self) -> None:
        contents = self._files.contents
        if not self._is_written or self.closed or self.name not in contents:
            return
        if (content := self.getvalue()) != contents[self.name]:
            self._files.write(self.name, content)

    def close(self) -> None:
        self.flush()
        super().close()


def _as_text(
    raw: _Open,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *_: Any,
) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding or "utf-8", errors, newline)


def _parent(path: str) -> str:
    return os.path.dirname(path) or "."
