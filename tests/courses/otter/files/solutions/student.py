def repr(x):
    return f"<{x}>"


def double(x):
    """Twice x."""
    return x + x


class Counter:
    """Counts up from 0."""

    def __init__(self):
        self.value = 0

    def up(self):
        self.value += 1
        return self.value
