"""What an imported check shares with the answer, though they are two processes.

Such a check was written to run beside the answer: arguments that are changed in place, functions
that are called back, global random generators, what is printed. See docs/grading.md.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from types import FunctionType
from typing import Any

import cloudpickle

from gradekit.grading.arguments import Arguments, owners_of
from gradekit.grading.awaiting import awaited, is_coroutine, is_generator, items
from gradekit.grading.callback import Callbacks, is_callback, is_of_check
from gradekit.grading.handle import is_handle
from gradekit.grading.lasting import Lasting
from gradekit.grading.objects import Asker, Judged, Objects
from gradekit.grading.outgoing import Pickles
from gradekit.grading.seeds import Generators
from gradekit.grading.tensors import Tensors
from gradekit.grading.texts import Texts
from gradekit.sandbox import wire
from gradekit.sandbox.known import LASTING

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

FILES, PATH_CHARACTERS = 1000, 1000  # that an answer may write in one check
SHARED = ("call", "operate", "attribute")  # whose arguments may be changed in place


CALLERS, NAME_CHARACTERS = 20, 100  # of an answer's functions, of whom a test's may hear
OF_PLACE = ("__module__", "__qualname__", "__doc__", "__firstlineno__", "__static_attributes__")


class Shared(Objects):
    """The handles of one imported check, and all else that it shares."""

    def __init__(
        self, ask: Asker, judged: Judged, constants: Callable[[], set[Any]], name: str
    ) -> None:
        """`constants` gives what no answer may change; `name` of the check decides the seeds."""
        super().__init__(ask, judged)
        self._constants: Callable[[], set[Any]] | set[Any] = constants
        self._callbacks = Callbacks()
        # By the check's name, so that a check gets the same numbers whichever ran before it. Not
        # `hash`, which differs from process to process.
        self._generators = Generators(zlib.crc32(name.encode()))
        self._output = sys.stdout
        self._given: list[Arguments] = []  # of the requests under way, the innermost last
        self._tensors = Tensors(self._backward, self._is_constant)
        self._lasting = Lasting(self._all_constants, self._tensors.are_kept)
        self._is_probe = False
        self.files: set[str] = set()  # that the answer has written, by their paths
        self.files_changed = False  # since whoever looks at them set it back
        self._removed: list[str] = []
        self.texts = Texts()
        self.tells_names = False  # of functions of the check
        self.callers = ""  # the file of the answer, for tests that look at who calls them

    @property
    def may_call_back(self) -> bool:
        return bool(self._callbacks)

    def prelude(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if (generators := self._generators.news()) is not None:
            told["generators"] = generators
        if tensors := self._tensors.news():
            told["tensors"] = tensors
        if lasting := self._lasting.news():
            told["lasting"] = lasting
        if self._removed:
            told["removed"], self._removed = self._removed, []
        # The check is inside `torch.no_grad()`, which the answer's process knows nothing of.
        if (torch := sys.modules.get("torch")) and not torch.is_grad_enabled():
            told["no_grad"] = True
        if self.callers:
            told["callers"] = True
        return told

    def pickles(self) -> Callable[[Any], bytes]:
        return Pickles(self._in_pickle, self._tensors.note)

    def _in_pickle(self, value: Any) -> Any:
        """What stands in a pickle for something that the worker holds already; see Pickles."""
        if is_handle(value):
            node = super().node(value, is_no_data=False)
            return ("live", node.kind if isinstance(node, wire.Class) else node.number)
        if (number := self._lasting.number_of(value)) is not None:
            return ("lasting", number)
        return self._tensors.in_pickle(value)

    def derived(self, name: str, bases: tuple[Any, ...], namespace: dict[str, Any]) -> Any:
        self.used.add("sent")
        # Filled by whoever makes the class, for `super()` and `__class__` in its methods.
        cell = namespace.pop("__classcell__", None)
        sent = {key: value for key, value in namespace.items() if key not in OF_PLACE}
        made = self.ask("probe", [derive, (name, bases, sent)], f"class {name}")
        if cell is not None:
            cell.cell_contents = made
        return made

    def begin_request(self, kind: str, asked: Any) -> Any:
        self._is_probe = kind == "probe"  # whose function runs beside the answer
        self._lasting.have_arrived()
        asked = asked if kind in SHARED else ()
        kept, held = self._tensors.are_kept, self._lasting.holds
        return Arguments(asked, self._all_constants, kept, held)

    def outgoing(self, asked: Any) -> Any:
        return self._lasting.marked(asked)

    def read(self, given: Any, frame: Callable[[], Any]) -> Any:
        self._given.append(given)
        try:
            return super().read(given, frame)
        finally:
            self._given.pop()

    def settled(self, given: Any, value: Any, changes: Any) -> Any:
        self.texts.note([value, changes])
        if type(value) is str:
            value = self._callbacks.named(value)
        elif type(value) is dict and type(value.get("text")) is str:  # of an exception
            value["text"] = str(self._callbacks.named(value["text"]))
        if changes is None:
            return value
        if not isinstance(changes, tuple) or len(changes) != 5:
            raise wire.Malformed("changes that are none")
        written, drawn, tensors, files, lasting = changes
        self._tensors.settle(tensors)
        if files is not None:
            self._take_files(files)
        if isinstance(drawn, list) and drawn:
            self._generators.move_on(drawn)
        if written:
            self.used.add("written")
        value = given.settled(value, written)
        # After the arguments: what it keeps of a constant that it has changed is the copy.
        self._lasting.settle(lasting, given.settled_at)
        return value

    def show_printed(self, text: str) -> None:
        """Print what the answer printed, where the check has redirected it to look at it."""
        self.texts.note(text)
        if text and sys.stdout is not self._output:
            sys.stdout.write(str(self._callbacks.named(text)))

    def node(self, value: Any, is_no_data: bool) -> Any:
        if type(value) is wire.Given:  # put there by `outgoing`
            return value
        if (node := super().node(value, is_no_data)) is not None:
            return node
        if (node := self._tensors.node(value)) is not None:
            return node
        # A probe's function is meant to run beside the answer: it travels as a pickle.
        if self._is_probe or not is_callback(value):
            owner = value if isinstance(value, type) else type(value)
            if is_no_data and is_of_check(owner.__module__):
                self.used.add("sent")
            return None
        place = self._callbacks.place(value)
        if self.tells_names and isinstance(value, FunctionType):
            self.used.add("names")
            return wire.Live(-place, 0, value.__name__[:NAME_CHARACTERS])
        return wire.Given(place)

    def value(self, node: Any) -> Any:
        if isinstance(node, tuple):
            if isinstance(node[0], wire.Lasting):
                return self._lasting.arrived(node[0].number, node[1])
            return self._tensors.arrived(*node)
        if isinstance(node, wire.Sent):
            return self._tensors.sent(node.number)
        if isinstance(node, wire.Given):
            # Negative places are functions that were handed over,
            # positive ones arguments of this request.
            if -node.place > LASTING:
                return self._lasting.at(-node.place)
            if node.place < 0:
                return self._callbacks.at(-node.place)
            return self._given[-1].at(node.place) if self._given else self._none()
        known = super().value(node)
        if is_generator(known):
            return items(known, self.ask)
        return awaited(known, self.ask) if is_coroutine(known) else known

    def error(self, told: Any) -> BaseException | None:
        return self._callbacks.error(told)

    def numbers_of(self, error: BaseException) -> tuple[int | None, ...]:
        return self._callbacks.numbers_of(error) if self._callbacks else ()

    def called(self, frame: wire.Received, given: Any, seconds: float) -> wire.Pieces | None:
        """The frame to send back where the answer calls a function of the check.

        None if the frame is no such call, but the reply to the request.

        Raises:
            Malformed: it is no proper call.
            SubmissionError: it called too often, or what it called took too long.
        """
        if wire.kind_of(frame) != "callback":
            return None
        self.used.add("callbacks")
        self._lasting.have_arrived()
        (_, number, told) = self.read(given, lambda: wire.decode(*frame, live=self.value))
        if not isinstance(told, tuple) or len(told) < 3 or not isinstance(told[1], str):
            raise wire.Malformed("no call")
        body, printed, news, *callers = told
        if not isinstance(news, tuple) or len(news) != 2:
            raise wire.Malformed("no call")
        self.texts.note(body)
        self.show_printed(printed)
        self._tensors.settle(news[0])
        self._lasting.settle(news[1], self._none)
        names = _names(callers[0]) if callers and self.callers else ()
        how, value = self._callbacks.called(body, seconds, names, self.callers)
        news = self._tensors.news(), self._lasting.news()
        result = (how, self._lasting.marked(value), news)
        return wire.encode("result", number, result, self.pickles(), self.node)

    def remove_file(self, path: str) -> bool:
        """Delete a file that the answer has written; whether there was one."""
        if path not in self.files:
            return False
        self.files.discard(path)
        self._removed.append(path)
        return True

    def _take_files(self, paths: Any) -> None:
        """Only their names come here: a test that loads what an answer wrote would trust it."""
        if not isinstance(paths, list) or len(paths) > FILES or not all(map(_is_path, paths)):
            raise wire.Malformed("no names of files")
        self.files, self.files_changed = {*paths}, True

    def _all_constants(self) -> set[Any]:
        if callable(self._constants):
            self._constants = self._constants()
        return self._constants

    def _is_constant(self, tensor: Any) -> bool:
        return not self._all_constants().isdisjoint(owners_of(tensor))

    def _backward(self, number: int, grad: Any, *leaves: Any) -> Any:
        return self.ask("operate", [number, "backward", (grad, *leaves)], "backward()")

    def _none(self, place: int = 0) -> Any:
        raise wire.Malformed("an argument that it was not given")


def derive(answer: Any, name: str, bases: tuple[Any, ...], namespace: dict[str, Any]) -> Any:
    """Runs in the worker: a class of the check's, with methods that run there."""
    import types

    made = types.new_class(name, bases, {}, lambda names: names.update(namespace))
    for each in namespace.values():
        for method in (each, getattr(each, "__func__", None), getattr(each, "fget", None)):
            free = getattr(getattr(method, "__code__", None), "co_freevars", ())
            if "__class__" in free:
                method.__closure__[free.index("__class__")].cell_contents = made  # type: ignore[union-attr]
    return made


def _names(told: Any) -> list[str]:
    """Names of functions, as the answer's process told them."""
    names = told if isinstance(told, list) and len(told) <= CALLERS else [None]
    if not all(type(name) is str and len(name) <= NAME_CHARACTERS for name in names):
        raise wire.Malformed("no names of functions")
    return [str(name) for name in names]


def _is_path(path: Any) -> bool:
    return type(path) is str and len(path) <= PATH_CHARACTERS
