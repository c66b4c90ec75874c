"""A bag counts what is put into it."""

CAPACITY = 5


class Full(Exception):
    """There is no room for one more."""


class Bag:
    """Things with their counts, at most CAPACITY in all."""

    def put(self, thing):
        """Put one thing in; raises Full, or ValueError for an empty name."""
        raise NotImplementedError

    def count(self, thing):
        """How many of it are in the bag."""
        raise NotImplementedError

    def __len__(self):
        raise NotImplementedError

    def __iter__(self):
        """The different things, in the order in which they came."""
        raise NotImplementedError


def merged(first, second):
    """A list of all different things of two bags, sorted."""
    raise NotImplementedError


def mean_count(counts):
    """The mean of some counts; 0.0 of none."""
    raise NotImplementedError


def describe(bag):
    """Print a line for each thing: its name and its count."""
    raise NotImplementedError
