"""Checks as tests of elsewhere are written: beside the answer, it seems."""

import collections
import contextlib
import io
import random
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from gradekit.grading import check
from gradekit.grading.originals.system import system_of

CONSTANT = [3, 1, 2]
TABLE = np.array([[2.0, 4.0], [6.0, 8.0]])


class Node:
    """An object of the check's own class."""

    def __init__(self, value, after=None):
        self.value, self.after = value, after


FIRST = Node([1])


def judges(points):
    return check("sort_in_place", points=points, hint="What happens to the argument?")


@judges(1)
def test_sorts_a_copy(submission):
    """Arguments are changed in place: lists, arrays, dicts, sets, and what lies in them."""
    items, inner = [3, 1, 2], [[2, 1], [4, 3]]
    assert submission.sort_in_place(items) is None
    assert items == [1, 2, 3]
    submission.sort_in_place(inner[0])
    assert inner == [[1, 2], [4, 3]]
    array = np.array([2.0, 4.0])
    submission.halve(array)
    assert array.tolist() == [1, 2]
    table = {"old": 1}
    submission.rename(table)
    assert table == {"new": 1}
    numbers = {1}
    assert submission.add(numbers, 2) is numbers
    assert numbers == {1, 2}


@judges(1)
def test_gives_another_object(submission):
    """What was given comes back as itself, also from within what is returned."""
    x, y = [1], {"a": 2}
    assert submission.same(x) is x
    first, second, (third, nested) = submission.both(x, y)
    assert first is x and third is x
    assert second is y and nested["y"] is y
    tally = submission.Tally()
    assert tally.note(x) is tally
    assert x == [1, 1]


@judges(1)
def test_changes_a_constant(submission):
    """Constants of a check stay as they are; a changed copy comes back."""
    submission.sort_in_place(CONSTANT)
    assert CONSTANT == [3, 1, 2]
    assert submission.same(CONSTANT) is CONSTANT
    assert submission.halve(TABLE).tolist() == [[1, 2], [3, 4]]
    assert submission.halve(TABLE[0]).tolist() == [1, 2]
    assert TABLE.tolist() == [[2, 4], [6, 8]]


@judges(1)
def test_calls_something_else(submission):
    """Functions of the check are called with what they should be, and raise through the answer."""
    calls = []

    def noted(x):
        calls.append(x)
        return x + 1

    assert submission.each_to(noted, [1, 2]) == [2, 3]
    assert calls == [1, 2]
    seen = []
    submission.each_to(seen.append, [5, 6])
    assert seen == [5, 6]
    double = mock.Mock(side_effect=lambda x: 2 * x)
    assert submission.twice(double)(3) == 12
    assert double.call_args_list == [mock.call(3), mock.call(6)]
    assert submission.fold(max, [1, 5, 2], 0) == 5
    assert submission.hand_back(calls.append) == calls.append

    class Own(Exception):
        pass

    def fail():
        raise Own("mine")

    with pytest.raises(Own, match="mine"):
        submission.guarded(fail)
    assert submission.guarded(lambda: {}["x"]) == "missing"


@judges(1)
def test_functions_of_the_check_ask_back(submission):
    """A function of the check may use the answer itself."""
    assert submission.each_to(lambda x: submission.same([x])[0] + 1, [1, 2]) == [2, 3]
    nested = submission.each_to(lambda x: submission.each_to(lambda y: x * y, [1, 2]), [1, 2])
    assert nested == [[1, 2], [2, 4]]


