"""The pytest plugin: turns a grader's tests into checks, and their outcomes into a report.

`pytest graders/exercise_05_softmax.py --submission FILE` works with any pytest tool; `kit`
uses the same hooks on a warm session (see session.py).
"""

from __future__ import annotations

import re
from collections.abc import Generator
from doctest import Example
from pathlib import Path
from typing import Any, NoReturn

import cloudpickle
import msgspec
import pytest

from gradekit.course import Course
from gradekit.errors import KitError, SandboxError
from gradekit.grading import examples as examples_module
from gradekit.grading.compare import Mismatch
from gradekit.grading.memo import Judgement
from gradekit.grading.mistakes import Print, fingerprint
from gradekit.grading.proxy import Run, SubmissionError, SubmissionProxy
from gradekit.report import PRINTED, Check, clean
from gradekit.sandbox.launch import Sandbox
from gradekit.submission import read

PROXY = pytest.StashKey[SubmissionProxy]()
CHECKS = pytest.StashKey[list[Check]]()
PRINTS = pytest.StashKey[dict[str, Print]]()  # of failed checks, by name
OURS = pytest.StashKey[tuple[str, Run, Sandbox]]()  # what a plain pytest run has to close
MESSAGE_CHARACTERS = 1200


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradekit", "auto-graded exercises")
    group.addoption("--submission", metavar="FILE", help="the answer to grade (.py or .ipynb)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "check(function, points, hint): a grader's check; see gradekit.grading.check"
    )
    config.stash[PROXY] = SubmissionProxy()
    config.stash[CHECKS] = []
    config.stash[PRINTS] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    if ours := config.stash.get(OURS, None):
        _, run, sandbox = ours
        run.close()
        sandbox.close()


@pytest.fixture(scope="session")
def submission(request: pytest.FixtureRequest) -> SubmissionProxy:
    """The submission's functions, running in a process of their own."""
    return request.config.stash[PROXY]


class ExampleItem(pytest.Item):
    """The examples of one function's docstring: a visible check without points."""

    def __init__(self, *, function: str, examples: list[Example], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.function, self.examples = function, examples
        self.add_marker(pytest.mark.check(function=function, points=0, hint=""))

    def runtest(self) -> None:
        examples_module.run_examples(self.config.stash[PROXY], self.examples)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stub's examples before the hidden checks; let probes travel by value."""
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
        if not stub.is_file():
            continue
        visible += [
            ExampleItem.from_parent(
                grader, name=f"example_{name}", function=name, examples=examples
            )
            for name, examples in examples_module.functions_of(stub)
            if examples
        ]
    items[:0] = visible


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("check"):
        proxy = item.config.stash[PROXY]
        if proxy._run is None or item.config.stash.get(OURS, None):
            proxy._run = _own_run(item)
        proxy._run.begin_check(item.name)


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
    sandbox = Sandbox(exercise.modules, exercise.limits, course.hidden)
    run = Run(sandbox, exercise.name, answer)
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
    if marked and (call.when == "call" or (call.when == "setup" and call.excinfo)):
        verdict = judgement(item, call.excinfo.value if call.excinfo else None)
        check = note(item, verdict, call.duration)
        if check.outcome != "passed" and report.outcome == "failed":
            report.longrepr = f"{check.message}\n{check.hint}".strip()
    return report


def judgement(item: pytest.Item, error: BaseException | None) -> Judgement:
    """What to say of a check that ended with `error`."""
    marker = item.get_closest_marker("check")
    assert marker is not None
    run = item.config.stash[PROXY]._run
    outcome, ending, message = _outcome(error, run)
    if outcome == "failed" and run is not None and run.printed.strip():
        message += f"{PRINTED}{run.printed.strip()}"
    points = float(marker.kwargs["points"])
    check = Check(
        name=item.name,
        function=marker.kwargs["function"],
        title=_title(item),
        outcome=outcome,
        ending=ending,
        score=points if outcome == "passed" else 0.0,
        max_score=points,
        message=clean(message, MESSAGE_CHARACTERS),
        kind=_kind_of(error) if outcome == "failed" else "",
        hint=marker.kwargs["hint"] if outcome == "failed" else "",
    )
    if outcome == "failed" and run is not None and run.replies:
        return Judgement(check, fingerprint(run.replies, *run.last_reply))
    return Judgement(check, None)


def is_verdict(error: BaseException | None) -> bool:
    """Whether a check that ended with `error` judged the answer, and did not stumble itself."""
    if error is None or hasattr(error, "submission_text"):
        return True
    return isinstance(error, SubmissionError | AssertionError | pytest.fail.Exception)


def note(item: pytest.Item, judgement: Judgement, seconds: float) -> Check:
    """Put the judgement of a check that took `seconds` where the session looks for it."""
    check = msgspec.structs.replace(judgement.check, seconds=round(seconds, 6))
    item.config.stash[CHECKS].append(check)
    if judgement.print is not None:
        item.config.stash[PRINTS][item.name] = judgement.print
    return check


def _outcome(error: BaseException | None, run: Run | None) -> tuple[Any, Any, str]:
    """Outcome, ending and message of a check that ended with `error`."""
    while isinstance(error, BaseExceptionGroup):  # hypothesis found several examples
        error = error.exceptions[0]
    if error is None:
        return "passed", "finished", ""
    given = run.last_call if run is not None else None
    prefix = f"{given}: " if given else ""
    if isinstance(error, SubmissionError):
        return "failed", error.ending, str(error)
    if text := getattr(error, "submission_text", None):
        return "failed", "finished", text
    if isinstance(error, Mismatch):
        return "failed", "finished", str(error) if error.names_the_call else f"{prefix}{error}"
    if isinstance(error, AssertionError):
        return "failed", "finished", str(error).partition("\nassert ")[0]
    if isinstance(error, pytest.fail.Exception):
        # pytest.raises, in whose words it reads: DID NOT RAISE ValueError
        wanted = re.search(r"DID NOT RAISE (?:<class ')?(\w+)", str(error))
        text = f"expected {wanted[1]}, but nothing was raised" if wanted else str(error)
        return "failed", "finished", f"{prefix}{text}"
    if isinstance(error, SandboxError) or run is None or not run.replies:
        return "not_run", "finished", f"{type(error).__name__}: {error}"
    # The solution passes this check, so it is the answer's value that it stumbled over.
    text = f"{prefix}what came back could not be judged ({type(error).__name__}: {error})"
    return "failed", "finished", text


def _kind_of(error: BaseException | None) -> str:
    """How an answer failed, in a word; see `Check.kind`."""
    if isinstance(error, Mismatch):
        return error.kind
    return f"raised {type(error).__name__}" if hasattr(error, "submission_text") else ""


def _title(item: pytest.Item) -> str:
    if isinstance(item, ExampleItem):
        return f"The examples of {item.function} come out as its docstring says."
    doc = getattr(getattr(item, "obj", None), "__doc__", None)
    return " ".join((doc or item.name).strip().split("\n\n")[0].split())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Close a plain pytest run with the score."""
    if checks := config.stash.get(CHECKS, []):
        score = sum(check.score for check in checks)
        total = sum(check.max_score for check in checks)
        terminalreporter.write_sep("=", f"score: {score:g} of {total:g}")
