"""The objects of the answer's process that one check holds, by number.

An object arrives as a node, becomes a handle or a class (see handle.py), always the same one for
the same object, and is sent back as a node.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gradekit.grading.classes import LABEL_CHARACTERS, class_of, object_of
from gradekit.grading.handle import ClassRef, LiveClass, Ref, class_ref, hold
from gradekit.grading.outgoing import pickled
from gradekit.grading.raised import SubmissionError
from gradekit.report import clean
from gradekit.sandbox import wire
from gradekit.sandbox.known import known_class
from gradekit.sandbox.limits import LIVE_OBJECTS

CLASSES, BASES = 500, 50  # the most classes of one check, and the most bases of a class
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # what separates the words of `RunningMoments`
IN_ITS_CHECK = "a handle can only be used in its own check"
Judged = Mapping[str, frozenset[str]]  # special methods, by the classes of the solution


class Asker(Protocol):
    """Sends a request to the answer's process, and returns the value."""

    def __call__(self, kind: str, asked: list[Any], what: object) -> Any: ...


class Objects:
    """The handles of one check. After the check they cannot be used."""

    def __init__(self, ask: Asker, judged: Judged) -> None:
        """`judged`: the special methods that objects are asked for, by class of the solution."""
        self.judged = judged
        self.used: set[str] = set()  # what the check used: "handles", "judged", ...
        self.named: dict[str | None, Any] = {}  # functions and classes that it has requested
        self.home = ""  # the module of the answer, as an imported test calls it
        self.is_reading = False  # while a frame is being read, no request can be made
        # Why the check asked for what cannot be judged; "" if it did not.
        self.refused = ""
        self._ask = ask
        self._classes: dict[int, Any] = {}
        self._handles: dict[int, Any] = {}
        self._is_over = False

    @property
    def are_held(self) -> bool:
        """Whether the check holds any."""
        return bool(self._handles or self._classes)

    def prelude(self) -> dict[str, Any]:
        """What the worker must be told before the next request."""
        return {}

    def pickles(self) -> Callable[[Any], bytes]:
        """A function that pickles those objects of one frame that are not data."""
        return pickled

    def begin_request(self, kind: str, asked: Any) -> Any:
        """Anything that `read` and `settled` need to know of this request."""
        return None

    def outgoing(self, asked: Any) -> Any:
        """A request as it is sent, with numbers for objects that both sides hold."""
        return asked

    def read(self, given: Any, frame: Callable[[], Any]) -> Any:
        """Read a frame.

        Objects in a set or among the keys of a dict are hashed while the frame is read, when no
        request can be made. So until then objects are hashed and compared by identity.

        Args:
            given: What `begin_request` returned for the request.
        """
        self.is_reading = True
        try:
            return frame()
        finally:
            self.is_reading = False

    def settled(self, given: Any, value: Any, changes: Any) -> Any:
        """Take over what the request has changed, and return the value of its reply."""
        if changes is not None:
            raise wire.Malformed("changes, where nothing could change")
        return value

    def show_printed(self, text: str) -> None:
        """Called with what the answer printed; only imported checks use it."""

    def error(self, told: Any) -> BaseException | None:
        """An exception of the check itself that passed through the answer; None if it is none."""
        return None

    @property
    def errors_known(self) -> int:
        """How many exceptions of the check itself the answer has met."""
        return 0

    def numbers_of(self, error: BaseException) -> tuple[int | None, ...]:
        """The numbers by which the answer knows an exception of the check, and its class."""
        return ()

    def derived(
        self,
        name: str,
        bases: tuple[Any, ...],
        namespace: dict[str, Any],
        keywords: dict[str, Any],
    ) -> Any:
        """Make a class that the check derives from one of the answer's."""
        raise TypeError(f"a check cannot derive a class of its own from {bases[0].__name__}")

    @property
    def may_call_back(self) -> bool:
        """Whether the answer has received functions of the check, which it may call."""
        return False

    def called(self, frame: wire.Received, given: Any, seconds: float) -> wire.Pieces | None:
        """Run the function of the check that a frame calls; None if the frame is a reply."""
        return None

    def refusal(self, text: str) -> SubmissionError:
        """The exception for what cannot be judged; noted, because a test may catch it."""
        self.refused = self.refused or text
        return SubmissionError(text)

    def end_sharing(self) -> None:
        """Put back what the answer has changed of what this process shares with it."""

    def end(self) -> None:
        """The check is over."""
        self.end_sharing()
        self._is_over = True
        self._classes, self._handles, self.named = {}, {}, {}

    def ask(self, kind: str, asked: list[Any], what: object) -> Any:
        """Make a request.

        Raises:
            RuntimeError: the object belongs to an earlier check. The worker has forgotten it; its
                number may now mean another object, even of another person's answer.
        """
        if self._is_over:
            raise RuntimeError(IN_ITS_CHECK)
        return self._ask(kind, asked, what)

    def node(self, value: Any, is_no_data: bool) -> Any:
        """The node that is sent for an object of the answer; None for any other value."""
        kind = type(value)
        if isinstance(kind, LiveClass):
            return wire.Live(self._number_of(value.kit__ref), 0, "")
        if kind is LiveClass and (about := class_ref(value)) is not None:
            return wire.Class(self._number_of(about))
        return None

    def value(self, node: Any) -> Any:
        """The handle or class for a node that arrived.

        Raises:
            Malformed: there can be no such node.
        """
        if isinstance(node, wire.Class):
            self.used.add("handles")
            return self._class(node.kind)
        if not isinstance(node, wire.Live):
            raise wire.Malformed("it was handed nothing of that kind")
        _check_number(node.number)
        if not node.name:  # a function has a name: to call it takes no more than data
            self.used.add("handles")
        kind = self._class(node.kind)
        # One handle for each object, so that `is` says the same here as in the worker.
        if (known := self._handles.get(node.number)) is None:
            label = clean(node.name, LABEL_CHARACTERS) or WORDS.sub("_", kind.__name__).lower()
            known = self._handles[node.number] = object_of(kind, Ref(self, node.number, label))
            if node.data is not None:
                hold(known, tuple(node.data) if isinstance(node.data, list) else node.data)
        return known

    def _number_of(self, ref: Ref | ClassRef) -> int:
        if ref.objects is not self:
            raise RuntimeError(IN_ITS_CHECK)
        return ref.number

    def _class(self, kind: str | int | wire.Kind) -> Any:
        if isinstance(kind, str):
            known = known_class(kind)
        elif isinstance(kind, int):
            known = self._classes.get(kind)
        else:
            known = self._classes.get(kind.number)
            known = self._described(kind) if known is None else known
        if known is None:
            raise wire.Malformed("no such class")
        return known

    def _described(self, kind: wire.Kind) -> Any:
        """A class that is new to this check."""
        _check_number(kind.number)
        if len(self._classes) >= CLASSES or len(kind.bases) > BASES:
            raise wire.Malformed("too many classes")
        bases = [self._class(base) for base in kind.bases]
        made = self._classes[kind.number] = class_of(self, kind, bases)
        return made


def _check_number(number: int) -> None:
    if not 0 < number <= LIVE_OBJECTS:
        raise wire.Malformed("an object of a wrong number")
