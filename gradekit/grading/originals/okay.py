"""otter's test files: `test = {...}` with suites of doctests, and functions that raise."""

from __future__ import annotations

import ast
import doctest
import json
import textwrap
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from gradekit.errors import GraderError
from gradekit.grading.originals import doctests
from gradekit.grading.originals.masters import ALL, as_one, call_with_names, shared_points
from gradekit.grading.originals.original import Original, Test, title_of
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy


class Case:
    """What otter's `test_case` makes of a function: the function, and what it is worth."""

    def __init__(self, **told: Any) -> None:
        self.told = told

    def __call__(self, function: Any) -> Case:
        self.function = function
        return self


class _TestFiles(ModuleType):
    """`otter.test_files`, as far as test files use it."""

    def __init__(self) -> None:
        super().__init__("test_files")
        self.__dict__["test_case"] = _test_case


def _test_case(
    name: str | None = None,
    points: float | None = None,
    hidden: bool = False,
    success_message: str | None = None,
    failure_message: str | None = None,
) -> Case:
    hint = "" if hidden else str(failure_message or "")
    return Case(name=name, points=points, hidden=hidden, hint=hint)


class OtterTests(Original):
    """One test file of otter's, old form or new."""

    def read(self, content: bytes) -> None:
        super().read(content)
        self._spec = _spec_in(ast.parse(content))
        self._is_hidden = True  # the case that is run

    def views(self) -> Mapping[str, ModuleType]:
        return {"test_files": _TestFiles(), "otter.test_files": _TestFiles()}

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        if self._spec is None:
            yield from self._functions(submission)
            return
        tests = list(self._cases(self._spec))
        yield from [as_one(ALL, tests)] if self._spec.get("all_or_nothing") and tests else tests

    def _cases(self, spec: dict[str, Any]) -> Iterator[Test]:
        """A test for each case of each suite."""
        name = str(spec.get("name", self.path.stem))
        for number, suite in enumerate(spec["suites"]):
            cases = suite["cases"]
            points = shared_points(spec.get("points"), [c.get("points") for c in cases])
            obstacle = ""
            if suite.get("type", "doctest") != "doctest":
                obstacle = f"its suite is of the type `{suite['type']}`"
            for place, (case, worth) in enumerate(zip(cases, points, strict=True)):
                title = str(case.get("name") or f"{name}, test {place + 1}")
                # otter's default too: a case that does not say that it is visible is hidden.
                hidden = bool(case.get("hidden", True))
                hint = "" if hidden else str(case.get("failure_message") or "")
                address = f"{number}#{place}"
                yield Test(address, title, worth, hidden, obstacle, name, hint=hint)

    def _functions(self, submission: SubmissionProxy) -> Iterator[Test]:
        with self.world(submission) as world:
            module = self._loaded(world)
        cases = {name: each for name, each in module.items() if isinstance(each, Case)}
        about = str(module.get("name", self.path.stem))
        own = [case.told["points"] for case in cases.values()]
        worths = shared_points(module.get("points"), own)
        tests = []
        for (name, case), worth in zip(cases.items(), worths, strict=True):
            title = case.told["name"] or title_of(case.function.__doc__, name)
            hidden, hint = bool(case.told["hidden"]), case.told["hint"]
            tests.append(Test(name, str(title), worth, hidden, "", about, hint=hint))
        yield from [as_one(ALL, tests)] if module.get("all_or_nothing") and tests else tests

    def _loaded(self, world: World) -> dict[str, Any]:
        """The names of a file with functions."""
        return vars(world.load(self.path, world.place.name_of(self.path)))

    def source_of(self, address: str) -> str:
        if self._spec is None:
            text = "" if address != ALL else self.path.read_text("utf-8")
            return text or super().source_of(address)
        cases = [self._spec["suites"][s]["cases"][c]["code"] for s, c in self._places(address)]
        parser = doctest.DocTestParser()
        examples = [each for code in cases for each in parser.get_examples(textwrap.dedent(code))]
        return "".join(each.source for each in examples)

    def _places(self, address: str) -> list[tuple[int, int]]:
        """The suites and cases that an address means."""
        if address != ALL:
            suite, place = map(int, address.split("#"))
            return [(suite, place)]
        suites = self._spec["suites"] if self._spec else []
        return [(n, place) for n, each in enumerate(suites) for place in range(len(each["cases"]))]

    def run_in(self, world: World, address: str) -> None:
        if self._spec is None:
            module = self._loaded(world)
            cases = [each for each in module.values() if isinstance(each, Case)]
            for case in cases if address == ALL else [module[address]]:
                self._is_hidden = bool(case.told["hidden"])
                call_with_names(world, module, case.function)
            return
        for suite, place in self._places(address):
            self._run_case(world, self._spec["suites"][suite], place)

    def is_hidden_at(self, error: BaseException, hidden: bool) -> bool:
        return hidden and self._is_hidden

    def _run_case(self, world: World, told: dict[str, Any], place: int) -> None:
        """Run a case of a suite."""
        self._is_hidden = bool(told["cases"][place].get("hidden", True))
        namespace = world.prepare({"__name__": "__main__"})
        parser = doctest.DocTestParser()
        setup = parser.get_examples(textwrap.dedent(told.get("setup") or ""))
        cases = parser.get_examples(textwrap.dedent(told["cases"][place]["code"]))
        teardown = parser.get_examples(textwrap.dedent(told.get("teardown") or ""))
        try:
            # A failed setup fails the test, with the message of what
            # failed: nothing after it would mean anything.
            for example in [*setup, *cases]:
                doctests.judge(world, namespace, example)
        finally:
            # `show` and not `judge`: what a teardown prints is no verdict on the answer.
            for example in teardown:
                doctests.show(world, namespace, example)


