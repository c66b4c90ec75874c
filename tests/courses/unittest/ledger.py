"""A ledger of payments."""

import os
import random


class Ledger:
    """Payments by name, in the order in which they came."""

    def pay(self, name, amount):
        """Note a payment; raises ValueError unless it is more than 0."""
        raise NotImplementedError

    def total(self, name=None):
        """The sum of one person's payments, or of all."""
        raise NotImplementedError

    def largest(self):
        """Name and amount of the largest payment; raises LookupError if there is none."""
        raise NotImplementedError

    def each(self, visit):
        """Call visit(name, amount) for each payment."""
        raise NotImplementedError

    def post(self, box):
        """Put each payment into the box, which is open meanwhile; returns its label."""
        raise NotImplementedError


def halves(amounts):
    """Halve the amounts in place; returns the same list."""
    raise NotImplementedError


def ask():
    """Ask for a name, read it, and greet: `Hello, NAME!`."""
    raise NotImplementedError


def shares(total, people):
    """Yield what each of so many people pays, cents that are left over first."""
    raise NotImplementedError


def kept(path):
    """The payments in a file, a line `name,amount` each; none where it is missing."""
    raise NotImplementedError


def keep(payments, path):
    """Write payments so that `kept` reads them."""
    raise NotImplementedError


def winner(names):
    """One of the names, by random.choice."""
    raise NotImplementedError


async def send(post, payments):
    """Have each payment sent by the post, and wait for it; returns what could not be sent."""
    raise NotImplementedError
