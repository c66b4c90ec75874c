import abc
import asyncio
import dataclasses
import inspect
import pickle
import queue
import typing
from unittest import mock

import pytest
from club import (
    Door,
    Game,
    Member,
    NotAMember,
    Quiet,
    counted,
    find,
    names_in,
    second,
    table,
    visits,
)


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
    assert dataclasses.replace(ada, years=2).years == 2
    assert Member.__annotations__["years"] is int
    assert Member.__hash__ is None and not Member.__dataclass_params__.frozen


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
    assert info.value.__cause__.args == ("Bo",)


def test_game_of_ours():
    class Longest(Game, players=3):
        def __init__(self, name, bonus):
            super().__init__(name)
            self.bonus = bonus

        def points(self, moves):
            return len(moves) + self.bonus

    game = Longest("longest", 1)
    assert isinstance(game, Game)
    assert (game.winner("abc", "ab"), game.winner("a", "ab")) == (1, 2)
    assert (game.name, game.points("ab"), Longest.players) == ("longest", 3, 3)
    assert inspect.isabstract(Game) and Game.points.__isabstractmethod__
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
    assert [*inspect.signature(add).parameters] == ["a", "b"]


def test_quiet():
    error = KeyError("mine")
    with Quiet() as quiet:
        raise error
    assert quiet.caught is error
    with pytest.raises(IndexError), quiet:
        [].pop()
    assert str(quiet.caught) == "pop from empty list"


def test_second():
    assert second("abc") == "b"
    with pytest.raises(queue.Empty):
        second("a")


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
    opened = {"new_callable": mock.PropertyMock, "return_value": True}
    with mock.patch.object(Door, "is_open", **opened) as asked:
        assert Door().is_open is True
    asked.assert_called_once_with()


def test_names_in():
    with mock.patch("builtins.open", mock.mock_open(read_data="Ada\nBo\n")) as opened:
        assert names_in("members.txt") == ["Ada", "Bo"]
    opened.assert_called_once_with("members.txt", encoding="utf-8")
