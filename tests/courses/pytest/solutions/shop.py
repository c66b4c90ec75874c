import asyncio
import logging
import os
import random
import sys
import warnings

from formats import SEPARATOR


def read(path):
    with open(path) as file:
        return [line.strip() for line in file if line.strip()]


def write(path, lines):
    path.write_text("".join(f"{number} {line}\n" for number, line in enumerate(lines, 1)))
    with open(path.parent / "done.txt", "w") as file:
        file.write(str(len(lines)))
    return path.parent / "done.txt"


def colour():
    return os.environ.get("SHOP_COLOUR", "grey")


def dice(rng=random):
    first, second = rng.randint(1, 6), rng.randint(1, 6)
    if first == second:
        warnings.warn("a double", UserWarning)
    return first, second


def complain(text):
    print(text, file=sys.stderr)
    logging.getLogger("shop").error("%s!", text)


DIGITS = {"price": 2}
sold = []


def sell(thing):
    sold.append(thing)
    return len(sold)


async def prices(sources):
    await asyncio.sleep(0)
    return [round(await source(), DIGITS["price"]) for source in sources]


def shuffled(things, rng):
    return [things[place] for place in rng.permutation(len(things))]


def catalogue():
    with open("data/prices.csv") as file:
        rows = [line.split(SEPARATOR) for line in file]
    return {name: float(price) for name, price in rows}
