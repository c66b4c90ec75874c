"""`pickle` as a test sees it: what the answer has pickled is loaded by the answer's process.

To load a pickle runs whatever it names. So only what the test itself has pickled is loaded here.
"""

from __future__ import annotations

import pickle
import sys
from types import ModuleType
from typing import Any

import cloudpickle

from gradekit.grading.originals.borrowed import like
from gradekit.grading.originals.surroundings import ask_in_surroundings
from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


def pickling(submission: SubmissionProxy) -> ModuleType:
    """The module `pickle` for tests of an answer."""
    pickles = Pickles(submission)
    names = ("dumps", "dump", "loads", "load")
    return like(pickle, {name: getattr(pickles, name) for name in names})


class Pickles:
    """Its functions."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._own: list[bytes] = []  # made here, of the test's values alone

    def dumps(self, value: Any, *args: Any, **keywords: Any) -> bytes:
        try:
            data = pickle.dumps(value, *args, **keywords)
        except (TypeError, AttributeError, pickle.PicklingError):
            told = self._ask(pickled, value)  # there are objects of the answer in it
            return told if type(told) is bytes else b""
        self._own.append(data)
        return data

    def dump(self, value: Any, file: Any, *args: Any, **keywords: Any) -> None:
        file.write(self.dumps(value, *args, **keywords))

    def loads(self, data: Any, /, **keywords: Any) -> Any:
        return self._first_of(bytes(data), keywords)[0]

    def load(self, file: Any, **keywords: Any) -> Any:
        data = file.read()
        value, size = self._first_of(data, keywords)
        if size < len(data):  # others follow
            file.seek(size - len(data), 1)
        return value

    def _first_of(self, data: bytes, keywords: dict[str, Any]) -> tuple[Any, int]:
        for each in self._own:
            if data.startswith(each):
                return pickle.loads(each, **keywords), len(each)
        told = self._ask(loaded, data)
        if not isinstance(told, tuple) or len(told) != 2 or type(told[1]) is not int:
            raise pickle.UnpicklingError("no pickle")
        return told[0], max(0, min(told[1], len(data)))

    def _ask(self, function: Any, value: Any) -> Any:
        return ask_in_surroundings(self._submission, function, (value,), "pickle")


def pickled(answer: Any, value: Any) -> bytes:
    """Runs in the worker."""
    import pickle as there

    return there.dumps(value)


def loaded(answer: Any, data: bytes) -> tuple[Any, int]:
    """Runs in the worker: the first value of some pickles, and the size of its pickle."""
    import io
    import pickle as there

    file = io.BytesIO(data)
    return there.load(file), file.tell()
