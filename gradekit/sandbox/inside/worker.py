"""The process that holds a submission: loads it, calls its functions, and replies with plain data.

From its first line on, the submission can change anything in this process. So the trusted side
checks everything that comes from here.
"""

from __future__ import annotations

import builtins
import errno
import io
import linecache
import os
import pickle
import sys
import traceback
import types
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle  # noqa: F401  # needed to unpickle requests; later no file can be read

from gradekit.sandbox import wire
from gradekit.sandbox.inside import databases, switches
from gradekit.sandbox.inside.files import Files
from gradekit.sandbox.inside.loading import Loading
from gradekit.sandbox.inside.lockdown import AllowedPackages
from gradekit.sandbox.inside.pickles import Pickles
from gradekit.sandbox.inside.requests import Requests
from gradekit.sandbox.inside.siblings import BUILTINS, Siblings
from gradekit.sandbox.limits import IMPORTED, LIVE, PLAIN

PRINTED_BYTES, MOST_PRINTED = 4096, 2**16  # the latter for imported tests, which may read it
TEXT_CHARACTERS = 1000

# Events that the kernel is about to refuse, and what the audit hook says of them.
REFUSALS = {
    "socket.": "it tried to open a network connection",
    "os.fork": "it tried to start a process",
    "os.posix_spawn": "it tried to start a process",
    "os.exec": "it tried to start a program",
    "os.spawn": "it tried to start a process",
    "os.system": "it tried to start a program",
    "subprocess.Popen": "it tried to start a program",
    "pty.spawn": "it tried to start a program",
    "_thread.start_new_thread": "it tried to start a thread",
    "os.kill": "it tried to send a signal",
    "signal.pthread_kill": "it tried to send a signal",
    "os.remove": "it tried to delete a file",
    "os.rename": "it tried to rename a file",
    "os.mkdir": "it tried to make a folder",
    "os.rmdir": "it tried to delete a folder",
    "os.link": "it tried to make a link",
    "os.symlink": "it tried to make a link",
    "os.chmod": "it tried to change a file's permissions",
    "os.chown": "it tried to change a file's owner",
    "os.truncate": "it tried to change a file",
    "os.utime": "it tried to change a file's times",
    "builtins.input": "it waits for somebody to type",
}
REFUSED_EVENTS = tuple(REFUSALS)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_unbound: list[dict[str, str]] = []  # `Answer.unbound` of each answer; the last one is current
_labels: set[str] = set()  # the file names of the submission's code objects


class Refused(PermissionError):
    """Raised inside the submission before the sandbox refuses something; its text says what."""


class Missing(AttributeError):
    """The submission has no such function; the text says so."""


class Printed(io.RawIOBase):
    """Standard output that keeps the first bytes and drops the rest."""

    name = "<stdout>"

    def __init__(self) -> None:
        self.kept = bytearray()
        self.limit = PRINTED_BYTES

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.kept += bytes(data)[: max(self.limit - len(self.kept), 0)]
        return len(data)

    def take(self) -> str:
        text = self.kept.decode("utf-8", "replace")
        self.kept.clear()
        return text


