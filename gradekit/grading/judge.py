"""How a check begins, and how its end becomes a verdict: one way, whoever runs the check.

`kit` runs plain checks itself, because pytest's own protocol takes longer than most of them;
checks with fixtures, and all checks under plain `pytest`, go through pytest's hooks. Both begin
and end here.
"""

from __future__ import annotations

import linecache
import re
from doctest import Example
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradekit.errors import SandboxError
from gradekit.grading import examples as examples_module
from gradekit.grading.arguments import constants_in
from gradekit.grading.assertions import NO_MESSAGE, is_of_message
from gradekit.grading.call import CALL_CHARACTERS
from gradekit.grading.check_state import CheckState
from gradekit.grading.checks import PartialCredit
from gradekit.grading.compare import Mismatch
from gradekit.grading.memo import Judgement
from gradekit.grading.mistakes import Print, print_of
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.report import PRINTED, Check, clean

OWN_MISTAKE = re.compile(
    r"(?:NameError|ImportError|ModuleNotFoundError|SyntaxError): "
    r"|TypeError: (\w+)\(\) (?:missing \d|got an unexpected keyword|takes .* argument)"
    r"|AttributeError: (?:partially initialized )?module '"
)
MESSAGE_CHARACTERS = 1200
WHOLE_CHARACTERS = 360  # five lines of 80 columns, indented
UNJUDGED = "what came back could not be judged"
DID_NOT_RAISE = "DID NOT RAISE"  # how pytest.raises begins


