"""Tests in the cells of a notebook: nbgrader's, and those of otter's masters.

In a kernel a test cell shares its names with the answer. Here it runs on the trusted side, a
statement at a time, after those statements of the instructor's own cells that it needs. What a
test deletes or binds of the names that the answer uses is done in the answer's process too, until
the test is over.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import pickle
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradekit.definitions import Names, names_in, needed_by
from gradekit.errors import GraderError
from gradekit.grading.checks import PartialCredit
from gradekit.grading.originals import autotest, templates
from gradekit.grading.originals.magics import without_magics
from gradekit.grading.originals.original import PERSON, Original, Test, title_of
from gradekit.grading.originals.statements import FORGET, run_statement
from gradekit.grading.originals.templates import Templates
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy, run_of

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
MAIN = "__main__"
CHARACTERS = 100_000  # of a cell of an answer that is looked at
# Code that takes `__main__`, whose names are the answer's in a kernel, for a module.
NAMES_MAIN = re.compile(
    r"""\b__main__\.|import __main__\b|["']__main__["']\s*[\])]|modules\[__name__\]"""
)


class Cell(NamedTuple):
    """A cell: its text, what is noted about it, and what it showed when it was saved."""

    source: str
    metadata: dict[str, Any]
    shown: str

    @property
    def tree(self) -> list[ast.stmt]:
        """Its statements; none where it is no Python."""
        try:
            return ast.parse(self.source).body
        except SyntaxError:
            return []


def code_cells(content: bytes) -> list[Cell]:
    """The code cells of a notebook, magics taken out, and the raw ones between them."""
    found = []
    for cell in json.loads(content)["cells"]:
        source = _joined(cell.get("source", ""))
        kind = cell["cell_type"]
        metadata = {**cell.get("metadata", {}), "cell_type": kind}
        if kind == "code":
            source = without_magics(source) or ""
        found.append(Cell(source, metadata, _outputs(cell)))
    return found


def kernel_of(content: bytes) -> str:
    """The name of the kernel that a notebook was written for."""
    about = json.loads(content).get("metadata", {}).get("kernelspec", {})
    return str(about.get("name", "python3")) if isinstance(about, dict) else "python3"


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _outputs(cell: dict[str, Any]) -> str:
    """What a cell printed, and the value that it showed, as text."""
    parts = []
    for output in cell.get("outputs", ()):
        parts.append(_joined(output.get("text", "")))
        parts.append(_joined(output.get("data", {}).get("text/plain", "")))
    return "".join(parts)


