"""A file of tests that came from elsewhere: what all kinds of them have in common."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import linecache
import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NamedTuple

import numpy as np
import pytest

from gradekit.errors import GraderError
from gradekit.grading.checks import PartialCredit
from gradekit.grading.compare import Mismatch
from gradekit.grading.originals.borrowed import borrowed
from gradekit.grading.originals.endless import SECONDS, Endless
from gradekit.grading.originals.home import mentions_files
from gradekit.grading.originals.kept_parts import told_of
from gradekit.grading.originals.place import Place
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy, run_of
from gradekit.grading.raised import MissingName, NotImportable, SubmissionError, UnboundName
from gradekit.report import NOT_WRITTEN

LINE_CHARACTERS = 120
HIDDEN = "a hidden test fails"
PATCHED = re.compile(r"""\b(?:patch|setattr)\(\s*["'](\w+)\.\w""")
OF_MAIN = re.compile(r"<(?:class ')?__main__\.")  # in what a test shows of the answer's classes
PERSON = "a person grades it"  # the obstacle of a test that waits for a mark


class Test(NamedTuple):
    """One test of an original.

    Attributes:
        address: How the original finds it again.
        title: What should be true, in the words of the original.
        points: What the course gives for it; None where it does not say.
        hidden: Learners do not see its code.
        obstacle: Why it cannot be a check; empty where it can.
        about: What it judges, in a word; empty where the original does not say.
        note: What an instructor should know of it.
        expected: What the solution gives for expressions of which the original says no value, or
            the lines that compare it.
        named: The answer is told the names of its functions, since the solution passes only so.
        hint: What the course says to learners whose answer fails it.
        afresh: It does again what others did before it, which they must not have left behind.
    """

    address: str
    title: str
    points: float | None = None
    hidden: bool = False
    obstacle: str = ""
    about: str = ""
    note: str = ""
    expected: tuple[str, ...] = ()
    named: bool = False
    hint: str = ""
    afresh: bool = False


class Original:
    """A file under `cases/`, whose tests are run as they are."""

    shares_names = True  # with the answer: what it defines, a test need not import

    def __init__(
        self,
        grader: str,
        name: str,
        sha256: str,
        modules: Collection[str] = (),
        parts: Collection[str] = (),
        seed: int | None = None,
    ) -> None:
        """
        Args:
            grader: The grader's `__file__`: `cases/` lies in the course around it.
            name: The file, from the exercise's folder in `cases/`.
            sha256: Of the file when it was imported.
            modules: Names under which the tests import the answer.
            parts: Names of the answer's modules, where it has several.
            seed: The random generators are seeded with it before each test.
        Raises:
            GraderError: the file is not what was imported.
        """
        place = Path(grader).resolve()
        self.folder = place.parent.parent / "cases" / place.stem
        self.path = self.folder / name
        self.modules, self.parts = frozenset(modules), frozenset(parts)
        self._seed = seed
        # The hash was taken when the grader was written, with the points and titles of these tests:
        # another file may have other tests, under the same names.
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise GraderError(
                f"{self.path} is not the file that was imported: type `kit import` once more"
            )
        self.read(content)

    def read(self, content: bytes) -> None:
        """Take in the file; nothing of it is run yet."""
        text = content.decode("utf-8")
        # So that `told` quotes the lines that were run, even if the file is changed meanwhile.
        linecache.cache[str(self.path)] = (len(text), None, text.splitlines(True), str(self.path))

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        """All tests, in order; `submission` is the course's own solution."""
        raise NotImplementedError

    def run(
        self,
        submission: SubmissionProxy,
        address: str,
        *,
        hidden: bool = False,
        expected: Sequence[str] = (),
        named: bool = False,
    ) -> None:
        """Run one test; raises what the test raises.

        Args:
            hidden: Messages must not tell what it expects.
            expected: See `Test`.
            named: See `Test`.
        """
        with self.seen_by(submission, address), self.world(submission) as world:
            world.tell_names(named)
            world.note(*self.sources())
            self.expect(world, expected)
            if self._seed is not None:
                random.seed(self._seed)
                np.random.seed(self._seed)
            try:
                self.run_in(world, address)
                _require_judged(submission)
            except BaseException as error:
                state = run_of(submission).state
                if self.is_hidden_at(error, hidden) and tells_the_test(error, submission):
                    state.printed = ""  # the answer may print what it is given
                    ending = error.ending if isinstance(error, SubmissionError) else "finished"
                    raise SubmissionError(HIDDEN, ending) from None
                raise self.told(error, state.replies > 0)  # noqa: B904  # this error, or one to show instead

    def seen_by(
        self, submission: SubmissionProxy, address: str
    ) -> contextlib.AbstractContextManager[None]:
        """While a test runs: what there is of the answer where the test stands."""
        return contextlib.nullcontext()

    def run_in(self, world: World, address: str) -> None:
        """Run one test in a world of its own."""
        raise NotImplementedError

    def sources(self) -> list[str]:
        """Its code, as far as the world does not load it as a module."""
        return [text_in(self.path.read_bytes())]

    def expect(self, world: World, expected: Sequence[str]) -> None:
        """Have a test compare with what the solution gave; see `Test.expected`."""

    def views(self) -> Mapping[str, ModuleType]:
        """Modules that the tests get in place of others."""
        return {}

    @property
    def names(self) -> Collection[str]:
        """The names of modules under which the tests find the answer."""
        return self.modules

    @cached_property
    def text(self) -> str:
        """The code of the tests and of the modules beside them."""
        modules = [path.read_text("utf-8", "replace") for path in self.folder.rglob("*.py")]
        return "\n".join([*self.sources(), *modules])

    @cached_property
    def _patched(self) -> frozenset[str]:
        return frozenset(PATCHED.findall("\n".join(self.sources())))

    @cached_property
    def _reads_answer(self) -> bool:
        names = [name.rpartition(".")[2] for name in (*self.modules, *self.parts)]
        either = "|".join(map(re.escape, names))
        return bool(names) and bool(re.search(rf"\b(?:{either})\.(?:py\b|__file__)", self.text))

    @property
    def _home(self) -> str:
        """A notebook's names are of `__main__`, as those of a script; of several modules none."""
        if self.parts:
            return ""
        is_main = not self.modules or OF_MAIN.search(self.text)
        return "__main__" if is_main else min(self.modules, key=len)

    @contextlib.contextmanager
    def world(self, submission: SubmissionProxy) -> Iterator[World]:
        """A world for one run."""
        views = {**borrowed(), **self.views()}
        place = Place(
            self.path.parent,
            self.folder,
            has_files=mentions_files(self.text),
            tells_place="__file__" in self.text,
            reads_answer=self._reads_answer,
            home=self._home,
            patched=self._patched,
        )
        shares = self.shares_names
        made = World(place, submission, self.names, views, self.parts, shares_names=shares)
        with made as world:
            yield world

    def told(self, error: BaseException, was_asked: bool) -> BaseException:
        """The error to raise: with the line that failed, where the error itself does not say it.

        Args:
            was_asked: Whether the answer has been asked for anything.
        """
        if isinstance(error, SystemExit):  # the answer's, or the test's own
            return SubmissionError(getattr(error, "submission_text", "the test ended itself"))
        if isinstance(error, KeyboardInterrupt) and hasattr(error, "submission_text"):
            return SubmissionError(error.submission_text)  # and not Ctrl-C, which ends all
        if isinstance(error, Endless):
            told = str(error) or f"stopped: the test did not end within {SECONDS} s"
            return AssertionError(told)
        if getattr(error, "submission_text", None) or not isinstance(error, Exception):
            return error
        if isinstance(error, PartialCredit | Mismatch | SubmissionError):
            return error
        places = [*self.places_of(error)]
        if not places:
            return error
        statement = places[-1].statement()
        is_own = places[-1].trace.tb_next is None  # and no function that it calls has raised it
        if not isinstance(error, AssertionError):
            is_verdict = is_own and was_asked and isinstance(statement, ast.Raise)
            return AssertionError(in_words(error)) if is_verdict else error
        line = places[-1].line(statement)
        if not str(error):
            return AssertionError(
                f"this does not hold: {line}\n{places[-1].kept(statement)}".strip()
            )
        # What unittest and NumPy say of a comparison does not say what was compared.
        return error if is_own else AssertionError(f"{line}\n{error}".replace("\n\n", "\n"))

    def is_hidden_at(self, error: BaseException, hidden: bool) -> bool:
        """Whether the error came up in a part that learners do not see."""
        return hidden

    def places_of(self, error: BaseException) -> Iterator[Where]:
        """The places in the original through which an error came, the last of them innermost."""
        trace = error.__traceback__
        while trace is not None:
            # The name under which the code of the original was compiled: a file, or a cell of it.
            if trace.tb_frame.f_code.co_filename.startswith(str(self.path)):
                yield Where(trace)
            trace = trace.tb_next

    def why_not(self, address: str) -> str:
        """What may be why the solution fails a test here: the end of a sentence, or ""."""
        return ""

    def source_of(self, address: str) -> str:
        """The code of a test, as far as it stands in one place."""
        name = re.split(r"[.:]", address.partition("#")[0])[-1]
        for node in ast.walk(ast.parse(text_in(self.path.read_bytes()))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return ast.unparse(node)
        return ""


def _require_judged(submission: SubmissionProxy) -> None:
    """Fail a test that asked for what cannot be judged, although it caught our exception.

    Raises:
        SubmissionError: it did.
    """
    objects = run_of(submission).objects
    if objects is not None and objects.refused:
        raise SubmissionError(objects.refused)


def text_in(content: bytes) -> str:
    """The text of a file, whatever system it was written on."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


class Where(NamedTuple):
    """A place in the code of an original that an error came through."""

    trace: TracebackType

    @property
    def name(self) -> str:
        """The name under which the code was compiled."""
        return self.trace.tb_frame.f_code.co_filename

    def statement(self) -> ast.stmt | None:
        """The smallest statement that covers the line: `ast.walk` goes from outer to inner ones."""
        source, line = "".join(linecache.getlines(self.name)), self.trace.tb_lineno
        try:
            nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
        except SyntaxError:
            return None
        # One may go over several lines, and the traceback names only one of them.
        around = [node for node in nodes if node.lineno <= line <= (node.end_lineno or 0)]
        return around[-1] if around else None

    def line(self, statement: ast.stmt | None) -> str:
        """The statement in one line; of a `with` its head."""
        if statement is None:
            text = linecache.getline(self.name, self.trace.tb_lineno)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            text = ast.unparse(statement).partition("\n")[0]
        else:
            text = ast.unparse(statement)
        return " ".join(text.split())[:LINE_CHARACTERS]

    def kept(self, statement: ast.stmt | None) -> str:
        """What the parts of a failed assertion were."""
        if not isinstance(statement, ast.Assert):
            return ""
        return told_of(statement, self.trace.tb_frame.f_locals)


def in_words(error: Exception) -> str:
    """What a test says by raising an error itself: `raise Exception("it takes too long")`."""
    return str(error) if type(error) is Exception else f"{type(error).__name__}: {error}"


def tells_the_test(error: BaseException, submission: SubmissionProxy) -> bool:
    """Whether an error may say something of a test: what was asked of the answer, for example.

    Not one that says what the answer lacks, or why it does not run: that is known without the test.
    """
    if isinstance(error, PartialCredit) or not isinstance(
        error, (Exception, pytest.fail.Exception)
    ):
        return False
    lacks = isinstance(error, MissingName | UnboundName | NotImportable)
    return not lacks and str(error) not in (NOT_WRITTEN, str(run_of(submission).fatal))


def title_of(doc: str | None, name: str) -> str:
    """A docstring's first paragraph, else a test's name in words."""
    text = " ".join((doc or "").strip().split("\n\n")[0].split())
    words = name.removeprefix("test").strip("_").replace("_", " ").strip()
    return text or words[:1].upper() + words[1:] + ("." if words else "")
