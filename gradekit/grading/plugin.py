"""The pytest plugin: turns a grader's tests into checks, and their outcomes into a report.

`pytest graders/exercise_05_softmax.py --submission FILE` works with any pytest tool; `kit`
uses the same hooks on a warm session (see session.py).
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn

import cloudpickle
import pytest

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.grading import examples as examples_module
from gradekit.grading.beside import modules_beside
from gradekit.grading.judge import JUDGE, ExampleItem, Judge, is_manual
from gradekit.grading.proxy import SubmissionProxy
from gradekit.grading.run import Run
from gradekit.grading.terms import terms_of
from gradekit.report import WAITS, clean
from gradekit.sandbox.launch import Sandbox
from gradekit.submission import read

OURS = pytest.StashKey[tuple[str, Run, Sandbox]]()  # what a plain pytest run has to close


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradekit", "auto-graded exercises")
    group.addoption("--submission", metavar="FILE", help="the answer to grade (.py or .ipynb)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "check(function, points, hint): a grader's check; see gradekit.grading.check"
    )
    # In pytest's stash, and not in a variable of this module: a process has several sessions
    # at a time, each with a pytest of its own.
    config.stash[JUDGE] = Judge()


def pytest_unconfigure(config: pytest.Config) -> None:
    if ours := config.stash.get(OURS, None):
        _, run, sandbox = ours
        run.close()
        sandbox.close()


@pytest.fixture(scope="session")
def submission(request: pytest.FixtureRequest) -> SubmissionProxy:
    """The submission's functions, running in a process of their own."""
    return request.config.stash[JUDGE].proxy


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let graders import what lies beside them."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    with modules_beside(collector.path):
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stub's examples before the hidden checks; let probes travel by value."""
    # A worker can import neither the grader nor our own examples.py: it must not read them.
    cloudpickle.register_pickle_by_value(examples_module)
    graders = dict.fromkeys(
        item.parent
        for item in items
        if isinstance(item, pytest.Function) and item.get_closest_marker("check")
    )
    visible: list[pytest.Item] = []
    for grader in graders:
        assert isinstance(grader, pytest.Module)
        cloudpickle.register_pickle_by_value(grader.obj)
        stub = grader.path.parent.parent / "exercises" / grader.path.name
        if not stub.is_file() or not getattr(grader.obj, "EXAMPLES", True):
            continue
        visible += [
            ExampleItem.from_parent(
                grader, name=f"example_{name}", function=name, examples=examples
            )
            for name, examples in examples_module.functions_of(stub)
            if examples
        ]
    # First, because they are what learners can see: a failed example explains the most.
    items[:0] = visible


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("check"):
        judge = item.config.stash[JUDGE]
        # `kit` has set a run already. In a plain pytest run each grader's first check makes one.
        if judge.current.run is None or item.config.stash.get(OURS, None):
            judge.current.run = _own_run(item)
        judge.begin_check(item)
        if is_manual(item):
            pytest.skip(WAITS)


def _own_run(item: pytest.Item) -> Run:
    """The run of a plain pytest session: of FILE against the exercise of this grader."""
    config, exercise_name = item.config, item.path.stem
    if ours := config.stash.get(OURS, None):
        if ours[0] == exercise_name:
            return ours[1]
        pytest_unconfigure(config)
    file = config.getoption("submission")
    if file is None:
        _stop(f"say which answer: pytest {item.path.name} --submission FILE")
    try:
        course = Course(item.path.parent.parent)
        exercise = course.find(exercise_name)
        answer = read(Path(file))
    except KitError as error:
        _stop(str(error))
    files = course.data(exercise)
    sandbox = Sandbox(
        exercise.modules,
        exercise.limits,
        course.hidden,
        packages=exercise.packages,
        files=files,
    )
    run = Run(sandbox, exercise.name, answer, terms=terms_of(course, exercise))
    config.stash[OURS] = exercise_name, run, sandbox
    return run


def _stop(problem: str) -> NoReturn:
    """End a plain pytest run with one sentence, instead of an error for every check."""
    pytest.exit(clean(problem), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a check's outcome, once: where it failed first, or after its call."""
    report = yield
    marked = item.get_closest_marker("check")
    # pytest reports setup, call and teardown one by one. What fails in teardown, after the verdict,
    # changes nothing: the check is not noted twice.
    if marked and (call.when == "call" or (call.when == "setup" and call.excinfo)):
        judge = item.config.stash[JUDGE]
        verdict = judge.judgement(item, call.excinfo.value if call.excinfo else None)
        check = judge.note(verdict, call.duration)
        if check.outcome != "passed" and report.outcome == "failed":
            # Instead of pytest's traceback, which would print the hidden check's source.
            report.longrepr = f"{check.message}\n{check.hint}".strip()
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Close a plain pytest run with the score."""
    if checks := config.stash[JUDGE].checks:
        score = sum(check.score for check in checks)
        total = sum(check.max_score for check in checks)
        terminalreporter.write_sep("=", f"score: {score:g} of {total:g}")