class NotebookTests(Original):
    """What both makers' notebooks have in common."""

    def read(self, content: bytes) -> None:
        try:
            self.cells = code_cells(content)
            self.kernel = kernel_of(content)
        except (ValueError, KeyError, TypeError):
            raise GraderError(f"{self.path} is no notebook of version 4") from None
        statements = [
            statement
            for cell in self.cells
            if self.is_answer(cell) and cell.metadata["cell_type"] == "code"
            for statement in cell.tree
        ]
        names = [names_in(each) for each in statements]
        # Names of the answer that a test, which shares them, may bind anew or delete.
        self._answers_bind = {name for each in names for name in each.bound}
        self._answers_use = {name for each in names for name in each.used} | self._answers_bind

    def sources(self) -> list[str]:
        return [cell.source for cell in self.cells]

    def is_answer(self, cell: Cell) -> bool:
        """Whether learners write this cell."""
        raise NotImplementedError

    def namespace(self, world: World, before: Sequence[ast.stmt], wanted: set[str]) -> Any:
        """The names that a test starts from: what `before` binds of those it needs.

        A statement that fails leaves its names to the answer, as it would in a kernel.
        """
        namespace = world.prepare({"__name__": MAIN})
        for statement in _seeds_and(_needed_or_changed(wanted, before), before):
            try:
                run_statement(statement, namespace, str(self.path))
            except Exception:  # as a kernel goes on with the next cell
                continue
        return namespace

    def own_statements(self, cells: Sequence[Cell]) -> list[ast.stmt]:
        """What the instructor's cells before a test bind, without what the answer binds."""
        found: list[ast.stmt] = []
        given: set[str] = set()  # names that both bind, as far as these stand for the instructor's
        for cell in cells:
            if cell.metadata["cell_type"] != "code":
                continue
            if self.is_answer(cell):  # from here on they stand for the answer's again
                again = given & bound_in(cell)
                found += [ast.Delete([ast.Name(name, ast.Del())]) for name in sorted(again)]
                given -= again
                continue
            for statement in cell.tree:
                bound = names_in(statement).bound
                # Where all names that it binds are the answer's too, it is a default that learners
                # replace, and a test has to see theirs.
                if not bound or not bound <= self._answers_bind:
                    found.append(statement)
                    given |= bound & self._answers_bind
        return [ast.fix_missing_locations(each) for each in found]

    def place_of(self, address: str) -> int:
        """The number of the first cell of a test."""
        raise NotImplementedError

    def name_of(self, address: str, source: str) -> str:
        """The name under which a test's cell is compiled, so that its lines can be shown."""
        name = f"{self.path}#{address}"
        # Tracebacks and our messages look up lines by file name, and a cell has no file.
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        return name

    def run_shared(
        self, world: World, namespace: dict[str, Any], tree: Sequence[ast.stmt], name: str
    ) -> Any:
        """Run statements that share their names with the answer; the value of a last expression.

        `name` is what they are compiled under.
        """
        namespace[FORGET] = lambda name: forget(world, namespace, name)
        given: dict[str, Any] = {}
        world.given, world.namespace = given, namespace
        value = None
        for statement in tree:
            value = run_statement(statement, namespace, name, self._answers_use)
            # In a kernel both share one namespace: what the test binds, the answer's functions see.
            bound = set() if _is_import(statement) else names_in(statement).bound
            for each in self._answers_use & bound & namespace.keys():
                # Only what this statement has bound anew: each
                # assignment is a request to the worker.
                if each not in given or given[each] is not namespace[each]:
                    given[each] = namespace[each]
                    # An open file, say: it stays here, and the answer has its own.
                    with contextlib.suppress(pickle.PicklingError, TypeError):
                        world.assign(each, namespace[each])
        return value


def bound_in(cell: Cell) -> set[str]:
    return {name for statement in cell.tree for name in names_in(statement).bound}


def forget(world: World, namespace: dict[str, Any], name: str) -> None:
    """`del name` in a test: gone here, and in the answer."""
    namespace.pop(name, None)
    world.forget(name)


def _is_import(statement: ast.stmt) -> bool:
    """Whether it only gives a module another name, which the answer has to do for itself."""
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _needed_or_changed(wanted: set[str], before: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements that define those names or change what they stand for."""
    while True:
        needed = needed_by(wanted, before)
        now = wanted | used_in(needed)
        changes = [each for each in before if _changed_in(each) & now]
        more = now | used_in(changes)
        if more == wanted:
            chosen = set(map(id, [*needed, *changes]))
            return [each for each in before if id(each) in chosen]
        wanted = more


def _changed_in(statement: ast.stmt) -> set[str]:
    """The names whose objects a statement changes: `x[0] = 1`, `x.y = 1`, `x.append(1)`."""
    places: list[ast.expr] = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load)
    ]
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        places.append(value.func)
    found = set()
    for place in places:
        inner: ast.expr = place
        while isinstance(inner, ast.Subscript | ast.Attribute):
            inner = inner.value
        if isinstance(inner, ast.Name):
            found.add(inner.id)
    return found


def _seeds_and(needed: list[ast.stmt], before: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of `before` that are needed or set a seed, in order."""
    wanted = set(map(id, needed))
    return [s for s in before if id(s) in wanted or (isinstance(s, ast.Expr) and _is_seed(s))]


def _is_seed(statement: ast.Expr) -> bool:
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) in ("seed", "manual_seed")


class Effects(NamedTuple):
    """What a cell of an answer does at its top level.

    Attributes:
        statements: What each takes and gives.
        changed: Names that it binds, without imports, or whose objects it changes.
    """

    statements: tuple[Names, ...]
    changed: frozenset[str]


