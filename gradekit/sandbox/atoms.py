"""Small values of the standard library that travel as themselves: numbers, dates, Enums, UUIDs.

Each is sent as its kind and a few plain parts. What arrives is built by its own constructor from
parts whose kinds and sizes have been checked, so that no value is costly to print, hash or compare.
"""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from gradekit.sandbox.nodes import MAX_INT_BITS, MAX_ITEMS, Malformed, NotData

# Of a Decimal, as in its widest standard format (decimal128). Without a bound, a few characters
# such as 1E999999999 become an int of a billion digits, or a text of as many.
MAX_EXPONENT = 6144
DECIMAL_CHARACTERS = 2500
NAME_CHARACTERS = 200


class Member(msgspec.Struct, frozen=True):
    """A member of an Enum of the other side: equal to one of the same class, name and value.

    It is no instance of the class, and does not equal its value.
    """

    enum: str
    name: str
    value: Any

    def __repr__(self) -> str:
        return f"<{self.enum}.{self.name}: {self.value!r}>"


def parts_of(value: Any) -> tuple[str, list[Any]] | None:
    """The kind and the parts of a value that is such an atom; None for any other.

    Raises:
        NotData: it is too large.
    """
    if isinstance(value, complex):
        return "complex", [value.real, value.imag]
    if isinstance(value, Fraction):
        return "Fraction", [_bounded(value.numerator), _bounded(value.denominator)]
    if isinstance(value, Decimal):
        return "Decimal", [_decimal_text(value)]
    if isinstance(value, range):
        # Not len(value), which raises where the length does not fit a C integer.
        if value and (value[-1] - value[0]) // value.step >= MAX_ITEMS:
            raise NotData("a range of more than a million numbers")
        return "range", [_bounded(each) for each in (value.start, value.stop, value.step)]
    # Before dates and numbers are looked at: an IntEnum is an int as well, and would lose its name.
    if isinstance(value, enum.Enum):
        return "Enum", [type(value).__name__[:NAME_CHARACTERS], value.name, value.value]
    if isinstance(value, Member):
        return "Enum", [value.enum, value.name, value.value]
    if isinstance(value, UUID):
        return "UUID", [value.hex]
    return _time_parts(value)


def _time_parts(value: Any) -> tuple[str, list[Any]] | None:
    if isinstance(value, datetime):  # which is a date as well
        day = [value.year, value.month, value.day]
        return "datetime", [*day, *_clock(value), _offset(value)]
    if isinstance(value, date):
        return "date", [value.year, value.month, value.day]
    if isinstance(value, time):
        return "time", [*_clock(value), _offset(value)]
    if isinstance(value, timedelta):
        return "timedelta", [value.days, value.seconds, value.microseconds]
    return None


def atom(kind: str, parts: list[Any]) -> Any:
    """The value that such parts stand for.

    Raises:
        Malformed: they stand for none; ValueError, TypeError and OverflowError mean the same.
    """
    if kind == "Enum":
        return _member(parts)
    wanted = FORMS.get(kind)
    if wanted is None or len(parts) != len(wanted):
        raise Malformed("no such kind of value")
    for part, kinds in zip(parts, wanted, strict=True):
        # The exact type: a bool is an int for isinstance, and True no numerator.
        if type(part) not in kinds:
            raise Malformed(f"a {kind} with wrong parts")
    return MAKERS[kind](*parts)


def _member(parts: list[Any]) -> Member:
    if len(parts) != 3 or not all(isinstance(part, str) for part in parts[:2]):
        raise Malformed("an Enum with wrong parts")
    if max(map(len, parts[:2])) > NAME_CHARACTERS:
        raise Malformed("an Enum with a long name")
    return Member(*parts)


def _fraction(numerator: int, denominator: int) -> Fraction:
    # 0 would raise ZeroDivisionError, which `decode` does not take for malformed; and a Fraction
    # itself never has a negative one.
    if denominator <= 0:
        raise Malformed("a Fraction whose denominator is not above 0")
    return Fraction(numerator, denominator)


def _decimal(text: str) -> Decimal:
    if len(text) > DECIMAL_CHARACTERS or not text.isascii():
        raise Malformed("a Decimal of too many digits")
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise Malformed("a Decimal whose text is no number") from None
    if not _is_bounded(value):
        raise Malformed("a Decimal out of bounds")
    return value


def _range(start: int, stop: int, step: int) -> range:
    made = range(start, stop, step)
    if made and (made[-1] - made[0]) // made.step >= MAX_ITEMS:
        raise Malformed("a range that is too long")
    return made


def _datetime(
    year: int, month: int, day: int, hour: int, minute: int, second: int, micro: int,
    fold: int, offset: float | None,
) -> datetime:  # fmt: skip
    zone = _zone(offset)
    return datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)


def _time(hour: int, minute: int, second: int, micro: int, fold: int, offset: float | None) -> time:
    return time(hour, minute, second, micro, _zone(offset), fold=fold)


INT, FLOAT, TEXT, OFFSET = (int,), (float,), (str,), (float, type(None))
FORMS: dict[str, tuple[tuple[type, ...], ...]] = {
    "complex": (FLOAT,) * 2,
    "Fraction": (INT,) * 2,
    "Decimal": (TEXT,),
    "range": (INT,) * 3,
    "date": (INT,) * 3,
    "time": (*(INT,) * 5, OFFSET),
    "datetime": (*(INT,) * 8, OFFSET),
    "timedelta": (INT,) * 3,
    "UUID": (TEXT,),
}
MAKERS: dict[str, Any] = {
    "complex": complex,
    "Fraction": _fraction,
    "Decimal": _decimal,
    "range": _range,
    "date": date,
    "time": _time,
    "datetime": _datetime,
    "timedelta": timedelta,
    "UUID": UUID,
}


def _bounded(number: int) -> int:
    number = int(number)
    if number.bit_length() > MAX_INT_BITS:
        raise NotData(f"an int of {number.bit_length()} bits")
    return number


def _is_bounded(value: Decimal) -> bool:
    if not value.is_finite():
        return not value.is_snan()  # a signalling NaN raises when it is compared or hashed
    return abs(value.adjusted()) <= MAX_EXPONENT


def _decimal_text(value: Decimal) -> str:
    digits = len(value.as_tuple().digits)
    if not _is_bounded(value) or digits > DECIMAL_CHARACTERS - 100:
        raise NotData("a Decimal of too many digits")
    return str(value)


def _clock(value: Any) -> list[int]:
    return [value.hour, value.minute, value.second, value.microsecond, value.fold]


def _offset(value: Any) -> float | None:
    """The offset from UTC in seconds; None without a zone.

    Zones with rules (zoneinfo) are refused: here they would be built from files named by a worker.
    """
    if value.tzinfo is None:
        return None
    if not isinstance(value.tzinfo, timezone):
        raise NotData("a time of a zone with rules")
    offset = value.tzinfo.utcoffset(None)
    return float(offset.total_seconds())


def _zone(offset: float | None) -> timezone | None:
    return None if offset is None else timezone(timedelta(seconds=offset))