class ExampleItem(pytest.Item):
    """The examples of one function's docstring: a visible check without points."""

    def __init__(self, *, function: str, examples: list[Example], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.function, self.examples = function, examples
        self.add_marker(pytest.mark.check(function=function, points=0, hint=""))

    def runtest(self) -> None:
        examples_module.run_examples(self.config.stash[JUDGE].proxy, self.examples)


class Judge:
    """Begins checks and notes what became of them, for one submission after the other."""

    def __init__(self) -> None:
        self.current = Current()
        self.proxy = SubmissionProxy(self.current)
        self.checks: list[Check] = []  # of the current submission, in the order of their end
        self.prints: dict[str, Print] = {}  # of failed checks, by name

    def begin_submission(self, run: Run) -> None:
        """Grade the submission of `run` from now on, and forget the one before."""
        self.current.run = run
        self.checks, self.prints = [], {}

    def begin_check(self, item: pytest.Item) -> None:
        """Start a check of the current submission."""
        assert self.current.run is not None
        marker = item.get_closest_marker("check")
        function = marker.kwargs["function"] if marker is not None else ""
        self.current.run.begin_check(item.name, partial(_constants_of, item), function)

    def judgement(self, item: pytest.Item, error: BaseException | None) -> Judgement:
        """The judgement of a check that ended with `error`, or with None."""
        marker = item.get_closest_marker("check")
        assert marker is not None
        state = self.current.run.state if self.current.run is not None else CheckState()
        # A test that expects any exception must not be satisfied by the loss of the worker.
        outcome, ending, message = _outcome(error or state.lost, state)
        if outcome == "failed" and UNJUDGED in message and error and is_of_message(error):
            message = _told(state, f"{NO_MESSAGE} {_message_of(error)}")
        elif error is not None and (place := _mistake_of(item, error)):
            outcome, ending, message = "not_run", "finished", f"{place}: {_message_of(error)}"
        elif outcome == "failed" and UNJUDGED in message and (line := _line_in(item, error)):
            message = f"{message.removesuffix(')')}, in line {line} of the grader)"
        if outcome == "failed" and state.printed.strip():
            message += f"{PRINTED}{state.printed.strip()}"
        points = float(marker.kwargs["points"])
        if is_manual(item):
            outcome, ending, message = "waits", "finished", ""
        check = Check(
            name=item.name,
            function=marker.kwargs["function"],
            title=_title(item),
            outcome=outcome,
            ending=ending,
            score=points if outcome == "passed" else _part_of(points, error),
            max_score=points,
            message=clean(message, MESSAGE_CHARACTERS),
            kind=_kind_of(error) if outcome == "failed" else "",
            hint=marker.kwargs["hint"] if outcome == "failed" else "",
        )
        # Without any reply there is no behaviour to recognise.
        if outcome == "failed" and state.replies:
            deviation = error.deviation if isinstance(error, Mismatch) else 0.0
            found = print_of(state.replies, *state.last_reply, check.kind, deviation)
            return Judgement(msgspec.structs.replace(check, print=found.brief), found)
        return Judgement(check, None)

    def note(self, judgement: Judgement, seconds: float) -> Check:
        """Keep the judgement of a check that took `seconds`."""
        check = msgspec.structs.replace(judgement.check, seconds=round(seconds, 6))
        self.checks.append(check)
        if judgement.print is not None:
            self.prints[check.name] = judgement.print
        return check


def _constants_of(item: pytest.Item) -> set[Any]:
    """What a check uses that outlives it: variables of its module, parameters, wider fixtures.

    An answer that changes an argument in place would change it for every later answer.
    """
    module = getattr(item, "module", None)
    if module is None:
        return set()
    roots: list[Any] = [vars(module), getattr(item, "obj", None)]
    if (parameters := getattr(item, "callspec", None)) is not None:
        roots.append(parameters.params)
    # pytest has no public name for this. In a version without it, `name2fixturedefs` is taken for
    # empty, and only wider fixtures are no longer protected (test_importing.py).
    fixtures = getattr(item, "_fixtureinfo", None)
    for name, definitions in (fixtures.name2fixturedefs if fixtures else {}).items():
        if definitions[-1].scope != "function":
            roots.append(getattr(item, "funcargs", {}).get(name))
    return constants_in(roots, module.__name__)


JUDGE = pytest.StashKey[Judge]()


def is_manual(item: pytest.Item) -> bool:
    """Whether a person marks it, so that there is nothing to run."""
    marker = item.get_closest_marker("check")
    return marker is not None and bool(marker.kwargs.get("manual"))


def is_verdict(error: BaseException | None) -> bool:
    """Whether a check that ended with `error` judged the answer, and did not fail by itself."""
    if error is None or hasattr(error, "submission_text"):
        return True
    return isinstance(error, SubmissionError | AssertionError | pytest.fail.Exception)


def _message_of(error: BaseException) -> str:
    """An error as Python tells it."""
    return f"{type(error).__name__}: {error}"


def raised_at(error: BaseException) -> tuple[str, int]:
    """The file and the line where an error was raised, which is kept with it from then on."""
    # Not `getattr`, which asks the answer where the exception is of a class of its own.
    known: tuple[str, int] | None = vars(error).get("raised_at")
    trace = error.__traceback__
    if known is None and trace is not None:
        # Not in the `__getattr__` of a module that says what it does not have.
        while (inner := trace.tb_next) and inner.tb_frame.f_code.co_name != "__getattr__":
            trace = inner
        known = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        vars(error)["raised_at"] = known
    return known or ("", 0)


def _mistake_of(item: pytest.Item, error: BaseException) -> str:
    """Where a grader itself is wrong, so that no answer can be judged; "" where it is not.

    A name that nothing defines, a module's attribute that there is not, or arguments that a
    function of this side does not take: an answer brings about none of these.
    """
    found = OWN_MISTAKE.match(_message_of(error))
    if is_verdict(error) or not found:
        return ""
    place, line = raised_at(error)
    file, text = Path(place), linecache.getline(place, line)
    # A call that the grader spells out: a starred argument may be what an answer gave.
    is_spelt = found[1] is None or (f"{found[1]}(" in text and "*" not in text)
    is_own = file.parent == item.path.parent and is_spelt
    return f"{file.parent.name}/{file.name}, line {line}" if is_own else ""


def _line_in(item: pytest.Item, error: BaseException | None) -> int:
    """The line of the grader's own file in which an error was raised; 0 if it was elsewhere."""
    place, line = raised_at(error) if error is not None else ("", 0)
    return line if place == str(item.path) else 0


def _outcome(error: BaseException | None, state: CheckState) -> tuple[Any, Any, str]:
    """Outcome, ending and message of a check that ended with `error`."""
    while isinstance(error, BaseExceptionGroup):  # hypothesis found several examples
        error = error.exceptions[0]
    if error is None:
        return "passed", "finished", ""
    if isinstance(error, SubmissionError):
        return "failed", error.ending, str(error)
    if text := getattr(error, "submission_text", None):
        return "failed", "finished", text
    if isinstance(error, Mismatch):
        return (
            "failed",
            "finished",
            str(error) if error.names_the_call else _told(state, str(error)),
        )
    if isinstance(error, AssertionError):
        # pytest adds its rewritten `assert 3 == 4` to a message: it may show what is expected, and
        # the author's own words are there to be read instead.
        return "failed", "finished", str(error).partition("\nassert ")[0]
    if isinstance(error, pytest.fail.Exception):
        # pytest.raises, in whose words it reads: DID NOT RAISE ValueError
        wanted = " or ".join(dict.fromkeys(re.findall(r"\b[A-Z]\w*[a-z]\w*", str(error))))
        is_raises = str(error).startswith(DID_NOT_RAISE)
        text = f"expected {wanted}, but nothing was raised" if is_raises else str(error)
        return "failed", "finished", _told(state, text)
    # Nothing came from the answer, so the error is ours, and costs nobody a point.
    if isinstance(error, SandboxError) or not state.replies:
        return "not_run", "finished", _message_of(error)
    # The solution passes this check, so what the answer returned made the check raise this.
    text = f"{UNJUDGED} ({_message_of(error)})"
    return "failed", "finished", _told(state, text)


def _told(state: CheckState, text: str) -> str:
    """What was asked last, then what went wrong; a call in full where both fit into a few lines.

    Of an object, the value that it was asked for, after the last call of one of its methods:
    `x.mean, after x.add(3)`. Where it is not the only such call, that is said: the value that is
    expected comes of them all.
    """
    parts = [str(state.last_look)] if state.last_look is not None else []
    count, call = 1, state.last_call
    if parts:
        count, call = state.calls_of.get(state.looked_at, (count, call))
    if call is not None:
        room = max(WHOLE_CHARACTERS - len(text) - sum(map(len, parts)), CALL_CHARACTERS)
        told = call.told(room)
        parts.append(f"{count} calls, the last of them {told}" if count > 1 else told)
    return f"{', after '.join(parts)}: {text}" if parts else text


def _part_of(points: float, error: BaseException | None) -> float:
    """What a failed check earns: nothing, but for a partial credit."""
    # 0.0 comes first: of NaN, which an answer can bring about, `max` returns its first argument.
    return min(max(0.0, error.points), points) if isinstance(error, PartialCredit) else 0.0


def _kind_of(error: BaseException | None) -> str:
    """How an answer failed, in a word; see `Check.kind`."""
    if isinstance(error, Mismatch):
        return error.kind
    if isinstance(error, pytest.fail.Exception) and str(error).startswith(DID_NOT_RAISE):
        return "not raised"
    return f"raised {type(error).__name__}" if hasattr(error, "submission_text") else ""


def _title(item: pytest.Item) -> str:
    if isinstance(item, ExampleItem):
        return f"The examples of {item.function} come out as its docstring says."
    doc = getattr(getattr(item, "obj", None), "__doc__", None)
    return " ".join((doc or item.name).strip().split("\n\n")[0].split())