class OtterMetadata(OtterTests):
    """A notebook with its tests in its metadata, as `otter assign` writes them unless told not to.

    Under the name of each question stands what a test file would hold: `test`, or its text.
    """

    def read(self, content: bytes) -> None:
        Original.read(self, content)
        self._questions = metadata_tests(json.loads(content))
        self._is_hidden = True
        self._turn_to("")

    def _turn_to(self, question: str) -> None:
        """Be the tests of that question."""
        told = self._questions.get(question)
        self._spec, self._text = (told, "") if isinstance(told, dict) else (None, str(told or ""))

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        for question in self._questions:
            self._turn_to(question)
            for each in super().tests(submission):
                yield each._replace(address=f"{question}/{each.address}")

    def _loaded(self, world: World) -> dict[str, Any]:
        names = world.prepare({"__name__": "tests"})
        exec(compile(self._text, self.path.name, "exec", dont_inherit=True), names)
        return names

    def source_of(self, address: str) -> str:
        question, _, rest = address.partition("/")
        self._turn_to(question)
        return super().source_of(rest) if self._spec is not None else self._text

    def run_in(self, world: World, address: str) -> None:
        question, _, rest = address.partition("/")
        self._turn_to(question)
        super().run_in(world, rest)


def metadata_tests(notebook: Any) -> dict[str, Any]:
    """The tests in a notebook's metadata, by the names of their questions; none if it has none."""
    told = notebook
    for name in ("metadata", "otter", "tests"):
        told = told.get(name) if isinstance(told, dict) else None
    if not isinstance(told, dict):
        return {}
    return {str(name): each for name, each in told.items() if _is_test(each)}


def _is_test(told: Any) -> bool:
    """Whether it is what a test file would hold: its text, or a dictionary with suites."""
    is_spec = isinstance(told, dict) and isinstance(told.get("suites"), list)
    return is_spec or isinstance(told, str)


def _spec_in(tree: ast.Module) -> dict[str, Any] | None:
    """The value of `test`, which is data; None where the file has functions instead."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "test":
            try:
                # Read, not run: a file of data need not be executed
                # only to find out what tests it has.
                spec = ast.literal_eval(node.value)
                assert isinstance(spec, dict) and isinstance(spec["suites"], list)
            except (ValueError, AssertionError, KeyError):
                raise GraderError("`test` is no dictionary with `suites`") from None
            return spec
    return None
