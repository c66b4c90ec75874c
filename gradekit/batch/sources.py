"""The sources of a class as they were graded: sources.jsonl, one line a file.

A class hands in by several exports, and again. What its pages show of an answer stays known here
when the export that held it is not at hand. Lines are only ever added; equal files share one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.intake.names import answer_suffix
from gradekit.submission import Submission, parse

SOURCES = "sources.jsonl"


class _Key(msgspec.Struct):
    """As much of a line as tells which file it is of; the source is skipped."""

    name: str
    sha256: str


class Sources:
    """Finds the source that a result is about. To be closed."""

    def __init__(self, folder: Path, handed_in: HandedIn, entries: Iterable[Entry]) -> None:
        """Args:
        entries: What is handed in today.

        Raises:
            OSError: the file can be neither opened nor made.
        """
        self._handed_in = handed_in
        self._entries = {entry.file: entry for entry in entries}
        self._lines = (folder / SOURCES).open("a+b")
        self._places = self._read()
        self._decoder = msgspec.json.Decoder(Submission)

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.close()

    def of(self, exercise: str, file: str, sha256: str) -> Submission | None:
        """The source of an answer, by its file as shown and its hash; None where it is not known.

        Raises:
            OSError: it could not be written down for the next time.
        """
        name = exercise + answer_suffix(file)
        place = self._places.get((name, sha256))
        if place is not None:
            self._lines.seek(place)
            return self._decoder.decode(self._lines.readline())
        found = self._handed_in_as(name, file)
        # The file was exchanged since: showing it beside the old report would mark wrong lines.
        if found is None or found.sha256 != sha256:
            return None
        found = _writable(found, name)
        # Opened for appending, a file is written to at its end wherever it stands; but `tell` gives
        # where it stands, which is where the last source was read.
        self._lines.seek(0, 2)
        self._places[name, sha256] = self._lines.tell()
        self._lines.write(msgspec.json.encode(found) + b"\n")
        return found

    def _handed_in_as(self, name: str, file: str) -> Submission | None:
        if file not in self._entries:
            return None
        with contextlib.suppress(KitError):
            content, modules = self._entries[file].contents(self._handed_in)
            return parse(Path(name), content, modules)
        return None

    def _read(self) -> dict[tuple[str, str], int]:
        """Where in the file each source begins."""
        found: dict[tuple[str, str], int] = {}
        decoder = msgspec.json.Decoder(_Key)
        place, line = 0, b"\n"
        self._lines.seek(0)
        for line in self._lines:
            with contextlib.suppress(msgspec.DecodeError):  # that a crash cut short
                key = decoder.decode(line)
                found[key.name, key.sha256] = place
            place += len(line)
        # The last run was killed while it wrote. Closing its line keeps the next one readable.
        if not line.endswith(b"\n"):
            self._lines.write(b"\n")
        return found


def _writable(source: Submission, name: str) -> Submission:
    """The same under a name, with half characters spelled out, which a notebook may hold."""

    def whole(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    cells = tuple(map(whole, source.cells))
    modules = tuple((whole(path), whole(text)) for path, text in source.modules)
    return msgspec.structs.replace(source, name=name, cells=cells, modules=modules)
