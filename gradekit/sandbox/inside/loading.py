"""Run an answer's file or cells, so that code that fails outside the functions costs no function.

A source runs as a whole, as Python runs it. Where a statement at the top level fails, the
others after it run one by one: each failure ends only itself, and is noted in one line.
"""

from __future__ import annotations
import __future__ as future

import ast
import contextlib
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from typing import Any

from gradekit.sandbox.inside import inert, mending
from gradekit.sandbox.inside.generators import set_generators
from gradekit.sandbox.inside.ipython import plain_python
from gradekit.sandbox.inside.shell import Shell

# The compiler flags that `from __future__ import ...` can set, together.
FUTURE = 0
for _name in future.all_feature_names:
    FUTURE |= getattr(future, _name).compiler_flag
NOTES = 20  # of one answer that are kept: a file of failing statements fills no report
BUILTINS = inert.own_builtins()  # made once, in the zygote
# One copy to give away. Copying counts a reference to every builtin, and so writes to 55 pages that
# a worker shares with the zygote, which takes 0.15 ms.
_spare = [{**BUILTINS}]
NOTE_CHARACTERS = 200


def refill() -> None:
    """Have a copy of the builtins to give away, as at first."""
    _spare[:] = [{**BUILTINS}]


class Loading:
    """One answer on its way into a module."""

    def __init__(
        self,
        module: types.ModuleType,
        filename: str,
        notebook: bool,
        label: Callable[[str], None],
        seeds: tuple[int, str] | None = None,
    ) -> None:
        """
        Args:
            label: Is told each name under which code is compiled.
            seeds: A number to seed the generators with before each cell; with the name of a
                variable, to bind to that instead.
        """
        self._seeds = seeds
        self.namespace, self.filename, self.notebook = module.__dict__, filename, notebook
        self.notes: list[str] = []
        self.unbound: dict[str, str] = {}  # name -> why nothing bound it
        self._label = label
        self._flags = 0
        more: dict[str, Any] = {}
        if notebook:
            shell = Shell(self.namespace, self._run_text)
            more = {"get_ipython": lambda: shell, "display": inert.display}
        own = _spare.pop() if _spare else {**BUILTINS}
        own.update(more)
        self.namespace["__builtins__"] = own

    def file(self, source: str) -> None:
        """Run a file.

        Raises:
            SyntaxError: it is no Python.
        """
        self._seed()
        self._run(source, self.filename, "")

    def _seed(self) -> None:
        """Before a cell."""
        if self._seeds is None:
            return
        number, variable = self._seeds
        if variable:
            self.namespace[variable] = number
        else:
            set_generators(number, {})

    def in_steps(self, cells: list[str], without: dict[int, str]) -> Iterator[int]:
        """Run all of it a statement at a time, as `file` and `cell` do; yield how many were run.

        Args:
            without: What the statements of some numbers did to an earlier worker, which hung
                or ended there: these are passed over.

        Raises:
            SyntaxError: it is no Python.
        """
        done = 0
        for number, source in enumerate(cells, start=1):
            name, place = self._called(number, len(cells))
            try:
                text = plain_python(source) if self.notebook else source
                source, code = self._compiled(text, name, place)
            except SyntaxError as error:
                self._pass_over_cell(error, place)
                continue
            # A __future__ import of one cell holds for all cells after it, as in IPython.
            self._flags |= code.co_flags & FUTURE
            self._seed()
            for statement in self._statements(source, name):
                if why := without.get(done):
                    self._left_out(statement, why, place)
                else:
                    self._run_one(statement, name, place)
                done += 1
                yield done

    def cell(self, source: str, number: int, count: int) -> None:
        """Run a cell; what cannot be run is noted."""
        name, place = self._called(number, count)
        self._seed()
        try:
            self._run(plain_python(source), name, place)
        except SyntaxError as error:
            self._pass_over_cell(error, place)

    def _called(self, number: int, count: int) -> tuple[str, str]:
        """The file name of a cell, of so many, and its place in notes: both without its number
        where it is the only one.
        """
        place = f"cell {number}" if count > 1 else ""
        return (f"{self.filename}, {place}" if place else self.filename), place

    def _pass_over_cell(self, error: SyntaxError, place: str) -> None:
        """Note a cell that is no Python; where it is all there is, raise that."""
        if not place:
            raise error
        self._note(f"{place}, line {error.lineno}, is no valid Python: {error.msg}")

    def _run(self, source: str, name: str, place: str) -> None:
        source, code = self._compiled(source, name, place)
        self._flags |= code.co_flags & FUTURE
        try:
            self._execute(code)
        except BaseException as error:  # SystemExit too: a script may end with `exit()`
            failed = _failed_at(error, code)
            # A file that filled the memory still holds it: no check could run beside it.
            if failed is None or (isinstance(error, MemoryError) and not self.notebook):
                raise
            self._run_rest(source, name, place, failed, error)

    def _compiled(self, source: str, name: str, place: str) -> tuple[str, types.CodeType]:
        """A source, mended where that needs no guess, and its code.

        Raises:
            SyntaxError: it is no Python; the message says what may help.
        """
        self._label(name)
        try:
            code = compile(source, name, "exec", self._options, dont_inherit=True)
        except SyntaxError as error:
            for text, note in mending.candidates(source, self.notebook):
                with contextlib.suppress(SyntaxError, ValueError):
                    code = compile(text, name, "exec", self._options, dont_inherit=True)
                    if note:
                        self._note(f"{place}: {note}" if place else note)
                    source = text
                    break
            else:
                if help := mending.hint(source, error.msg, error.lineno or 0):
                    error.msg = f"{error.msg} ({help})"
                if error.text is None and error.lineno:  # of what is parsed, but not compiled
                    error.text = source.split("\n")[error.lineno - 1]
                raise
        show_lines(name, source)
        return source, code

    @property
    def _options(self) -> int:
        """The flags to compile with: what it imported from __future__, and `await` in cells."""
        return self._flags | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if self.notebook else 0)

    def _statements(self, source: str, name: str) -> list[ast.stmt]:
        only_tree = self._options | ast.PyCF_ONLY_AST
        tree = compile(source, name, "exec", only_tree, dont_inherit=True)
        return list(tree.body)

    def _run_one(self, statement: ast.stmt, name: str, place: str) -> None:
        """Run a statement; where an import of several names fails, each of them on its own."""
        waiting = [statement]
        while waiting:
            each = waiting.pop()
            code = compile(ast.Module([each], []), name, "exec", self._options, dont_inherit=True)
            try:
                self._execute(code)
            except BaseException as error:
                waiting += reversed(self._passed_over(each, error, place))

    def _execute(self, code: types.CodeType) -> None:
        value = eval(code, self.namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            _drive(value)

    def _run_rest(
        self, source: str, name: str, place: str, failed: tuple[int, int], error: BaseException
    ) -> None:
        """Go on after the statement at `failed`, statement by statement."""
        # Statements before the failing one have run, and must not run twice: they may count, print
        # or draw. So only those that begin behind it, and do not contain it, are run now.
        waiting: list[ast.stmt] = []
        broken = None
        for statement in self._statements(source, name):
            if (statement.lineno, statement.col_offset) > failed and not _holds(statement, failed):
                waiting.append(statement)
            else:
                broken = statement
        if broken is not None:
            waiting = [*self._passed_over(broken, error, place), *waiting]
        for statement in waiting:
            self._run_one(statement, name, place)

    def _passed_over(self, statement: ast.stmt, error: BaseException, place: str) -> list[ast.stmt]:
        """Note it; of an import of several names, those that are to be tried one by one."""
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and len(statement.names) > 1:
            # `from math import sqrt, nothing` fails as a whole and binds nothing. One by one, the
            # names that are there are bound.
            kind, parts = type(statement), []
            for name in statement.names:
                fields = {**dict(ast.iter_fields(statement)), "names": [name]}
                parts.append(ast.copy_location(kind(**fields), statement))
            return list(parts)
        try:
            text = f"{type(error).__name__}: {error}"
        except BaseException:  # the answer's own __str__ ran, and may raise anything
            text = type(error).__name__
        self._left_out(statement, f"stopped with {text}", place)
        return []

    def _left_out(self, statement: ast.stmt, why: str, place: str) -> None:
        """Note a statement that had no effect, and the names that nothing binds now."""
        where = f"{place}, line {statement.lineno}" if place else f"line {statement.lineno}"
        shown = ast.unparse(statement).split("\n")[0][:80]
        self._note(f"{where}, `{shown}`, {why}")
        for bound in _bound(statement):
            if bound not in self.namespace:
                error = " ".join(why.removeprefix("stopped with").split())[:NOTE_CHARACTERS]
                self.unbound.setdefault(bound, f"{where} stopped at `{shown}`: {error}")

    def _note(self, text: str) -> None:
        if len(self.notes) < NOTES:
            self.notes.append(" ".join(text.split())[:NOTE_CHARACTERS])

    def _run_text(self, source: str, offset: int) -> Any:
        """Run the body of a magic; give the value of a last expression."""
        name = f"{self.filename}, magic"
        self._label(name)
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        text = "\n" * offset + plain_python(source)
        tree: Any = compile(text, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        show_lines(name, text)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        for statement in tree.body:
            try:
                self._execute(
                    compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True)
                )
            except BaseException as error:
                self._passed_over(statement, error, "")
        if last is None:
            return None
        value = eval(
            compile(ast.Expression(last.value), name, "eval", flags, dont_inherit=True),
            self.namespace,
        )
        return _drive(value) if inspect.iscoroutine(value) else value


def show_lines(name: str, source: str) -> None:
    """Have tracebacks show the lines of a source: no file of that name can be read in a worker."""
    # The second field, None for a time, keeps linecache from looking for a file.
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)


def _failed_at(error: BaseException, code: types.CodeType) -> tuple[int, int] | None:
    """Line and column in the module's own code where an error came up."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    if trace is None:
        return None
    for number, position in enumerate(code.co_positions()):
        if number == trace.tb_lasti // 2:  # instructions are two bytes long, tb_lasti counts bytes
            return position[0] or trace.tb_lineno, position[2] or 0
    return trace.tb_lineno, 0


def _holds(statement: ast.stmt, place: tuple[int, int]) -> bool:
    """Whether a place lies in a statement, its decorators included."""
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    return first <= place[0] and place <= (statement.end_lineno or 0, statement.end_col_offset or 0)


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement would have bound at the top level."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}  # what its body binds is local to it
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
    return found


def _drive(coroutine: Any) -> Any:
    """Run a coroutine to its end by hand: the sandbox refuses event loops."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value
