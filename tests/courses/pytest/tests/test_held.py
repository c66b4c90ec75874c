import collections
import copy
import datetime
import inspect
import io
import itertools
import re
import uuid
from pathlib import Path
from unittest import mock

import held
import numpy as np
import pytest
from held import Access, Board, Refused, add_up, number, validate


def test_what_there_is():
    assert "grow" in vars(Board) and "shrink" not in Board.__dict__
    assert list(vars(held.Speaker)).count("speak") == 1
    assert "take" in dir(held) and "give" not in vars(held)
    assert held.__all__[:2] == ["Access", "Board"]
    with pytest.raises(NameError):
        take  # noqa: B018, F821  # it was not imported


def test_what_a_shelf_defines_itself():
    shelf = held.Shelf("ba")
    assert "tidy" in shelf.__class__.__dict__ and "sort" not in shelf.__class__.__dict__
    assert shelf.__class__ is held.Shelf and held.Shelf.__base__ is collections.UserList
    assert Refused.mro()[:2] == [Refused, Exception] and Board.mro() == [Board, object]
    assert shelf.__class__ == held.Shelf and shelf.__class__("b").data == ["b"]
    assert isinstance(shelf, collections.UserList)
    assert shelf == ["b", "a"] and not held.Shelf()


def test_where_it_lies():
    assert Path(held.__file__).name == "held.py"
    assert "class Shelf" in inspect.getsource(held)
    source = (Path(__file__).parent.parent / "held.py").read_text()
    assert source == Path(held.__file__).read_text()
    assert "class Shelf" in source


def test_nothing_is_swallowed(capsys):
    with held.quietly():
        print("x")
    assert capsys.readouterr().out == "x\n"


def test_tokens_differ():
    assert held.Token() != held.Token()
    assert held.Token() not in [held.Token()]


def test_tokens_have_no_order():
    with pytest.raises(TypeError):
        held.Token() < held.Token()  # noqa: B015
    with pytest.raises(Exception):  # noqa: B017
        held.Token() >= held.Token()  # noqa: B015


def test_tokens_are_true():
    assert held.Token()


FIXED = collections.deque("xyz")


def test_containers_are_themselves():
    queue, counter, letters = collections.deque("abc"), collections.Counter("a"), bytearray(b"ab")
    assert held.turn(queue) is queue == collections.deque("bca")
    told = held.tally("ab", counter)
    assert type(told) is collections.Counter and told - counter == {"all": 1}
    assert counter == {"a": 2, "b": 1} and held.tally("", counter).most_common(1) == [("a", 2)]
    assert held.shout(letters) is letters == b"Ab"
    assert held.turn(FIXED) == collections.deque("yzx")
    assert held.first_number("gate 12") and not held.first_number("gate")
    assert held.ticket(5) == uuid.UUID(int=5) and held.ticket(5).int == 5


def test_names_are_texts():
    name = held.Name("Ada Lovelace")
    assert re.match("[A-Z]", name) and re.compile("a").sub("o", name) == "Ado Loveloce"
    assert {"Ada Lovelace": name.initials}[name] == "AL"
    assert {*held.corners(2)} == {(0, 0), (0, 2), (2, 0), (2, 2)}
    assert int(held.Name("3")) == 3
    assert "Dear " + name == "Dear Ada Lovelace"
    assert held.Name.__mro__ == (held.Name, str, object)


def test_access():
    both = Access.READ | Access.WRITE
    assert both & Access.READ
    assert not (Access.READ & Access.WRITE)


def test_cells_are_set():
    board = Board(2, [])
    before = copy.deepcopy(board.cells)
    board.cells[1][0] = board.cells[1][1] = "x"
    assert board.winner() == "x"
    assert before == [[" ", " "], [" ", " "]]


def test_rows_that_come_later():
    board = Board(1, [])
    cells = board.cells
    board.grow()
    assert cells == [[" "], [" "]]
    cells[1].append("x")
    assert board.winner() is None
    cells[1][:] = ["x"]
    assert board.winner() == "x"


def test_rows_are_apart():
    board = Board(2, [])
    board.cells[0][0] = "x"
    assert board.cells[1][0] == " "


def test_moves_are_those_of_the_game():
    moves, first = [], object()
    board = Board(1, moves)
    moves.append(first)
    board.play(0, 0, "o")
    assert moves == [first, (0, 0)]
    assert board.moves is moves and board.moves[0] is first