@lru_cache(2000)
def effects_of(source: str) -> Effects:
    """What a cell of an answer does; nothing where it cannot be read."""
    statements, changed = [], set[str]()
    try:
        for statement in ast.parse(without_magics(source[:CHARACTERS]) or "").body:
            names = names_in(statement)
            statements.append(names)
            changed |= _changed_in(statement) | (set() if _is_import(statement) else names.bound)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # of an answer anything may come
    return Effects(tuple(statements), frozenset(changed))


def used_in(tree: Sequence[ast.stmt]) -> set[str]:
    return {name for statement in tree for name in names_in(statement).used}


class NbgraderNotebook(NotebookTests):
    """A source notebook: each autograded test cell is a test, called by its grade_id."""

    _cell = ""  # what the cell that is run is compiled under
    _hidden: Collection[int] = ()  # its lines that learners do not see

    def is_answer(self, cell: Cell) -> bool:
        return bool(_mark(cell).get("solution"))

    @property
    def names(self) -> Collection[str]:
        """In a kernel the answer is `__main__`: a test may say `patch("__main__.count")`."""
        return {MAIN} if NAMES_MAIN.search(self.text) else ()

    def seen_by(
        self, submission: SubmissionProxy, address: str
    ) -> contextlib.AbstractContextManager[None]:
        """In a kernel a test sees what the cells before it have made, and nothing of later ones.

        Mostly it makes no difference, and one worker does for all tests. It does where the answer
        binds or changes again what the test uses.
        """
        run = run_of(submission)
        parts = run.submission.parted_at(address)
        if parts is None or not self._is_changed_later(address, *parts):
            return contextlib.nullcontext()
        return run.up_to(parts[0])

    def _is_changed_later(self, address: str, before: Sequence[str], after: Sequence[str]) -> bool:
        """Whether cells `after` a test change what it uses of those `before` it."""
        later = set[str]().union(*(each.changed for each in map(effects_of, after)))
        if not later:
            return False
        number = self.place_of(address)
        own = self.own_statements(self.cells[:number])
        used = used_in(ast.parse(autotest.with_calls(self.cells[number].source)).body)
        used |= used_in(_needed_or_changed(used, own))
        statements = [each for cell in map(effects_of, before) for each in cell.statements]
        while more := {n for each in statements if each.bound & used for n in each.used} - used:
            used |= more
        return bool(later & used & set[str]().union(*(each.bound for each in statements)))

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        about = ""
        for cell in self.cells:
            mark = _mark(cell)
            if self.is_answer(cell):
                about = next(iter(_defined(cell)), mark.get("grade_id", ""))
            if not mark.get("grade") and not mark.get("task"):
                continue
            points = float(mark.get("points") or 0)
            hidden = BEGIN_HIDDEN in cell.source
            obstacle = _obstacle(cell)
            test = Test(mark["grade_id"], _title(cell), points, hidden, obstacle, about)
            if not obstacle and autotest.is_in(cell.source):
                test = self._with_values(test, submission)
            yield test

    def _with_values(self, test: Test, submission: SubmissionProxy) -> Test:
        """A test of nbgrader's AUTOTEST with the values that the solution gives."""
        found: list[str] = []
        try:
            with self.seen_by(submission, test.address), self.world(submission) as world:
                world.compare = autotest.recording(found)
                if path := self.path_of_templates():
                    found += self._filled(world, test.address, Templates(path, self.kernel))
                else:
                    self.run_in(world, test.address)
        except GraderError as error:
            return test._replace(obstacle=str(error))
        except Exception as error:
            return test._replace(obstacle=f"the solution fails it here: {error}")
        return test._replace(expected=tuple(found))

    def path_of_templates(self) -> Path | None:
        """The instructor's own templates: beside the notebook, else of the whole course."""
        around = [each for each in self.path.parents if self.folder in (each, *each.parents)]
        return next((p for each in around if (p := each / templates.FILE).is_file()), None)

    def _filled(self, world: World, address: str, own: Templates) -> list[str]:
        """What comes of the AUTOTEST lines of a cell: for each of them the lines of its tests."""
        number = self.place_of(address)
        source = self.cells[number].source
        used = used_in(ast.parse(autotest.with_calls(source)).body)
        namespace = self.namespace(world, self.own_statements(self.cells[:number]), used)

        def run(text: str) -> Any:
            return self.run_shared(world, namespace, ast.parse(text).body, "<autotest>")

        found: list[str] = []
        before: list[str] = []
        for line in source.splitlines():
            if (asked := autotest.snippets_of(line)) is None:
                before.append(line)
                continue
            setup = [] if found else [own.setup()]
            run("\n".join([*before, *setup]))
            before.clear()
            expressions, is_hashed = asked
            salts = [f"{len(found)}{n}" if is_hashed else "" for n in range(len(expressions))]
            tests = [own.lines(e, s, run) for e, s in zip(expressions, salts, strict=True)]
            found.append("\n".join([*setup, *(line for each in tests for line in each)]))
        return found

    def place_of(self, address: str) -> int:
        return next(n for n, c in enumerate(self.cells) if _mark(c).get("grade_id") == address)

    def expect(self, world: World, expected: Sequence[str]) -> None:
        if self.path_of_templates():
            world.lines = expected
        else:
            world.compare = autotest.judging(expected)

    def run_in(self, world: World, address: str) -> None:
        number = self.place_of(address)
        cell = self.cells[number]
        source = autotest.with_lines(cell.source, world.lines) if world.lines else cell.source
        source = autotest.with_calls(source)
        tree = ast.parse(source).body
        namespace = self.namespace(world, self.own_statements(self.cells[:number]), used_in(tree))
        namespace[autotest.CALL] = world.compare
        self._hidden = _hidden_lines(source)
        self._cell = self.name_of(address, source)
        value = self.run_shared(world, namespace, tree, self._cell)
        points = float(_mark(cell).get("points") or 0)
        # As in nbgrader, a number that the cell shows is what it earned.
        shown = number_in(value)
        # Not `shown < points`, which is false for NaN: a NaN would earn all of them.
        if shown is not None and not points <= shown:
            raise PartialCredit(shown)

    def source_of(self, address: str) -> str:
        return next(c.source for c in self.cells if _mark(c).get("grade_id") == address)

    def is_hidden_at(self, error: BaseException, hidden: bool) -> bool:
        # At any of its places: a helper that a hidden test calls says what it was given.
        lines = {w.trace.tb_lineno for w in self.places_of(error) if w.name == self._cell}
        return hidden and not lines.isdisjoint(self._hidden)


