"""The error that a user can put right."""


class KitError(Exception):
    """What is wrong and what to do about it, in a sentence or two; ends with exit code 2."""
