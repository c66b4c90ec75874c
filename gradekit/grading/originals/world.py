"""The names that the code of an original test sees: its own, and those of the answer.

Each run of a test gets a new world. There `import student` gives the submission, a name that the
test does not define is looked up in the submission, and what the test prints is not shown.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import io
import re
import sys
import threading
from collections.abc import (
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import cloudpickle

from gradekit.grading.handle import is_handle, names_in, operated
from gradekit.grading.imported import Shared
from gradekit.grading.live import module_of
from gradekit.grading.objects import Objects
from gradekit.grading.originals.answer_modules import AnswerModule, PartModule
from gradekit.grading.originals.autospecs import autospecs
from gradekit.grading.originals.comparisons import of_something
from gradekit.grading.originals.docstrings import examining
from gradekit.grading.originals.drawing import views_of_drawing
from gradekit.grading.originals.endless import Limit
from gradekit.grading.originals.fence import Fence
from gradekit.grading.originals.home import Home
from gradekit.grading.originals.import_names import absolute, nothing, package
from gradekit.grading.originals.inspecting import noted, views_that_ask
from gradekit.grading.originals.kept_parts import keeping
from gradekit.grading.originals.keyboard import Keyboard
from gradekit.grading.originals.namespaces import Builtins
from gradekit.grading.originals.opening import Opening, in_worker
from gradekit.grading.originals.patterns import patterns
from gradekit.grading.originals.pickling import pickling
from gradekit.grading.originals.place import Place
from gradekit.grading.originals.rebinding import Rebinding
from gradekit.grading.originals.running import LIBRARIES, Running, library
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
    module_named,
)
from gradekit.grading.originals.system import system_of
from gradekit.grading.originals.undoing import Undoing
from gradekit.grading.originals.variables import Variables
from gradekit.grading.proxy import SubmissionProxy, run_of
from gradekit.grading.raised import MissingName, NotImportable

# Code that asks who called a function.
CALLERS = re.compile(r"\b(?:currentframe|_getframe|getouterframes|inspect\.stack)\b")
# A test that may put something in the place of a library's function.
REPLACES = re.compile(
    r"\bpatch\b|\bsetattr\(|\bdel\s+\w+\.\w|^\s*(?!self\b)\w+(?:\.\w+)+\s*=(?!=)", re.MULTILINE
)
TARGET = re.compile(r"""\b(?:patch|setattr)\(\s*["']([\w.]+)\.\w+["']""")
# Worlds take turns: a test may replace what all threads share, such as sys.stdout or sys.modules.
_one_at_a_time = threading.RLock()


def target_of(name: str) -> ModuleType | None:
    """The library module that `patch("a.b.c")` looks into, by the name before the last."""
    if name.partition(".")[0] not in LIBRARIES:
        return None
    with contextlib.suppress(ImportError):
        return importlib.import_module(name)
    return None  # a class, which is patched where it is


@lru_cache(100)
def _compiled(source: bytes, path: str) -> CodeType:
    """The code of a file; each test runs it anew."""
    return compile(keeping(ast.parse(source, path)), path, "exec", dont_inherit=True)


class World:
    """One run of one test; use it in `with`."""

    def __init__(
        self,
        place: Place,
        submission: SubmissionProxy,
        modules: Collection[str],
        views: Mapping[str, ModuleType],
        parts: Collection[str] = (),
        *,
        shares_names: bool = True,
    ) -> None:
        """
        Args:
            place: Where the original's own modules and data lie.
            modules: Names under which the tests import the answer.
            views: Modules that the tests get instead of the real ones, by name.
            parts: Names of the answer's modules, if it has several.
            shares_names: Whether tests and answer have one namespace, as in a notebook. Else only
                `import *` gives a test names that it does not say.
        """
        self.place, self.submission = place, submission
        self.compare: Callable[[str, Any], None] | None = None  # for nbgrader's AUTOTEST
        self.lines: Sequence[str] = ()  # the code that stands for an AUTOTEST line
        self.deleted: set[str] = set()  # names of the answer that the test deleted
        self.printed = io.StringIO()
        self.sources: list[str] = []  # the code of the tests
        self.running = Running(submission, self.sources)
        self.shares_names = shares_names
        self.hides = run_of(submission).terms.hides
        self._gives: list[Callable[[str], bool]] = []  # for each `import *`: whether it gives it
        self._bound: dict[str, Any] = {}  # names of the answer that the test bound
        self._before: dict[str, Any] = {}  # what they and the deleted ones meant before
        self.namespace: dict[str, Any] = {}  # of a test that shares its names with the answer
        self.given: dict[str, Any] = {}  # what it has bound of the answer's names
        self._rebinding = Rebinding(submission, self._let_go)
        system = system_of(submission)
        self._modules: dict[str, ModuleType] = {
            "os": system,
            "os.path": system.path,
            **views,
            **views_that_ask(submission),
            **views_of_drawing(submission),
            "re": patterns(),
            "pickle": pickling(submission),
            "doctest": examining(submission, {*modules, *parts}),
            **views_of(submission, {*modules, *parts}, self),
            **{name: AnswerModule(name, self) for name in modules},
            **{name: PartModule(name, self, self._handle_of(name)) for name in parts},
        }
        self._by_value: list[ModuleType] = []
        self._answers = frozenset([*modules, *parts])
        # How its file is called: as it was handed in, and as the tests import it.
        self.files_of_answer = {run_of(submission).submission.name, *(f"{n}.py" for n in modules)}
        self._imported: set[str] = set()  # names of the answer that the test has imported
        self._starred: list[ModuleType] = []  # parts of which a test imports all names
        self._hidden: dict[str, ModuleType | None] = {}  # entries of sys.modules, put back later
        self._stack = contextlib.ExitStack()
        self._has_autospecs = False
        self._tell_fence: Callable[[], object] = lambda: None  # that something was imported

    def _handle_of(self, name: str) -> Callable[[], Any]:
        """What gives a module of the answer, which is imported there at its first use."""
        return partial(self.submission.probe, module_named, name)

    def __enter__(self) -> World:
        self._stack.enter_context(_one_at_a_time)
        self._stack.enter_context(quiet())
        self._stack.enter_context(Limit())
        self._stack.enter_context(of_something())
        self._stdout = sys.stdout
        if (objects := self._objects) is not None:
            objects.home = self.place.home
            self._stack.callback(objects.end_sharing)
        path = sys.path[:]
        self._stack.callback(lambda: sys.path.__setitem__(slice(None), path))
        self._keyboard = Keyboard(self.submission)
        parts = (Printing, Environment, Errors)
        notices = Notices(self.submission, next(iter(sorted(self._answers)), ""))
        # Before `Files`, which notes what temporary folders are made.
        folders = list(dict.fromkeys([self.place.root, self.place.folder]))
        self._home = home = Home(self.submission, folders, self._texts_of_answer())
        if self.place.has_files:
            self._stack.enter_context(home())
        self._undoing = Undoing()
        self._replaced = replaced = Replaced(self.submission, self._undoing.modules)
        files, self.variables = Files(self.submission), Variables(self.submission)
        each: list[Part] = [self._keyboard, *(part(self.submission) for part in parts)]
        each += [replaced, notices, files, self.variables, home, self._rebinding]
        each.append(
            Opening(self.submission)
        )  # after `Files`, which puts an `open` in place as well
        self._surroundings = Surroundings(self.submission, each, replaced.set_aside)
        self._surroundings.watch()
        if (texts := getattr(self._objects, "texts", None)) is not None:
            homes = [home.path] if home.path else []
            roots = lambda: [*files.roots, *homes]  # noqa: E731
            fence = Fence(self.submission, texts, self.sources, self.place.root, roots)
            self._stack.enter_context(fence.up())
            self._tell_fence = fence.has_imported
        try:
            self._begin(replaced, home)
        except BaseException:  # raised by a module of the course while it was loaded
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

    def _texts_of_answer(self) -> dict[str, str]:
        """The files of the answer as a test finds them: by the names that it imports."""
        if not self.place.reads_answer:
            return {}
        handed_in = run_of(self.submission).submission
        whole = "\n".join(handed_in.cells)
        files = {f"{name.replace('.', '/')}.py": whole for name in self._answers}
        files |= dict(handed_in.modules)
        near = self.place.folder.relative_to(self.place.root).as_posix()
        files |= {f"{near}/{name}": text for name, text in files.items() if near != "."}
        noted(self.submission, "\n".join(files.values()))
        return files

    def _path_of(self, path: Path) -> Path:
        """Where a file of the test lies, as it sees it: beside the answer, if it reads that."""
        home, root = self._home.path, self.place.root
        is_there = home and self.place.reads_answer and path.is_relative_to(root)
        return Path(home, path.relative_to(root)) if is_there else path

    def __exit__(self, *_: object) -> None:
        run_of(self.submission).end_other_threads()
        with contextlib.ExitStack() as ending:  # does all of these, even if one of them fails
            ending.callback(self._stack.close)
            ending.callback(self._take_out)
            ending.callback(self._restore)
            ending.callback(self._undoing.undo)

    def _take_out(self) -> None:
        """Put back what this world changed for the whole process: sys.modules and cloudpickle."""
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
        if name in self.deleted:  # so that `patch` puts back what was there
            raise MissingName(f"the test has deleted `{name}`")
        for module in self._starred:
            with contextlib.suppress(AttributeError):
                return getattr(module, name)
        with self._replaced.set_aside():
            return self.variables.shared("", name, self.submission[name])

    def gives(self, name: str) -> bool:
        """Whether code of the test that does not define a name finds the answer's."""
        return self.shares_names or any(has(name) for has in self._gives)

    @property
    def names(self) -> list[str]:
        """The names of the answer, with those that the test has bound."""
        return names_in(operated(self.module, "names"))

    def shared(self, name: str) -> Any:
        """A name that the test does not define: the submission's, or a library that both import.

        Raises:
            SubmissionError: there is none.
        """
        is_given = name in self._bound or name in self._before
        imported = None if is_given else run_of(self.submission).terms.libraries.get(name)
        if imported is None or imported[0] in self._answers:
            return self.answer(name)
        found = library(*imported, self._modules)
        return self.answer(name) if found is None else found

    def assign(self, name: str, value: Any) -> None:
        """Bind a name in the submission, as a test does that shares its namespace."""
        self._remember(name)
        setattr(self.module, name, self.as_sent(name, value))
        self._bound[name] = value
        self.deleted.discard(name)
        self._rebinding.watch(name)

    def _let_go(self, name: str) -> None:
        """A name that the test has bound stands for what the answer has made of it."""
        for names in (self._bound, self.given, self.namespace):
            names.pop(name, None)

    @property
    def has_keyboard(self) -> bool:
        """Whether the test has replaced `input` or stdin."""
        return self._keyboard.is_changed

    def as_sent(self, name: str, value: Any) -> Any:
        """The value to bind in the answer's process. A mocked `open` reads files of this one."""
        if name == "open" and callable(value) and not is_handle(value):
            return in_worker(self.submission, value)
        return value

    def forget(self, name: str) -> None:
        """Delete a name of the submission."""
        self._remember(name)
        delattr(self.module, name)
        self._bound.pop(name, None)
        self.deleted.add(name)

    def load(self, path: Path, name: str) -> ModuleType:
        """Run a file of the original as a module of this world."""
        module = ModuleType(name)
        module.__file__ = str(self._path_of(path))  # tests find their data files by it
        is_package = path.stem == "__init__"
        module.__package__ = name if is_package else name.rpartition(".")[0]
        if is_package:
            module.__path__ = [str(path.parent)]
        self._modules[name] = module
        self._put(name, module)
        # The worker cannot import this module: its functions and classes are sent by value.
        if name not in cloudpickle.list_registry_pickle_by_value():
            cloudpickle.register_pickle_by_value(module)
            self._by_value.append(module)
        self.prepare(vars(module))
        self.note(path.read_text("utf-8", "replace"))
        exec(_compiled(path.read_bytes(), str(path)), vars(module))
        # A test that only imports a class does not use handles yet.
        objects = self._objects
        if objects is not None:
            objects.used.discard("handles")
        return module

    @property
    def _objects(self) -> Objects | None:
        return run_of(self.submission).objects

    def tell_names(self, tells: bool) -> None:
        """Say whether the answer is told the names of the test's functions."""
        objects = self._objects
        if isinstance(objects, Shared):
            objects.tells_names = tells

    def note(self, *sources: str) -> None:
        """Prepare for code of the test that is about to run."""
        self.sources += sources
        if any(map(REPLACES.search, sources)):
            self._replaced.looks_at_all = True
            for name in {name for source in sources for name in TARGET.findall(source)}:
                if (module := target_of(name)) is not None:
                    self._undoing.note(module)
        if not self._has_autospecs and any("autospec" in source for source in sources):
            self._has_autospecs = True
            self._stack.enter_context(autospecs(self.submission))
        objects = self._objects
        if self._answers and isinstance(objects, Shared) and any(map(CALLERS.search, sources)):
            objects.callers = f"{min(self._answers)}.py"

    def prepare(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """Let code that runs in `namespace` see this world."""
        namespace["__builtins__"] = Builtins(self)
        return namespace

    def print(self, *values: Any, file: Any = None, **keywords: Any) -> None:
        """`print` as the test sees it: to the stdout that the test put in place, if it did."""
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
            name = absolute(name, namespace or {}, level)
        names = [*(names or ())]
        found = self._find(name) if name else None
        if found is None and level:
            found = ModuleType(name)  # a package without __init__.py
        if found is None:
            found = builtins.__import__(name, namespace, local, names)
            self._tell_fence()
            self._undoing.note(sys.modules.get(name, found), self.sources)
            return found
        if name in self._answers:
            self.seen(name)
            self._take(found, names)
            if "*" in names:
                return nothing(name)
        else:
            self._add_modules(found, name, names)
            if "*" in names:
                self._modules[name] = found
        if names or "." not in name:
            return found
        return self._modules.get(name.partition(".")[0]) or package(name, found)

    def seen(self, name: str) -> None:
        """Run an answer that is a script once more, if the test imports it to watch it run.

        That is so if the test has replaced stdout or the keyboard, or has taken the module out of
        sys.modules to import it again.
        """
        module = self._modules.get(name)
        if not isinstance(module, AnswerModule):
            return
        is_gone = name not in sys.modules
        is_watched = sys.stdout is not self._stdout or self.has_keyboard
        if is_gone or (is_watched and name not in self._imported):
            self._put(name, module)
            run_anew(self.submission, name, only_scripts=True)
        self._imported.add(name)

    def loaded_anew(self, name: str) -> ModuleType:
        """The answer, or a module of it, run once more, for a test that loads it by importlib."""
        module = self._modules[name]
        if isinstance(module, AnswerModule):
            run_anew(self.submission, name)
            return module
        handle = asked_of(self.submission, fresh_module, name)
        return PartModule(name, self, lambda: handle)

    def _take(self, found: ModuleType, names: list[str]) -> None:
        """Look up the names imported from the answer: our ImportError says why one is missing."""
        if "*" in names:
            if isinstance(found, PartModule):
                self._starred.append(found)
            told = getattr(found, "__all__", None)
            names = [each for each in told or () if type(each) is str]
            every = lambda name: not name.startswith("_")  # noqa: E731
            self._gives.append(every if told is None else frozenset(names).__contains__)
        for each in names:
            try:
                getattr(found, each)
            except AttributeError as error:
                raise NotImportable(getattr(error, "submission_text", "") or str(error)) from None

    def _add_modules(self, found: ModuleType, name: str, names: list[str]) -> None:
        """Load the modules that `from package import module` names, for a package of the tests."""
        for each in names:
            full = f"{name}.{each}" if name else each
            inner = None if hasattr(found, each) else self._find(full)
            if inner is not None:
                vars(found)[each] = inner

    def _find(self, name: str) -> ModuleType | None:
        known = self._modules.get(name)
        # `from hw1 import student` finds the answer `student`. Only in names of the standard
        # library the last part means nothing: `importlib.util` is not an answer called `util`.
        if known is None and name.partition(".")[0] not in sys.stdlib_module_names:
            known = self._modules.get(name.rpartition(".")[2])
        if known is not None:
            return known
        path = self.place.find(name)
        return self.load(path, name) if path else None

    @property
    def module(self) -> Any:
        return module_of(self.submission)

    def _remember(self, name: str) -> None:
        if name not in self._before:
            self._before[name] = getattr(self.module, name, _ABSENT)

    def _restore(self) -> None:
        """Undo what the test changed in the submission."""
        for name, before in self._before.items():
            if before is _ABSENT:
                with contextlib.suppress(AttributeError):  # a mock may have deleted it already
                    delattr(self.module, name)
            else:
                setattr(self.module, name, before)
        self._surroundings.disconnect()

    def _put(self, name: str, module: ModuleType) -> None:
        self._hidden.setdefault(name, sys.modules.get(name))
        sys.modules[name] = module


_ABSENT = object()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and standard error, which nobody reads while a test runs."""
    import warnings

    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