class Answer:
    """The submission's module, and what happened while it was loaded."""

    def __init__(self) -> None:
        self.module = types.ModuleType("submission")
        self.filename = "submission.py"
        self.mode = PLAIN
        self.loading_error: str | None = None
        self.unbound: dict[str, str] = {}  # name -> the failed statement that should have bound it
        self.files: Files | None = None  # keeps the files that an imported answer writes

    def load(
        self,
        name: str,
        filename: str,
        cells: list[str],
        modules: Sequence[list[str]] = (),
        mode: str = PLAIN,
        seeds: tuple[int, str] | None = None,
    ) -> list[str]:
        """Run the cells in one namespace; return the statements that failed, a line each.

        A statement that fails at the top level is skipped: the functions may still be right.

        Args:
            mode: How the answer is used; see `limits`.
            seeds: A seed that is set before each cell, and the variable to set; "" as the variable
                means the random generators.
        """
        self.mode = mode
        loading = self._begin(name, filename, cells, modules, seeds)
        for position, source in enumerate(cells, start=1):
            if loading.notebook:
                loading.cell(source, position, len(cells))
            else:
                loading.file(source)
        return self._end(loading)

    def load_in_steps(
        self,
        name: str,
        filename: str,
        cells: list[str],
        modules: Sequence[list[str]],
        mode: str,
        without: dict[int, str],
        seeds: tuple[int, str] | None = None,
    ) -> None:
        """Begin to load one statement at a time, leaving out those in `without`; see `step`."""
        self.mode = mode
        self._loading = self._begin(name, filename, cells, modules, seeds)
        self._steps = self._loading.in_steps(cells, without)

    def step(self) -> tuple[list[str], bool] | None:
        """Run one more statement, and return None.

        After the last one, return the statements that failed, and whether the answer defines a
        function or class.
        """
        if next(self._steps, None) is not None:
            return None
        kinds = (types.FunctionType, type)
        values = [each for each in vars(self.module).values() if isinstance(each, kinds)]
        own = any(getattr(each, "__module__", "") == self.module.__name__ for each in values)
        return self._end(self._loading), own

    def _begin(
        self,
        name: str,
        filename: str,
        cells: list[str],
        modules: Sequence[list[str]],
        seeds: tuple[int, str] | None,
    ) -> Loading:
        databases.prepare([*cells, *(text for _, text in modules)])
        if modules or any(isinstance(finder, Siblings) for finder in sys.meta_path):
            Siblings(((path, text) for path, text in modules), _labels.add).install()
        # In sys.modules, where dataclasses, pickle and typing look for the module of a class.
        self.module = sys.modules[name] = types.ModuleType(name)
        self.filename = filename
        self.module.__file__ = filename
        notebook = filename.lower().endswith(".ipynb")
        loading = Loading(self.module, filename, notebook, _labels.add, seeds)
        self.unbound = loading.unbound
        _unbound.append(loading.unbound)
        if self.mode == IMPORTED:
            self.files = Files()
            self.files.install(BUILTINS, self.module.__dict__["__builtins__"])
        return loading

    def _end(self, loading: Loading) -> list[str]:
        self.loading_error = loading.notes[0] if loading.notes else None
        return loading.notes

    def function(self, name: str) -> Any:
        """The submission's function of that name.

        Raises:
            Missing: there is none, or it is no function; the message says which.
        """
        found = getattr(self.module, name, None)
        if callable(found):
            return found
        if found is not None:
            kind = type(found).__name__
            raise Missing(f"`{name}` is no function but of type `{kind}`")
        raise self._missing(name, "function")

    def variable(self, name: str) -> Any:
        """The value of that name in the submission's module.

        Raises:
            Missing: there is nothing; the message says why.
        """
        try:
            return getattr(self.module, name)
        except AttributeError:
            raise self._missing(name, "name") from None

    def probed(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The value of a probe: a function of the grader that runs in this process."""
        return function(_Functions(self), *arguments)

    def _missing(self, name: str, what: str) -> Missing:
        why = self.unbound.get(name) or self._nearly(name) or self.loading_error
        reason = f" ({why})" if why else ""
        return Missing(f"there is no {what} `{name}` in {self.filename}{reason}")

    def _nearly(self, name: str) -> str | None:
        """A hint where the missing name may be: in a class, or under a similar name."""
        wanted = name.replace("_", "").lower()
        for called, value in list(vars(self.module).items()):
            if isinstance(value, type) and name in vars(value):
                return f"it is a method of class `{called}`: move it out of the class"
            if isinstance(value, types.FunctionType) and wanted in called.replace("_", "").lower():
                return f"there is `{called}`"
        return None


class Server:
    """Answers the requests that arrive on a connection.

    It is made before the fork, so that a worker has less to do itself.
    """

    def __init__(self) -> None:
        self._printed = Printed()
        self._stdout = io.TextIOWrapper(self._printed, "utf-8", "replace", write_through=True)
        self._stderr = io.TextIOWrapper(Printed(), "utf-8", "replace", write_through=True)
        self._stdin = io.StringIO()
        self._answer = Answer()
        self._requests: Requests | None = None  # where checks hold handles
        self._ahead = wire.Ahead(self._read_some)
        self._ready = wire.encode("ready", 0, None)
        self._unsent = bytearray()  # replies that wait for others to travel with
        AllowedPackages.install()

    def serve(self, read: Callable[[memoryview], int], write: Callable[[memoryview], int]) -> None:
        """Answer until the connection closes; `read` and `write` say how far they got."""
        self._read, self._write = read, write
        sys.stdout, sys.stderr, sys.stdin = self._stdout, self._stderr, self._stdin
        self._send(self._ready)
        # Only for clear messages: the kernel refuses these calls anyway. In the process tier it
        # refuses few of them; there the hook prevents accidents, but not what is done on purpose.
        sys.addaudithook(_refuse)
        while True:
            self._answer_one(*self._next())

    def rehearse(self, requests: bytes, write: Callable[[memoryview], int]) -> None:
        """Answer all of these requests, which no check has made, to be quicker later."""
        waiting = io.BytesIO(requests)
        self._read, self._write = waiting.readinto, write
        while waiting.tell() < len(requests) or not self._ahead.is_empty:
            self._answer_one(*self._next())

    def _next(self) -> tuple[str, int, Any]:
        """The next frame that arrives."""
        frame = wire.receive(self._ahead, bounded=False)
        if self._requests is None:
            return wire.decode(*frame, opaque=_unpickled)
        named: dict[str, Any] = {"name": self._answer.variable, "function": self._requests.of_check}
        unpickled = Pickles(_unpickled, self._requests.objects, named)
        return wire.decode(*frame, opaque=unpickled, live=self._requests.reader())

    def _answer_one(self, kind: str, number: int, body: Any) -> None:
        pieces = self._answered(kind, number, body)
        unsent = self._unsent
        if self._ahead.is_empty or len(pieces) > 1 or len(unsent) > wire.SMALL_FRAME:
            self._send([unsent, *pieces])
            self._unsent = bytearray()
        else:  # more requests are here already: send the replies together, in one system call
            unsent += pieces[0]

    def _converse(self, frame: wire.Pieces) -> tuple[str, Any, Any]:
        """Call a function of the check, and return its result; meanwhile answer its requests."""
        self._send([self._unsent, *frame])
        self._unsent = bytearray()
        while True:
            kind, number, body = self._next()
            if kind == "result":
                how, value, news = body
                return str(how), value, news
            self._answer_one(kind, number, body)

    def _answered(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """The reply to a request."""
        if self._requests is not None and kind not in LOADING:
            return self._requests.answered(kind, number, body)
        printed = self._printed
        try:
            value = _value_of(self._answer, kind, body)
            if kind in LOADING and self._answer.mode != PLAIN and value is not None:
                self._requests = Requests(
                    self._answer, printed.take, _describe, self._converse, _labels.__contains__,
                    {"stdout": self._stdout},
                )  # fmt: skip
                printed.limit = PRINTED_BYTES if self._answer.mode == LIVE else MOST_PRINTED
            return wire.encode("value", number, (value, printed.take()))
        # Also SystemExit and KeyboardInterrupt: an answer that raises them fails only one check.
        except BaseException as error:
            return wire.encode("raised", number, (_describe(error), printed.take()))

    def _read_some(self, view: memoryview) -> int:
        # 0 bytes: the connection is closed. `os._exit` runs no clean-up code of the submission.
        return self._read(view) or os._exit(0)

    def _send(self, pieces: list[Any]) -> None:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[self._write(view) :]


LOADING = ("load", "load_in_steps", "step")  # once one of these gives a value, the answer is loaded
HANDLES = ("get", "attribute", "operate")  # only in exercises whose checks may hold handles
_probes: dict[bytes, types.FunctionType] = {}  # by their pickles


def forget() -> None:
    """Forget what a rehearsal has loaded."""
    _probes.clear()
    _unbound.clear()
    _labels.clear()


def _unpickled(data: bytes) -> Any:
    """The object of a pickle; a probe, which many checks send, is unpickled only once.

    Safe here, because the pickle comes from the grader. The grader itself never unpickles.
    """
    value = _probes.get(data) or pickle.loads(data)
    if isinstance(value, types.FunctionType):
        _probes[data] = value
    return value


def _value_of(answer: Answer, kind: str, body: Any) -> Any:
    """Do what a request asks for, and return its value."""
    if kind == "load":
        return answer.load(*body)
    if kind == "load_in_steps":
        return answer.load_in_steps(*body)
    if kind == "step":
        return answer.step()
    if kind in HANDLES:
        raise Missing("no check of this exercise may hold handles")
    put_back = switches.remembered()
    try:
        if kind == "probe":
            return answer.probed(*body)
        name, arguments, keywords, with_arguments = body
        value = answer.function(name)(*arguments, **keywords)
        return (value, arguments, keywords) if with_arguments else value
    finally:
        put_back()


class _Functions:
    """The submission as a probe sees it: its functions as attributes."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return self._answer.function(name)

    @property
    def namespace(self) -> dict[str, Any]:
        """The module's globals, in which examples are run."""
        return self._answer.module.__dict__

    @property
    def files(self) -> Files | None:
        """The files that the answer has written, if its checks are imported."""
        return self._answer.files


def _describe(error: BaseException) -> dict[str, Any]:
    """An exception as the trusted side receives it: names and short texts."""
    text, refusal = _text_of(error), _refusal(error)
    if _is_out_of_memory(error, text):
        reason = "no_memory"
    elif isinstance(error, wire.NotData):
        reason = "not_data"
    elif isinstance(error, Missing):
        reason = "missing"
    else:
        reason = "refused" if refusal else "raised"
    return {
        "args": _key_of(error),
        "reason": reason,
        "type": type(error).__name__[:TEXT_CHARACTERS],
        "builtin": _builtin_of(error),
        "text": (refusal or text)[:TEXT_CHARACTERS],
        "where": _place_of(error),
    }


def _builtin_of(error: BaseException) -> str:
    """The name of the nearest built-in class of an exception."""
    # By identity, because a class of the answer may be called ValueError, too.
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return str(kind.__name__)
    return "Exception"


def _place_of(error: BaseException) -> tuple[int | None, str, int | None] | None:
    """Line number, text and column in the answer where an exception was raised; None elsewhere."""
    if isinstance(error, SyntaxError):
        return error.lineno, (error.text or "").rstrip("\n")[:TEXT_CHARACTERS], error.offset
    where = None
    # The innermost frame of the answer, not of a library that it called.
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code.co_filename
        if code in _labels:
            where = (line, linecache.getline(code, line).strip()[:TEXT_CHARACTERS], None)
    return where


def _text_of(error: BaseException) -> str:
    try:
        if type(error) is NameError and _unbound and (why := _unbound[-1].get(str(error.name))):
            return f"`{error.name}` is not defined: {why}"
        return str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:  # a `__str__` of the answer may raise anything
        return ""


def _key_of(error: BaseException) -> tuple[Any] | None:
    """The argument of a KeyError, if it is plain data; its text would show it in quotes."""
    if type(error) is not KeyError or len(error.args) != 1:
        return None
    (key,) = error.args
    is_short = type(key) is str and len(key) <= TEXT_CHARACTERS
    is_number = type(key) in (int, float, bool) and abs(key) < 2**63
    return (key,) if is_short or is_number or key is None else None


def _is_out_of_memory(error: BaseException, text: str) -> bool:
    """Whether memory ran out: torch raises a RuntimeError then, and the system an OSError."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or "can't allocate memory" in text


def _refusal(error: BaseException) -> str | None:
    """What the sandbox refused, if that is what `error` says."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return REFUSALS["_thread.start_new_thread"]  # no audit event before Python 3.12
    if isinstance(error, PermissionError) and error.errno in (errno.EPERM, errno.EACCES):
        if isinstance(error.filename, str):
            return f"it tried to open `{error.filename[:200]}`"
        return "it asked the system for something that answers may not use"
    return None


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: raise an error that says in words what the kernel is about to refuse."""
    if event == "open":
        if isinstance(arguments[2], int) and arguments[2] & WRITING:
            raise Refused("it tried to write a file")
    elif event.startswith(REFUSED_EVENTS):
        raise Refused(next(text for prefix, text in REFUSALS.items() if event.startswith(prefix)))
