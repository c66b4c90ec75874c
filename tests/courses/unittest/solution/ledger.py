"""A ledger of payments."""

import os
import random


class Ledger:
    """Payments by name, in the order in which they came."""

    def __init__(self):
        self.payments = []

    def pay(self, name, amount):
        """Note a payment; raises ValueError unless it is more than 0."""
        if amount <= 0:
            raise ValueError("a payment is more than 0")
        self.payments.append((name, amount))

    def total(self, name=None):
        """The sum of one person's payments, or of all."""
        return sum(amount for who, amount in self.payments if name in (None, who))

    def largest(self):
        """Name and amount of the largest payment; raises LookupError if there is none."""
        if not self.payments:
            raise LookupError("nobody has paid")
        return max(self.payments, key=lambda payment: payment[1])

    def each(self, visit):
        """Call visit(name, amount) for each payment."""
        for name, amount in self.payments:
            visit(name, amount)

    def post(self, box):
        """Put each payment into the box, which is open meanwhile; returns its label."""
        with box as place:
            for name, amount in self.payments:
                place.put(name, amount=amount)
        box.sent = True
        return box.label


def halves(amounts):
    """Halve the amounts in place; returns the same list."""
    for number, amount in enumerate(amounts):
        amounts[number] = amount / 2
    return amounts


def ask():
    """Ask for a name, read it, and greet: `Hello, NAME!`."""
    name = input("Your name? ")
    print(f"Hello, {name}!")


def shares(total, people):
    """Yield what each of so many people pays, cents that are left over first."""
    share, left = divmod(total, people)
    for number in range(people):
        yield share + (number < left)


def kept(path):
    """The payments in a file, a line `name,amount` each; none where it is missing."""
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [(name, int(amount)) for name, amount in (line.split(",") for line in file)]


def keep(payments, path):
    """Write payments so that `kept` reads them."""
    with open(path, "w") as file:
        for name, amount in payments:
            file.write(f"{name},{amount}\n")


def winner(names):
    """One of the names, by random.choice."""
    return random.choice(names)


async def send(post, payments):
    """Have each payment sent by the post, and wait for it; returns what could not be sent."""
    lost = []
    for name, amount in payments:
        sending = post.send(name, amount)
        try:
            await sending
        except TimeoutError:
            lost.append(name)
    return lost
