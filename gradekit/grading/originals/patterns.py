"""`re` as a test sees it: a text of a class of the answer's own is a text for it as well.

Python's `re` takes nothing but `str` and `bytes` and their subclasses, which a handle is not.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from gradekit.grading.handle import plain
from gradekit.grading.originals.borrowed import like

FUNCTIONS = "match search fullmatch findall finditer split sub subn escape".split()


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_real",)

    def __init__(self, real: re.Pattern[Any]) -> None:
        self._real = real

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return re.Pattern

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return _taking(found) if name in FUNCTIONS else found

    def __eq__(self, other: object) -> bool:
        return self._real == getattr(other, "_real", other)

    def __hash__(self) -> int:
        return hash(self._real)

    def __repr__(self) -> str:
        return repr(self._real)

    def __copy__(self) -> Pattern:
        return self

    def __deepcopy__(self, memo: Any) -> Pattern:
        return self

    def __reduce__(self) -> Any:  # to the answer's process goes a real one
        return re.compile, (self._real.pattern, self._real.flags)


def patterns() -> ModuleType:
    """The module."""
    own: dict[str, Any] = {name: _taking(getattr(re, name)) for name in FUNCTIONS}

    def compiled(pattern: Any, flags: Any = 0) -> Any:
        if isinstance(pattern, re.Pattern) and not flags:
            return pattern
        return Pattern(re.compile(plain(pattern), flags))

    return like(re, {**own, "compile": compiled})


def _taking(function: Any) -> Any:
    """A function that takes such texts."""

    def take(*given: Any, **named: Any) -> Any:
        named = {name: plain(each) for name, each in named.items()}
        return function(*map(plain, given), **named)

    return take
