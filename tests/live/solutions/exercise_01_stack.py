"""What the checks in graders/ ask for: classes, generators, closures, variables, errors."""

import collections
import contextlib
import dataclasses
import enum

VERSION = "1.0"
LIMITS = {"size": 3}
Pair = collections.namedtuple("Pair", "left right")


class Empty(LookupError):
    def __init__(self, size):
        super().__init__("nothing there", size)
        self.size = size


class Stack:
    kinds = 3

    def __init__(self, items=()):
        self.items = list(items)

    @classmethod
    def of(cls, *items):
        return cls(items)

    def push(self, item):
        self.items.append(item)
        return self

    def pop(self):
        if not self.items:
            raise Empty(0)
        return self.items.pop()

    @property
    def size(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, item):
        self.items[index] = item

    def __add__(self, other):
        return Stack([*self.items, *other.items])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.push(kind.__name__ if kind else "none")
        return kind is ValueError


class Tower(Stack):
    pass


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


class Grid(list):
    def rows(self):
        return len(self)


class Bag:
    def __init__(self, *items):
        self.items = items

    def __contains__(self, item):
        return item in self.items

    def __bool__(self):
        return len(self.items) > 0

    def __eq__(self, other):
        return isinstance(other, Bag) and sorted(self.items) == sorted(other.items)

    def __hash__(self):
        return hash(frozenset(self.items))


def count(n):
    yield from range(n)


def adder(k):
    return lambda x: x + k


def double(x):
    """Twice."""
    return x * 2


def each(x):
    return x


def lookup(key):
    return {}[key]


@contextlib.contextmanager
def opened():
    yield 7


def things():
    return {1, 2}, [Stack(), 3], {"a": Stack([1])}


def nothing_of(kind):
    raise Exception("nothing", kind)
