"""Exercise 01: a stack, and other classes."""


class Stack:
    """A stack of anything."""

    def __init__(self, items=()):
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_01: `Stack` is still a stub")
