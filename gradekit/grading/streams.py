"""`sys.stdout` of an imported check, while the answer has put its own in place.

Natively the answer's stream would get what the test prints. That stays here, since it could tell
what is expected. But a test must not find that nothing was caught: so it cannot print then, and it
fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradekit.sandbox.known import STREAMS
from gradekit.sandbox.wire import Malformed


class Taken:
    """Stands in `sys` for the stream of the answer."""

    def __init__(self, before: Any, refuse: Callable[[], Exception]) -> None:
        self.before = before
        self.is_in_place = True  # false once the test has put another stream in its place
        self._refuse = refuse

    def write(self, text: str) -> Any:
        if self.is_in_place:
            raise self._refuse()
        return self.before.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.before, name)


class Streams:
    """Those of one check."""

    def __init__(self, refuse: Callable[[str], Exception]) -> None:
        """`refuse` makes the exception of a test that prints, with a text."""
        self._refuse = refuse
        self._taken: dict[str, Taken] = {}

    def settle(self, told: Any) -> None:
        """Take over which streams the answer has replaced.

        Raises:
            Malformed: these are no names of streams.
        """
        if not isinstance(told, list) or not all(type(e) is str and e in STREAMS for e in told):
            raise Malformed("no names of streams")
        for name in STREAMS:
            if name in told and name not in self._taken:
                text = f"the answer has replaced sys.{name}, so what the test prints is not judged"
                made = Taken(getattr(sys, name), lambda text=text: self._refuse(text))  # type: ignore[misc]
                self._taken[name] = made
                setattr(sys, name, made)
            elif name not in told:
                self._put_back(name)

    def returned(self) -> list[str]:
        """Those for which the test has put others in place since: the answer has these then."""
        found = [name for name, taken in self._taken.items() if getattr(sys, name) is not taken]
        for name in found:
            self._taken.pop(name).is_in_place = False
        return found

    def end(self) -> None:
        """The check is over."""
        for name in STREAMS:
            self._put_back(name)

    def _put_back(self, name: str) -> None:
        taken = self._taken.pop(name, None)
        if taken is not None:
            taken.is_in_place = False
            if getattr(sys, name) is taken:
                setattr(sys, name, taken.before)


def stdout() -> Any:
    """What `sys.stdout` is, or was before the answer put its own in place."""
    return sys.stdout.before if isinstance(sys.stdout, Taken) else sys.stdout
