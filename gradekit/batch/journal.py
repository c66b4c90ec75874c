"""results.jsonl while it is being written: nothing that was finished is ever lost.

Every line is on the disk before the next is begun. Whatever happens to the process or to
the disk, the file holds whole lines and at most one torn one at its end, which the next
run cuts off.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import msgspec

from gradekit.errors import KitError
from gradekit.results import RESULTS, Result


class DiskFull(KitError):
    """A result could not be written. All before it are safe."""


class _Line(msgspec.Struct):
    """A `Result` whose report stays the bytes that it is."""

    student: str
    exercise: str
    file: str
    report: msgspec.Raw


class Journal:
    """Appends results to `folder`/results.jsonl; one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or create it.

        Raises:
            KitError: it cannot be written, or another run writes it now.
        """
        import filelock

        self._path = folder / RESULTS
        self._lock = filelock.FileLock(folder / ".lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
            self._file = self._path.open("a+b", buffering=0)
        except filelock.Timeout:
            raise KitError(f"Another `kit grade` is writing to {folder}: wait for it.") from None
        except OSError as error:
            raise KitError(f"{folder} cannot be written: {error.strerror}.") from None
        self._end = self._path.stat().st_size

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._lock.release()

    def resume(self, still_holds: Callable[[Result, int], bool]) -> None:
        """Show every result to `still_holds`, with its position; drop what it denies.

        Raises:
            DiskFull: there is no room to write the file anew; it stays as it was.
        """
        keep = bytearray()  # one flag a line
        end = 0
        with self._path.open("rb") as file:
            for line in file:
                result = _decoded(line)
                keep.append(result is not None and still_holds(result, end))
                end += len(line) * keep[-1]
        if not all(keep):
            self._rewrite(keep)
        self._end = end

    def _rewrite(self, keep: bytearray) -> None:
        """Exchange the file for one of the lines flagged in `keep`, or leave it as it was."""
        new = self._path.with_suffix(".new")
        try:
            with self._path.open("rb") as old, new.open("wb") as file:
                file.writelines(line for line, kept in zip(old, keep, strict=True) if kept)
                file.flush()
                os.fsync(file.fileno())
            self._file.close()
            new.replace(self._path)
            self._file = self._path.open("a+b", buffering=0)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise _disk_full(self._path, error) from None

    def append(self, student: str, exercise: str, file: str, report: bytes) -> int:
        """Write one result and see it onto the disk; return its position in the file.

        Args:
            report: The report as JSON.

        Raises:
            DiskFull: there is no room for it; the file is as it was before.
        """
        line = msgspec.json.encode(_Line(student, exercise, file, msgspec.Raw(report))) + b"\n"
        position = self._end
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._file.fileno(), view) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(position)
            raise _disk_full(self._path, error) from None
        self._end += len(line)
        return position

    def report_at(self, position: int) -> bytes:
        """The report, as JSON, of the result at a position that `append` returned."""
        with self._path.open("rb") as file:
            file.seek(position)
            return bytes(msgspec.json.decode(file.readline(), type=_Line).report)


def _decoded(line: bytes) -> Result | None:
    """The result in a line; None where it was cut short."""
    if line.endswith(b"\n"):
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(line, type=Result)
    return None


def _disk_full(path: Path, error: OSError) -> DiskFull:
    return DiskFull(
        f"{path} could not be written ({error.strerror}); what it holds is safe.\n"
        "Make room, then run the same command again: it goes on from there."
    )
