"""A zip file, read where it lies: whatever its names say, nothing leaves it."""

from __future__ import annotations

import calendar
import contextlib
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from gradekit.errors import KitError
from gradekit.intake.items import Item, Kind
from gradekit.results import printable
from gradekit.sandbox.limits import NOTEBOOK_BYTES

LINK = 0o120000  # the file type of a symbolic link, as zip files record it
UTF_8 = 0x800  # the flag of a member whose name says that it is UTF-8
DEPTH = 60  # folders
PATH_CHARACTERS = 2000
END = b"PK\x05\x06"  # how the record at the end of a zip begins
END_BYTES = 22 + 2**16  # that record with the longest comment


class Archive:
    """A zip file."""

    is_archive = True

    def __init__(self, file: Path | IO[bytes]) -> None:
        """Open it.

        Raises:
            zipfile.BadZipFile, OSError, ValueError: it cannot be read.
        """
        self._zip = zipfile.ZipFile(file)
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._others: list[Item] = []
        members = self._zip.infolist()
        # Some Windows programs write backslashes, against the standard. But a backslash may belong
        # to a name on Unix: so only if no member has a slash.
        from_windows = any("\\" in m.filename for m in members) and not any(
            "/" in m.filename for m in members
        )
        for member in members:
            self._take(member, from_windows)

    def _take(self, member: zipfile.ZipInfo, from_windows: bool) -> None:
        name = _name(member)
        if from_windows:
            name = name.replace("\\", "/")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        path = "/".join(parts)
        # Nothing is ever unpacked under its own name, so these could do no harm. They are listed so
        # that a student whose zip was packed in this way hears of it.
        if ".." in parts or name.startswith("/") or name[1:2] == ":":
            self._others.append(Item(path or name, "outside"))
        elif len(parts) > DEPTH or len(path) > PATH_CHARACTERS:
            self._others.append(Item("/".join(parts[:DEPTH])[:PATH_CHARACTERS], "deep"))
        elif path:
            # A zip may hold two files of one name. As in every unpacker the later one counts.
            if path in self._members and not self._members[path].is_dir():
                self._others.append(Item(path, "shadowed"))
            self._members[path] = member

    def items(self) -> list[Item]:
        """Everything that is there, by path."""
        found = {*self._others}
        for path, member in self._members.items():
            kind: Kind = "file"
            if member.filename.endswith(("/", "\\")):
                kind = "folder"
            # Unix keeps the mode of a file in the upper half of this field.
            elif (member.external_attr >> 16) & 0o170000 == LINK:
                kind = "link"
            found.add(Item(path, kind, _when(member), member.file_size))
        return sorted(found)

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have."""
        with self.opened(path) as file:
            return file.read(NOTEBOOK_BYTES + 1)

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A member, open for reading.

        Raises:
            KitError: it cannot be unpacked.
        """
        try:
            with self._zip.open(self._members[path]) as file:
                yield file  # type: ignore[misc]
        except KitError:
            raise
        except KeyError:
            raise KitError("it is not in the zip") from None
        except Exception as error:  # zlib, lzma, bz2 and encryption have errors of their own
            raise KitError(f"it cannot be unpacked: {printable(str(error))}") from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def directory_bytes(file: BinaryIO) -> int:
    """How large the table of contents of a zip says that it is: what opening it costs.

    Raises:
        KitError: it is no zip, or one that only large archives need to be.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - END_BYTES))
    tail = file.read(END_BYTES)
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + 22:
        raise KitError("it is no zip file that can be read")
    # Read before zipfile opens it: zipfile builds an object for each entry of the table, and a
    # table of gigabytes would fill the memory first.
    (told,) = struct.unpack_from("<L", tail, place + 12)
    file.seek(0)
    return int(told)


def _name(member: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: macOS writes UTF-8 without saying so."""
    if member.flag_bits & UTF_8:
        return member.filename
    with contextlib.suppress(UnicodeError):
        return member.filename.encode("cp437").decode("utf-8")
    return member.filename


def _when(member: zipfile.ZipInfo) -> float:
    with contextlib.suppress(ValueError, OverflowError):
        return float(calendar.timegm((*member.date_time, 0, 0, 0)))
    return 0.0
