"""What test and answer both hold, and what is seldom asked for."""

import collections
import contextlib
import datetime
import enum
import itertools
import re
import uuid
from typing import Protocol, runtime_checkable

import numpy as np


__all__ = ["Access", "Board", "Name", "Register", "Speaker", "add_up", "corners", "number"]
Place = collections.namedtuple("Place", ["x", "y"])


class Name(str):
    """A name, which knows its first letters."""

    @property
    def initials(self):
        return "".join(word[0] for word in self.split())


def corners(size):
    return [Place(x, y) for x in (0, size) for y in (0, size)]


@runtime_checkable
class Speaker(Protocol):
    def speak(self): ...


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Refused(Exception):
    """A move that is not allowed, and why."""

    def __init__(self, move, why):
        super().__init__(f"{move} is refused: {why}")
        self.why = why


class Register:
    """Functions by their names."""

    def __init__(self):
        self._functions = {}

    def add(self, function):
        self._functions[function.__name__] = function
        return function

    def __getitem__(self, name):
        if name not in self._functions:
            raise LookupError(f"no {name}")
        return self._functions[name]


class Board:
    """A square board; everybody may set its cells."""

    def __init__(self, size, moves):
        self.cells = [[" "] * size for _ in range(size)]
        self.moves = moves

    def play(self, row, column, who):
        self.cells[row][column] = who
        self.moves.append((row, column))

    def winner(self):
        rows = {"".join(row) for row in self.cells}
        return next((row[0] for row in rows if len(set(row)) == 1 and row[0] != " "), None)

    def grow(self):
        self.cells.append([" "] * len(self.cells))

    def history(self):
        return list(self.moves)

    @contextlib.contextmanager
    def trial(self):
        """Take back the moves of a block in which one is refused."""
        count = len(self.moves)
        try:
            yield self
        except Refused:
            del self.moves[count:]
            raise

    def __eq__(self, other):
        return isinstance(other, Board) and self.cells == other.cells

    def __array__(self, dtype=None, copy=None):
        return np.array([[cell != " " for cell in row] for row in self.cells], dtype=dtype)


class Shelf(collections.UserList):
    def tidy(self):
        self.data.sort()


@contextlib.contextmanager
def quietly():
    """Swallow nothing that is printed."""
    yield


class Token:
    """A thing that equals itself only, and is before no other."""


class Mailer:
    def send(self, to, text=""):
        raise OSError("no network")


def invite(names):
    mailer = Mailer()
    return [mailer.send(name, text="Come!") for name in names]


def why_not(move):
    """Why a move is refused; None if it is not."""
    try:
        move()
    except Refused as refused:
        return refused.why


def days_before(days):
    """Those of the days that lie before today."""
    return {day for day in days if day < datetime.date.today()}


def validate(ages):
    errors = [ValueError(f"{age} is no age") for age in ages if age < 0]
    if errors:
        raise ExceptionGroup("wrong ages", errors)


def number(text):
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"no number: {text}") from None


def add_up(read=input):
    total = 0
    while text := read("> "):
        if text == "stop":
            raise KeyboardInterrupt
        total += number(text)
    return total


def place_of(item, items):
    """Where that very item stands."""
    return next((place for place, each in enumerate(items) if each is item), None)


def fill(cells, value):
    for row in cells:
        row[:] = [value] * len(row)
    return cells


def table(size):
    return [[0] * size for _ in range(size)]


def first_number(text):
    return re.search("[0-9]+", text)


def ticket(number):
    return uuid.UUID(int=number)


def turn(things):
    things.append(things.popleft())
    return things


def tally(words, counter):
    for word in words:
        counter[word] += 1
    return counter + collections.Counter(["all"])


def shout(letters):
    letters[0] -= 32
    return letters


def take(count, items):
    return list(itertools.islice(items, count))


def pairs(items):
    items = iter(items)
    for one in items:
        yield one, next(items, None)


def gathered(items):
    result = yield from items
    yield result
