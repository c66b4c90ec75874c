"""A club and its members."""

import abc
import functools
import queue
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple


@dataclass
class Member:
    name: str
    years: int = 0
    prizes: list = field(default_factory=list)
    limit: ClassVar[int] = 3

    def __lt__(self, other):
        return self.years < other.years


class Table(NamedTuple):
    names: list
    size: int


class NotAMember(Exception):
    pass


class Quiet:
    caught = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.caught = error
        return kind is KeyError


class Game(abc.ABC):
    players = 2

    def __init_subclass__(cls, players=2):
        cls.players = players

    def __init__(self, name):
        self.name = name

    @abc.abstractmethod
    def points(self, moves): ...

    def winner(self, first, second):
        return 1 if self.points(first) >= self.points(second) else 2


def table(members):
    return Table([member.name for member in members], len(members))


def find(members, name):
    try:
        return {member.name: member for member in members}[name]
    except KeyError as error:
        raise NotAMember(name) from error


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **keywords):
        wrapper.calls += 1
        return function(*args, **keywords)

    wrapper.calls = 0
    return wrapper


async def visits(days):
    for day in days:
        yield day * 2


class Door:
    is_open = False

    async def __aenter__(self):
        self.is_open = True
        return self

    async def __aexit__(self, *error):
        self.is_open = False

    def __aiter__(self):
        self.visits = 0
        return self

    async def __anext__(self):
        if self.visits == 2:
            raise StopAsyncIteration
        self.visits += 1
        return self.visits


def names_in(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def second(names):
    waiting = queue.Queue()
    for name in names:
        waiting.put(name)
    waiting.get_nowait()
    return waiting.get_nowait()