@judges(1)
def test_prints_something_else(submission):
    """What is printed can be looked at where it is redirected."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        submission.greet("you")
    assert out.getvalue() == "hello you\n"


@judges(0.5)
def test_keeps_copies(submission):
    """What both hold stays one object: what the answer keeps, and what it gives away."""
    books, labels, book = [], ["a"], object()
    shelf = submission.Shelf(books, labels)
    shelf.put(book)
    assert books == [book] and shelf.books is books
    books.append([1])
    labels.append("b")
    shelf.copied().clear()
    rows = shelf.rows
    rows[1][1] = 5
    assert shelf.count() == (2, 1, 6)
    shelf.put(2)
    assert shelf.books[1] is books[1] and rows == [[2, 0], [0, 5]]
    with pytest.raises(TypeError):
        shelf.put()
    shelf.rows[0].clear()
    assert shelf.count() == (3, 1, 5)
    of_constant = submission.Shelf(CONSTANT, CONSTANT)
    of_constant.put(4)
    assert of_constant.books == [3, 1, 2, 4] and CONSTANT == [3, 1, 2]


@judges(0.5)
def test_prints_nothing(submission, capsys):
    """pytest's own fixtures see it too."""
    submission.greet("you")
    assert capsys.readouterr().out == "hello you\n"


@judges(1)
def test_draws_other_numbers(submission):
    """A seed that the check sets is the answer's as well."""
    random.seed(3)
    np.random.seed(4)
    drawn = submission.draws()
    random.seed(3)
    np.random.seed(4)
    assert drawn == (random.random(), float(np.random.rand()))
    random.seed(3)
    np.random.seed(4)
    assert submission.draws() == drawn
    assert submission.draws() != drawn
    random.seed(3)
    assert submission.draws()[0] != random.random()
    drawn = random.random()
    random.seed(3)  # as if all of it ran in one process
    assert drawn == [random.random() for _ in range(3)][2]
    own, like = random.Random(5), random.Random(5)
    assert submission.shuffled([1, 2, 3, 4], own) == like.sample([1, 2, 3, 4], 4)
    assert own.random() == like.random()
    assert submission.shuffled([1, 2, 3, 4], own) == like.sample([1, 2, 3, 4], 4)


seen: list[int] = []


@judges(0.5)
def test_lists_of_a_class_are_copies(submission):
    """What methods of a test's classes fill, bind or find is the test's, in derived ones too."""
    numbers, total = [], 0

    class Own:
        def tell(self, number, watchers):
            nonlocal total
            numbers.append(number)
            total += number
            assert watchers is those

    class Derived(submission.Watcher):
        def tell(self, number, watchers):
            seen.append(number)
            self.count += 1

    those = [Own(), Derived()]
    submission.told(those, 3)
    assert (numbers, total, seen, those[1].count) == ([0, 1, 2], 3, [0, 1, 2], 3)
    seen.clear()
    counts = submission.counted("aab", collections.defaultdict(lambda: 10))
    assert counts == {"a": 12, "b": 11}
    assert counts["c"] == [0] and counts["c"] is counts["c"]


@judges(0.5)
def test_files_are_lost(submission):
    """A file that was written is read again, and can be deleted here; it is in memory only."""
    os = system_of(submission)
    submission.save("saved.txt", ["one", "zwölf"])
    assert os.path.exists("saved.txt") and not Path("saved.txt").exists()
    assert submission.load("saved.txt") == ["one", "zwölf"]
    submission.save(Path("saved.txt"), ["three"], "a")
    assert submission.load("./saved.txt") == ["one", "zwölf", "three"]
    os.remove("saved.txt")
    assert not os.path.isfile("saved.txt")
    with pytest.raises(FileNotFoundError):
        os.unlink("saved.txt")
    with pytest.raises(FileNotFoundError):
        submission.load("saved.txt")
    assert submission.tidy("new.bin") == (b"1234", 4, False)


@judges(1)
def test_objects_are_copies(submission):
    """Objects of a class of the check are changed here, and come back as themselves."""
    last = Node(2)
    first = Node(1, last)
    last.after = first
    assert submission.total(first, 2) == 3
    found, kept = submission.last_of([first], last)
    assert found is last and kept[0] is first
    submission.grow(first, [5])
    assert (first.value, first.items, first.after) == (2, [5], last)
    tally = submission.Tally()
    submission.grow(first, tally)
    assert first.items is tally
    assert submission.total(first, 2) == 5
    submission.grow(FIRST, 3)
    assert vars(FIRST) == {"value": [1], "after": None}
