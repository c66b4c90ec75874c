"""Public courses behind the judge: how many of their tests still mean the same.

    python benchmarks/import_corpora.py [--mutants 2000] [--seed 1] [--jobs 1]
        [--skip N] [--only N] DIR ...

DIR is a checkout of Exercism's Python track, TorchCode, deep-ml's problems, nbgrader, otter-grader,
minbpe (which wants the package regex) or micrograd; which one, its files tell. Each is brought into
one of the forms that `kit import` reads, without a change to the code of a test, imported, and
compared with the same tests run natively: by unittest, pytest, doctest, or `exec` in the namespace
of the answer.

Prints a line a corpus: tests that the right solution passes natively, and of those behind the
boundary; of mutated answers the verdicts that differ, those that pass only behind the boundary
apart; and tests passed by an answer whose objects equal everything. Apart from the latter are
tests that the answer judges itself, and those that ask nothing of it: an empty answer passes them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import io
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

Verdicts = dict[tuple[str, str], bool]  # by case and address
SECONDS = 20  # of CPU, of the tests of a file natively
PATIENCE = 5  # times as long by the clock
FORKED, SERVED = multiprocessing.get_context("fork"), multiprocessing.get_context("forkserver")
AGAIN = 10  # times that tests are run natively which passed behind the boundary only
SLOWER = 5  # times as long as the solution, and a mutant is taken to hang
ANYTHING = """
class Anything:
    def __init__(self, *args, **kwargs): pass
    def __call__(self, *args, **kwargs): return self
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __eq__(self, other): return True
    def __ne__(self, other): return True
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __len__(self): return 1
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __float__(self): return 1.0
    def __int__(self): return 1
    __index__ = __int__
    def __add__(self, other): return self
    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __pow__ = __add__
    def __neg__(self): return self
    __abs__ = __neg__
    def __enter__(self): return self
    def __exit__(self, *_): return False
