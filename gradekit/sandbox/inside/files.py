"""Files that the answer writes, while the kernel lets it write none: they are kept in memory.

So a class that saves itself and loads again can be tested. `open` and a few functions of `os` look
here first; whatever else opens files, in C say, is refused as ever.
"""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable
from typing import Any


class Files:
    """The files of one check, by their paths."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._told: list[str] = []
        self._open = builtins.open

    def install(self, *builtin_names: dict[str, Any]) -> None:
        """Have `open` and its like look here, under those built-in names too."""
        for names in builtin_names:
            names["open"] = self.open
        # pathlib opens by `io.open`, most others by the built-in name.
        builtins.open = io.open = self.open
        os.remove, os.unlink = self._removing(os.remove), self._removing(os.unlink)
        os.path.exists, os.path.isfile = map(self._finding, (os.path.exists, os.path.isfile))

    def clear(self) -> None:
        """Forget all of them: another check begins."""
        self.contents.clear()
        self._told = []

    def changes(self) -> list[str] | None:
        """The paths of all files, where they are others than were told last."""
        now = sorted(self.contents)
        if now == self._told:
            return None
        self._told = now
        return now

    def remove(self, paths: list[str]) -> None:
        """Take over that the check has deleted files."""
        for path in paths:
            self.contents.pop(path, None)
        self._told = sorted(self.contents)

    def open(self, file: Any, mode: str = "r", *args: Any, **keywords: Any) -> Any:
        """As the built-in `open`."""
        path = _path(file)
        writes = any(letter in mode for letter in "wax+")
        # What is not in memory and would only be read is a real file, such as a module's data.
        if path is None or (path not in self.contents and (not writes or mode.startswith("r"))):
            return self._open(file, mode, *args, **keywords)
        if "x" in mode and path in self.contents:
            raise FileExistsError(17, "File exists", path)
        if mode[0] in "wx":
            self.contents[path] = b""
        raw = _Open(self.contents, path, is_written=writes)
        if "a" in mode:
            raw.seek(0, io.SEEK_END)
        return raw if "b" in mode else _as_text(raw, *args, **keywords)

    def _removing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def remove(path: Any, **keywords: Any) -> None:
            if self.contents.pop(_path(path) or "", None) is None:
                real(path, **keywords)

        return remove

    def _finding(self, real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda path: _path(path) in self.contents or real(path)


class _Open(io.BytesIO):
    """An open file. What was written is there for others once it is flushed or closed."""

    def __init__(self, contents: dict[str, bytes], path: str, *, is_written: bool) -> None:
        super().__init__(contents.get(path, b""))
        self._contents, self._is_written = contents, is_written
        self.name = path

    def writable(self) -> bool:
        return self._is_written

    def flush(self) -> None:
        if self._is_written and not self.closed and self.name in self._contents:
            self._contents[self.name] = self.getvalue()

    def close(self) -> None:
        self.flush()
        super().close()


def _as_text(
    raw: _Open,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding or "utf-8", errors, newline)


def _path(file: Any) -> str | None:
    """The path of a file in one spelling; None for a descriptor."""
    if isinstance(file, int):
        return None
    path = os.fspath(file)
    return os.path.normpath(path if isinstance(path, str) else os.fsdecode(path))
