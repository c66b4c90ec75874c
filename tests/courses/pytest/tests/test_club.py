import abc
import asyncio
import dataclasses
import inspect
import pickle
import typing
from unittest import mock

import pytest
from club import Door, Game, Member, NotAMember, counted, find, names_in, table, visits


def test_order():
    old, new = Member("Ada", 9), Member("Bo", 1)
    assert old > new
    assert max(new, old) is old
    assert sorted([old, new]) == [new, old]


def test_as_dict():
    ada = find([Member("Ada", 9, ["cup"])], "Ada")
    assert dataclasses.asdict(ada) == {"name": "Ada", "years": 9, "prizes": ["cup"]}
    assert [each.name for each in dataclasses.fields(Member)] == ["name", "years", "prizes"]
    assert typing.get_type_hints(Member)["years"] is int


def test_a_list_in_a_tuple():
    seats = table([Member("Ada"), Member("Bo")])
    assert seats.names == ["Ada", "Bo"]
    assert seats == (["Ada", "Bo"], 2)


def test_pickled():
    copied = pickle.loads(pickle.dumps(find([Member("Ada", 3)], "Ada")))
    assert copied.years == 3
    assert isinstance(copied, Member)


def test_cause():
    with pytest.raises(NotAMember, match="Bo") as info:
        find([Member("Ada")], "Bo")
    assert isinstance(info.value.__cause__, KeyError)


def test_game_of_ours():
    class Longest(Game):
        def __init__(self, name, bonus):
            super().__init__(name)
            self.bonus = bonus

        def points(self, moves):
            return len(moves) + self.bonus

    game = Longest("longest", 1)
    assert isinstance(game, Game)
    assert (game.winner("abc", "ab"), game.winner("a", "ab")) == (1, 2)
    assert (game.name, game.points("ab"), Longest.players) == ("longest", 3, 2)
    assert inspect.isabstract(Game)
    assert issubclass(Game, abc.ABC) and not issubclass(Member, abc.ABC)
    with pytest.raises(TypeError):
        Game("none")


def test_decorated():
    @counted
    def add(a, b):
        """Adds."""
        return a + b

    assert add(1, 2) == 3
    assert add.calls == 1
    assert (add.__name__, add.__doc__) == ("add", "Adds.")


def test_visits():
    async def all_of_them():
        return [each async for each in visits([1, 2])]

    assert asyncio.run(all_of_them()) == [2, 4]


def test_door():
    async def through():
        async with Door() as door:
            assert door.is_open
        return door.is_open, [each async for each in door]

    assert asyncio.run(through()) == (False, [1, 2])


def test_names_in():
    with mock.patch("builtins.open", mock.mock_open(read_data="Ada\nBo\n")) as opened:
        assert names_in("members.txt") == ["Ada", "Bo"]
    opened.assert_called_once_with("members.txt", encoding="utf-8")