"""


class Corpus(NamedTuple):
    """A corpus in a form that is read: its name, the kind, and the folder."""

    name: str
    kind: str
    folder: Path


# Which corpus a folder is, and how it is brought into a form that is read.


def prepared(source: Path, work: Path) -> Corpus:
    """A corpus, made from the checkout in `source`."""
    marks: list[tuple[str, Callable[[Path, Path], Corpus]]] = [
        ("exercises/practice", exercism),
        ("torch_judge/tasks", torchcode),
        ("build/1.json", deep_ml),
        ("nbgrader/docs/source/user_guide/source", nbgrader),
        ("otter/assign", otter),
        ("minbpe/basic.py", minbpe),
        ("micrograd/engine.py", micrograd),
    ]
    for mark, make in marks:
        if (source / mark).exists():
            return make(source, work)
    raise SystemExit(f"{source} is no corpus that this benchmark knows")


def exercism(source: Path, work: Path) -> Corpus:
    for path in [*(source / "exercises").glob("*/*/*_test.py")]:
        target = work / "exercises" / path.relative_to(source / "exercises").parent
        shutil.copytree(path.parent, target)
    return Corpus("exercism, Python track", "unittest", work / "exercises")


def torchcode(source: Path, work: Path) -> Corpus:
    """A notebook a task: the solution's cells, and a test cell for each test of the task."""
    tasks = {path.stem: path for path in (source / "torch_judge" / "tasks").glob("[!_]*.py")}
    for path in sorted((source / "solutions").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        asked = re.search(r"""check\(["'](\w+)""", "\n".join(texts))
        task = asked[1] if asked else ""
        if task not in tasks:
            continue
        told = namespace_of(tasks[task])["TASK"]
        mine = [t for t in texts if "torch_judge" not in t and "google.colab" not in t
                and not t.startswith("# Demo")]  # fmt: skip
        tests = [test["code"].replace("{fn}", told["function_name"]) for test in told["tests"]]
        write_notebook(work / "source" / f"{path.stem}.ipynb", mine, tests)
    return Corpus("TorchCode", "nbgrader", work / "source")


def write_notebook(path: Path, answer: list[str], tests: list[str]) -> None:
    """A source notebook of nbgrader's."""

    def cell(text: str, number: int, **mark: Any) -> dict[str, Any]:
        about = {"grade_id": f"cell_{number}", "locked": False, "schema_version": 3, **mark}
        return {"cell_type": "code", "source": text, "outputs": [], "execution_count": None,
                "metadata": {"nbgrader": about}}  # fmt: skip

    cells = [cell(t, n, solution=True, grade=False) for n, t in enumerate(answer)]
    cells += [cell(t, n, solution=False, grade=True, points=1)
              for n, t in enumerate(tests, start=len(answer))]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.write_text(json.dumps(notebook))


def deep_ml(source: Path, work: Path) -> Corpus:
    """A module a problem, and a text of examples: what each test prints."""
    for path in sorted((source / "build").glob("*.json"), key=lambda p: int(p.stem)):
        told = json.loads(path.read_text("utf-8"))
        name = f"problem_{path.stem}"
        (work / "solutions").mkdir(exist_ok=True)
        (work / f"{name}.py").write_text(told["starter_code"].expandtabs(4) or "pass\n", "utf-8")
        (work / "solutions" / f"{name}.py").write_text(told["solution"], "utf-8")
        examples = []
        for test in told["test_cases"]:
            lines = test["test"].strip("\n").splitlines()
            shown = str(test["expected_output"]).strip() or "<BLANKLINE>"
            with contextlib.suppress(SyntaxError):
                for node in ast.parse("\n".join(lines)).body:
                    first, *rest = ast.get_source_segment("\n".join(lines), node).splitlines()
                    examples += [f">>> {first}", *(f"... {line}" for line in rest)]
                    if rest:
                        examples.append("... ")
            if examples and examples[-1].startswith((">>> ", "...")):
                examples += [shown, ""]
        text = "\n".join([f"Problem {path.stem}.", "", *examples])
        (work / f"{name}.txt").write_text(text, "utf-8")
    return Corpus("deep-ml", "doctest", work)


def nbgrader(source: Path, work: Path) -> Corpus:
    guide = source / "nbgrader" / "docs" / "source" / "user_guide" / "source"
    shutil.copytree(guide, work / "source")
    return Corpus("nbgrader, its documentation", "nbgrader", work)


def otter(source: Path, work: Path) -> Corpus:
    masters = [source / "docs" / "_static" / "notebooks", source / "test" / "test_assign" / "files"]
    for number, folder in enumerate(masters):
        for path in sorted(folder.glob("*.ipynb")):
            if "-r-" not in path.name and not path.name.startswith("r-"):
                target = work / f"master{number}_{path.stem}"
                target.mkdir()
                shutil.copyfile(path, target / path.name)
                for beside in (*folder.glob("*.py"), *folder.glob("*.csv")):
                    shutil.copyfile(beside, target / beside.name)
    graded = source / "test" / "test_grade" / "files"
    shutil.copytree(graded / "tests", work / "grade" / "tests")
    (work / "grade" / "solutions").mkdir()
    shutil.copyfile(graded / "notebooks" / "passesAll.ipynb",
                    work / "grade" / "solutions" / "passesAll.ipynb")  # fmt: skip
    return Corpus("otter", "otter", work)


def minbpe(source: Path, work: Path) -> Corpus:
    """Its modules in one file; without GPT-4's vocabulary, which would have to be downloaded."""
    parts = [source / "minbpe" / f"{name}.py" for name in ("base", "basic", "regex")]
    one_file(parts, work / "minbpe.py", "class GPT4Tokenizer: pass\n")
    shutil.copytree(source / "tests", work / "tests")
    # An empty one: as a file it would count among the modules of the course.
    empty = "import sys, types\n\nsys.modules['tiktoken'] = types.ModuleType('tiktoken')\n"
    (work / "tests" / "conftest.py").write_text(empty, "utf-8")
    return Corpus("minbpe", "pytest", work)


def micrograd(source: Path, work: Path) -> Corpus:
    parts = [source / "micrograd" / f"{name}.py" for name in ("engine", "nn")]
    (work / "micrograd").mkdir()
    one_file(parts, work / "micrograd" / "engine.py", "")
    shutil.copytree(source / "test", work / "test")
    return Corpus("micrograd", "pytest", work)


def one_file(parts: list[Path], target: Path, more: str) -> None:
    """Several modules as one, without what they import of each other."""
    lines = [line for part in parts for line in part.read_text("utf-8").splitlines()
             if not line.startswith(("from .", "from micrograd", "from minbpe"))]  # fmt: skip
    target.write_text("\n".join(lines) + "\n" + more, "utf-8")


def namespace_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), found)
    return found


