"""doctest: each example is a test, run after the examples that stand before it.

The examples run here, so that what they compare is compared here. What an example shows is the
`repr` of its value, which for an object of the answer's is text that the answer wrote; it is
compared with the expected text, which never leaves.
"""

from __future__ import annotations

import ast
import doctest
import io
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

from gradekit.grading.compare import Mismatch
from gradekit.grading.originals.original import Original, Test, text_in
from gradekit.grading.originals.statements import run_statement
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy
from gradekit.grading.raised import SubmissionError

OPTION_FLAGS = re.compile(r"\boptionflags\s*=\s*([^,)]+)")
FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
NEW_LINE = "\n"
SHOWN = 200  # characters of an example in a message


class DoctestFile(Original):
    """A Python file with examples in its docstrings, or a text with examples in it."""

    def read(self, content: bytes) -> None:
        super().read(content)
        self._flags = flags_in(text_in(content))
        self._unreadable: dict[str, str] = {}
        text, suffix, stem = text_in(content), self.path.suffix, self.path.stem
        self._groups = dict(groups_in(text, suffix, stem, self._unreadable))

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        for name, why in self._unreadable.items():
            obstacle = f"doctest cannot read the examples: {why}"
            yield Test(f"{name}#0", f"Examples of `{name}`.", about=name, obstacle=obstacle)
        for name, examples in self._groups.items():
            for number, example in enumerate(examples):
                if not example.want and example.exc_msg is None and not _asserts(example):
                    continue  # it only prepares those after it
                title = " ".join(example.source.split())[:SHOWN]
                skipped = example.options.get(doctest.SKIP, False)
                yield Test(
                    f"{name}#{number}",
                    title,
                    about=name,
                    obstacle="it is marked to be skipped" if skipped else "",
                    afresh=True,
                )

    def source_of(self, address: str) -> str:
        name, _, number = address.rpartition("#")
        if name in self._unreadable:
            return ""
        return self._groups[name][int(number)].source

    def run_in(self, world: World, address: str) -> None:
        name, _, number = address.rpartition("#")
        # All that stand before it, every time: a check must
        # not need what another one has left behind.
        examples = self._groups[name][: int(number) + 1]
        namespace = world.prepare({"__name__": "__main__"})
        for example in examples[:-1]:
            show(world, namespace, example)  # its failure is not this test's: it has its own
        judge(world, namespace, examples[-1], self._flags)


def flags_in(text: str) -> int:
    """The flags that a module gives to doctest itself: `testmod(optionflags=doctest.ELLIPSIS)`."""
    flags = 0
    for given in OPTION_FLAGS.findall(text):
        for name in re.findall(r"[A-Z_]{4,}", given):
            flags |= doctest.OPTIONFLAGS_BY_NAME.get(name, 0)
    return flags


def groups_in(
    text: str, suffix: str, stem: str, unreadable: dict[str, str] | None = None
) -> Iterator[tuple[str, list[doctest.Example]]]:
    """The examples of each docstring by the name of what it documents, or all of a text.

    Args:
        unreadable: Takes the names of those that doctest cannot read, and what it says of them.
    """
    if suffix == ".md":
        text = FENCE.sub("", text)  # which would belong to what an example shows
    docs = [(stem, text)]
    if suffix == ".py":
        tree = ast.parse(text)
        docs = [*_docstrings(tree, stem), *_more_tests(tree, stem)]
    parser = doctest.DocTestParser()
    for name, doc in docs:
        try:
            examples = parser.get_examples(doc)
        except ValueError as error:  # wrong indentation, mostly; doctest itself stops there
            if unreadable is not None:
                unreadable[name] = str(error)
            continue
        if examples:
            yield name, examples


