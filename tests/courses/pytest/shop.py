"""A shop that reads, writes, warns, logs and waits."""

import random


def read(path):
    """The lines of a file, without empty ones."""
    raise NotImplementedError


def write(path, lines):
    """Write lines into a file, each with its number, and into `done.txt` beside it how many."""
    raise NotImplementedError


def colour():
    """What the environment variable SHOP_COLOUR says, else "grey"."""
    raise NotImplementedError


def dice(rng=random):
    """Two throws of a die by rng, and a warning (UserWarning) if they are equal."""
    raise NotImplementedError


def complain(text):
    """Print it to standard error, and log it at level ERROR as `shop`."""
    raise NotImplementedError


DIGITS = {"price": 2}
sold = []


def sell(thing):
    raise NotImplementedError


async def prices(sources):
    """What each source, an async function, gives, rounded to cents."""
    raise NotImplementedError


def shuffled(things, rng):
    """The things in an order that rng, a NumPy generator, gives."""
    raise NotImplementedError


def catalogue():
    """A dictionary of prices, as they stand in `data/prices.csv`."""
    raise NotImplementedError