# The same tests natively, in a process of their own for each answer.


class Natively(NamedTuple):
    """What came of the tests of a file: which passed, by their addresses, and the CPU time."""

    passed: dict[str, bool]
    seconds: float


def natively(
    case: Path, reader: str, modules: list[str], tests: list[Any], source: str, seconds: int
) -> Natively:
    """Run the tests of a file on an answer in a process of their own.

    Where torch has been used it comes from a server that has imported it and no more: autograd
    starts threads, and a process forked afterwards would wait for them.
    """
    processes: Any = SERVED if "torch" in sys.modules else FORKED
    outcome, told = processes.Pipe(duplex=False)
    asked = (case, reader, modules, tests, source)
    child = processes.Process(target=in_a_process, args=(told, seconds, asked))
    child.start()
    told.close()
    try:
        return Natively(*outcome.recv())
    except EOFError:
        return Natively({}, seconds)
    finally:
        child.join()
        child.close()


def in_a_process(told: Any, seconds: int, asked: tuple[Any, ...]) -> None:
    """Tell what passed, and end."""
    case, reader, modules, tests, source = asked
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(PATIENCE * seconds)
    passed: dict[str, bool] = {}
    with contextlib.suppress(BaseException):
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)
        os.chdir(case.parent)
        sys.path.insert(0, str(case.parent))
        NATIVE[reader](case, modules, tests, source, passed)
    told.send((passed, time.process_time()))
    os._exit(0)


def module_from(source: str, names: list[str]) -> ModuleType:
    """An answer as a module under all names by which the tests import it."""
    module = ModuleType(names[0] if names else "answer")
    module.__file__ = f"{module.__name__}.py"
    for name in names:
        sys.modules[name] = module
        outer, _, inner = name.rpartition(".")
        if outer:
            package = sys.modules.setdefault(outer, ModuleType(outer))
            package.__path__ = []  # type: ignore[attr-defined]
            setattr(package, inner, module)
    exec(compile(source, module.__file__, "exec"), vars(module))
    return module


