"""otter's masters: notebooks with answers, and with tests between BEGIN and END TESTS."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from gradekit.errors import GraderError
from gradekit.grading.originals import doctests
from gradekit.grading.originals.cells import Cell, NotebookTests, bound_in, code_cells, used_in
from gradekit.grading.originals.namespaces import Names
from gradekit.grading.originals.older_masters import of_today
from gradekit.grading.originals.original import PERSON, Test, title_of
from gradekit.grading.originals.statements import run_statement
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy

ALL = "#*"  # at the end of an address: all tests of the question


class OtterNotebook(NotebookTests):
    """A master notebook of `otter assign`: each cell between BEGIN and END TESTS is a test."""

    def read(self, content: bytes) -> None:
        self._places: dict[int, tuple[str, int]] = {}  # of test cells: question, number
        self._questions: dict[str, dict[str, Any]] = {}
        self._is_answer: set[int] = set()
        self._is_hidden = True  # the cell that is run
        notebook = json.loads(content)
        content = json.dumps({**notebook, "cells": of_today(notebook["cells"])}).encode()
        cells = code_cells(content)
        # Before `read` of the base class, which asks `is_answer` of each cell.
        self._mark_cells(cells)
        super().read(content)

    def _mark_cells(self, cells: list[Cell]) -> None:
        question, within = "", ""
        self.starts = dict[int, str]()
        for number, cell in enumerate(cells):
            text = cell.source.strip()
            if cell.metadata["cell_type"] == "raw":
                if text.upper().startswith("# BEGIN QUESTION"):
                    told = config_of(text)
                    question = str(told.get("name") or f"q{len(self._questions) + 1}")
                    self._questions[question] = told
                # otter marks the parts of a question by raw cells of their
                # own, and reads them in any case of letters.
                for part in ("SOLUTION", "TESTS", "PROMPT"):
                    if text.upper().startswith(f"# BEGIN {part}"):
                        within = part
                    elif text.upper().startswith(f"# END {part}"):
                        within = ""
                if text.upper().startswith("# END QUESTION"):
                    question = ""
            elif cell.metadata["cell_type"] == "code" and within == "TESTS":
                count = sum(1 for name, _ in self._places.values() if name == question)
                self._places[number] = question, count
            elif within == "SOLUTION":
                self._is_answer.add(number)

    def is_answer(self, cell: Cell) -> bool:
        # By identity: two cells may have the same text, one of them within a question.
        return any(cell is self.cells[number] for number in self._is_answer)

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        for question, told in self._questions.items():
            numbers = [n for n, (name, _) in self._places.items() if name == question]
            configs = [test_config(self.cells[number].source)[0] for number in numbers]
            points = shared_points(told.get("points"), [each.get("points") for each in configs])
            tests = list(self._tests_of(question, numbers, configs, points))
            if told.get("manual"):
                amount = told.get("points")
                given = float(amount) if isinstance(amount, int | float) else None
                yield Test(question, title_of("", question), given, False, PERSON, question)
            if told.get("all_or_nothing") and tests:
                yield as_one(f"{question}{ALL}", tests)
            else:
                yield from tests

    def _tests_of(
        self,
        question: str,
        numbers: Sequence[int],
        configs: Sequence[dict[str, Any]],
        points: Sequence[float],
    ) -> Iterator[Test]:
        for number, config, worth in zip(numbers, configs, points, strict=True):
            cell = self.cells[number]
            title = str(config.get("name") or f"{question}, test {self._places[number][1] + 1}")
            reason = "it is no valid Python" if cell.source.strip() else "it is empty"
            obstacle = "" if _body(cell.source)[0] else reason
            hidden = is_hidden(cell.source, config)
            address = f"{question}#{self._places[number][1]}"
            hint = "" if hidden else str(config.get("failure_message") or "")
            yield Test(address, title, worth, hidden, obstacle, question, hint=hint)

    def source_of(self, address: str) -> str:
        return "\n".join(map(self.body_of, self.numbers_of(address)))

    def body_of(self, number: int) -> str:
        """What the test cell of that number runs."""
        return _body(self.cells[number].source)[0]

    def place_of(self, address: str) -> int:
        return self.numbers_of(address)[0]

    def numbers_of(self, address: str) -> list[int]:
        """The cells that an address means, by their numbers; none of what a person marks."""
        question, _, place = address.rpartition("#")
        places = self._places.items()
        return [n for n, (q, p) in places if q == question and place in (str(p), ALL[1:])]

    def why_not(self, address: str) -> str:
        place = self.place_of(address)
        answers = [(n, cell) for n, cell in enumerate(self.cells) if self.is_answer(cell)
                   and cell.metadata["cell_type"] == "code"]  # fmt: skip
        before, after = (
            {name for n, cell in answers if (n > place) is is_later for name in bound_in(cell)}
            for is_later in (False, True)
        )
        names = sorted(before & after & used_in(ast.parse(self.source_of(address)).body))
        if not names:
            return ""
        told = ", ".join(f"`{name}`" for name in names)
        return f"; a later cell of the answer binds {told} again, and all of its cells run first"

    def run_in(self, world: World, address: str) -> None:
        for number in self.numbers_of(address):
            self._run_cell(world, number, f"{address.rpartition('#')[0]}#{number}")

    def is_hidden_at(self, error: BaseException, hidden: bool) -> bool:
        return hidden and self._is_hidden

    def _run_cell(self, world: World, number: int, address: str) -> None:
        cell = self.cells[number]
        self._is_hidden = is_hidden(cell.source, test_config(cell.source)[0])
        source, function = _body(cell.source)
        tree = ast.parse(source).body
        before = [c for n, c in enumerate(self.cells[:number]) if n not in self._places]
        namespace = self.namespace(world, self.own_statements(before), used_in(tree))
        # otter's two kinds of tests: a function that raises, and code whose output is compared
        # with the one that was saved in the notebook.
        if function is not None and not cell.shown.strip():
            run_statement(function, namespace, self.name_of(address, source))
            call_with_names(world, namespace, namespace[function.name])
            return
        shown = cell.shown and f"{cell.shown.rstrip()}\n"
        for place, statement in enumerate(tree, start=1):
            # Each statement is an example, as otter makes them: what the cell shows belongs to the
            # last one, and before it nothing may be shown.
            expected = shown if place == len(tree) else ""
            example = doctest.Example(ast.unparse(statement), expected)
            doctests.judge(world, namespace, example)


def config_of(text: str) -> dict[str, Any]:
    """The settings in a raw cell of otter's: YAML below its first line.

    Raises:
        GraderError: they cannot be read.
    """
    try:
        import yaml

        told = yaml.safe_load(text.partition("\n")[2])
    except ImportError:
        raise GraderError("otter's settings are YAML: pip install pyyaml") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise GraderError(f"its settings cannot be read: {reason}") from None
    return told if isinstance(told, dict) else {}


BEGIN_CONFIG = re.compile(r'\s*(?:\w+\s*=\s*)?"""\s*#\s*BEGIN TEST CONFIG', re.IGNORECASE)
END_CONFIG = re.compile(r'\s*"""\s*#\s*END TEST CONFIG', re.IGNORECASE)


