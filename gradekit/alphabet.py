"""The order in which people look for names: in every table, list and export of a class."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart into a plain one and its accent.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def alphabetical(name: str) -> tuple[list[tuple[str, int, str]], str]:
    """What to sort a name by: case and accents count last, and numbers as numbers.

    Example:
        >>> sorted(["zoe", "Łukasz", "Émile", "s10", "ada", "s9"], key=alphabetical)
        ['ada', 'Émile', 'Łukasz', 's9', 's10', 'zoe']
    """
    apart = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char)).translate(PLAIN)
    parts = re.split(r"([0-9]+)", plain)
    # By length first, not as an int: a stranger's name may have thousands of digits.
    numbers = [*(each.lstrip("0") for each in parts[1::2]), ""]
    pairs = [(text, len(number), number) for text, number in zip(parts[::2], numbers, strict=True)]
    return pairs, name