def number_in(value: Any) -> float | None:
    """The number that a value is, one of NumPy's too; None for any other, and for a truth value.

    A sum of comparisons is a NumPy number where the answer gives such numbers.
    """
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return float(value) if is_number else None


def _mark(cell: Cell) -> dict[str, Any]:
    mark = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) else {}


def _obstacle(cell: Cell) -> str:
    """What keeps a graded cell from being a check."""
    if cell.metadata["cell_type"] != "code" or _mark(cell).get("solution"):
        return PERSON
    try:
        ast.parse(autotest.with_calls(cell.source))
    except SyntaxError as error:
        return f"it is no valid Python: {error.msg}"
    return ""


def _title(cell: Cell) -> str:
    """The docstring or the comment that a test cell opens with, else its name in words."""
    name = str(_mark(cell).get("grade_id", ""))
    if cell.metadata["cell_type"] != "code":
        return title_of("", name)
    tree = cell.tree
    first = tree[0] if tree else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return title_of(str(first.value.value), name)
    line = cell.source.strip().partition("\n")[0]
    comment = line.lstrip("# ") if line.startswith("# ") else ""
    return title_of(comment, name.replace("-", "_"))


def _defined(cell: Cell) -> list[str]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in cell.tree if isinstance(node, kinds)]


def _hidden_lines(source: str) -> set[int]:
    """The lines between nbgrader's marks of hidden tests."""
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), start=1):
        if BEGIN_HIDDEN in line:
            inside = True
        if inside:
            found.add(number)
        if END_HIDDEN in line:
            inside = False
    return found
