"""Each check looks at one thing in one way, which some file of tests/attacks/ tries to turn."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from gradekit.grading import check

EXPECTED = ["a", "b"]
TABLE = np.array([[1.0, 4.0]])
NESTED = ({"names": ["a", "b"]},)


def judges(function, points=0.25):
    return check(function, points=points, hint="?")


@judges("equal")
def test_equal(submission):
    """A number equals itself."""
    assert submission.five() == 5
    assert submission.five() == 5


@judges("unequal")
def test_unequal(submission):
    """It is not unequal to itself."""
    assert not (submission.five() != 5)  # noqa: SIM202  # the other operator is asked


@judges("true")
def test_true(submission):
    """It is true."""
    assert submission.five()


@judges("near")
def test_near(submission):
    """It is near itself."""
    assert abs(submission.five() - 5) < 1e-9
    assert abs(5 - submission.five()) < 1e-9


@judges("order")
def test_order(submission):
    """It lies between its neighbours."""
    assert 4 < submission.five() < 6


@judges("member")
def test_member(submission):
    """Names are among the names."""
    assert "a" in submission.names()
    assert "b" in submission.names()


@judges("key")
def test_key(submission):
    """It finds what stands under it."""
    assert {5: "found"}[submission.five()] == "found"


@judges("unique")
def test_unique(submission):
    """Names are a set of two."""
    assert {*submission.names()} == {"a", "b"}


@judges("names")
def test_names(submission):
    """The names are these, in this order."""
    assert submission.names() == ["a", "b"]


@judges("error")
def test_error(submission):
    """It raises what it should."""
    with pytest.raises(ValueError, match="no"):
        submission.fail()


@judges("block")
def test_block(submission):
    """What fails in a block, fails."""
    with submission.Box() as box:
        assert box.value == 3


@judges("instance")
def test_instance(submission):
    """It is a Box, and no number."""
    box = submission.Box()
    assert isinstance(box, submission.Box)
    assert not isinstance(box, int)
    assert box.value == 3


@judges("near_array")
def test_near_array(submission):
    """An array of squares is near the squares."""
    squares = submission.square(np.array([1.0, 2.0]))
    assert np.abs(squares - np.array([1.0, 4.0])).max() < 1e-9


@judges("close_array")
def test_close_array(submission):
    """NumPy says the same."""
    np.testing.assert_allclose(submission.square(np.array([1.0, 2.0])), [1.0, 4.0])


@judges("constant")
def test_constant(submission):
    """Names are those that were looked at."""
    assert submission.look(EXPECTED) == 2
    assert submission.names() == EXPECTED


@judges("table")
def test_table(submission):
    """Squares are those that were looked at."""
    assert submission.look(TABLE[0]) == 2
    assert submission.square(np.array([1.0, 2.0])).tolist() == TABLE[0].tolist()


@judges("nested")
def test_nested(submission):
    """Names are those that were looked at, wherever they lie."""
    assert submission.look(NESTED[0]) == 1
    assert submission.names() == NESTED[0]["names"]


@judges("filled")
def test_filled(submission):
    """A list is filled, and comes back as itself."""
    items = [2]
    assert submission.fill(items) is items
    assert items == [2, 1]


@judges("applied")
def test_applied(submission):
    """A function of the check is called, once."""
    calls = []

    def double(x):
        calls.append(x)
        return sum(x for _ in range(2)) if x < 10 else [x for _ in range(x)]

    assert submission.apply(double, 4) == 8
    assert calls == [4]


@judges("numbers")
def test_numbers(submission):
    """The numbers come to an end."""
    assert [*submission.numbers()] == [0, 1, 2]


@judges("chain")
def test_chain(submission):
    """A chain comes to an end."""
    link, length = submission.chain(), 0
    while link is not None:
        link, length = link.next, length + 1
    assert length == 2


@judges("red")
def test_red(submission):
    """A member is the member of its class."""
    assert submission.red() == submission.Kind.RED
    assert submission.red().value == 1


@judges("many", points=4.5)
def test_many(submission):
    """Fractions, decimals, dates, sets and ranges arrive."""
    half, price, day, letters, numbers = submission.many()
    assert half == Fraction(1, 2)
    assert price == Decimal("0.10")
    assert day == datetime.date(2020, 2, 29)
    assert letters == {"a"}
    assert [*numbers] == [0, 1, 2]
