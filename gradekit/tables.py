"""CSV tables: read whatever a spreadsheet or a platform wrote, and write none that computes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from gradekit.errors import KitError

SEPARATOR = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
BYTES = 64 * 2**20
DELIMITERS = ",;\t"
FORMULA_STARTS = ("=", "+", "-", "@")


def rows_of_table(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of a CSV table that have anything in them, each with its line in the file.

    Delimiter and encoding are found out.

    Raises:
        KitError: it is no table that can be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES + 1)
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        text = _text(content)
        delimiter = _delimiter(text)
        if SEPARATOR.match(text):  # a line of Excel's; the next one is the header
            text = "\n" + text.partition("\n")[2]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        _check_end(path, text, delimiter, rows)
        return rows
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise KitError(f"{path} is no CSV table that can be read: save it as CSV.") from None


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """A table for another program. The cells are as they are: see `no_formula`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def spreadsheet(rows: Iterable[Iterable[object]]) -> str:
    """As `csv_text`, with a byte order mark: without it Excel does not read UTF-8 as such."""
    return "\ufeff" + csv_text(rows)


def no_formula(value: str) -> str:
    """`value` so that a spreadsheet shows it and computes nothing: it is strangers' text."""
    value = " ".join(value.split())
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def _text(content: bytes) -> str:
    """The text of a table: UTF-8, UTF-16, or what an older spreadsheet wrote."""
    if len(content) > BYTES:
        raise ValueError("too large")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise ValueError("no text")
    return text


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: what Excel says, or whichever the header has most of."""
    if said := SEPARATOR.match(text):
        return said[1]
    return max(DELIMITERS, key=text.lstrip().partition("\n")[0].count)


def _check_end(path: Path, text: str, delimiter: str, rows: list[tuple[int, list[str]]]) -> None:
    """See to it that no cell goes on to the end because its quote is never closed.

    Raises:
        KitError: one does, and has swallowed the rows below it.
    """
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end" in str(error):
            line = rows[-2][0] + 1 if len(rows) > 1 else 1
            raise KitError(f"{path}, line {line}: a quote is opened and never closed.") from None
