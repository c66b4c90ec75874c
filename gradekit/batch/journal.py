"""results.jsonl while it is being written: nothing that was finished is ever lost.

Every line is on the disk before the next is begun. Whatever happens to the process or to
the disk, the file holds whole lines and at most one torn one at its end, which the next
run cuts off. A result that no longer holds goes to history.jsonl, and nothing is deleted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

import msgspec

from gradekit.errors import KitError
from gradekit.results import HISTORY, RESULTS, SCHEMA, SET_ASIDE, About, Result

_DECODER = msgspec.json.Decoder(Result)


class DiskFull(KitError):
    """A result could not be written. All before it are safe."""


class Move(NamedTuple):
    """What is to become of a line that is there: into the history, with why."""

    why: str


Decision = About | Move  # what the line says from now on, its report unchanged; or where it goes


class _Report(msgspec.Struct):
    """A line's report, as the bytes that it is."""

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
        # The system lets go of this lock when the process ends, however it ends: after a kill or a
        # power cut nobody has to delete a file by hand.
        self._lock = filelock.FileLock(folder / ".lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
            # Without a buffer: what `append` wrote is safe with the system if this process dies.
            self._file = self._path.open("a+b", buffering=0)
        except filelock.Timeout:
            raise KitError(f"Another `kit grade` is writing to {folder}: wait for it.") from None
        except OSError as error:
            raise KitError(f"{folder} cannot be written: {error.strerror}.") from None
        self._end = self._path.stat().st_size
        self.set_aside = 0  # lines that could not be read

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

    def resume(self, decide: Callable[[Result, int], Decision]) -> None:
        """Show every result to `decide`, with the position it will have; do what it says.

        A line in a shape that cannot be read is set aside into a file of its own, and counted
        in `set_aside`; only a torn end, of a result that never was finished, is cut off.

        Raises:
            DiskFull: there is no room to write the file anew; it stays as it was.
        """
        # The file is copied only from the first line that changes on: nearly always none does, and
        # a class of 20,000 has some hundred megabytes of reports.
        same = True
        new, history, aside = (_Aside(self._path, name) for name in (RESULTS, HISTORY, SET_ASIDE))
        end = 0
        try:
            with self._path.open("rb") as file:
                for line in file:
                    decision = self._decided(line, decide, end)
                    if same and decision != line:
                        same = False
                        new.begin(self._path, end)
                    if isinstance(decision, bytes):
                        end += len(decision)
                        if not same:
                            new.write(decision)
                        continue
                    if isinstance(decision, Move):
                        history.write(_superseded(line, decision.why))
                    # Without its newline a line is the torn end of a run that
                    # was killed: its answer is graded again, so nothing is lost
                    # with it (test_torn_end_is_graded_again).
                    elif line.endswith(b"\n"):
                        self.set_aside += 1
                        aside.write(line)
            if not same:
                self._exchange(new, history, aside)
        except OSError as error:
            raise _disk_full(self._path, error) from None
        finally:
            for each in (new, history, aside):
                each.discard()
        self._end = end

    def _decided(
        self, line: bytes, decide: Callable[[Result, int], Decision], position: int
    ) -> bytes | Move | None:
        """The line to write instead, or where it goes; None where it cannot be read."""
        result = _decoded(line)
        if result is None:
            return None
        decision = decide(result, position)
        if isinstance(decision, Move) or decision == result.about:
            return decision if isinstance(decision, Move) else line
        # The report is carried over byte by byte: fields of a newer version, which we would not
        # decode, are not lost.
        return _line(decision, bytes(msgspec.json.decode(line, type=_Report).report))

    def _exchange(self, new: _Aside, history: _Aside, aside: _Aside) -> None:
        """Put the lines where they belong.

        The order matters: what leaves results.jsonl is on the disk elsewhere before it leaves. If
        we die in between, a line stands in both files, and the next run moves it once more.
        """
        for each in (history, aside):
            each.append_to(self._path.with_name(each.name))
        new.sync()
        self._file.close()
        new.path.replace(self._path)
        self._file = self._path.open("a+b", buffering=0)

    def append(self, about: About, report: bytes) -> int:
        """Write one result and force it onto the disk; return its position in the file.

        Args:
            report: The report as JSON.

        Raises:
            DiskFull: there is no room for it; the file is as it was before.
        """
        line = _line(about, report)
        position = self._end
        try:
            view = memoryview(line)
            while view:
                # A disk that is nearly full takes a part of the line,
                # and the next write says that it is full.
                view = view[os.write(self._file.fileno(), view) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            # Half a line would be cut off by the next run; it is as well not to leave it.
            with contextlib.suppress(OSError):
                self._file.truncate(position)
            raise _disk_full(self._path, error) from None
        self._end += len(line)
        return position

    def report_at(self, position: int) -> bytes:
        """The report, as JSON, of the result at a position that `append` returned."""
        with self._path.open("rb") as file:
            file.seek(position)
            return bytes(msgspec.json.decode(file.readline(), type=_Report).report)


class _Aside:
    """Lines on their way into another file, gathered in one beside it; made at first use."""

    def __init__(self, results: Path, name: str) -> None:
        self.name = name
        self.path = results.with_name(f".{name}.new")
        self._file: BinaryIO | None = None

    def begin(self, source: Path, size: int) -> None:
        """Start with the first `size` bytes of another file."""
        self._file = self.path.open("w+b")
        with source.open("rb") as file:
            while size and (part := file.read(min(size, 2**20))):
                self._file.write(part)
                size -= len(part)

    def write(self, line: bytes) -> None:
        if self._file is None:
            self._file = self.path.open("w+b")
        self._file.write(line)

    def sync(self) -> None:
        """Force it onto the disk, also where it is empty: it is about to replace another file."""
        if self._file is None:
            self._file = self.path.open("w+b")
        self._file.flush()
        # Onto the disk, not only to the system: a power cut costs the line being written at most.
        os.fsync(self._file.fileno())

    def append_to(self, path: Path) -> None:
        """Add the lines, if there are any, to a file, and force them onto the disk."""
        if self._file is None:
            return
        self._file.seek(0)
        with path.open("ab") as target:
            shutil.copyfileobj(self._file, target)
            target.flush()
            os.fsync(target.fileno())

    def discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self.path.unlink(missing_ok=True)


def _line(about: About, report: bytes) -> bytes:
    # The report is put in as the bytes that the grader process sent. Decoding it here, only to
    # encode it again, would be most of the coordinator's work.
    return msgspec.json.encode(about)[:-1] + b',"report":' + report + b"}\n"


def _superseded(line: bytes, why: str) -> bytes:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    frame = {"why": why, "when": when, "result": msgspec.Raw(line.strip())}
    return msgspec.json.encode(frame) + b"\n"


def _decoded(line: bytes) -> Result | None:
    """The result in a line; None where it was cut short, or is of another shape."""
    if line.endswith(b"\n"):
        with contextlib.suppress(msgspec.DecodeError):
            result = _DECODER.decode(line)
            # A newer kit may mean something else by the same
            # fields. Its lines are set aside, not guessed.
            if max(result.schema, 0) <= SCHEMA:
                return result
    return None


def _disk_full(path: Path, error: OSError) -> DiskFull:
    return DiskFull(
        f"{path} could not be written ({error.strerror}); what it holds is safe.\n"
        "Make room, then run the same command again: it goes on from there."
    )