def test_config(source: str) -> tuple[dict[str, Any], str]:
    """The settings that a test cell opens with, and the rest of it."""
    lines = source.splitlines()
    if not lines or not BEGIN_CONFIG.match(lines[0]):
        return {}, source
    end = next((n for n, line in enumerate(lines) if END_CONFIG.match(line)), len(lines) - 1)
    told = config_of("\n".join(["", *lines[1:end]]))
    return told, "\n".join(lines[end + 1 :])


def is_hidden(source: str, config: dict[str, Any]) -> bool:
    """Whether a test cell is marked as hidden, by its settings or its first comment."""
    first = source.lstrip().partition("\n")[0]
    commented = first.startswith("#") and re.search(r"\bhidden\b", first, re.IGNORECASE)
    return bool(config.get("hidden", commented))


def _body(source: str) -> tuple[str, ast.FunctionDef | None]:
    """What a test cell runs; and its function, where it is a function that raises."""
    body = test_config(source)[1]
    body = "\n".join(line for line in body.splitlines() if not line.rstrip().endswith("# IGNORE"))
    try:
        tree = ast.parse(body).body
    except SyntaxError:
        return "", None
    only = tree[0] if len(tree) == 1 else None
    return textwrap.dedent(body).strip(), only if isinstance(only, ast.FunctionDef) else None


def shared_points(total: Any, own: Sequence[Any]) -> list[float]:
    """What each test of a question is worth: its own points, and an equal share of the rest."""
    if isinstance(total, dict):
        total = float(total.get("each", 1)) * len(own)
    if isinstance(total, list) and len(total) == len(own):
        own, total = total, None  # a list gives each test its points
    given = [each for each in own if isinstance(each, int | float)]
    open_ones = len(own) - len(given)
    if isinstance(total, int | float):
        # As otter does: what the question is worth, less what tests claim for
        # themselves, is shared among those that say nothing.
        rest = max(float(total) - sum(given), 0.0)
    else:
        rest = 0.0 if any(given) else 1.0
    share = rest / open_ones if open_ones else 0.0
    return [float(each) if isinstance(each, int | float) else share for each in own]


def as_one(address: str, tests: Sequence[Test]) -> Test:
    """The tests of a question as one, whose points are earned by all of them or not at all."""
    first = tests[0]
    return Test(
        address,
        f"{first.about}: all of its {len(tests)} tests" if len(tests) > 1 else first.title,
        sum(each.points or 0.0 for each in tests),
        any(each.hidden for each in tests),
        next((each.obstacle for each in tests if each.obstacle), ""),
        first.about,
    )


def call_with_names(world: World, namespace: dict[str, Any], function: Any) -> None:
    """Call a test function with what its parameters are called in the answer, as otter does."""
    given = {}
    for name in inspect.signature(function).parameters:
        if name == "env":
            given[name] = Names(world, namespace)
        else:
            given[name] = namespace[name] if name in namespace else world.answer(name)
    function(**given)
