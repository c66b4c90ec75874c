"""The errors that end a command: the user's to put right, or our own."""

from __future__ import annotations

import re

TYPES = {
    "float": "a number", "int": "a whole number", "str": "a text", "bool": "true or false",
    "object": "a table", "array": "a list", "null": "nothing",
}  # fmt: skip
# What msgspec says of a field, and how that reads without knowing msgspec.
SAID = (
    (r"object missing required field (`.*`)", r"it needs \1"),
    (r"object contains unknown field (`.*`)", r"\1 means nothing here"),
    (r"invalid enum value (.*)", r"\1 is no value that it can have"),
    (r"expected .* matching regex '.*'", "it has characters that are not allowed there"),
)


class KitError(Exception):
    """What is wrong and what to do about it, in a sentence or two; ends with exit code 2."""


class OurFailure(Exception):
    """The kit itself failed and no submission is to blame; ends with exit code 3."""


class GraderError(OurFailure):
    """The grader itself could not be loaded or broke."""


class SandboxError(OurFailure):
    """The sandbox itself failed."""


def plainly(text: str) -> str:
    """What msgspec says of a value, in plain words.

    Example:
        >>> plainly("Expected `array`, got `str`"), plainly("Object missing required field `title`")
        ('expected a list, got a text', 'it needs `title`')
    """
    text = text[:1].lower() + text[1:]
    for pattern, words in SAID:
        text = re.sub(pattern, words, text)
    for name, words in TYPES.items():
        text = text.replace(f"`{name}`", words)
    return re.sub(r"\.0$", "", text)