def native_unittest(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    import unittest

    module_from(source, modules)
    spec = importlib.util.spec_from_file_location(case.stem, case)
    loaded = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[case.stem] = loaded
    spec.loader.exec_module(loaded)  # type: ignore[union-attr]
    for test in tests:
        name, _, method = test.address.partition(".")
        result = unittest.TestResult()
        unittest.TestSuite([getattr(loaded, name)(method)]).run(result)
        passed[test.address] = result.wasSuccessful() and not result.skipped


def native_pytest(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    import pytest

    module_from(source, modules)
    done: list[tuple[str, bool]] = []

    class Keep:
        def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
            if call.when == "call":
                done.append((item.nodeid.partition("::")[2], call.excinfo is None))

    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:gradekit", "-c", "/dev/null",
                 "--import-mode=importlib", f"--rootdir={case.parent}", str(case)]  # fmt: skip
    pytest.main(arguments, plugins=[Keep()])
    counts: Counter[str] = Counter()
    for name, good in done:
        plain, bracket, _ = name.partition("[")
        address = f"{plain}#{counts[plain]}" if bracket else plain
        counts[plain] += 1
        passed[address] = good


def native_doctest(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    import doctest

    from gradekit.grading.originals.doctests import groups_in

    held: set[int] = set()

    class Keep(doctest.DocTestRunner):
        def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:
            held.add(id(example))

    groups = dict(groups_in(case.read_text("utf-8"), case.suffix, case.stem))
    for name, examples in groups.items():
        # A module of its own: what the examples of another text leave in it is not theirs.
        space = vars(module_from(source, modules))
        told = doctest.DocTest(examples, space, name, None, None, "")
        Keep(verbose=False).run(told, out=io.StringIO().write)
        passed |= {f"{name}#{number}": id(each) in held for number, each in enumerate(examples)}


def native_cells(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    from gradekit.grading.originals import autotest
    from gradekit.grading.originals.cells import code_cells

    space = {"__name__": "__main__"}
    statement_by_statement(source, space)
    for cell in code_cells(case.read_bytes()):
        mark = cell.metadata.get("nbgrader") or {}
        if autotest.is_in(cell.source):
            continue  # nothing but a comment until nbgrader has written the test
        if mark.get("grade") and not mark.get("solution") and cell.metadata["cell_type"] == "code":
            try:
                exec(compile(cell.source, "test", "exec"), space)
                passed[mark["grade_id"]] = True
            except Exception:
                passed[mark["grade_id"]] = False


def statement_by_statement(source: str, space: dict[str, Any]) -> None:
    for node in ast.parse(source).body:
        with contextlib.suppress(Exception):
            exec(compile(ast.Module([node], []), "answer", "exec"), space)


def native_master(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    from gradekit.grading.originals import OtterNotebook

    reader = object.__new__(OtterNotebook)
    reader.path = case
    reader.read(case.read_bytes())
    space: dict[str, Any] = {"__name__": "__main__"}
    statement_by_statement(source, space)
    for test in tests:
        passed[test.address] = all(
            example_holds(reader.body_of(number), reader.cells[number].shown, space)
            for number in reader.numbers_of(test.address)
        )


def example_holds(body: str, shown: str, space: dict[str, Any]) -> bool:
    import doctest

    tree = ast.parse(body).body
    only = tree[0] if len(tree) == 1 else None
    if isinstance(only, ast.FunctionDef) and not shown.strip():
        try:
            exec(compile(body, "test", "exec"), space)
            call_natively(space[only.name], space)
        except Exception:
            return False
        return True
    # As otter writes them: each statement is an example, and the last one shows what is saved.
    wanted = [*[""] * (len(tree) - 1), f"{shown.rstrip()}\n" if shown else ""]
    examples = [doctest.Example(ast.unparse(each), want)
                for each, want in zip(tree, wanted, strict=True)]  # fmt: skip
    return doctest_holds(examples, space)


def call_natively(function: Any, space: dict[str, Any]) -> None:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    function(**{name: space if name == "env" else space.get(name) for name in names})


def doctest_holds(examples: list[Any], space: dict[str, Any]) -> bool:
    """Whether the examples show what they should."""
    from gradekit.grading.originals import doctests

    try:
        for example in examples:
            doctests.judge(None, space, example)  # type: ignore[arg-type]
    except Exception:
        return False
    return True


def native_okay(
    case: Path, modules: list[str], tests: list[Any], source: str, passed: dict[str, bool]
) -> None:
    import doctest
    import textwrap

    from gradekit.grading.originals.masters import ALL
    from gradekit.grading.originals.okay import metadata_tests

    space: dict[str, Any] = {"__name__": "__main__"}
    statement_by_statement(source, space)
    is_notebook = case.suffix == ".ipynb"
    told = metadata_tests(json.loads(case.read_bytes())) if is_notebook else namespace_of(case)
    for test in tests:
        question, _, address = test.address.rpartition("/")
        suites = told[question or "test"]["suites"]
        chosen = [case for suite in suites for case in suite["cases"]]
        if address != ALL:
            number, place = map(int, address.split("#"))
            chosen = [suites[number]["cases"][place]]
        texts = [textwrap.dedent(case["code"]) for case in chosen]
        parser = doctest.DocTestParser()
        passed[test.address] = all(
            doctest_holds(parser.get_examples(text), space) for text in texts
        )


NATIVE = {
    "UnittestFile": native_unittest,
    "PytestFile": native_pytest,
    "DoctestFile": native_doctest,
    "NbgraderNotebook": native_cells,
    "OtterNotebook": native_master,
    "OtterTests": native_okay,
    "OtterMetadata": native_okay,
}


# Behind the boundary, and both side by side.


class Row(NamedTuple):
    """What was counted of a corpus."""

    exercises: int = 0
    native: int = 0
    behind: int = 0
    judged: int = 0
    idle: int = 0
    answers: int = 0
    verdicts: int = 0
    only_native: int = 0
    only_behind: int = 0
    anything_native: int = 0
    anything_behind: int = 0

    def plus(self, other: Row) -> Row:
        return Row(*(a + b for a, b in zip(self, other, strict=True)))


def measured(outcome: Any, mutants: int, seed: int, tell: Callable[[str], None]) -> Row:
    """An exercise that was imported: its solution, mutants of it, and an answer like anything."""
    from gradekit.authoring.importing.trial import ASKS_NOTHING, BY_A_PERSON, JUDGED
    from gradekit.edits.mutants import mutants_of
    from gradekit.engine import open_session

    target = outcome.target
    tests = [each for each in outcome.tried if each.way != BY_A_PERSON and each.test.address]
    if not tests:
        return Row(exercises=1)

    used: list[float] = []  # seconds of CPU

    def native(source: str, seconds: int = SECONDS) -> Verdicts:
        verdicts: Verdicts = {}
        for case in target.found.cases:
            name = target.case_name(case.path)
            mine = [each.test for each in tests if each.case == name]
            path = target.cases / name
            modules = list(target.found.modules)
            got = natively(path, case.reader, modules, mine, source, seconds)
            used.append(got.seconds)
            verdicts |= {(name, address): good for address, good in got.passed.items()}
        return verdicts

    right = native(target.found.solution)
    took = max(used)
    passing = [each for each in tests if right.get((each.case, each.test.address))]
    checks = [each for each in passing if each.name]
    for each in passing:
        if not each.name:
            tell(f"  lost: {target.name} {each.test.address}: {each.why_not[:150]}")
    ways = Counter(each.way for each in checks)
    row = Row(1, len(passing), len(checks), ways[JUDGED], ways[ASKS_NOTHING])
    if not checks:
        return row
    given = lines_given(target.found)
    pool = [each for each in mutants_of(target.found.solution) if each.line not in given]
    chosen = random.Random(f"{seed} {target.name}").sample(pool, min(mutants, len(pool)))
    with open_session(target.course, target.exercise()) as session:

        def behind(source: str) -> dict[str, bool]:
            from gradekit.submission import Submission

            report, _ = session.examine(Submission(target.file_name, (source,), ""), timeouts=1)
            return {check.name: check.outcome == "passed" for check in report.checks}

        for mutant in chosen:
            there = native(mutant.source, 2 + int(SLOWER * took))
            if not there:  # it hung: there is nothing to compare with
                continue
            here = behind(mutant.source)
            pairs = [(bool(there.get((e.case, e.test.address))), here[e.name]) for e in checks]
            lies = [e for e, (a, b) in zip(checks, pairs, strict=True) if b and not a]
            if lies:  # not those that pass natively as well when they draw other numbers
                again = [native(mutant.source) for _ in range(AGAIN)]
                lies = [e for e in lies if not any(v.get((e.case, e.test.address)) for v in again)]
            change = f"{mutant.before} -> {mutant.after}"
            for each in lies:
                tell(f"  only behind: {target.name} {each.test.address}: line {mutant.line}: "
                     f"{change}")  # fmt: skip
            lost = [e for e, (a, b) in zip(checks, pairs, strict=True) if a and not b]
            for each in lost:
                tell(f"  only natively: {target.name} {each.test.address}: line {mutant.line}: "
                     f"{change}")  # fmt: skip
            row = row.plus(Row(answers=1, verdicts=len(pairs), only_native=len(lost),
                               only_behind=len(lies)))  # fmt: skip
        anything = like_anything(target.found.solution)
        there, here = native(anything), behind(anything)
        fooled = [e for e in checks if here[e.name] and e.way not in (JUDGED, ASKS_NOTHING)]
        for each in fooled:
            tell(f"  fooled: {target.name} {each.test.address}")
        return row.plus(Row(
            anything_native=sum(bool(there.get((e.case, e.test.address))) for e in checks),
            anything_behind=len(fooled),
        ))  # fmt: skip


def lines_given(found: Any) -> set[int]:
    """The lines of a solution in cells that are the course's: nbgrader puts them back, as kit does.

    An answer in which they are changed is graded with the original ones.
    """
    from gradekit.grading.originals.cells import code_cells

    lines: set[int] = set()
    notebooks = [each for each in found.cases if each.reader == "NbgraderNotebook"]
    for case in notebooks:
        for cell in code_cells(case.path.read_bytes()):
            mark = cell.metadata.get("nbgrader") or {}
            place = found.solution.find(cell.source) if mark.get("locked") else -1
            if place >= 0 and not mark.get("solution"):
                first = found.solution[:place].count("\n") + 1
                lines.update(range(first, first + len(cell.source.splitlines())))
    return lines


def like_anything(solution: str) -> str:
    """An answer with the solution's names, whose objects equal everything."""
    names = {
        name.id if isinstance(name, ast.Name) else name.name
        for node in ast.parse(solution).body
        for name in ast.walk(node)
        if (isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store))
        or (name is node and isinstance(name, ast.FunctionDef | ast.ClassDef))
    }
    return ANYTHING + "".join(f"{name} = Anything()\n" for name in sorted(names))


def commit_of(folder: Path) -> str:
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "--short=10", "HEAD"],
                          capture_output=True, text=True)  # fmt: skip
    return done.stdout.strip()


def imported(corpus: Corpus, work: Path, options: argparse.Namespace) -> Iterator[Any]:
    from gradekit.authoring.importing import run
    from gradekit.authoring.importing.run import import_course
    from gradekit.authoring.importing.trial import try_all

    first = options.skip
    last = first + options.only if options.only else None
    run.try_all = lambda targets, *rest: try_all(targets[first:last], *rest)
    done = import_course(
        corpus.kind, corpus.folder, work / "course", solutions=None, with_mutants=False,
        jobs=options.jobs,
        on_found=lambda count: None, on_done=lambda outcome: None,
    )  # fmt: skip
    for passed in done.passed:
        print(f"  passed over: {passed.path.relative_to(corpus.folder)}: {passed.why}")
    yield from done.outcomes


def main() -> None:
    SERVED.set_forkserver_preload(["torch", "pytest", "gradekit.grading.originals"])
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--mutants", type=int, default=0, help="mutated answers in all")
    parser.add_argument("--seed", type=int, default=1, help="decides which answers are mutated")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="so many exercises of each corpus")
    parser.add_argument("--only", type=int, help="the next so many of them")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {options.seed}, exercises from {options.skip + 1}")
    print("| corpus | exercises | tests | behind | judged | ask nothing | mutated | verdicts | "
          "only natively | only behind | like anything: natively | behind |")  # fmt: skip
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            (work / "corpus").mkdir()
            corpus = prepared(folder, work / "corpus")
            outcomes = list(imported(corpus, work, options))
            total = Row()
            tell = partial(print, flush=True)
            try:
                for number, outcome in enumerate(outcomes):
                    left = options.mutants - total.answers
                    share = -(-left // (len(outcomes) - number)) if left > 0 else 0
                    total = total.plus(measured(outcome, share, options.seed, tell))
            finally:  # also where the time that somebody has given it is over
                numbers = " | ".join(map(str, total))
                rate = f"{total.behind / max(total.native, 1):.1%}"
                tell(f"| {corpus.name} {commit_of(folder)} | {numbers} | {rate}")


if __name__ == "__main__":
    main()
