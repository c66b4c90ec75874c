"""What a test and the answer share because natively they are one process, and a test may change.

Each part looks at one such thing. Where the test has changed it, the part tells the answer's
process before the next request, and takes over afterwards what the answer did there.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.live import module_of
from gradekit.grading.originals.sharing import share_no_more, share_with_modules
from gradekit.grading.originals.undoing import WATCHED, is_same, replaced_in
from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

HANDED_OVER = ("print", "input", "open", "__import__")
GONE = object()  # a name that is deleted, or that is not there
TEXT_CHARACTERS = 10_000


class Part(Protocol):
    """One thing that both share."""

    @property
    def is_changed(self) -> bool:
        """Whether the test has changed it."""

    def connect(self) -> None:
        """Tell the answer's process, before a request."""

    def move_on(self) -> None:
        """Take over what the answer did, after it."""

    def disconnect(self) -> None:
        """Undo it in the worker, where the next check runs as well."""


class Surroundings:
    """All parts, for one run of one test."""

    def __init__(
        self,
        submission: SubmissionProxy,
        parts: Sequence[Part],
        set_aside: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        """`set_aside` gives a context in which our own code has Python's own functions."""
        self._submission = submission
        self._parts = parts
        self._set_aside = set_aside
        self._is_busy = False
        self._stop: Callable[[], object] = lambda: None

    def watch(self) -> None:
        """From now on, each request of this check takes what changed along, and brings it back."""
        objects = run_of(self._submission).objects
        if objects is None:
            return
        ask = objects.ask

        def ask_connected(*asked: Any) -> Any:
            with self._set_aside():
                return ask_in_there(*asked)

        def ask_in_there(*asked: Any) -> Any:
            changed = [] if self._is_busy else [part for part in self._parts if part.is_changed]
            if not changed:
                return ask(*asked)
            self._busily([part.connect for part in changed])
            try:
                return ask(*asked)
            finally:
                self._busily([part.move_on for part in changed])

        # Set on this object, not in its class: only imported tests have surroundings. While the
        # parts make requests of their own, `_is_busy` is set, and those go out as they are.
        objects.__dict__["ask"] = ask_connected
        self._stop = lambda: objects.__dict__.update(ask=ask)

    def disconnect(self) -> None:
        """Undo all of it, even if some of that fails because the answer's process has ended."""
        with contextlib.ExitStack() as undoing:
            for part in self._parts:
                undoing.callback(part.disconnect)
            undoing.callback(self._stop)  # first

    def _busily(self, acts: Sequence[Any]) -> None:
        # Afterwards as before, not simply False: a part may make requests while another is busy.
        was_busy, self._is_busy = self._is_busy, True
        try:
            for act in acts:
                act()
        finally:
            self._is_busy = was_busy


def ask_in_surroundings(
    submission: SubmissionProxy, function: Callable[..., Any], args: tuple[Any, ...], what: str
) -> Any:
    """Run a function in the worker, with what an imported test has changed around it.

    `submission.probe` would not do: the surroundings see only the requests of handles.

    Args:
        args: The arguments after the answer.
        what: What messages call it.
    """
    objects = run_of(submission).objects
    assert objects is not None, "only imported tests have objects to ask"
    return objects.ask("probe", [function, args], what)


class Printing:
    """A `print` that the test replaced, which the answer calls back."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._before = self._told = builtins.print

    @property
    def is_changed(self) -> bool:
        return builtins.print is not self._told

    def connect(self) -> None:
        if builtins.print is self._before:
            self.disconnect()
        else:
            self._told = builtins.print
            module_of(self._submission).print = builtins.print
            self._submission.probe(share_with_modules, "print")

    def move_on(self) -> None:
        """The answer's calls have been made here."""

    def disconnect(self) -> None:
        if self._told is not self._before:
            self._told = self._before
            self._submission.probe(share_no_more, "print")


class Environment:
    """`os.environ` and `sys.argv`, as the test sets them."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._before = self._told = self._now()

    def _now(self) -> tuple[dict[str, str], list[str]]:
        return dict(os.environ), [*sys.argv]

    @property
    def is_changed(self) -> bool:
        return self._now() != self._told

    def connect(self) -> None:
        now, before = self._now(), self._before
        # Only what the test itself has set: the rest of our environment may hold passwords,
        # and a worker's is empty for that reason.
        names = {name for name, value in now[0].items() if before[0].get(name) != value}
        gone = [*(before[0].keys() - now[0].keys()), *(self._told[0].keys() - now[0].keys())]
        changed = {name: now[0][name] for name in sorted(names)}
        argv = now[1] if now[1] != before[1] else None
        self._submission.probe(set_environment, changed, sorted({*gone}), argv)
        self._told = now

    def move_on(self) -> None:
        """What the answer sets is its own."""

    def disconnect(self) -> None:
        if self._told != self._before:
            added = sorted(self._told[0].keys() - self._before[0].keys())
            self._submission.probe(set_environment, {}, added, [""])


class Replaced:
    """Functions of library modules that the test replaced: they are called back.

    Or deleted, so that an answer cannot use them: `del np.sort`.
    """

    def __init__(
        self, submission: SubmissionProxy, noted: Mapping[ModuleType, dict[str, Any]]
    ) -> None:
        """`noted` are modules that the test imports, and what was in them before."""
        self._submission, self._noted = submission, noted
        self.looks_at_all = False  # of `noted`; else only at those that are watched
        self._aside: dict[str, Any] = {}  # what the test has put into `builtins`
        self._before = {module: dict(vars(module)) for module in WATCHED}
        self._told: dict[tuple[ModuleType, str], tuple[Any, Any]] = {}  # now, and in the worker

    def watch(self, module: ModuleType) -> None:
        """Look at a module of the course as well, that the answer imports."""
        self._before[module] = dict(vars(module))

    def _now(self) -> dict[tuple[ModuleType, str], Any]:
        found = {
            (module, name): vars(module)[name]
            for module, before in self._before.items()
            if not is_same(vars(module), before)  # as before nearly every request
            for name, value in before.items()
            if vars(module).get(name) is not value and name in vars(module)
        }
        for module, before in self._noted.items() if self.looks_at_all else ():
            if module not in self._before:
                now = {**vars(module), **self._aside} if module is builtins else vars(module)
                given = replaced_in(now, before)
                found |= {(module, name): now.get(name, GONE) for name in given}
        for name in HANDED_OVER:  # which other parts see to
            found.pop((builtins, name), None)
        return found

    @contextlib.contextmanager
    def set_aside(self) -> Iterator[None]:
        """For a while, built-in functions are Python's own, whatever the test has replaced.

        A test may forbid `sorted`, which our code uses while it asks the answer.
        """
        before = self._noted.get(builtins, {}) if self.looks_at_all else {}
        now = vars(builtins)
        names = {*replaced_in(now, before)} - {*HANDED_OVER} if before else set()
        aside = {name: now[name] for name in names if name in now}
        if not aside:
            yield
            return
        self._aside |= aside
        now.update({name: before[name] for name in aside})
        try:
            yield
        finally:
            now.update(aside)
            for name in aside:
                del self._aside[name]

    @property
    def is_changed(self) -> bool:
        now = self._now()
        return now.keys() != self._told.keys() or any(
            value is not self._told[place][0] for place, value in now.items()
        )

    def connect(self) -> None:
        now = self._now()
        for place in self._told.keys() - now.keys():
            self._put_back(*place)
        for (module, name), value in now.items():
            known = self._told.get((module, name))
            if known is not None and known[0] is value:
                continue
            # What stood there at first is kept as a handle, since it has to be put back.
            before = known[1] if known else self._there(module, name)
            self._told[module, name] = value, before
            if before is not GONE:
                self._put(module, name, value)

    def _there(self, module: ModuleType, name: str) -> Any:
        """What a name of a module stands for in the worker; GONE where it is not to be touched."""
        if module is builtins:
            return GONE if self._submission.probe(is_bound, name) else None
        try:
            return getattr(self._twin(module), name)
        except Exception:  # a package that answers have not, or another version of it
            return GONE

    def _put(self, module: ModuleType, name: str, value: Any) -> None:
        if module is not builtins:
            self._set(module, name, value)
        elif value is not GONE:
            # Not into Python's own: those the worker itself needs.
            setattr(module_of(self._submission), name, value)
            self._submission.probe(share_with_modules, name)

    def _set(self, module: ModuleType, name: str, value: Any) -> None:
        twin = self._twin(module)
        if value is GONE:
            delattr(twin, name)
        else:
            setattr(twin, name, value)

    def _twin(self, module: ModuleType) -> Any:
        """The module of that name in the worker."""
        return self._submission.probe(module_named, module.__name__)

    def move_on(self) -> None:
        """The answer's calls have been made here."""

    def disconnect(self) -> None:
        for place in [*self._told]:
            self._put_back(*place)

    def _put_back(self, module: ModuleType, name: str) -> None:
        _, before = self._told.pop((module, name))
        if before is GONE:
            return
        if module is builtins:
            self._submission.probe(share_no_more, name)
        else:
            self._set(module, name, before)


class Notices:
    """Warnings and logged messages of the answer, where the test is looking for some."""

    def __init__(self, submission: SubmissionProxy, name: str) -> None:
        """`name` is that of the answer's module for the test, and so of its own logger."""
        self._submission, self._name = submission, name
        self._filters, self._handlers = warnings.filters, _handlers()
        self._is_listening = False

    @property
    def is_changed(self) -> bool:
        return warnings.filters is not self._filters or _handlers() != self._handlers

    def connect(self) -> None:
        if not self._is_listening:
            self._submission.probe(listen)
            self._is_listening = True

    def move_on(self) -> None:
        told = self._submission.probe(heard)
        if not isinstance(told, tuple) or len(told) != 2:
            return
        # The worker may send anything, so each item is checked.
        for item in told[0]:
            if isinstance(item, tuple) and len(item) == 2:
                _warn(*item)
        for item in told[1]:
            if isinstance(item, tuple) and len(item) == 5:
                _log(item[0] or self._name, *item[1:])

    def disconnect(self) -> None:
        if self._is_listening:
            self._submission.probe(listen_no_more)


def _handlers() -> set[int]:
    """The handlers of all loggers, by their ids."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return {id(each) for logger in loggers for each in getattr(logger, "handlers", ())}


def _warn(category: Any, text: Any) -> None:
    """Give a warning of the answer here; as a UserWarning, if its class is no warning."""
    if type(text) is str and isinstance(category, type):
        known = category if issubclass(category, Warning) else UserWarning
        # A class of the answer cannot be called here, so its base class is.
        message: Any = text if not is_handle(category) else known(text)
        warnings.warn_explicit(message, known, "answer", 1)


def _log(name: Any, level: Any, text: Any, pattern: Any, values: Any) -> None:
    """Log a message of the answer's here, by a logger that the test may be looking at.

    Args:
        text: The whole message, of which `pattern` and `values` are the parts.
    """
    if type(name) is not str or type(level) is not int or type(text) is not str:
        return
    known = name
    while known and known not in logging.root.manager.loggerDict:  # no name of an answer makes one
        known = known.rpartition(".")[0]
    logger = logging.getLogger(known)
    if logger.isEnabledFor(level):
        record = logger.makeRecord(name, level, "answer", 1, text, (), None)
        if type(pattern) is str and type(values) is tuple:
            record.msg, record.args = pattern, values
            # Not put together once more: "%1000000000d" takes long.
            vars(record)["getMessage"] = lambda: text
        logger.handle(record)


class Errors:
    """A `sys.stderr` that the test replaced, as pytest's capsys does."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._before = sys.stderr
        self._is_listening = False

    @property
    def is_changed(self) -> bool:
        return sys.stderr is not self._before

    def connect(self) -> None:
        if not self._is_listening:
            self._submission.probe(keep_errors)
            self._is_listening = True

    def move_on(self) -> None:
        text = self._submission.probe(take_errors)
        if type(text) is str and text:
            sys.stderr.write(text[:TEXT_CHARACTERS])

    def disconnect(self) -> None:
        if self._is_listening:
            self._submission.probe(keep_errors)


# ------------------------------------------------------------------ what runs in the worker


def module_named(answer: Any, name: str) -> Any:
    """The module of that name, in the worker."""
    import importlib

    return importlib.import_module(name)


def is_bound(answer: Any, name: str) -> bool:
    """Whether the answer has a name of its own that is also a built-in one."""
    return name in answer.namespace


def set_environment(
    answer: Any, changed: dict[str, str], gone: list[str], argv: list[str] | None
) -> None:
    """Set the variables, delete others, and set the arguments where there are some."""
    import os as system
    import sys as process

    for name in gone:
        system.environ.pop(name, None)
    system.environ.update(changed)
    if argv is not None:
        process.argv = argv


def listen(answer: Any) -> None:
    """Keep warnings and logged messages from now on."""
    import logging as log
    import warnings as warned

    kept: list[Any] = []

    def keep(message: Any, category: Any, *where: Any) -> None:
        kept.append((category, str(message)))

    records: list[Any] = []
    handler: Any = log.Handler()
    handler.emit = records.append
    handler.kept, handler.records = kept, records
    handler.before = warned.showwarning, log.root.level, warned.filters[:]
    vars(warned)["showwarning"] = keep
    warned.simplefilter("always")
    log.root.addHandler(handler)
    # Not 0, which stands for "as the logger above says", and there is none above the root.
    log.root.setLevel(1)


def heard(answer: Any) -> Any:
    """What has been kept since the last time."""
    import logging as log

    handler: Any = next(each for each in log.root.handlers if hasattr(each, "kept"))
    warned = [(kind, text[:1000]) for kind, text in handler.kept[:100]]
    own = answer.namespace["__name__"]
    plain = {str, int, float, bool, type(None)}
    logged = []
    for r in handler.records[:100]:
        is_plain = type(r.args) is tuple and {*map(type, r.args)} <= plain
        parts = (str(r.msg)[:1000], r.args if is_plain else None)
        name = "" if r.name == own else r.name
        logged.append((name, r.levelno, r.getMessage()[:1000], *parts))
    handler.kept.clear()
    handler.records.clear()
    return warned, logged


def listen_no_more(answer: Any) -> None:
    """As before `listen`."""
    import logging as log
    import warnings as warned

    handler: Any = next(each for each in log.root.handlers if hasattr(each, "kept"))
    before: Any = warned.filters
    vars(warned)["showwarning"], level, before[:] = handler.before
    log.root.setLevel(level)
    log.root.removeHandler(handler)


def keep_errors(answer: Any) -> None:
    """A new standard error."""
    import io
    import sys as process

    process.stderr = io.StringIO()


def take_errors(answer: Any) -> str:
    """What was written to it since the last time."""
    import sys as process

    kept: Any = process.stderr
    text: str = kept.getvalue()
    kept.seek(0)
    kept.truncate()
    return text[:10_000]
