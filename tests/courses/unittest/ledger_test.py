import functools
import inspect
import io
import tempfile
import unittest
from contextlib import redirect_stdout
from unittest.mock import ANY, AsyncMock, MagicMock, Mock, NonCallableMagicMock, call, mock_open, patch

from gradescope_utils.autograder_utils.decorators import visibility, weight

import ledger
from ledger import Ledger, ask, halves, shares

PAYMENTS = [("ann", 5), ("bob", 7), ("ann", 2)]


class Full(Exception):
    pass


class Adding:
    def __init__(self):
        self.callers = []

    def __call__(self, amounts):
        self.callers.append(inspect.stack()[1].function)
        return self.added(amounts)

    def added(self, amounts):
        return sum(amounts)


class LedgerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = {name for name, _ in PAYMENTS}

    def setUp(self):
        self.ledger = Ledger()
        for name, amount in PAYMENTS:
            self.ledger.pay(name, amount)
        self.closed = []
        self.addCleanup(self.closed.append, "cleaned up")

    def tearDown(self):
        self.assertEqual(self.closed, [])

    @patch("ledger.sum", sum, create=True)
    def test_totals(self):
        """One person's payments are added up, and those of all."""
        for name, total in (("ann", 7), ("bob", 7), (None, 14)):
            with self.subTest(name=name):
                self.assertEqual(self.ledger.total(name), total)

    def test_nobody_pays_nothing(self):
        for amount in (0, -1):
            with self.subTest(amount), self.assertRaisesRegex(ValueError, "more than 0"):
                self.ledger.pay("ann", amount)

    def test_largest(self):
        self.assertEqual(self.ledger.largest(), ("bob", 7))

    def test_largest_of_none(self):
        with self.assertRaises(LookupError):
            Ledger().largest()

    def test_visits_each(self):
        seen = Mock()
        self.ledger.each(seen)
        self.assertEqual([call.args for call in seen.call_args_list], PAYMENTS)

    def test_visits_one(self):
        seen = []
        self.ledger.each(functools.partial(lambda kept, *told: kept.append(told), seen))
        self.assertEqual(seen, PAYMENTS)

    def test_posts_each(self):
        box = MagicMock(label="blue")
        self.assertEqual(self.ledger.post(box), "blue")
        place = box.__enter__.return_value
        self.assertEqual(place.put.mock_calls, [call(name, amount=n) for name, n in PAYMENTS])
        box.__exit__.assert_called_once_with(None, None, None)
        self.assertIs(box.sent, True)

    def test_posts_until_it_is_full(self):
        box, full = NonCallableMagicMock(), Full("no room")
        box.__exit__.return_value = False
        box.__enter__.return_value.put.side_effect = [None, full]
        with self.assertRaises(Full) as caught:
            self.ledger.post(box)
        self.assertIs(caught.exception, full)
        box.__exit__.assert_called_once_with(Full, full, ANY)

    def test_who_adds(self):
        with patch("ledger.sum", create=True, new_callable=Adding) as adding:
            self.assertEqual(self.ledger.total("ann"), 7)
        self.assertEqual(adding.callers, ["total"])

    def test_ledgers_are_apart(self):
        other = Ledger()
        other.pay("eve", 1)
        self.assertEqual((other.total(), self.ledger.total()), (1, 14))
        self.assertIsInstance(other, Ledger)
        self.assertEqual([*inspect.signature(Ledger.__init__).parameters], ["self"])
        self.assertEqual([*inspect.signature(Ledger.pay).parameters], ["self", "name", "amount"])


class FunctionsTest(unittest.TestCase):
    def test_halves_in_place(self):
        amounts = [4, 3]
        self.assertIs(halves(amounts), amounts)
        self.assertEqual(amounts, [2.0, 1.5])
        with patch("ledger.halves", return_value=[]):
            self.assertEqual(ledger.halves(amounts), [])
        self.assertEqual(ledger.halves(amounts), [1.0, 0.75])

    @unittest.expectedFailure
    def test_nobody_shares(self):
        self.assertEqual(list(shares(10, 0)), [])

    @patch("builtins.input", return_value="Eve")
    @patch("builtins.print")
    @weight(2.5)
    @visibility("hidden")
    def test_prints_once(self, printed, _):
        ask()
        printed.assert_called_once_with("Hello, Eve!")

    def test_shares_differ_by_a_cent(self):
        self.assertEqual(list(shares(11, 4)), [3, 3, 3, 2])
        self.assertEqual(next(shares(10, 3)), 4)
        with patch("builtins.divmod", return_value=(7, 0)) as divided:
            self.assertEqual(list(shares(1, 2)), [7, 7])
        divided.assert_called_once_with(1, 2)
        self.assertEqual(list(shares(1, 1)), [1])

    @patch("builtins.input", return_value="Ann")
    def test_greets_whom_input_names(self, _):
        out = io.StringIO()
        with redirect_stdout(out):
            ask()
        self.assertIn("Hello, Ann!", out.getvalue())

    @patch("sys.stdout", new_callable=io.StringIO)
    @patch("sys.stdin", io.StringIO("Bob\n"))
    def test_greets_whom_stdin_names(self, out):
        ask()
        self.assertEqual(out.getvalue().splitlines()[-1][-11:], "Hello, Bob!")


class FilesTest(unittest.TestCase):
    @patch("os.path.exists", return_value=True)
    def test_reads(self, asked):
        self.enterContext(tempfile.TemporaryDirectory())
        with patch("builtins.open", mock_open(read_data="ann,5\nbob,7\n")) as opened:
            self.assertEqual(ledger.kept("list.csv"), PAYMENTS[:2])
        opened.assert_called_once_with("list.csv")
        asked.assert_called_once_with("list.csv")
        asked.return_value = False
        self.assertEqual(ledger.kept("list.csv"), [])

    @patch("ledger.open", new_callable=mock_open, create=True)
    def test_writes(self, opened):
        ledger.keep(PAYMENTS[:1], "list.csv")
        opened.assert_called_once_with("list.csv", "w")
        opened().write.assert_called_once_with("ann,5\n")

    def test_draws(self):
        with patch.object(ledger.random, "choice", return_value="bob") as drawn:
            self.assertEqual(ledger.winner(["ann", "bob"]), "bob")
        drawn.assert_called_once_with(["ann", "bob"])


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.amounts = [4]

    async def test_halves_once(self):
        self.assertEqual(halves(self.amounts), [2])

    async def test_sends(self):
        post = AsyncMock()
        post.send.side_effect = [None, TimeoutError, None]
        self.assertEqual(await ledger.send(post, PAYMENTS), ["bob"])
        self.assertEqual(post.send.await_args_list, [call(*each) for each in PAYMENTS])


class Shares(unittest.TestCase):
    def __init__(self, people):
        super().__init__("check")
        self.people = people

    def check(self):
        self.assertEqual(sum(shares(100, self.people)), 100)

    def shortDescription(self):
        return f"What {self.people} people pay adds up."


def load_tests(loader, tests, pattern):
    tests.addTests([Shares(3), Shares(7)])
    return tests


if __name__ == "__main__":
    unittest.main()
