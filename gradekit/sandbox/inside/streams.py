"""What an answer puts in the place of `sys.stdout`.

Natively a test prints there as well, so an imported test is told of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from gradekit.sandbox.known import STREAMS


class Streams:
    """Those of one answer."""

    def __init__(self, own: dict[str, Any]) -> None:
        """`own` are the worker's own streams, by their names in `sys`."""
        self._own = own
        self._told: list[str] = []
        self._replaced: list[Any] = []  # kept alive: one that dies may close what it writes to

    def reset(self, names: Iterable[str] = STREAMS) -> None:
        """Put the worker's own ones back."""
        for name in names:
            if (now := getattr(sys, name, None)) is not self._own[name]:
                self._replaced.append(now)
                setattr(sys, name, self._own[name])
        self._told = [each for each in self._told if each not in {*names}]

    def news(self) -> list[str] | None:
        """The names of those that are replaced; None if they are the same as last time."""
        now = [name for name, own in self._own.items() if getattr(sys, name, None) is not own]
        if now == self._told:
            return None
        self._told = now
        return now
