"""Writing files so that a crash, a full disk or another reader never sees half of one.

And what a user is told where one cannot be written.
"""

from __future__ import annotations

import io
import itertools
import os
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gradekit.errors import KitError

DATE = (2000, 1, 1, 0, 0, 0)  # of every file in a zip: the same files give the same bytes


def replace_whole_file(path: Path, content: bytes | str) -> None:
    """Exchange a file as a whole: whoever looks meanwhile sees the old one or the new one.

    Args:
        content: Text is written as UTF-8.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    new.replace(path)


def append_lines(path: Path, lines: bytes) -> None:
    """Add whole lines to a file that is there, in one write that reaches the disk.

    A line before them that a crash cut short stays a line of its own.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        if end:
            os.lseek(descriptor, end - 1, os.SEEK_SET)
            lines = lines if os.read(descriptor, 1) == b"\n" else b"\n" + lines
        os.write(descriptor, lines)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_aside(path: Path) -> Path:
    """Rename a file to .bak, or .bak.2 and so on: what is kept already stays. Return where."""
    backup = path.with_name(f"{path.name}.bak")
    for number in itertools.count(2):
        if not backup.exists():
            break
        backup = path.with_name(f"{path.name}.bak.{number}")
    return path.rename(backup)


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say in one sentence what the block could not write.

    Args:
        place: What the user named. The sentence adds the file that the system complains of, where
            that is another one, in the folder or on the way there.

    Raises:
        KitError: something raised an OSError.
    """
    try:
        yield
    except OSError as error:
        is_other = error.filename is not None and str(error.filename) != str(place)
        reason = f"{error.filename}: {error.strerror}" if is_other else error.strerror
        raise KitError(f"{place} cannot be written: {reason}.") from None


def zipped(files: Mapping[str, bytes], executable: Container[str] = ()) -> bytes:
    """The bytes of a zip of files, which are given by their paths in there.

    Args:
        executable: The paths of those that are programs.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name, DATE)
            # Without a mode in its upper half, unzip makes files that nobody may read.
            member.external_attr = (0o100755 if name in executable else 0o100644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return made.getvalue()
