"""A folder that others write into while it is graded: what is new in it, and what is complete.

The folder is scanned every few seconds, because network drives send no notice of a change.
A file is complete once two scans in a row found the same size and time; until then it is not
read. If one was read too early all the same, it is graded again when it changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gradekit.intake.folder import Folder

SECONDS = 2.0  # between two looks, and how old a file is that needs no second look
Sizes = dict[str, tuple[int, float]]  # by path: size, and time of the last change


class Look(NamedTuple):
    """What a look found: whether there is anything to do, and the files that are not whole."""

    is_new: bool
    partial: frozenset[str] = frozenset()


class Arrivals:
    """Remembers what a folder held at the last look, and when it was last graded."""

    def __init__(self, folder: Path, leave_out: Path, beside: Iterable[Path] = ()) -> None:
        """Args:
        leave_out: A folder in there that nobody handed in.
        beside: Single files elsewhere whose change is something to do as well.
        """
        self._folder, self._beside = Folder(folder, leave_out), tuple(beside)
        self._last: Sizes | None = None
        self._graded: Sizes | None = None

    def look(self, now: float | None = None) -> Look:
        """Look once.

        Args:
            now: The time, in seconds since 1970.
        """
        found = self._found()
        partial = frozenset(self._partial(found, time.time() if now is None else now))
        whole = {path: about for path, about in found.items() if path not in partial}

        # A file that is being written again still counts as it was graded last. If it were left out
        # here, the comparison below would differ at every scan until its upload is over.
        kept = {path: about for path, about in (self._graded or {}).items() if path in partial}
        self._last = found
        is_new = {**kept, **whole} != self._graded
        self._graded = {**kept, **whole}
        return Look(is_new, partial)

    def try_again(self) -> None:
        """What the last look found was not graded: the next one finds it new."""
        self._graded = None

    def _found(self) -> Sizes:
        found = {
            item.path: (item.size, item.changed)
            for item in self._folder.items()
            if item.kind == "file"
        }
        for path in self._beside:
            if path.is_file():
                about = path.stat()
                # Paths inside the folder are relative, so none of them can begin with two slashes.
                found[f"//{path}"] = about.st_size, about.st_mtime
        return found

    def _partial(self, found: Sizes, now: float) -> Iterable[str]:
        for path, about in found.items():
            if self._last is None:
                # The first scan has nothing to compare with, and only asks how old a file is. So a
                # folder that nobody writes into is graded at once.
                if about[1] > now - SECONDS:
                    yield path
            elif self._last.get(path) != about:
                yield path


def wait(seconds: float) -> None:
    """Until the next look; Ctrl-C ends it."""
    time.sleep(seconds)
