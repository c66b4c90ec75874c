def repr(x):
    return f"<{x}>"


def double(x):
    """Twice x."""
    ...


class Counter:
    """Counts up from 0."""
    ...
