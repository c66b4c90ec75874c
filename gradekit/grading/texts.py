"""The texts that an answer has given in one check, by which paths and code of its are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from gradekit.sandbox.atoms import Member
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.snapshots import items_of

SHORTEST = 3  # characters; shorter texts are in too many paths
MOST = 5000  # texts of one check; beyond, every word counts as one of them
DEPTH = 64  # of containers, as in `wire`
# What code has to hold to do anything: a letter, and one of these.
DOES = re.compile(r"(?=.*[A-Za-z_])(?=.*[(\[.=:;])", re.DOTALL)
# Between the words of code; pandas writes its `@` as a name before it parses a query.
SPACING = re.compile(r"\s+|@|__pd_eval_local_")


ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U000([0-9a-fA-F]{5})|(/))")


class Texts:
    """All texts among the values that came back."""

    def __init__(self) -> None:
        self._all: set[str] = set()
        self._without_spacing: dict[str, str] = {}

    def note(self, value: Any) -> None:
        """Take note of the texts in a value; only data is looked into."""
        self._note(value, DEPTH, set())

    def _note(self, value: Any, depth: int, seen: set[int]) -> None:
        if isinstance(value, bytes | bytearray):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            if len(value) >= SHORTEST and len(self._all) <= MOST:
                self._all.add(str(value))
                if "\\" in value:  # in JSON or YAML any character may be written by its number
                    self._all.add(ESCAPED.sub(_character, value))
        elif (parts := _parts_of(value)) is not None:
            for each in parts if depth else ():
                self._note(each, depth - 1, seen)
        elif depth and (items := items_of(value)) is not None and id(value) not in seen:
            seen.add(id(value))
            for each in items:
                self._note(each, depth - 1, seen)

    def name(self, word: str) -> bool:
        """Whether a word holds one of them, or stands in one."""
        is_full = len(self._all) > MOST
        is_part = len(word) >= SHORTEST
        return is_full or any(each in word or (is_part and word in each) for each in self._all)

    def are_of(self, file: str) -> bool:
        """Whether one of them is the name of a file, which the answer has written then."""
        return file in self._all

    def are_in_code(self, code: str, sources: Iterable[str]) -> bool:
        """Whether code is one of them or a part of one, or was made with one.

        Args:
            sources: Code that is nobody's but the test's, also where an answer gives the same.
        """
        if len(self._all) > MOST:
            return True
        code, own = _without_spacing(code), [*map(_without_spacing, sources)]
        if any(code in each for each in own):
            return False  # and so is each part of it
        for text in self._all - self._without_spacing.keys():
            self._without_spacing[text] = SPACING.sub("", text)
        for given in self._without_spacing.values():
            shorter, longer = (given, code) if len(given) < len(code) else (code, given)
            is_of_it = shorter in longer and DOES.match(shorter)
            if is_of_it and not any(shorter in each for each in own):
                return True
        return False


@lru_cache(200)
def _without_spacing(text: str) -> str:
    """Code as it is compared; that of a test is, each time that anything is compiled."""
    return SPACING.sub("", text)


def _parts_of(value: Any) -> list[Any] | None:
    """What there is to be looked into of a table, an array or a member of an Enum."""
    if is_frame(value):
        return _labels_of(value)
    if isinstance(value, np.ndarray | np.void):
        return _texts_of(value)
    return [value.enum, value.name, value.value] if type(value) is Member else None


def _texts_of(value: np.ndarray | np.void) -> list[Any]:
    """The texts of an array, and the names of its fields with what they hold."""
    if value.dtype.names:
        return [*value.dtype.names, *(value[name] for name in value.dtype.names)]
    return value.ravel().tolist() if value.dtype.kind in "USO" else []


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1] or escaped[2] or escaped[3] or "2f", 16)
    return chr(code)


def _labels_of(value: Any) -> list[Any]:
    """The entries of a table, column or index of pandas', and the labels around them."""
    axes = getattr(value, "axes", ())
    return [value.to_numpy().ravel().tolist(), *(each.tolist() for each in axes)]
