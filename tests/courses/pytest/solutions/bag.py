"""A bag counts what is put into it."""

CAPACITY = 5


class Full(Exception):
    """There is no room for one more."""


class Bag:
    """Things with their counts, at most CAPACITY in all."""

    def __init__(self):
        self.counts = {}

    def put(self, thing):
        """Put one thing in; raises Full, or ValueError for an empty name."""
        if not thing:
            raise ValueError("a thing has a name")
        if len(self) >= CAPACITY:
            raise Full(f"no room for {thing}")
        self.counts[thing] = self.counts.get(thing, 0) + 1

    def count(self, thing):
        """How many of it are in the bag."""
        return self.counts.get(thing, 0)

    def __len__(self):
        return sum(self.counts.values())

    def __iter__(self):
        """The different things, in the order in which they came."""
        return iter(self.counts)


def merged(first, second):
    """A list of all different things of two bags, sorted."""
    return sorted({*first, *second})


def mean_count(counts):
    """The mean of some counts; 0.0 of none."""
    return sum(counts) / len(counts) if counts else 0.0


def describe(bag):
    """Print a line for each thing: its name and its count."""
    for thing in bag:
        print(thing, bag.count(thing))
