"""Temperatures.

>>> round(fahrenheit(36.6), 2)
97.88
"""

__test__ = {"freezing": ">>> fahrenheit(0) - 32\n0.0"}


def fahrenheit(celsius):
    """Degrees Fahrenheit.

    >>> fahrenheit(100)
    212.0
    >>> fahrenheit(-40) == -40
    True
    """
    raise NotImplementedError


def warmest(days):
    """The name of the warmest day.

    >>> days = {"Mon": 3, "Tue": 5.5}
    >>> warmest(days)
    'Tue'
    >>> warmest({})
    Traceback (most recent call last):
        ...
    ValueError: there is no day
    """
    raise NotImplementedError


def table(days):
    """Print a line for each day.

    >>> table({"Mon": 3, "Tue": 5.5})
    Mon    3.0
    Tue    5.5
    >>> for name in ("Mon", "Tue"):
    ...     print(warmest({name: 1}), end=" ")
    Mon Tue 
    """
    raise NotImplementedError


class Sensor:
    """Keeps what it measured.

    >>> sensor = Sensor()
    >>> sensor.add(3).add(4)
    Sensor(2 values)
    >>> sensor.mean()
    3.5
    >>> list(sensor)
    [3, 4]
    """

    def add(self, value):
        """Add a value; returns itself."""
        raise NotImplementedError

    def mean(self):
        """The mean of all values.

        >>> Sensor().mean()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ZeroDivisionError: ...
        """
        raise NotImplementedError
