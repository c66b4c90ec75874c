"""The people of a course, as a learning platform exports them, found by what students wrote."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from gradekit.errors import KitError
from gradekit.report import Report
from gradekit.results import Result

WITH_ID = re.compile(r"(?P<name>.*) \((?P<id>[^()]+)\)")  # how two of one name are told apart
Scores = dict[str, dict[str, Report]]  # by student and exercise


class Roster:
    """A table with one person a row."""

    def __init__(self, path: Path) -> None:
        """Read the CSV at `path`.

        Raises:
            KitError: it is no table that can be read.
        """
        self._path = path
        try:
            text = path.read_text("utf-8-sig")
            self.header, *rows = list(csv.reader(io.StringIO(text)))
        except OSError as error:
            raise KitError(f"{path} cannot be read: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error, ValueError):
            raise KitError(f"{path} is no CSV table in UTF-8.") from None
        self.header = [name.strip() for name in self.header]
        self.rows = [dict(zip(self.header, row, strict=False)) for row in rows]

    def require(self, names: tuple[str, ...], source: str) -> None:
        """See to it that there is a column of one of `names`.

        Raises:
            KitError: there is none; the message says what to export instead.
        """
        if not set(names) & set(self.header):
            raise KitError(f"{self._path} has no column `{names[0]}`: export {source}.")

    def find(self, student: str, columns: Iterable[tuple[str, ...]]) -> dict[str, str] | None:
        """The one row that `student` means; None if there is none, or several.

        Args:
            columns: What a person may be called by; several columns together are a name,
                in any order.
        """
        match = WITH_ID.fullmatch(student)
        wanted = _squeezed(match["id"] if match else student)
        found = [
            row
            for row in self.rows
            if any(wanted in _called(row, names) for names in columns if row.keys() >= set(names))
        ]
        return found[0] if len(found) == 1 else None


def _called(row: dict[str, str], names: tuple[str, ...]) -> set[str]:
    """The squeezed name, also the other way round: "Hopper, Grace" is Grace Hopper."""
    parts = [row[name] for name in names] if len(names) > 1 else row[names[0]].split(",")
    return {_squeezed("".join(parts)), _squeezed("".join(reversed(parts)))} - {""}


def _squeezed(text: str) -> str:
    """Letters and digits only, as file names of platforms hold them."""
    return "".join(char for char in text.casefold() if char.isalnum())


def scores_of(results: Iterable[Result]) -> Scores:
    """The newest report of every student and exercise that counts.

    What we failed to run, even in part, is left out: a blank is no grade, 0 would be one.
    """
    scores: Scores = {}
    for result in results:
        by_exercise = scores.setdefault(result.student, {})
        by_exercise.pop(result.exercise, None)
        if not result.report.not_run:
            by_exercise[result.exercise] = result.report
    return dict(sorted(scores.items()))
