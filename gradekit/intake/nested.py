"""The zips among what was handed in, as the folders that they were.

A student hands in a zip, a platform zips its zips, a browser leaves one inside another. What
unpacking may cost is bounded for each of them and for all together.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from gradekit.errors import KitError
from gradekit.intake.archive import Archive, directory_bytes
from gradekit.intake.items import Item
from gradekit.results import printable

DEPTH = 3  # zips inside zips
DIRECTORY_BYTES = 4 * 2**20  # of one table of contents: some 50,000 names
MEMBERS = 300_000  # in all of them together
UNPACKED_BYTES = 2**30  # of a zip that lies in a zip
IN_MEMORY = 32 * 2**20
OPEN = 4  # zips at a time


class Source(Protocol):
    """A folder or a zip."""

    is_archive: bool

    def items(self) -> list[Item]: ...
    def read(self, path: str) -> bytes: ...
    def opened(self, path: str) -> AbstractContextManager[BinaryIO]: ...


class WithZips:
    """A folder or zip, where each zip in it is a folder called like the zip."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.is_archive = source.is_archive
        self._zips: set[str] = set()  # paths of those that were opened
        self._open: OrderedDict[str, _Zip] = OrderedDict()
        # Zips in zips are temporary files on the disk: closed even where nobody calls us to do it.
        weakref.finalize(self, _close_all, self._open)
        self._members = 0
        self.problems: dict[str, str] = {}  # path of a zip -> why it was not looked into

    def items(self) -> list[Item]:
        """Everything that is there, by path."""
        found: list[Item] = []
        waiting = [(item, 0) for item in self._source.items()]
        while waiting:
            item, depth = waiting.pop()
            if item.kind != "file" or not _is_zip(item.path):
                found.append(item)
                continue
            try:
                members = self._looked_into(item.path, depth)
            except KitError as error:
                self.problems[item.path] = str(error)
                found.append(item)
                continue
            found.append(Item(item.path, "folder"))
            waiting += [
                (each._replace(path=f"{item.path}/{each.path}"), depth + 1) for each in members
            ]
        return sorted(found)

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have."""
        zip_path = self._zip_of(path)
        if zip_path is None:
            return self._source.read(path)
        return self._opened_zip(zip_path).archive.read(path[len(zip_path) + 1 :])

    def _looked_into(self, path: str, depth: int) -> list[Item]:
        """The members of a zip.

        Raises:
            KitError: it cannot be read, or would cost too much.
        """
        if depth >= DEPTH:
            raise KitError(f"it lies in {DEPTH} other zips")
        members = self._opened_zip(path).archive.items()
        if self._members + len(members) > MEMBERS:
            raise KitError("the zips in there hold too many files together")
        self._members += len(members)
        self._zips.add(path)
        return members

    def _zip_of(self, path: str) -> str | None:
        """The innermost zip that a path leads into."""
        place = path.rfind("/")
        while place > 0:
            if path[:place] in self._zips:
                return path[:place]
            place = path.rfind("/", 0, place)
        return None

    def _opened_zip(self, path: str) -> _Zip:
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        outer = self._zip_of(path)
        source: Source = self._source
        inner = path
        if outer is not None:
            source, inner = self._opened_zip(outer).archive, path[len(outer) + 1 :]
        made = _Zip(source, inner)
        self._open[path] = made
        # Each open one may hold a gigabyte on the disk. Files are read in the order of their paths,
        # so those of one zip come one after the other, and few are opened twice.
        while len(self._open) > OPEN:
            self._open.popitem(last=False)[1].close()
        return made


class _Zip:
    """A zip inside something, as long as it is open."""

    def __init__(self, source: Source, path: str) -> None:
        self._stack = contextlib.ExitStack()
        try:
            file = self._stack.enter_context(source.opened(path))
            if source.is_archive:  # it can only be read from front to back
                file = self._stack.enter_context(_copied(file))
            if directory_bytes(file) > DIRECTORY_BYTES:
                raise KitError("it is a zip of too many files")
            self.archive = Archive(file)
        except KitError:
            self._stack.close()
            raise
        except Exception as error:  # zlib, lzma, bz2 and encryption have errors of their own
            self._stack.close()
            raise KitError(f"it is a zip that cannot be read: {printable(str(error))}") from None

    def close(self) -> None:
        self.archive.close()
        self._stack.close()


def _close_all(opened: OrderedDict[str, _Zip]) -> None:
    while opened:
        opened.popitem()[1].close()


@contextlib.contextmanager
def _copied(file: BinaryIO) -> Iterator[BinaryIO]:
    """The same bytes in a file that one can move about in."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        # Counted while it is unpacked: what the zip says of
        # its members' sizes is a stranger's word.
        left = UNPACKED_BYTES
        while part := file.read(2**20):
            left -= len(part)
            if left < 0:
                raise KitError(f"it is larger than {UNPACKED_BYTES // 2**20} MiB")
            copy.write(part)
        copy.seek(0)
        yield copy  # type: ignore[misc]


def _is_zip(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.lower().endswith(".zip") and not name.startswith("._")
