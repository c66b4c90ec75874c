"""The first line of a wrong answer in a course's bank: `# wrong: function: what is wrong`.

`kit verify` proves that the answer makes that mistake, `kit check` names mistakes by it, drills
ask for it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LINE = re.compile(r"# wrong: (?P<function>\w+):[ \t]*(?P<sentence>[^\n]*)")


class Said(NamedTuple):
    """The function or class that is wrong, and how; `sentence` is "" where nobody has said it."""

    function: str
    sentence: str

    @property
    def line(self) -> str:
        """The first line of a file that says this."""
        return f"# wrong: {self.function}: {self.sentence}".rstrip()


def said_by(source: str) -> Said | None:
    """What the first line of a source says; None where it is no such line.

    Example:
        >>> said_by("# wrong: softmax: exponentiates the raw scores\\nimport numpy")
        Said(function='softmax', sentence='exponentiates the raw scores')
    """
    match = LINE.match(source)
    return Said(match["function"], match["sentence"].strip()) if match else None
