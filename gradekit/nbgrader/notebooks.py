"""An exercise as a notebook: nbgrader's source version, and how its cells are read again.

The notebook holds the stub's prompt and signatures, the solution between BEGIN and END
SOLUTION, the visible examples, and one cell a check. Of the check itself it holds no more
than its title: the hidden part of the cell asks gradekit for the check by name.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from doctest import Example
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.definitions import (
    Definition,
    Function,
    defined_in,
    first_line_of,
    names_in,
    needed_by,
)
from gradekit.report import Check
from gradekit.texts import counted

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise

BEGIN, END = "    ### BEGIN SOLUTION", "    ### END SOLUTION"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
EXAMPLES_SUFFIX = "_examples"
LOADER = "from gradekit.notebook import score"

# In a docstring, because IPython takes prompts elsewhere for pasted input and strips them.
EXAMPLES = '''\
# The examples of `{name}`. They are worth no points, and show what is meant.
import doctest


def examples():
    {raw}"""
{examples}
    """


test = doctest.DocTestParser().get_doctest(examples.__doc__, globals(), "{name}", None, 0)
options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
result = doctest.DocTestRunner(optionflags=options).run(test)
assert not result.failed, f"{{result.failed}} of {{result.attempted}} lines came out differently"
'''

CHECK = """\
# {title} ({points})
### BEGIN HIDDEN TESTS
{loader}

{call}
### END HIDDEN TESTS"""


class HiddenCheck(NamedTuple):
    """What a check cell asks for. `course` is the address of its course."""

    exercise: str
    check: str
    course: str = ""

    @property
    def call(self) -> str:
        """The hidden line of the cell."""
        course = f", course={self.course!r}" if self.course else ""
        return f"score({self.exercise!r}, {self.check!r}{course})".replace("'", '"')

    @classmethod
    def find(cls, source: str) -> HiddenCheck | None:
        """The check that a cell with this source asks for, if it is one of ours."""
        if LOADER not in source:
            return None
        try:
            last = ast.parse(source).body[-1]
            assert isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
            keywords = {str(word.arg): ast.literal_eval(word.value) for word in last.value.keywords}
            return cls(*map(ast.literal_eval, last.value.args), **keywords)
        except (AssertionError, IndexError, SyntaxError, TypeError, ValueError):
            return None


def notebook(course: Course, exercise: Exercise, checks: Iterable[Check]) -> Any:
    """The source notebook of an exercise; its course has to be there when answers are graded.

    Args:
        checks: All of its checks, in the grader's order, as any report has them.
    """
    from nbformat import v4

    from gradekit.grading.examples import functions_of

    stub, answer = _Source(course.stub(exercise)), _Source(course.solution(exercise))
    examples = dict(functions_of(course.stub(exercise)))
    imported = {f"{ast.unparse(node)}\n" for node in stub.imports}
    by_function: dict[str, list[Check]] = {name: [] for name in stub.asked}
    for check in checks:
        # Of an imported exercise a check may be about a question, or a cell that binds variables.
        by_function.setdefault(check.function, []).append(check)

    made = v4.new_notebook(metadata={"kernelspec": dict(KERNEL)})
    made.cells += [_prompt(ast.get_docstring(stub.tree) or exercise.title), _imports(stub)]
    for name, node in stub.asked.items():
        made.cells.append(_cell(name, _solution(node, stub, answer), solution=True))
        if own := [each for each in examples[name] if each.source not in imported]:
            made.cells.append(_example_cell(name, own))
        made.cells += _check_cells(name, by_function.pop(name), exercise, course.address)
    for name, own_checks in by_function.items():
        made.cells += _check_cells(name, own_checks, exercise, course.address)
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"  # random ids would make every export differ
    return made


def _check_cells(
    name: str, checks: Iterable[Check], exercise: Exercise, course_path: str
) -> Iterator[Any]:
    """The cells that test a function."""
    hidden = [check for check in checks if check.max_score]
    for number, check in enumerate(hidden, start=1):
        asked = HiddenCheck(exercise.name, check.name, course_path)
        yield _check_cell(f"{name}_check_{number}", check, asked)


def _prompt(docstring: str) -> Any:
    from nbformat import v4

    title, _, story = docstring.partition("\n")
    note = "Run the cells from top to bottom. The cells after each function test it."
    cell = v4.new_markdown_cell(f"# {title}\n{story.rstrip()}\n\n{note}")
    cell.metadata["nbgrader"] = _mark("prompt", locked=True)
    return cell


def _imports(stub: _Source) -> Any:
    from nbformat import v4

    return v4.new_code_cell("\n".join(ast.unparse(node) for node in stub.imports))


def _example_cell(name: str, examples: list[Example]) -> Any:
    lines = textwrap.indent("\n".join(_shown(example) for example in examples), "    ")
    raw = "r" if "\\" in lines else ""
    source = EXAMPLES.format(name=name, examples=lines, raw=raw)
    return _cell(f"{name}{EXAMPLES_SUFFIX}", source.rstrip(), points=0)


def _check_cell(grade_id: str, check: Check, asked: HiddenCheck) -> Any:
    points = counted(check.max_score, "point")
    source = CHECK.format(title=check.title, points=points, loader=LOADER, call=asked.call)
    return _cell(grade_id, source, points=check.max_score)


def _cell(
    grade_id: str, source: str, *, solution: bool = False, points: float | None = None
) -> Any:
    from nbformat import v4

    cell = v4.new_code_cell(source)
    cell.metadata["nbgrader"] = _mark(grade_id, solution=solution, points=points)
    return cell


