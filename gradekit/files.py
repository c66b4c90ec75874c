"""Writing files so that a crash, a full disk or another reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path


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
