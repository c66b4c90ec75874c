"""What an imported check and an answer share, although they run in two processes.

An imported check was written to run in the same process as the answer. It expects that arguments
are changed in place, that its functions are called, that random generators and printed text are
shared. `Shared` sends these things to and fro with every request. See docs/grading.md.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import cloudpickle

from gradekit.grading.arguments import Arguments, is_own_object, owners_of
from gradekit.grading.awaiting import awaited, is_coroutine, is_generator, items
from gradekit.grading.callback import Callbacks, is_callback, is_of_check
from gradekit.grading.expanded import require_no_explosion
from gradekit.grading.handle import is_handle
from gradekit.grading.lasting import Lasting
from gradekit.grading.objects import Asker, Judged, Objects
from gradekit.grading.outgoing import OfAnswer, Pickles, has_own
from gradekit.grading.repeated import with_numbers
from gradekit.grading.seeds import Generators
from gradekit.grading.streams import Streams, stdout
from gradekit.grading.tensors import Tensors
from gradekit.grading.texts import Texts
from gradekit.sandbox import wire
from gradekit.sandbox.known import LASTING

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

FILES, PATH_CHARACTERS = 1000, 1000  # the most files that an answer may write in one check
IN_PLACE = ("call", "operate", "attribute")  # requests whose arguments may be changed in place
CALLERS, NAME_CHARACTERS = 20, 100  # the most functions of an answer that a check is told of
# What Python adds to the body of a class. It tells where in the test the class stands: not sent.
NOT_SENT = ("__module__", "__qualname__", "__doc__", "__firstlineno__", "__static_attributes__")


class Shared(Objects):
    """The handles of one imported check, and everything else that it shares with the answer."""

    def __init__(
        self, ask: Asker, judged: Judged, constants: Callable[[], set[Any]], name: str
    ) -> None:
        """Begin a check.

        Args:
            constants: Gives the owners of memory that no answer may change.
            name: The name of the check. It decides the seeds.
        """
        super().__init__(ask, judged)
        self._constants: Callable[[], set[Any]] | set[Any] = constants
        self._callbacks = Callbacks()
        # Seeds come from the check's name, so that a check gets the same random numbers whichever
        # check ran before it. Not from `hash`, which differs from process to process.
        self._generators = Generators(zlib.crc32(name.encode()))
        self._output = sys.stdout
        self._given: list[Arguments] = []  # of the requests being read, the innermost last
        self._tensors = Tensors(self._backward, self._is_constant)
        self._lasting = Lasting(self._all_constants, self._tensors.are_kept)
        self._is_probe = False
        self.files: set[str] = set()  # paths of the files that the answer has written
        self.files_changed = False  # set here, and reset by whoever has read `files`
        self._removed: list[str] = []  # paths that the check has deleted and the answer still has
        self.texts = Texts()
        self.tells_names = False  # whether the answer learns the names of the check's functions
        self._streams = Streams(self.refusal)
        self.callers = ""  # the path of the answer, if the check looks at who calls its functions

    @property
    def may_call_back(self) -> bool:
        return bool(self._callbacks)

    def prelude(self) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        if (generators := self._generators.news()) is not None:
            changed["generators"] = generators
        if tensors := self._tensors.news():
            changed["tensors"] = tensors
        if lasting := self._lasting.news():
            changed["lasting"] = lasting
        if self._removed:
            changed["removed"], self._removed = self._removed, []
        # `torch.no_grad()` around the request holds in the answer's process too.
        if (torch := sys.modules.get("torch")) and not torch.is_grad_enabled():
            changed["no_grad"] = True
        if self.callers:
            changed["callers"] = True
        if returned := self._streams.returned():
            changed["streams"] = returned
        return changed

    def pickles(self) -> Callable[[Any], bytes]:
        return Pickles(self._in_pickle, self._tensors.note)

    def _in_pickle(self, value: Any) -> Any:
        """What is pickled instead of an object that the worker holds already; see Pickles."""
        if type(value) is OfAnswer:
            return ("name", value.name)
        if isinstance(value, FunctionType) and is_of_check(value.__module__) and has_own(value):
            return ("function", self._callbacks.place(value))
        if is_handle(value):
            node = super().node(value, is_no_data=False)
            return ("live", node.kind if isinstance(node, wire.Class) else node.number)
        if (number := self._lasting.number_of(value)) is not None:
            return ("lasting", number)
        return self._tensors.in_pickle(value)

    def derived(
        self,
        name: str,
        bases: tuple[Any, ...],
        namespace: dict[str, Any],
        keywords: dict[str, Any],
    ) -> Any:
        self.used.add("sent")
        # `super()` and `__class__` in methods read the class from this cell. Whoever makes the
        # class has to fill it.
        cell = namespace.pop("__classcell__", None)
        sent = {key: value for key, value in namespace.items() if key not in NOT_SENT}
        made = self.ask("probe", [derive, (name, bases, sent, keywords)], f"class {name}")
        if cell is not None:
            cell.cell_contents = made
        return made

    def begin_request(self, kind: str, asked: Any) -> Any:
        self._is_probe = kind == "probe"
        self._lasting.have_arrived()
        asked = asked if kind in IN_PLACE else ()
        kept, held = self._tensors.are_kept, self._lasting.holds
        return Arguments(asked, self._all_constants, kept, held)

    def outgoing(self, asked: Any) -> Any:
        return with_numbers(asked, self._lasting.number_of)

    def read(self, given: Any, frame: Callable[[], Any]) -> Any:
        self._given.append(given)
        try:
            return super().read(given, frame)
        finally:
            self._given.pop()

    def settled(self, given: Any, value: Any, changes: Any) -> Any:
        require_no_explosion([value, changes])
        self.texts.note([value, changes])
        value = self._with_names(value)
        if changes is None:
            return value
        if not isinstance(changes, tuple) or len(changes) != 6:
            raise wire.Malformed("changes that are none")
        written, drawn, tensors, files, lasting, streams = changes
        if streams is not None:
            self._streams.settle(streams)
        self._tensors.settle(tensors)
        if files is not None:
            self._take_files(files)
        if isinstance(drawn, dict) and drawn:
            self._generators.move_on(drawn)
        if written:
            self.used.add("written")
        value = given.settled(value, written)
        # After the arguments: if the answer keeps a constant that it has changed, it keeps the
        # changed copy, which only exists now.
        self._lasting.settle(lasting, given.settled_at)
        if written or lasting:
            require_no_explosion([value, *given.objects, *self._lasting.values])
        return value

    def _with_names(self, value: Any) -> Any:
        """A text, or the text of an exception, with the real names of the check's functions."""
        if type(value) is str:
            return self._callbacks.named(value)
        if type(value) is dict and type(value.get("text")) is str:  # an exception
            value["text"] = str(self._callbacks.named(value["text"]))
        return value

    def show_printed(self, text: str) -> None:
        """Print what the answer printed, if the check has redirected `sys.stdout` to read it."""
        self.texts.note(text)
        if text and (out := stdout()) is not self._output:
            out.write(str(self._callbacks.named(text)))

    def node(self, value: Any, is_no_data: bool) -> Any:
        if type(value) is wire.Given or type(value) is wire.Lasting:  # put there by `outgoing`
            return value
        if (node := super().node(value, is_no_data)) is not None:
            return node
        if (node := self._tensors.node(value)) is not None:
            return node
        # A namedtuple of the check is one for the answer, too; as data it would be a plain tuple.
        if isinstance(value, tuple) and is_own_object(value):
            self.used.add("sent")
            return wire.AS_OBJECT
        # A probe's function runs beside the answer, so it is pickled and not called back.
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
        if isinstance(node, wire.Live) and node.data is not None:
            self.texts.note(node.data)
        if isinstance(node, wire.Sent):
            return self._tensors.sent(node.number)
        if isinstance(node, wire.Given):
            return self._given_at(node.place)
        known = super().value(node)
        if is_generator(known):
            return items(known, self.ask)
        return awaited(known, self.ask) if is_coroutine(known) else known

    def _given_at(self, place: int) -> Any:
        """What the check gave: an argument of this request, from 0 up, or else something below 0.

        Negative places are kept objects (below -LASTING) and functions of the check.
        """
        if -place > LASTING:
            return self._lasting.at(-place)
        if place < 0:
            return self._callbacks.at(-place)
        return self._given[-1].at(place) if self._given else self._no_argument()

    def error(self, told: Any) -> BaseException | None:
        return self._callbacks.error(told)

    @property
    def errors_known(self) -> int:
        return self._callbacks.errors_known

    def numbers_of(self, error: BaseException) -> tuple[int | None, ...]:
        return self._callbacks.numbers_of(error)

    def called(self, frame: wire.Received, given: Any, seconds: float) -> wire.Pieces | None:
        """Run the function of the check that the answer calls; return the frame to send back.

        None if the frame is the reply to the request, and no such call.

        Args:
            seconds: How long the function may run, of the time that the answer has left.
        Raises:
            Malformed: the frame is neither.
            SubmissionError: the answer called too often, or the function took too long.
        """
        if wire.kind_of(frame) != "callback":
            return None
        self.used.add("callbacks")
        self._lasting.have_arrived()
        (_, number, content) = self.read(given, lambda: wire.decode(*frame, live=self.value))
        body, names = self._take_call(content)
        how, value = self._callbacks.called(body, seconds, names, self.callers)
        changed = self._tensors.news(), self._lasting.news()
        result = (how, with_numbers(value, self._lasting.number_of), changed)
        self._is_probe = False  # what a function returns stays here, whatever the request was
        return wire.encode("result", number, result, self.pickles(), self.node)

    def _take_call(self, content: Any) -> tuple[Any, Sequence[str]]:
        """Take over what the answer printed and changed before its call of a function.

        Returns:
            What `Callbacks.called` needs to know: the call, and the names of the callers.
        Raises:
            Malformed: it is no call.
        """
        if not isinstance(content, tuple) or len(content) < 3 or not isinstance(content[1], str):
            raise wire.Malformed("no call")
        body, printed, changed, *callers = content
        if not isinstance(changed, tuple) or len(changed) != 3:
            raise wire.Malformed("no call")
        require_no_explosion(content)
        self.texts.note(body)
        self.show_printed(printed)
        self._tensors.settle(changed[0])
        self._lasting.settle(changed[1], self._no_argument)
        if changed[2] is not None:
            self._streams.settle(changed[2])
        require_no_explosion([body, *self._lasting.values])
        return body, _checked_names(callers[0]) if callers and self.callers else ()

    def end_sharing(self) -> None:
        self._streams.end()

    def remove_file(self, path: str) -> bool:
        """Delete a file that the answer has written. Returns whether there was one."""
        if path not in self.files:
            return False
        self.files.discard(path)
        self._removed.append(path)
        return True

    def _take_files(self, paths: Any) -> None:
        """Note which files the answer has written.

        Their contents stay with the answer, since a check that loads a file would trust it.
        """
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
        """Ask the answer's process for gradients; see `Tensors`."""
        return self.ask("operate", [number, "backward", (grad, *leaves)], "backward()")

    def _no_argument(self, place: int = 0) -> Any:
        raise wire.Malformed("an argument that it was not given")


def derive(
    answer: Any,
    name: str,
    bases: tuple[Any, ...],
    namespace: dict[str, Any],
    keywords: dict[str, Any],
) -> Any:
    """Make a class of the check's. Runs in the worker, where its methods then run too."""
    import types

    made = types.new_class(name, bases, keywords, lambda names: names.update(namespace))
    for each in namespace.values():
        for method in (each, getattr(each, "__func__", None), getattr(each, "fget", None)):
            free = getattr(getattr(method, "__code__", None), "co_freevars", ())
            if "__class__" in free:
                method.__closure__[free.index("__class__")].cell_contents = made  # type: ignore[union-attr]
    return made


def _checked_names(names: Any) -> list[str]:
    """Names of functions that came from the answer's process.

    Raises:
        Malformed: they are no such names, or too many, or too long.
    """
    if not isinstance(names, list) or len(names) > CALLERS:
        raise wire.Malformed("no names of functions")
    if not all(type(name) is str and len(name) <= NAME_CHARACTERS for name in names):
        raise wire.Malformed("no names of functions")
    return [str(name) for name in names]


def _is_path(path: Any) -> bool:
    return type(path) is str and len(path) <= PATH_CHARACTERS