def _mark(
    grade_id: str, *, solution: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    """The metadata by which nbgrader knows a cell; a cell with points is a locked test."""
    tested = points is not None
    mark: dict[str, Any] = {
        "grade_id": re.sub(r"[^A-Za-z0-9_-]", "-", grade_id),
        "grade": tested,
        "solution": solution,
        "locked": locked or tested,
        "task": False,
        "schema_version": 3,
    }
    return {**mark, "points": points} if tested else mark


def _shown(example: Example) -> str:
    """An example as it stands in a docstring; of an error only the name counts."""
    first, *rest = example.source.rstrip("\n").split("\n")
    source = "\n".join([f">>> {first}", *(f"... {line}" for line in rest)])
    return f"{source}\n{example.want}".rstrip("\n")


class _Source:
    """A file of the course by its nodes, each with its own text."""

    def __init__(self, path: Path) -> None:
        text = path.read_text("utf-8")
        self.lines = text.splitlines()
        self.tree = ast.parse(text)

    @property
    def asked(self) -> dict[str, Definition]:
        """The functions and classes at its top level, which an answer has to define."""
        return defined_in(self.tree.body)

    @property
    def imports(self) -> list[ast.stmt]:
        imports = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        return [node for node in imports if getattr(node, "module", None) != "__future__"]

    def code(self, first: ast.stmt, last: ast.stmt) -> str:
        """The lines from one statement to another, with the comments right above them."""
        start = first_line_of(first)
        while start > 1 and self.lines[start - 2].lstrip().startswith("#"):
            start -= 1
        return textwrap.dedent("\n".join(self.lines[start - 1 : last.end_lineno]))

    def head(self, node: Definition) -> str:
        """The signature and docstring of a function, or of a class."""
        first = node.body[0]
        end = first.end_lineno if ast.get_docstring(node) else first.lineno - 1
        lines = self.lines[node.lineno - 1 : end]
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()  # the stub's own TODO
        return textwrap.dedent("\n".join(lines))

    def body(self, function: Function) -> str:
        """A function's statements without its docstring."""
        statements = function.body[1:] if ast.get_docstring(function) else function.body
        return self.code(statements[0], statements[-1])


def _solution(node: Definition, stub: _Source, answer: _Source) -> str:
    """The stub's signature and contract over the body of the reference answer."""
    model = answer.asked[node.name]
    if isinstance(node, ast.ClassDef) and isinstance(model, ast.ClassDef):
        return _class_solution(node, model, stub, answer)
    assert isinstance(model, Function)
    body = _indented(_body_with_help(model, stub, answer))
    return f"{stub.head(node)}\n{BEGIN}\n{body}\n{END}"


def _class_solution(node: ast.ClassDef, model: ast.ClassDef, stub: _Source, answer: _Source) -> str:
    """The same for a class, method by method, so that each keeps its contract.

    What else the reference class has stands behind its last method, in the same region: a
    region of its own would be replaced by a statement that raises while the class is made.
    """
    methods = {each.name: each for each in model.body if isinstance(each, Function)}
    asked = [each for each in node.body if isinstance(each, Function)]
    names = {each.name for each in asked}
    docstring = model.body[0] if ast.get_docstring(model) else None
    rest = [each for each in model.body if each is not docstring]
    others = [each for each in rest if getattr(each, "name", "") not in names]
    # Their signatures are worked out in the class, so what these need stands there as well.
    used = set[str]().union(*(names_in(other).used for other in others))
    texts = [answer.code(node, node) for node in needed_by(used, _beside(stub, answer))]
    texts += [_whole_with_help(other, stub, answer) for other in others]
    parts = []
    for each in asked:
        body = _indented(_body_with_help(methods[each.name], stub, answer))
        more = "".join(f"\n\n{text}" for text in texts if each is asked[-1])
        parts.append(f"{stub.head(each)}\n{BEGIN}\n{body}{more}\n{END}")
    return "\n\n".join([stub.head(node), *map(_indented, parts)])


def _body_with_help(reference: Function, stub: _Source, answer: _Source) -> str:
    """The body of a reference function, after what the answer keeps beside its functions.

    That goes into the body too: a released cell that raised at its top level would keep the
    cell's own function from being defined.
    """
    beside = _beside(stub, answer)
    if reference.decorator_list:  # the cell's own signature has none: they go in with the whole
        parts = [answer.code(node, node) for node in needed_by(names_in(reference).used, beside)]
        given = [*reference.args.posonlyargs, *reference.args.args, *reference.args.kwonlyargs]
        call = ", ".join(f"{each.arg}={each.arg}" for each in given)
        whole = answer.code(reference, reference)
        return "\n\n".join([*parts, f"{whole}\n\nreturn {reference.name}({call})"])
    used = set[str]().union(*(names_in(statement).used for statement in reference.body))
    parts = [answer.code(node, node) for node in needed_by(used, beside)]
    return "\n\n".join([*parts, answer.body(reference)])


def _beside(stub: _Source, answer: _Source) -> list[ast.stmt]:
    """What the answer has at its top level that a notebook of the stub has not."""
    there = set[str]().union(*(names_in(node).bound for node in stub.imports), stub.asked)
    return [node for node in answer.tree.body[1:] if not names_in(node).bound <= there]


def _whole_with_help(node: ast.stmt, stub: _Source, answer: _Source) -> str:
    """A statement of a class; what a method needs of the top level stands in the method."""
    if not isinstance(node, Function) or node.decorator_list:
        return answer.code(node, node)
    return f"{answer.head(node)}\n{_indented(_body_with_help(node, stub, answer))}"


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
