"""Answers that are scripts: a test runs them anew, to see what they print.

By `importlib.reload`, by importing them once more, by a loader of `importlib.util`, by `runpy`, or
as a program by `subprocess`. No program is started: the answer's text runs in its own process, with
what the test types for it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import io
import runpy
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePath
from types import ModuleType
from typing import Any, Protocol

import cloudpickle

from gradekit.grading.originals.borrowed import like
from gradekit.grading.originals.surroundings import ask_in_surroundings
from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file
MAIN = "__main__"


def views_of(
    submission: SubmissionProxy, names: Collection[str], importing: Importing
) -> dict[str, ModuleType]:
    """importlib, runpy and subprocess for a test of an answer that it calls by one of `names`."""
    scripts = Scripts(submission, names, importing)
    loading = ("spec_from_file_location", "module_from_spec")
    util = like(importlib.util, {name: getattr(scripts, name) for name in loading})
    machinery = like(importlib.machinery, {"SourceFileLoader": scripts.source_file_loader})
    importing_own = {
        "reload": scripts.reload,
        "import_module": scripts.import_module,
        "util": util,
        "machinery": machinery,
    }
    running = {"run_path": scripts.run_path, "run_module": scripts.run_path}
    starting = {"run": scripts.run, "check_output": scripts.check_output}
    return {
        "importlib": like(importlib, importing_own),
        "importlib.util": util,
        "importlib.machinery": machinery,
        "runpy": like(runpy, running),
        "subprocess": like(subprocess, starting),
    }


class Importing(Protocol):
    """What knows the answer's modules as the test sees them."""

    def seen(self, name: str) -> None:
        """Take note that a test imports one."""

    def loaded_anew(self, name: str) -> ModuleType:
        """One of them, run once more."""


