"""The names that the code of an original test sees: its own, and those of the answer.

Every run of a test gets a world of its own. In it `import student` gives the submission, a name
that the test does not bind is looked up in the submission, and what it prints is not shown.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.imported import Shared
from gradekit.grading.live import module_of
from gradekit.grading.originals.autospecs import autospecs
from gradekit.grading.originals.comparisons import of_something
from gradekit.grading.originals.docstrings import examining
from gradekit.grading.originals.drawing import views_of_drawing
from gradekit.grading.originals.endless import Limit
from gradekit.grading.originals.fence import Fence
from gradekit.grading.originals.home import Home
from gradekit.grading.originals.inspecting import views_that_ask
from gradekit.grading.originals.keyboard import Keyboard
from gradekit.grading.originals.opening import Opening, in_worker
from gradekit.grading.originals.pickling import pickling
from gradekit.grading.originals.running import Running, library
from gradekit.grading.originals.scripts import asked_of, fresh_module, run_anew, views_of
from gradekit.grading.originals.shared_files import Files
from gradekit.grading.originals.surroundings import (
    Environment,
    Errors,
    Notices,
    Part,
    Printing,
    Replaced,
    Surroundings,
    named,
)
from gradekit.grading.originals.system import system_of
from gradekit.grading.originals.undoing import Undoing
from gradekit.grading.originals.variables import Variables
from gradekit.grading.proxy import SubmissionProxy, run_of
from gradekit.grading.raised import MissingName, NotImportable, UnboundName

# A test that looks at who calls its functions.
CALLERS = re.compile(r"\b(?:currentframe|_getframe|getouterframes|inspect\.stack)\b")
# A test may replace what all threads of a process share: sys.stdout, an entry of sys.modules.
_one_at_a_time = threading.RLock()


class Builtins(dict[str, Any]):
    """The built-in names, and behind them those of the submission.

    Python looks for a name in the globals first and then here, and for a dict of a subclass it
    calls `__getitem__` and so `__missing__`: the one place where unbound names can be looked up.
    """

    def __init__(self, world: World) -> None:
        own = {
            "print": world.print, "__import__": world.import_module,
            "eval": world.running.eval, "exec": world.running.exec,
            "compile": world.running.compile,
        }  # fmt: skip
        super().__init__(vars(builtins), **own)
        self._world = world

    def __getitem__(self, name: str) -> Any:
        if name == "input":  # a test may have replaced it in the real `builtins`, or the stdin
            return builtins.input if self._world.is_typed_for else nobody_types
        if name == "open":  # perhaps a mock by now
            return builtins.open
        return super().__getitem__(name)

    def __missing__(self, name: str) -> Any:
        if name.startswith("__") or name in self._world.deleted:
            raise KeyError(name)
        try:
            return self._world.shared(name)
        except MissingName as error:  # tests catch the NameError that they would get natively
            raise UnboundName(str(error)) from None


def nobody_types(prompt: object = "") -> str:
    """`input` of a test that types nothing: whoever imports the course is not to be asked."""
    raise EOFError("EOF when reading a line")


class Place(NamedTuple):
    """Where an original lies.

    Attributes:
        folder: Its own.
        root: That of all that came with the exercise.
        has_files: Whether its tests read or write files: they run in a copy of both folders.
        tells_place: Whether they know where they lie, by `__file__`.
        patched: Names of modules in which its tests replace something, as in `patch("rates.get")`.
    """

    folder: Path
    root: Path
    has_files: bool = False
    tells_place: bool = False
    patched: frozenset[str] = frozenset()

    def name_of(self, path: Path) -> str:
        """The name of a file as a module, with the packages that it lies in."""
        parts = [path.stem]
        for folder in path.parents:
            if folder == self.root or not (folder / "__init__.py").is_file():
                break
            parts.insert(0, folder.name)
        return ".".join(parts)

    def find(self, name: str) -> Path | None:
        """The file of a module, from beside the original up to the root."""
        # Each import of each test comes by here: texts take a tenth of the time of `Path`s.
        added = [each for each in sys.path if _real(each).startswith(f"{self.root}{os.sep}")]
        place = name.replace(".", os.sep)
        for folder in (*_outwards(self.folder, self.root), *added):
            for path in (f"{folder}/{place}.py", f"{folder}/{place}/__init__.py"):
                if os.path.isfile(path):  # noqa: PTH113
                    return Path(path)
        return None


@cache
def _outwards(folder: Path, root: Path) -> list[str]:
    """Where modules of the tests in a folder may lie: in it, and around it.

    Never above the exercise's own folder: beyond it lie other exercises' cases, and the course.
    """
    around = [each for each in folder.parents if root in (each, *each.parents)]
    return [str(each) for each in (folder, *around)]


def _real(folder: str) -> str:
    """The real path of an entry of `sys.path`."""
    is_path = os.path.isabs(folder)  # noqa: PTH117  # else it depends on the folder one is in
    return _real_path(folder) if is_path else os.path.realpath(folder)


_real_path = lru_cache(1000)(os.path.realpath)


@lru_cache(100)
def _compiled(source: bytes, path: str) -> CodeType:
    """The code of a file; each test runs it anew."""
    return compile(source, path, "exec", dont_inherit=True)


class AnswerModule(ModuleType):
    """The submission under the name by which the tests import it."""

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name)
        self.__dict__["__all__"] = []  # `import *` leaves it to `Builtins` to find the names
        self.__dict__["_world_of_the_test"] = world

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["_world_of_the_test"].answer(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_world_of_the_test"].assign(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__["_world_of_the_test"].forget(name)


class PartModule(ModuleType):
    """One module of an answer that has several."""

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name)
        self.__dict__["__all__"] = []
        self.__dict__["__path__"] = []  # it may be a package
        self.__dict__["_world_of_the_part"] = world
        # Asked for each time: a module of an answer may be imported only later, by the test.
        self.__dict__["_handle_of_the_test"] = lambda: world.submission.probe(named, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self.__dict__["_handle_of_the_test"](), name)
        variables = self.__dict__["_world_of_the_part"].variables
        return variables.shared(self.__name__, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        value = self.__dict__["_world_of_the_part"].as_sent(name, value)
        setattr(self.__dict__["_handle_of_the_test"](), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__dict__["_handle_of_the_test"](), name)


class World:
    """One run of one test; use it in `with`."""

    def __init__(
        self,
        place: Place,
        submission: SubmissionProxy,
        modules: Collection[str],
        views: Mapping[str, ModuleType],
        parts: Collection[str] = (),
    ) -> None:
        """
        Args:
            place: Where the original's own modules and data lie.
            modules: Names under which the tests import the answer.
            views: Modules that the tests get in place of others of that name.
            parts: Names of the answer's modules, where it has several.
        """
        self.place, self.submission = place, submission
        self.compare: Callable[[str, Any], None] | None = None  # for nbgrader's AUTOTEST
        self.lines: Sequence[str] = ()  # in place of its lines
        self.deleted: set[str] = set()  # of the answer's names, by the test
        self.printed = io.StringIO()
        self.sources: list[str] = []  # the code of the tests
        self.running = Running(submission, self.sources)
        self._bound: dict[str, Any] = {}  # of the answer's names, by the test
        self._changed: dict[str, Any] = {}  # the same, and what stood there before
        system = system_of(submission)
        self._modules: dict[str, ModuleType] = {
            "os": system,
            "os.path": system.path,
            **views,
            **views_that_ask(submission),
            **views_of_drawing(submission),
            "pickle": pickling(submission),
            "doctest": examining(submission, {*modules, *parts}),
            **views_of(submission, {*modules, *parts}, self),
            **{name: AnswerModule(name, self) for name in modules},
            **{name: PartModule(name, self) for name in parts},
        }
        self._by_value: list[ModuleType] = []
        self._answers = frozenset([*modules, *parts])
        self._were_imported: set[str] = set()
        self._starred: list[ModuleType] = []  # parts of which a test imports all names
        self._hidden: dict[str, ModuleType | None] = {}  # of sys.modules, while this runs
        self._stack = contextlib.ExitStack()
        self._has_autospecs = False
        self._has_imported: Callable[[], object] = dict  # of the fence, where there is one

    def __enter__(self) -> World:
        self._stack.enter_context(_one_at_a_time)
        self._stack.enter_context(quiet())
        self._stack.enter_context(Limit())
        self._stack.enter_context(of_something())
        self._stdout = sys.stdout
        path = sys.path[:]
        self._stack.callback(lambda: sys.path.__setitem__(slice(None), path))
        parts = (Keyboard, Printing, Environment, Errors, Opening)
        replaced = Replaced(self.submission)
        notices = Notices(self.submission, next(iter(sorted(self._answers)), ""))
        # Before `Files`, which notes what temporary folders are made.
        home = Home(self.submission, list(dict.fromkeys([self.place.root, self.place.folder])))
        if self.place.has_files:
            self._stack.enter_context(home())
        self._undoing = Undoing()
        files, self.variables = Files(self.submission), Variables(self.submission)
        each: list[Part] = [*(part(self.submission) for part in parts), replaced, notices, files]
        each += [self.variables, home]
        self._surroundings = Surroundings(self.submission, each)
        self._surroundings.watch()
        if (texts := getattr(run_of(self.submission).objects, "texts", None)) is not None:
            homes = [home.path] if home.path else []
            roots = lambda: [*files.roots, *homes]  # noqa: E731
            fence = Fence(self.submission, texts, self.sources, self.place.root, roots)
            self._stack.enter_context(fence.up())
            self._has_imported = fence.has_imported
        try:
            self._begin(replaced, home)
        except BaseException:  # of a module of the course that calls the answer as it is loaded
            self.__exit__()
            raise
        return self

    def _begin(self, replaced: Replaced, home: Home) -> None:
        for name in self._answers:
            # Into sys.modules as well: `unittest.mock.patch("student.f")` and importlib look there.
            self._put(name, self._modules[name])
        for name in sorted(self.place.patched - self._answers):
            if (file := self.place.find(name)) is not None:
                replaced.watch(self.load(file, name))
        if home.path:
            home.begin(self.place.tells_place)

    def __exit__(self, *_: object) -> None:
        run_of(self.submission).end_other_threads()
        with contextlib.ExitStack() as ending:  # all of it, even where some of it fails
            ending.callback(self._stack.close)
            ending.callback(self._take_out)
            ending.callback(self._restore)
            ending.callback(self._undoing.undo)

    def _take_out(self) -> None:
        """Take the modules of this world out of what belongs to the whole process."""
        for module in self._by_value:
            cloudpickle.unregister_pickle_by_value(module)
        for name, before in self._hidden.items():
            if before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before

    def answer(self, name: str) -> Any:
        """A name of the submission.

        Raises:
            SubmissionError: it has no such name.
        """
        if name in self._bound:
            return self._bound[name]
        for module in self._starred:
            with contextlib.suppress(AttributeError):
                return getattr(module, name)
        return self.variables.shared("", name, self.submission[name])

    def shared(self, name: str) -> Any:
        """A name that a test does not bind: the submission's, or a library that both import.

        Raises:
            SubmissionError: there is none.
        """
        is_given = name in self._bound or name in self._changed
        told = None if is_given else run_of(self.submission).terms.libraries.get(name)
        if told is None or told[0] in self._answers:
            return self.answer(name)
        found = library(*told, self._modules)
        return self.answer(name) if found is None else found

    def assign(self, name: str, value: Any) -> None:
        """Bind a name in the submission, as a test does that shares its namespace."""
        self._remember(name)
        setattr(self._module, name, self.as_sent(name, value))
        self._bound[name] = value
        self.deleted.discard(name)

    @property
    def is_typed_for(self) -> bool:
        """Whether the test has put something in the place of the keyboard."""
        return self._surroundings.is_typed_for

    def as_sent(self, name: str, value: Any) -> Any:
        """What a name is bound to in the answer's process; a mocked `open` has its files here."""
        if name == "open" and callable(value) and not is_handle(value):
            return in_worker(self.submission, value)
        return value

    def forget(self, name: str) -> None:
        """Delete a name of the submission."""
        self._remember(name)
        delattr(self._module, name)
        self._bound.pop(name, None)
        self.deleted.add(name)

    def load(self, path: Path, name: str) -> ModuleType:
        """Run a file of the original as a module of this world."""
        module = ModuleType(name)
        # Tests open data files beside themselves by it.
        module.__file__ = str(path)
        is_package = path.stem == "__init__"
        module.__package__ = name if is_package else name.rpartition(".")[0]
        if is_package:
            module.__path__ = [str(path.parent)]
        self._modules[name] = module
        self._put(name, module)
        # No worker can import it: what the test defines in it and hands over travels by value.
        if name not in cloudpickle.list_registry_pickle_by_value():
            cloudpickle.register_pickle_by_value(module)
            self._by_value.append(module)
        self.prepare(vars(module))
        self.note(path.read_text("utf-8", "replace"))
        exec(_compiled(path.read_bytes(), str(path)), vars(module))
        # The import of a class alone does not mean that a test uses handles.
        objects = run_of(self.submission).objects
        if objects is not None:
            objects.used.discard("handles")
        return module

    def tell_names(self, named: bool) -> None:
        """Whether the answer is told how functions of the test are called."""
        objects = run_of(self.submission).objects
        if isinstance(objects, Shared):
            objects.tells_names = named

    def note(self, *sources: str) -> None:
        """Take note of code of the test that is going to run."""
        self.sources += sources
        if not self._has_autospecs and any("autospec" in source for source in sources):
            self._has_autospecs = True
            self._stack.enter_context(autospecs(self.submission))
        objects = run_of(self.submission).objects
        if self._answers and isinstance(objects, Shared) and any(map(CALLERS.search, sources)):
            objects.callers = f"{min(self._answers)}.py"

    def prepare(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """Make code that runs in `namespace` see this world."""
        namespace["__builtins__"] = Builtins(self)
        return namespace

    def print(self, *values: Any, file: Any = None, **keywords: Any) -> None:
        """`print` as the test sees it: to its own stdout, where it has one."""
        if file is None:
            file = self.printed if sys.stdout is self._stdout else sys.stdout
        builtins.print(*values, file=file, **keywords)

    def import_module(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        names: Collection[str] | None = (),
        level: int = 0,
    ) -> Any:
        """`import` as the test sees it: the answer, modules beside the test, then all others."""
        if level:
            name = _absolute(name, namespace or {}, level)
        names = [*(names or ())]
        found = self._find(name)
        if found is None and level:
            found = ModuleType(name)  # a package without __init__.py
        if found is None:
            found = builtins.__import__(name, namespace, local, names)
            self._has_imported()
            self._undoing.note(sys.modules.get(name, found), self.sources)
            return found
        if name in self._answers:
            self.seen(name)
            self._take(found, names)
        else:
            self._add_modules(found, name, names)
            if "*" in names:
                self._modules[name] = found
        if names or "." not in name:
            return found
        return self._modules.get(name.partition(".")[0]) or _package(name, found)

    def seen(self, name: str) -> None:
        """Run an answer that is a script where its import would run it, in a test that looks on."""
        module = self._modules.get(name)
        if not isinstance(module, AnswerModule):
            return
        is_gone = name not in sys.modules  # the test has taken it out, to import it once more
        looks_on = sys.stdout is not self._stdout or self._surroundings.is_typed_for
        if is_gone or (looks_on and name not in self._were_imported):
            self._put(name, module)
            run_anew(self.submission, name, only_scripts=True)
        self._were_imported.add(name)

    def loaded_anew(self, name: str) -> ModuleType:
        """The answer, or a module of it, run once more as a test's own loader would run it."""
        module = self._modules[name]
        if isinstance(module, AnswerModule):
            run_anew(self.submission, name)
            return module
        handle = asked_of(self.submission, fresh_module, name)
        fresh = PartModule(name, self)
        fresh.__dict__["_handle_of_the_test"] = lambda: handle
        return fresh

    def _take(self, found: ModuleType, names: list[str]) -> None:
        """Look up what is imported of the answer, for the error that says why it is not there."""
        if isinstance(found, PartModule) and "*" in names:
            self._starred.append(found)
        for each in names:
            if each == "*":
                continue
            try:
                getattr(found, each)
            except AttributeError as error:  # Python's own ImportError would not say why
                raise NotImportable(getattr(error, "submission_text", "") or str(error)) from None

    def _add_modules(self, found: ModuleType, name: str, names: list[str]) -> None:
        """The modules among what is imported of a package of the tests."""
        for each in names:
            inner = None if hasattr(found, each) else self._find(f"{name}.{each}")
            if inner is not None:
                vars(found)[each] = inner

    def _find(self, name: str) -> ModuleType | None:
        known = self._modules.get(name)
        # An answer in a package may be imported from another one; `importlib.util` is no `util`.
        if known is None and name.partition(".")[0] not in sys.stdlib_module_names:
            known = self._modules.get(name.rpartition(".")[2])
        if known is not None:
            return known
        path = self.place.find(name)
        return self.load(path, name) if path else None

    @property
    def _module(self) -> Any:
        return module_of(self.submission)

    def _remember(self, name: str) -> None:
        if name not in self._changed:
            self._changed[name] = getattr(self._module, name, _ABSENT)

    def _restore(self) -> None:
        """What the test changed in the submission does not outlive it."""
        for name, before in self._changed.items():
            if before is _ABSENT:
                with contextlib.suppress(AttributeError):  # mock takes out what it has put in
                    delattr(self._module, name)
            else:
                setattr(self._module, name, before)
        self._surroundings.disconnect()

    def _put(self, name: str, module: ModuleType) -> None:
        self._hidden.setdefault(name, sys.modules.get(name))
        sys.modules[name] = module


class Names(dict[str, Any]):
    """All names of the answer and the test: `globals()`, and what otter's tests get as `env`."""

    def __init__(self, world: World, namespace: dict[str, Any]) -> None:
        super().__init__()
        self._world, self._namespace = world, namespace

    def __missing__(self, name: str) -> Any:
        if name in self._namespace:
            return self._namespace[name]
        try:
            return self._world.answer(name)
        except AttributeError:
            raise KeyError(name) from None

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(str(name), self) is not self


_ABSENT = object()


def _absolute(name: str, namespace: Mapping[str, Any], level: int) -> str:
    """The whole name of what is imported relative to the module with these names."""
    package = str(namespace.get("__package__") or "")
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    return resolve_name("." * level + name, package)


def _package(name: str, found: ModuleType) -> ModuleType:
    """What `import a.b` binds to `a`: something whose attribute `b` is the module."""
    for part in reversed(name.split(".")[1:]):
        outer = ModuleType(name)
        outer.__dict__[part] = found
        found = outer
    return found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without warnings and standard error: those of a test are shown to nobody here."""
    import warnings

    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