def test_history_is_a_copy():
    board = Board(1, [])
    board.play(0, 0, "o")
    board.history().clear()
    assert board.history() == [(0, 0)]


def test_as_an_array(monkeypatch):
    board = Board(2, [])
    board.play(0, 1, "o")
    np.testing.assert_array_equal(np.asarray(board), [[False, True], [False, False]])
    with monkeypatch.context() as without, pytest.raises(AttributeError, match="array"):
        without.delattr(np, "array")
        board.__array__()
    assert np.asarray(board).any()


def test_invites():
    with mock.patch("held.Mailer", autospec=True) as mailer:
        mailer.return_value.send.side_effect = lambda to, text: f"{to}: {text}"
        assert held.invite(["Ada", "Bob"]) == ["Ada: Come!", "Bob: Come!"]
    spec = mock.create_autospec(held.Mailer, instance=True)
    with pytest.raises(TypeError):
        spec.send()


def test_all_wrong_ages():
    with pytest.raises(ExceptionGroup, match="wrong ages") as told:
        validate([3, -1, -2])
    wrong, rest = told.value.split(ValueError)
    assert rest is None
    assert [str(error) for error in wrong.exceptions] == ["-1 is no age", "-2 is no age"]


def test_no_number():
    with pytest.raises(ValueError, match="no number: x") as told:
        number("x")
    assert told.value.__cause__ is None and told.value.__suppress_context__


def test_adds_up(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n\n"))
    assert add_up() == 3


def test_register():
    register = held.Register()

    @register.add
    def double(x):
        return 2 * x

    assert double(3) == 6
    assert register["double"] is double
    with pytest.raises(LookupError, match="no triple"):
        register["triple"]


def test_speakers():
    class Cat:
        def speak(self):
            return "miaow"

    assert isinstance(Cat(), held.Speaker)
    assert not isinstance(3, held.Speaker)


def test_stops():
    with pytest.raises(KeyboardInterrupt):
        add_up(lambda prompt: "stop")


def test_draws_no_more_than_it_needs():
    drawn = []

    def source():
        for number in itertools.count():
            drawn.append(number)
            yield number

    assert next(held.pairs(source())) == (0, 1)
    assert drawn == [0, 1]


def test_leaves_the_rest():
    letters = iter("abcd")
    assert held.take(3, letters) == ["a", "b", "c"]
    assert next(letters) == "d"
    assert held.take(2000, (number for number in range(3000)))[-1] == 1999


def test_gathers_what_is_returned():
    def source():
        yield 1
        return 2

    assert list(held.gathered(source())) == [1, 2]
    assert sorted(held.take(2, reversed([1, 3, 2]))) == [2, 3]


def test_the_very_item():
    rows = [[0], [0]]
    assert held.place_of(rows[1], rows) == 1
    assert held.place_of([0], rows) is None
    assert held.place_of(rows, items=(0, rows, rows)) == 1


def test_a_row_that_stands_twice():
    row = [0, 0]
    cells = [row, row]
    assert held.fill(cells, 1) is cells
    assert cells[0] is cells[1] is row and row == [1, 1]


def test_rows_of_a_table_are_apart():
    table = held.table(2)
    table[0][0] = 1
    assert table == [[1, 0], [0, 0]]


@pytest.fixture(params=[1, 3], ids="size {}".format)
def board(request):
    assert request.node.callspec.params == {"board": request.param}
    return Board(request.param, [])


def test_a_trial_takes_back_its_moves(board):
    with pytest.raises(Refused, match=r"\(0, 0\) is refused: late"), board.trial() as same:
        assert same is board
        board.play(0, 0, "x")
        raise Refused((0, 0), "late")
    assert board.history() == []


def test_why_not():
    assert held.why_not(mock.Mock(side_effect=Refused(1, "not now"))) == "not now"
    assert held.why_not(lambda: 3) is None


def test_boards_have_no_hash():
    with pytest.raises(TypeError, match="unhashable type: 'Board'"):
        hash(Board(1, []))
    assert Board(1, []) == Board(1, [])
    assert Refused.__bases__ == (Exception,)


def test_days_before(monkeypatch):
    class Day(datetime.date):
        @classmethod
        def today(cls):
            return cls(2024, 2, 29)

    days = [datetime.date(2024, 2, day) for day in (28, 29)]
    monkeypatch.setattr("held.datetime.date", Day)
    assert held.days_before(days) == {days[0]}
    assert held.datetime.date.today() == days[1]
