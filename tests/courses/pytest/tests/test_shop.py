import asyncio
import random
from unittest.mock import patch

import numpy as np
import pytest
import shop
from more_numbers import EXACT
from shop import catalogue, colour, complain, dice, prices, read, shuffled, sold, write


@pytest.fixture
async def source():
    async def give():
        await asyncio.sleep(0)
        return 1.234

    yield give


@pytest.mark.points(2)
def test_read(tmp_path):
    (tmp_path / "list.txt").write_text("tea\n\nrice\n")
    assert read(tmp_path / "list.txt") == ["tea", "rice"]
    with pytest.raises(FileNotFoundError, match="No such file.*other.txt") as info:
        read(str(tmp_path / "other.txt"))
    assert info.value.filename == str(tmp_path / "other.txt")


@pytest.mark.points(2)
def test_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write(tmp_path / "list.txt", ["tea", "rice"]) == tmp_path / "done.txt"
    assert (tmp_path / "list.txt").read_text() == "1 tea\n2 rice\n"
    assert (tmp_path / "done.txt").read_text() == "2"
    assert read("list.txt") == ["1 tea", "2 rice"]


def test_catalogue():
    assert catalogue() == {"tea": 2.5, "rice": 1}


def test_colour(monkeypatch):
    assert colour() == "grey"
    monkeypatch.setenv("SHOP_COLOUR", "red")
    assert colour() == "red"
    monkeypatch.delenv("SHOP_COLOUR")
    assert colour() == "grey"


def test_dice_are_thrown(monkeypatch, recwarn):
    throws = iter([2, 5])
    monkeypatch.setattr(random, "randint", lambda low, high: next(throws))
    assert dice() == (2, 5)
    assert not recwarn


@patch("random.randint", return_value=6)
def test_doubles_warn(randint):
    with pytest.warns(UserWarning, match="double"):
        assert dice() == (6, 6)
    randint.assert_called_with(1, 6)


def test_complains(capsys, caplog):
    complain("late")
    assert capsys.readouterr().err == "late\n"
    assert caplog.record_tuples == [("shop", 40, "late!")]
    assert [(record.msg, record.args) for record in caplog.records] == [("%s!", ("late",))]


@pytest.mark.asyncio
async def test_prices(source):
    assert await prices([source, source]) == [1.23, 1.23]


@pytest.mark.asyncio
async def test_prices_are_rounded_as_the_shop_says(source, monkeypatch):
    monkeypatch.setitem(shop.DIGITS, "price", 1)
    assert await prices([source]) == [pytest.approx(1.2, **EXACT)]


def test_sold_things_are_listed():
    sold.append("tea")
    assert shop.sell("rice") == 2
    assert sold == shop.sold == ["tea", "rice"]


def test_prices_of_none():
    with pytest.raises(EOFError):
        input("Nobody is asked, whoever runs it: ")
    assert asyncio.run(prices([])) == []


def test_shuffles_on():
    rng, same = np.random.default_rng(3), np.random.default_rng(3)
    for _ in range(2):
        assert shuffled([1, 2, 3, 4, 5], rng) == [place + 1 for place in same.permutation(5)]
    rng, same = random.Random(3), random.Random(3)
    for _ in range(2):
        assert dice(rng) == (same.randint(1, 6), same.randint(1, 6))


@pytest.mark.xfail(reason="nobody knows the price of nothing")
def test_known_to_fail():
    assert asyncio.run(prices([None])) == [0]


@pytest.mark.xfail(strict=True)
def test_known_not_to_raise():
    with pytest.raises(KeyError):
        asyncio.run(prices([]))


@pytest.mark.xfail(raises=FileNotFoundError, strict=True)
def test_known_to_raise(tmp_path):
    read(tmp_path / "nothing")


class TestOuter:
    class TestInner:
        @pytest.mark.parametrize("many", [pytest.param(0, marks=pytest.mark.points(5)), 2])
        def test_writes_so_many(self, tmp_path, many):
            write(tmp_path / "a", ["x"] * many)
            assert len(read(tmp_path / "a")) == many