def _docstrings(node: ast.AST, name: str, outer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        if doc := ast.get_docstring(node):
            yield name, doc
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _docstrings(child, f"{outer}{child.name}", f"{outer}{child.name}.")


def _more_tests(tree: ast.Module, stem: str) -> Iterator[tuple[str, str]]:
    """The texts that a module names in `__test__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__test__":
            told = node.value if isinstance(node.value, ast.Dict) else ast.Dict([], [])
            for key, value in zip(told.keys, told.values, strict=True):
                texts = [getattr(each, "value", None) for each in (key, value)]
                if all(isinstance(text, str) for text in texts):
                    yield f"{stem}.__test__.{texts[0]}", str(texts[1])


def _asserts(example: doctest.Example) -> bool:
    return example.source.startswith("assert ")


class Shown(io.StringIO):
    """What an example shows, and beside it what NumPy 1 would have shown.

    Texts that are older than NumPy 2 have `True` and `0.5` for `np.True_` and `np.float64(0.5)`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.before = io.StringIO()

    def write(self, text: str) -> int:
        self.before.write(text)
        return super().write(text)

    def show(self, value: Any) -> None:
        """As the interpreter shows the value of an expression."""
        if value is None:
            return
        text = old = repr(value)
        if "np." in text and "numpy" in sys.modules:
            with sys.modules["numpy"].printoptions(legacy="1.25"):
                old = repr(value)
        super().write(f"{text}\n")
        self.before.write(f"{old}\n")

    def is_as(self, want: str, flags: int) -> bool:
        """Whether it is what an example says."""
        check = doctest.OutputChecker().check_output
        # As doctest does: `print(x, end=" ")` is compared as if it had ended its line.
        texts = {text and f"{text.removesuffix(NEW_LINE)}{NEW_LINE}"
                 for text in (self.getvalue(), self.before.getvalue())}  # fmt: skip
        return any(check(want, text, flags) for text in texts)


def show(world: World, namespace: dict[str, Any], example: doctest.Example) -> Exception | Shown:
    """Run an example; what it shows, or the error that it raised."""
    printed = Shown()
    try:
        with redirect_stdout(printed):
            for statement in ast.parse(example.source).body:
                _run(statement, namespace, printed)
    except Exception as error:
        return error
    return printed


def _run(statement: ast.stmt, namespace: dict[str, Any], printed: Shown) -> None:
    if isinstance(statement, ast.Delete):
        run_statement(statement, namespace, "<example>")
        return
    # As in the interpreter, where values in a loop or a `with` block are shown as well.
    # `dont_inherit`: else this file's own `from __future__ import annotations` would hold for it.
    code = compile(ast.Interactive([statement]), "<example>", "single", dont_inherit=True)
    before, sys.displayhook = sys.displayhook, printed.show
    try:
        exec(code, namespace)
    finally:
        sys.displayhook = before


def judge(
    world: World, namespace: dict[str, Any], example: doctest.Example, flags: int = 0
) -> None:
    """Run an example, and compare what it shows with what it should.

    Args:
        flags: doctest's, unless the example says otherwise.
    Raises:
        Mismatch: it shows something else; or whatever the example raises.
    """
    got = show(world, namespace, example)
    for flag, on in example.options.items():
        flags = flags | flag if on else flags & ~flag
    source = example.source.strip()
    if example.exc_msg is not None:
        if not isinstance(got, Exception):
            raise Mismatch(f"expected {example.exc_msg.strip()}, but nothing was raised", source)
        if not _same_error(example.exc_msg, got, flags):
            if isinstance(got, SubmissionError):
                raise got
            line, code = vars(got).get("submission_place", (0, ""))
            place = f" (line {line}: `{code}`)" if code else ""
            told = traceback.format_exception_only(got)[-1].strip()
            raise Mismatch(f"expected {example.exc_msg.strip()}, got {told}{place}", source)
        return
    if isinstance(got, Exception):
        raise got
    if not got.is_as(example.want, flags):
        text = got.getvalue().strip() or "nothing"
        raise Mismatch(f"expected {example.want.strip() or 'nothing'}, got {text}", source)


def _same_error(wanted: str, error: Exception, flags: int) -> bool:
    """Whether an error reads as the example says, wherever its class is defined."""
    got = traceback.format_exception_only(error)[-1]
    kind, colon, rest = got.partition(":")
    got = f"{kind.rpartition('.')[2]}{colon}{rest}"
    kind, colon, rest = wanted.partition(":")
    wanted = f"{kind.rpartition('.')[2]}{colon}{rest}"
    if flags & doctest.IGNORE_EXCEPTION_DETAIL:
        got, wanted = got.partition(":")[0].strip(), wanted.partition(":")[0].strip()
    return doctest.OutputChecker().check_output(wanted, got, flags)
