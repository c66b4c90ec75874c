"""Text that a test runs with `eval` and `exec`: what is not its own is run by the answer's process.

`eval(repr(x)) == x` is a common test, and of an object of the answer's the text is the answer's.
"""

# Without `annotations` of `__future__`: code that is compiled here would have it, too.
import ast
import builtins
import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import cloudpickle

from gradekit.grading.handle import is_handle
from gradekit.grading.live import module_of
from gradekit.grading.originals.answer_modules import AnswerModule
from gradekit.grading.originals.surroundings import ask_in_surroundings
from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

NAME = re.compile(r"\b[A-Za-z_]\w*")
# Of the libraries that a test may share with the answer. pandas and what draws are not among
# them: their objects stay in the worker, where alone they can be looked at.
LIBRARIES = {*sys.stdlib_module_names, "numpy", "scipy", "torch"} - {"__main__"}


class Given(NamedTuple):
    """What a test compiled that is not its own; the answer's process runs it."""

    text: str
    mode: str


class Running:
    """The `eval`, `exec` and `compile` of a test."""

    def __init__(self, submission: SubmissionProxy, sources: Sequence[str]) -> None:
        """`sources` is the code of the tests."""
        self._submission, self._sources = submission, sources

    def eval(self, text: Any, names: Any = None, local: Any = None, /) -> Any:
        known = _scopes(names, local, sys._getframe(1))  # noqa: SLF001
        if self._is_own(text):
            return builtins.eval(text, *known)
        return self._run(text, "eval", known)

    def exec(self, text: Any, names: Any = None, local: Any = None, /, **more: Any) -> None:
        known = _scopes(names, local, sys._getframe(1))  # noqa: SLF001
        if self._is_own(text):
            builtins.exec(text, *known, **more)
            return
        self._run(text, "exec", known)

    def compile(
        self, text: Any, file: Any, mode: str, flags: int = 0, *more: Any, **told: Any
    ) -> Any:
        if self._is_own(text) or flags & ast.PyCF_ONLY_AST:
            return builtins.compile(text, file, mode, flags, *more, **told)
        if isinstance(text, ast.AST):
            return Given(ast.unparse(text), mode)
        return Given(text.decode() if isinstance(text, bytes) else text, mode)

    def _is_own(self, text: Any) -> bool:
        """Whether it is code, or text that stands in such a call in the tests.

        A tree is not: it may have been parsed from the answer's text.
        """
        if isinstance(text, Given | ast.AST):
            return False
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if not isinstance(text, str):
            return True
        # Not anywhere in them: `expected` may be the name of a variable there, and the text a repr.
        call = re.compile(rf"\b(?:eval|exec|compile)\(\s*\w?[\"']+{re.escape(text)}[\"']")
        return any(map(call.search, self._sources))

    def _run(self, text: Any, mode: str, known: tuple[Any, Any]) -> Any:
        """The value of an expression; None for statements, whose names are bound then."""
        if isinstance(text, Given):
            text, mode = text
        made = self._ask(text, "eval" if mode == "eval" else "exec", known)
        if mode == "eval":
            return made
        if type(made) is dict:
            known[1].update({name: value for name, value in made.items() if type(name) is str})
        return None

    def _ask(self, text: Any, mode: str, known: tuple[Any, Any]) -> Any:
        given = {}
        for name in {*NAME.findall(str(text))}:
            value = known[1].get(name, known[0].get(name))
            if (there := self._there(value)) is not None:
                given[name] = there
        asked = text, mode, given
        return ask_in_surroundings(self._submission, run_text, asked, f"{mode} of a text")

    def _there(self, value: Any) -> Any:
        """What a name of the test means in such a text: of the answer, or a library's.

        No data, nor objects: they may be what the test expects.
        """
        if is_handle(value):
            is_named = isinstance(value, type) or type(value).__name__ == "function"
            return value if is_named else None
        if isinstance(value, ModuleType):
            if isinstance(value, AnswerModule):
                return module_of(self._submission)
            return value if value.__name__.partition(".")[0] in LIBRARIES else None
        module = str(getattr(value, "__module__", "")).partition(".")[0]
        is_library = isinstance(value, type) and module in LIBRARIES
        return value if is_library else None


def _scopes(names: Any, local: Any, frame: FrameType) -> tuple[Any, Any]:
    """The global and local names that `eval` would use."""
    # `globals()` of a test: Python looks into the dict itself, which is that of the namespace.
    names = getattr(names, "kit__namespace", names)
    if names is None:
        return frame.f_globals, frame.f_locals if local is None else local
    return names, names if local is None else local


def library(module: str, attribute: str, views: Mapping[str, ModuleType]) -> Any:
    """What an import of the solution gives here, by a view of the module where there is one.

    None where it is not to be shared.
    """
    if module.partition(".")[0] not in LIBRARIES:
        return None
    try:
        found = views.get(module) or importlib.import_module(module)
        return getattr(found, attribute) if attribute else found
    except (ImportError, AttributeError):
        return None


def run_text(answer: Any, text: Any, mode: str, given: Mapping[str, Any]) -> Any:
    """Runs in the worker: the value of an expression, or what statements have bound."""
    scope = {**answer.namespace, **given}
    if mode == "eval":
        return eval(text, scope)
    before = dict(scope)
    exec(text, scope)
    return {name: each for name, each in scope.items() if before.get(name, scope) is not each}