class Loader:
    """Loads the answer by its path, for a test that does not import it by a name."""

    def __init__(self, path: Any, name: str, importing: Importing) -> None:
        self.path, self._name, self._importing = str(path), name, importing

    def create_module(self, spec: Any) -> ModuleType:
        return Loading(self._name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["_loaded"] = self._importing.loaded_anew(self._name)

    def load_module(self, name: str = "") -> ModuleType:
        return self._importing.loaded_anew(self._name)


class Loading(ModuleType):
    """A module of the answer that a test loads by a path: what it has, once it has been run."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_loaded" not in vars(self):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(vars(self)["_loaded"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        loaded = vars(self).get("_loaded")
        if loaded is None or name.startswith("__"):
            vars(self)[name] = value
        else:
            setattr(loaded, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(vars(self)["_loaded"], name)


class Scripts:
    """What those modules do with the answer; all else is left to the real ones."""

    def __init__(
        self, submission: SubmissionProxy, names: Collection[str], importing: Importing
    ) -> None:
        self._submission = submission
        self._names = names
        self._importing = importing

    def _is_answer(self, path: Any) -> bool:
        name = PurePath(str(path)).name
        return name.removesuffix(".py") in self._names or str(path) in self._names

    def reload(self, module: Any) -> Any:
        if not self._is_answer(module.__name__):
            return importlib.reload(module)
        run_anew(self._submission, module.__name__)
        return module

    def import_module(self, name: str, package: str | None = None) -> Any:
        if package is None:
            self._importing.seen(name)
        return importlib.import_module(name, package)

    def source_file_loader(self, name: str, path: Any) -> Any:
        if not self._is_answer(path):
            return importlib.machinery.SourceFileLoader(name, path)
        return Loader(path, self._name_of(path), self._importing)

    def spec_from_file_location(self, name: str, location: Any = None, **told: Any) -> Any:
        if location is None or not self._is_answer(location):
            return importlib.util.spec_from_file_location(name, location, **told)
        loader: Any = Loader(location, self._name_of(location), self._importing)
        return importlib.machinery.ModuleSpec(name, loader, origin=str(location))

    def module_from_spec(self, spec: Any) -> ModuleType:
        if isinstance(spec.loader, Loader):
            return spec.loader.create_module(spec)
        return importlib.util.module_from_spec(spec)

    def _name_of(self, path: Any) -> str:
        """The name of the module that a path means: where there are several, the longest."""
        parts = PurePath(str(path)).with_suffix("").parts
        names = (".".join(parts[start:]) for start in range(len(parts)))
        return next(name for name in names if name in self._names)

    def run_path(self, path: Any, init_globals: Any = None, run_name: str = "", **more: Any) -> Any:
        """`run_path` and `run_module`: the names that the script has bound."""
        if not self._is_answer(path):
            raise FileNotFoundError(f"there is no {path} among the tests' files")
        return run_anew(self._submission, run_name or "<run_path>", apart=True)

    def run(self, args: Any, **told: Any) -> Any:
        """`subprocess.run` of a script: its output, and 1 where it raised."""
        words = args.split() if isinstance(args, str) else [str(each) for each in args]
        # What stands before the answer's name, `python` or `sys.executable`, is not needed here.
        place = next((n for n, word in enumerate(words) if self._is_answer(word)), None)
        if place is None:
            raise FileNotFoundError(f"a test can start no program: {words[0]}")
        given = told.get("input") or ""
        is_text = told.get("text") or told.get("universal_newlines") or told.get("encoding")
        typed = given if isinstance(given, str) else given.decode()
        code, out, err = self._run_program(words[place:], typed)
        texts = (out, err) if is_text else (out.encode(), err.encode())
        if code and told.get("check"):
            raise subprocess.CalledProcessError(code, args, *texts)
        return subprocess.CompletedProcess(args, code, *texts)

    def check_output(self, args: Any, **told: Any) -> Any:
        return self.run(args, **{**told, "check": True}).stdout

    def _run_program(self, words: list[str], typed: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with _instead(sys, stdin=io.StringIO(typed), argv=words, stdout=out, stderr=err):
            try:
                run_anew(self._submission, MAIN, apart=True)
            except SystemExit as ended:
                code, text = ended.code, err.getvalue()
                if code is None or isinstance(code, int):
                    return code or 0, out.getvalue(), text
                return 1, out.getvalue(), f"{text}{code}\n"  # as Python shows what is no number
            except Exception as error:
                # The last line of a traceback only: the rest would name files of this side.
                return 1, out.getvalue(), f"{err.getvalue()}{type(error).__name__}: {error}\n"
        return 0, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def _instead(owner: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in values}
    vars(owner).update(values)
    try:
        yield
    finally:
        vars(owner).update(before)


def run_anew(
    submission: SubmissionProxy, name: str, *, apart: bool = False, only_scripts: bool = False
) -> Any:
    """Run the answer's text once more; what it bound, where it is run apart from its module.

    Args:
        only_scripts: Leave it alone where nothing at its top level prints, reads or calls.
    """
    return asked_of(submission, run_in_worker, name, apart, only_scripts)


def asked_of(
    submission: SubmissionProxy, function: Callable[..., Any], name: str, *more: Any
) -> Any:
    """Run a function in the worker that runs code of the answer's module of that name."""
    return ask_in_surroundings(submission, function, (name, *more), f"import {name}")


def fresh_module(answer: Any, name: str) -> Any:
    """Runs in the worker: a module of the answer, run in a new namespace."""
    import importlib.util as finding

    spec: Any = finding.find_spec(name)
    module = finding.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_in_worker(answer: Any, name: str, apart: bool, only_scripts: bool) -> Any:
    """Runs in the worker; see `run_anew`."""
    import ast as syntax
    import linecache as lines

    namespace = answer.namespace
    file = namespace["__file__"]
    source = "".join(lines.getlines(file))
    # A file of definitions does nothing that a test could see, and running it again
    # would undo what the test has changed in it.
    definitions = (syntax.FunctionDef, syntax.AsyncFunctionDef, syntax.ClassDef)
    run_here = [each for each in syntax.parse(source).body if not isinstance(each, definitions)]
    if only_scripts and not any(
        (isinstance(each, syntax.Expr) and isinstance(each.value, syntax.Call))
        or (isinstance(each, syntax.Name) and each.id == "input")
        for statement in run_here
        for each in syntax.walk(statement)
        if "__name__" not in syntax.unparse(statement).partition("\n")[0]
    ):
        return None
    if not apart:
        exec(compile(source, file, "exec", dont_inherit=True), namespace)
        return None
    # Those that the test has replaced: they are bound in the answer's module (see surroundings.py).
    kept = {each: namespace[each] for each in ("input", "print") if each in namespace}
    fresh = {"__name__": name, "__file__": file, "__builtins__": namespace["__builtins__"], **kept}
    exec(compile(source, file, "exec", dont_inherit=True), fresh)
    return {each: value for each, value in fresh.items() if not each.startswith("__")}
