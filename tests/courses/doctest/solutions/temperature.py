"""Temperatures."""


def fahrenheit(celsius):
    """Degrees Fahrenheit."""
    return celsius * 9 / 5 + 32


def warmest(days):
    """The name of the warmest day."""
    if not days:
        raise ValueError("there is no day")
    return max(days, key=days.get)


def table(days):
    """Print a line for each day."""
    for name, degrees in days.items():
        print(f"{name}{degrees:7.1f}")


class Sensor:
    """Keeps what it measured."""

    def __init__(self):
        self.values = []

    def __repr__(self):
        return f"Sensor({len(self.values)} values)"

    def __iter__(self):
        return iter(self.values)

    def add(self, value):
        """Add a value; returns itself."""
        self.values.append(value)
        return self

    def mean(self):
        """The mean of all values."""
        return sum(self.values) / len(self.values)
