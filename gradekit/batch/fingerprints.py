"""The fingerprints of an answer's code, taken in a separate process that can be killed.

Winnowing (Schleimer, Wilkerson and Aiken, 2003) as in MOSS, by copydetect: names and comments
do not count. Notebooks and code of strangers are parsed here, and a file can be made so that
parsing it takes for ever. In a process of its own that costs this one file, and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from gradekit.errors import KitError
from gradekit.submission import parse

GRAM, WINDOW = 20, 8  # characters of normalised code: a fingerprint a line or so
SOURCE_CHARACTERS = 100_000  # longer ones are no answers to short exercises
SECONDS = 20.0  # a file may take: a thousand times what an answer needs
START_SECONDS = 300.0  # loading the libraries may take
READY = b""  # the first frame each way: the libraries are to be loaded, and are


class Fingerprints(msgspec.Struct):
    """An answer as it can be compared.

    Attributes:
        lines: Each fingerprint with the lines of `source` that it was taken from: first and last,
            counted from 1.
        problem: Why there is nothing to compare; "" where there is.
    """

    source: str = ""
    lines: dict[int, tuple[int, int]] = {}
    problem: str = ""


class FingerprintProcess:
    """A process that takes fingerprints of one file at a time; replaced when it takes too long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def take(self, name: str, content: bytes) -> Fingerprints:
        """The fingerprints of a file.

        Args:
            name: The file's, which tells notebooks from plain Python.
        """
        if self._process is None:
            self._process = _start()
            # On a busy machine that takes as long as any file may, and is no file's fault.
            self._answer(READY, START_SECONDS)
        answer = self._answer(msgspec.msgpack.encode((name, content)), self._seconds)
        if answer is None:
            self.close()
            return Fingerprints(problem=f"it could not be read within {self._seconds:g} seconds")
        # Not pickle: the other process has read strangers' text, and a pickle can run code here.
        return msgspec.msgpack.decode(answer, type=Fingerprints)

    def _answer(self, frame: bytes, seconds: float) -> bytes | None:
        """What the process sends back; None where it did not within so many seconds."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        # A parser cannot be interrupted from another thread, so the process is killed: that ends
        # the reading below as well (test_a_file_that_takes_too_long_costs_itself).
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            _send(process.stdin, frame)
            return _receive(process.stdout)
        except BrokenPipeError:
            return None
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            # Waits for the process, which would stay as a zombie, and closes its pipes.
            self._process.communicate()
            self._process = None


@contextlib.contextmanager
def fingerprint_process() -> Iterator[FingerprintProcess]:
    """Something that takes fingerprints; it is ended with the `with` block."""
    process = FingerprintProcess()
    try:
        yield process
    finally:
        process.close()


def fingerprints_of(source: str) -> Fingerprints:
    """The fingerprints of Python source text, in this process."""
    import numpy as np
    from copydetect import CodeFingerprint

    if len(source) > SOURCE_CHARACTERS:
        return Fingerprints(problem=f"it is longer than {SOURCE_CHARACTERS:,} characters")
    taken = CodeFingerprint("answer.py", GRAM, WINDOW, fp=io.StringIO(source))
    # Where the normalised code left characters out, and how many up to there.
    places = np.asarray(taken.offsets, dtype=int).reshape(-1, 2)
    ends = np.cumsum([len(line) for line in source.splitlines(keepends=True)])

    def line_at(index: int) -> int:
        """The line of `source` that a character of the normalised code stands in."""
        before = min(int(np.searchsorted(places[:, 0], index)), len(places) - 1)
        # copydetect lists, for each place where it left something out, how
        # many characters were left out up to there.
        moved = int(places[before, 1]) if len(places) else 0
        return int(np.searchsorted(ends, index + moved, side="right")) + 1

    lines = {}
    for value, found in taken.hash_idx.items():
        first = int(found[0])
        last = min(line_at(first + GRAM - 1), len(ends))
        lines[int(value)] = (min(line_at(first), last), last)
    return Fingerprints(source, lines)


def _start() -> subprocess.Popen[bytes]:
    # Fingerprints are Python's hashes of strings: equal in every process only with this seed.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.Popen(
        [sys.executable, "-m", "gradekit.batch.fingerprints"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        # So that `-m gradekit...` is found in a checkout that is not installed.
        cwd=Path(__file__).resolve().parents[2],
    )


def _send(stream: IO[bytes], frame: bytes) -> None:
    stream.write(len(frame).to_bytes(8, "big") + frame)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    """The next frame; None at the end."""
    header = stream.read(8)
    if len(header) < 8:
        return None
    size = int.from_bytes(header, "big")
    frame = stream.read(size)
    return frame if len(frame) == size else None


def _answer(name: str, content: bytes) -> Fingerprints:
    try:
        answer = parse(Path(PurePosixPath(name).name), content)
    except KitError as error:
        return Fingerprints(problem=str(error))
    return fingerprints_of("\n".join(answer.cells))


def _serve() -> None:
    while (frame := _receive(sys.stdin.buffer)) is not None:
        if frame == READY:
            import copydetect  # noqa: F401
            import numpy  # noqa: F401

            _send(sys.stdout.buffer, READY)
            continue
        name, content = msgspec.msgpack.decode(frame, type=tuple[str, bytes])
        _send(sys.stdout.buffer, msgspec.msgpack.encode(_answer(name, content)))


if __name__ == "__main__":
    _serve()
