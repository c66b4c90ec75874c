"""Pickles that arrive together: an object that is in several of them is one object here."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.inside.objects import Objects


class Pickles:
    """Loads the pickles of one frame. They come from the grader, which never unpickles."""

    def __init__(
        self,
        alone: Callable[[bytes], Any],
        objects: Objects,
        named: dict[str, Callable[[Any], Any]],
    ) -> None:
        """
        Args:
            alone: Loads a pickle that belongs to no others.
            objects: What both sides hold.
            named: Gives what else stands in a pickle by its kind and its name or number.
        """
        self._alone, self._objects = alone, objects
        self._named = {
            "live": objects.at, "lasting": lambda number: objects.lasting.at(number), **named,
        }  # fmt: skip
        self._loader: _Loader | None = None

    def __call__(self, data: bytes) -> Any:
        """The value of a pickle."""
        if not data.startswith(wire.OF_FRAME):
            return self._alone(data)
        if self._loader is None:
            self._loader = _Loader(self._objects, self._named)
        start = len(wire.OF_FRAME) + wire.FIRST_BYTES
        first = int.from_bytes(data[len(wire.OF_FRAME) : start])
        value = self._loader.value(data[start:])
        if self._objects.tensors is not None:
            self._objects.tensors.note(value, first)
        return value


class _Loader:
    """One unpickler for all: its memo is what the pickles have in common."""

    def __init__(self, objects: Objects, named: dict[str, Callable[[Any], Any]]) -> None:
        self._data = io.BytesIO()
        self._unpickler = _Unpickler(self, objects, named)

    def value(self, data: bytes) -> Any:
        self._data = io.BytesIO(data)
        return self._unpickler.load()

    def read(self, size: int) -> bytes:
        return self._data.read(size)

    def readline(self) -> bytes:
        return self._data.readline()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, objects: Objects, named: dict[str, Callable[[Any], Any]]) -> None:
        super().__init__(file)
        self._objects, self._named = objects, named

    def persistent_load(self, told: Any) -> Any:
        if told[0] in self._named:
            return self._named[told[0]](told[1])
        assert self._objects.tensors is not None
        return self._objects.tensors.in_pickle(told)
