"""Exercise 04: values and objects of many kinds, at each of which an attack aims."""


def five():
    """The number 5."""
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_04: `five` is still a stub")
