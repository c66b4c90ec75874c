"""Exercise 02: functions that change what they are given, and call what they are given."""


def sort_in_place(items):
    """Sort a list."""
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_02: `sort_in_place` is still a stub")
