"""CSV tables: read whatever a spreadsheet or a platform wrote, and write none that computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from gradekit.errors import KitError

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
        reader = csv.reader(io.StringIO(_text(content), newline=""), _dialect(content))
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
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


def _dialect(content: bytes) -> type[csv.Dialect]:
    """Comma, semicolon or tab: whichever the header has most of."""
    header = _text(content).lstrip().partition("\n")[0]

    class Found(csv.excel):
        delimiter = max(DELIMITERS, key=header.count)
        strict = False

    return Found
