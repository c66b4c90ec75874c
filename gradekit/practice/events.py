"""What a learner has done: one plain file, progress.jsonl, a line an event.

The file is only ever appended to. So it survives crashes (a line cut short is skipped), merges
(the union of two files is a file), and newer versions (unknown events are kept and ignored).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gradekit.errors import KitError
from gradekit.files import append_lines, put_aside, replace_whole_file

PROGRESS = "progress.jsonl"
GRADED = ("checked", "interviewed")  # events that earn points; reviews are of what was solved


class Event(msgspec.Struct, omit_defaults=True):
    """One line of progress.jsonl. `time` is in seconds since 1970, UTC."""

    time: float
    # opened, checked, hint, located, gave_up, reset; and of reviews, drills and mock interviews:
    # review_began, review_checked, reviewed, drilled, interviewed
    event: str
    exercise: str
    score: float = 0.0
    max_score: float = 0.0
    passed: bool = False  # no point is missing of what has been judged, be it nothing
    level: int = 0  # of a hint; 3 where the line was located, which tells as much as the third
    sha256: str = ""  # of the answer that was checked
    failed: tuple[str, ...] = ()  # titles of the checks that cost points
    mistakes: tuple[str, ...] = ()  # the known mistakes that the answer behaved like
    unfinished: bool = False  # of an answer that was checked: it does not run, or has stubs left
    mistake: str = ""  # of a drill: the file's name in the bank
    rating: int = 0  # of a review or drill: 1 again, 2 hard, 3 good, 4 easy

    @property
    def full_marks(self) -> bool:
        """Whether every point was earned."""
        return self.passed or self.score >= self.max_score > 0


class Log:
    """The events of one practice folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content = b""  # of the file when it was last read
        self._events: list[Event] = []
        self._damaged: list[bytes] = []

    @property
    def exists(self) -> bool:
        """Whether there is such a file: only then events are kept."""
        return self.path.is_file()

    def events(self) -> Iterator[Event]:
        """All readable events, oldest first; a line that a merge doubled counts once.

        Raises:
            KitError: the file cannot be read.
        """
        self._look()
        return iter(self._events)

    def damaged(self) -> list[bytes]:
        """The lines that cannot be read, but for a last one cut short.

        Raises:
            KitError: the file cannot be read.
        """
        self._look()
        return self._damaged

    def _look(self) -> None:
        """Read the file, unless it is as it was."""
        try:
            content = self.path.read_bytes() if self.exists else b""
        except OSError as error:
            raise KitError(f"{self.path} cannot be read: {error.strerror}.") from None
        if content == self._content:
            return
        self._events, self._damaged = [], []
        # A merge of two branches may hold a line twice, which is one event.
        lines = list(dict.fromkeys(content.splitlines()))
        for line in lines:
            try:
                self._events.append(msgspec.json.decode(line, type=Event))
            except (msgspec.DecodeError, UnicodeDecodeError):
                cut_short = line is lines[-1] and not content.endswith(b"\n")
                if line.strip() and not cut_short and not _is_of_another_version(line):
                    self._damaged.append(line)
        # After a merge the lines of one branch stand behind those of the other.
        self._events.sort(key=lambda event: event.time)
        self._content = content

    def mend(self) -> Path | None:
        """Take the lines that cannot be read out of the file; return where a copy is kept.

        None where there is nothing to mend.

        Raises:
            OSError: the folder cannot be written.
        """
        if not self.damaged():
            return None
        lines = self._content.splitlines()
        kept = put_aside(self.path)
        replace_whole_file(
            self.path, b"".join(line + b"\n" for line in lines if line not in self._damaged)
        )
        return kept

    def append(self, event: Event) -> None:
        """Add an event, in one write that reaches the disk.

        Raises:
            KitError: the file cannot be written.
        """
        try:
            append_lines(self.path, msgspec.json.encode(event) + b"\n")
        except OSError as error:
            raise KitError(
                f"Your progress cannot be written to {self.path}: {error.strerror}."
            ) from None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process does the same with this file, where the system can tell."""
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        if not self.exists:
            yield
            return
        with self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_of_another_version(line: bytes) -> bool:
    """Whether a line that is no event of ours is a JSON object all the same."""
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
