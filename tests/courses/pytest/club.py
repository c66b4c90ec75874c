"""A club and its members."""

import abc
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple


@dataclass
class Member:
    name: str
    years: int = 0
    prizes: list = field(default_factory=list)
    limit: ClassVar[int] = 3

    def __lt__(self, other):
        raise NotImplementedError


class Table(NamedTuple):
    names: list
    size: int


class NotAMember(Exception):
    pass


class Quiet:
    caught = None


class Game(abc.ABC):
    players = 2

    def __init__(self, name):
        raise NotImplementedError

    def winner(self, first, second):
        raise NotImplementedError


def table(members):
    raise NotImplementedError


def find(members, name):
    raise NotImplementedError


def counted(function):
    raise NotImplementedError


async def visits(days):
    raise NotImplementedError
    yield


class Door:
    is_open = False


def names_in(path):
    raise NotImplementedError


def second(names):
    raise NotImplementedError
