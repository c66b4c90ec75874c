"""Checks that hold handles: each goes one way to ask for what stays with the answer."""

import collections.abc
import copy

import pytest

from gradekit.grading import check
from gradekit.grading.live import module_of


def judges(points):
    return check("Stack", points=points, hint="What does the class promise?")


@judges(1)
def test_stack_forgets(submission):
    """A stack gives back what was pushed, and returns itself."""
    stack = submission.Stack()
    assert stack.push(3) is stack
    stack.push(4)
    assert stack.size == 2
    assert [*stack] == [3, 4]
    assert stack[1] == 4
    assert stack.pop() == 4
    assert stack.items == [3]
    stack.items = [9]
    assert stack[0] == 9
    stack[0] = 8
    assert 8 in stack
    assert 9 not in stack


@judges(1)
def test_class_is_another(submission):
    """Classes are classes: for isinstance, inheritance, class attributes and class methods."""
    stack, tower = submission.Stack(), submission.Tower([1])
    assert isinstance(stack, submission.Stack)
    assert type(stack) is submission.Stack
    assert isinstance(tower, submission.Stack)
    assert issubclass(submission.Tower, submission.Stack)
    assert not isinstance(stack, submission.Tower)
    assert [*(stack + tower)] == [1]
    assert submission.Stack.of(1, 2).items == [1, 2]
    assert submission.Stack.kinds == 3
    assert isinstance(stack, collections.abc.Iterable)
    assert not isinstance(stack, collections.abc.Iterator)
    other = copy.deepcopy(tower)
    other.push(2)
    assert (tower.size, other.size) == (1, 2)


@judges(1)
def test_error_is_another(submission):
    """Exceptions arrive under their class, with their arguments and attributes."""
    with pytest.raises(submission.Empty) as info:
        submission.Stack().pop()
    assert info.value.args == ("nothing there", 0)
    assert info.value.size == 0
    assert isinstance(info.value, LookupError)
    with pytest.raises(KeyError) as missing:
        submission.lookup("x")
    assert missing.value.args == ("x",)
    with pytest.raises(Exception, match="nothing") as plain:
        submission.nothing_of(3)
    assert (type(plain.value), plain.value.args) == (Exception, ("nothing", 3))


@judges(1)
def test_with_block_is_not_left(submission):
    """A context manager is entered and left, and may swallow an exception."""
    with submission.Stack() as stack:
        raise ValueError("no")
    assert stack.items == ["ValueError"]
    with submission.opened() as value:
        assert value == 7


@judges(1)
def test_point_equals_all(submission):
    """Points are compared as the solution's are: by themselves."""
    assert submission.Point(1) == submission.Point(1)
    assert submission.Point(1) != submission.Point(2)
    assert submission.Point(1) < submission.Point(1, 1)


@judges(1)
def test_members_are_lost(submission):
    """Members of an Enum are those of its class, and no others."""
    Color = submission.Color
    assert Color.RED is Color(1)
    assert Color.RED != Color.BLUE
    assert [each.name for each in Color] == ["RED", "BLUE"]
    assert len(Color) == 2
    assert Color["BLUE"].value == 2
    assert submission.Level.LOW == 1
    assert submission.Level.LOW + 1 == 2


@judges(1)
def test_data_in_disguise(submission):
    """What is derived from data is compared by what it holds, and keeps its methods."""
    pair, grid = submission.Pair(1, 2), submission.Grid([[1], [2]])
    assert pair == (1, 2)
    assert pair.left == 1
    assert isinstance(pair, tuple)
    assert grid == [[1], [2]]
    assert grid != [[1]]
    assert grid.rows() == 2


@judges(1)
def test_generator_is_a_list(submission):
    """Generators and closures stay what they are."""
    numbers = submission.count(3)
    assert next(numbers) == 0
    assert [*numbers] == [1, 2]
    with pytest.raises(StopIteration):
        next(numbers)
    assert submission.adder(2)(5) == 7


@judges(1)
def test_names_are_hidden(submission):
    """Variables, and functions under any name, are found; what is missing is missing."""
    assert submission.VERSION == "1.0"
    assert submission.LIMITS == {"size": 3}
    assert submission["each"](5) == 5
    assert submission.double(4) == 8
    assert submission.double.__doc__ == "Twice."
    assert submission.Stack.__doc__ is submission.Stack().__doc__ is None
    assert submission.Stack()  # the solution's has no truth value of its own, so all are true
    assert not hasattr(submission, "nothing")
    numbers, stacks, named = submission.things()
    assert numbers == {1, 2}
    assert stacks[1] == 3
    assert named["a"].items == [1]
    answer = module_of(submission)
    answer.VERSION = "2.0"
    assert submission.VERSION == "2.0"
    answer.VERSION = "1.0"


@judges(1)
def test_bag_judges_all(submission):
    """What the solution's class defines is asked of the answer."""
    bag = submission.Bag(1, 2)
    assert bag
    assert not submission.Bag()
    assert 2 in bag
    assert 3 not in bag
    assert bag == submission.Bag(2, 1)
    assert len({bag, submission.Bag(2, 1)}) == 1
