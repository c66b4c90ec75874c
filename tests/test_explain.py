"""`kit explain`: the line at which an answer is wrong, found by small changes of it."""

from __future__ import annotations

import ast
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis  # noqa: F401  # slow to import here, where a search has little time
import msgspec
import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.course import Course
from gradekit.edits.every import edits_of
from gradekit.explain.blame import CHECK_SECONDS, KEY_SECONDS, LOOP_SECONDS, Mended, Search
from gradekit.explain.clock import Clock
from gradekit.explain.explanation import Explanation, Place, explain
from gradekit.explain.order import likelihood, may_help, open_ends_of, related_of
from gradekit.explain.suspects import Suspects
from gradekit.explain.trace import RAISES, call_probe, steps_of
from gradekit.explain.words import sentences
from gradekit.grading.session import Session
from gradekit.practice import folders
from gradekit.practice.interview import interview
from gradekit.practice.workspace import Workspace
from gradekit.report import Check, Report
from gradekit.submission import Submission, parse

RIGHT = """import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
"""
# A change of it, the line where it is, and the question that its place is told with.
WRONG = [
    ("e.sum(axis=axis, keepdims=True)", "e.sum(axis=0, keepdims=True)", 7, "along which axis?"),
    ("e.sum(axis=axis, keepdims=True)", "e.sum(axis=axis)", 7, "does the axis stay (keepdims)?"),
    ("np.exp(shifted)", "np.exp(-shifted)", 13, "which sign?"),
    ("return e /", "return e *", 7, "which operator?"),
    ("np.exp(x - x.max(axis=axis, keepdims=True))", "np.exp(x)", 6, "how large can this become?"),
]


def wrong(before: str, after: str) -> Submission:
    text = RIGHT.replace(before, after, 1)
    assert text != RIGHT
    return Submission("exercise_05_softmax.py", (text,), "")


@pytest.fixture
def explained(session_of: Callable[[str], Session]) -> Callable[..., Explanation]:
    def explained(submission: Submission, seconds: float = 20.0) -> Explanation:
        session = session_of("softmax")
        report = session.grade(submission, timeouts=1)
        return explain(session, submission, report, deadline=time.monotonic() + seconds)

    return explained


@pytest.mark.parametrize(("before", "after", "line", "question"), WRONG)
def test_the_changed_line_comes_first(
    explained: Callable[..., Explanation],
    before: str,
    after: str,
    line: int,
    question: str,
) -> None:
    first = explained(wrong(before, after)).places[0]
    assert (first.line, first.change) == (line, question)
    assert first.function in ("softmax", "log_softmax") and first.gain > 0


def test_a_second_search_finds_the_same(explained: Callable[..., Explanation]) -> None:
    """What is tried, and in which order, depends on the answer alone."""
    submission = wrong("e.sum(axis=axis", "e.sum(axis=0")
    first, second = explained(submission), explained(submission)
    assert first.places == second.places and first.tries == second.tries


def test_two_faults_have_a_place_each(explained: Callable[..., Explanation]) -> None:
    """What mends one function does not mend the other; the one that gains more comes first."""
    text = wrong("return e / e.sum(axis=axis", "return e / e.sum(axis=0").cells[0]
    text = text.replace("shifted - np.log", "shifted + np.log")
    found = explained(Submission("exercise_05_softmax.py", (text,), ""))
    assert {place.line for place in found.places} == {7, 13} and not found.unmended
    gains = [place.gain for place in found.places]
    assert gains == sorted(gains, reverse=True)


def test_what_a_change_leaves_wrong_is_guessed(session_of: Callable[[str], Session]) -> None:
    """Behind the place that mends something comes the likeliest one for the rest."""
    text = wrong("return e / e.sum(axis=axis", "return e / e.sum(axis=0").cells[0]
    text = text.replace("    return shifted", "    del shifted, x\n    return shifted")
    session, submission = session_of("softmax"), Submission("exercise_05_softmax.py", (text,), "")
    report = session.grade(submission)
    mended = [check for check in report.failed if check.function == "softmax"]
    search = Search(session, submission, report, clock=Clock(0.0, time.monotonic()))
    edit = next(each for each in edits_of([text]) if each.line == 7)
    search.mended.append(Mended(edit, 1.0, 0))
    search._mended_by[edit] = {check.name for check in mended}
    with contextlib.closing(search):
        assert search.unmended() == ["log_softmax"]
        assert {each.function for each in search.suspects()} == {"log_softmax"}
    places = (Place("softmax", 7, "which axis?", 1.0), Place("log_softmax", 14, "right?", 0.0))
    found = Explanation("e", places, 0.0, unmended=("log_softmax",))
    told = [*sentences(found, gave_up=False)]
    assert told[1:] == [
        "No single small change mends the rest of log_softmax.",
        "The checks that fail point at log_softmax (line 14):",
        "  right?",
    ]


def test_cells_of_a_notebook(explained: Callable[..., Explanation]) -> None:
    """The place is a cell and a line in it; magics are no obstacle."""
    text = wrong("e.sum(axis=axis", "e.sum(axis=0").cells[0]
    head, body = text[: text.index("def soft")], text[text.index("def soft") :]
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}}
        for source in ("%matplotlib inline\n" + head, body)
    ]
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    first = explained(parse(Path("exercise_05_softmax.ipynb"), notebook.encode())).places[0]
    assert (first.cell, first.line, first.where) == (2, 4, "cell 2, line 4")


AT_TOP = "def log_softmax(x, axis=-1):"
INSTEAD = {
    "another name": (AT_TOP, AT_TOP.replace("log_", "log"), "line 10: is `log_softmax` the name"),
    "none": (AT_TOP, "def helper(x, axis=-1):", "there is no function `log_softmax`."),
    "async": (AT_TOP, f"async {AT_TOP}", "line 10: is `def log_softmax` meant, and not `async"),
    "yield": ("return shifted", "yield shifted", "line 13: is `return` meant in `log_softmax`"),
    "inside": (f"\n{AT_TOP}", f"if 1:\n  def main():\n   {AT_TOP}", "line 11: why does `log_softm"),
    "class": ("def softmax(x, axis=-1):",
              "class softmax:\n  def __init__(self, x, axis=-1): 0\n  def f(x):",
              "line 4: is `softmax` meant to be a function"),
}  # fmt: skip


@pytest.mark.parametrize("case", INSTEAD)
def test_what_is_no_function_is_said_and_nothing_tried(
    session_of: Callable[[str], Session], case: str
) -> None:
    """A function that is missing, `async`, a generator or a class is told with its line."""
    before, after, said = INSTEAD[case]
    text = RIGHT.replace(before, after)
    if case == "inside":
        head, _, body = text.partition(f"{AT_TOP}\n")
        text = f"{head}{AT_TOP}\n" + body.replace("    ", "        ")
    submission = Submission("exercise_05_softmax.py", (text,), "")
    report = session_of("softmax").grade(submission)
    found = explain(session_of("softmax"), submission, report, deadline=time.monotonic())
    assert next(sentences(found, gave_up=False)).startswith(said) and not found.tries


def test_nothing_found_shows_what_happens(explained: Callable[..., Explanation]) -> None:
    """A call on which it is wrong, and the values of its names there; the function is guessed."""
    last = "return e / e.sum(axis=axis, keepdims=True)"
    text = wrong("np.exp(x - x.max(axis=axis, keepdims=True))", "x").cells[0]
    text = text.replace(last, "return np.round(e[::-1], 3)")
    found = explained(Submission("exercise_05_softmax.py", (text,), ""), seconds=1.0)
    assert not found.mends
    assert {place.function for place in found.places} == {"softmax"}
    assert {6, 7} <= {place.line for place in found.places[:3]}
    assert found.call.startswith("softmax(")
    assert [step.name for step in found.steps] == ["x", "e", ""]


def test_what_raises_is_not_said_to_return(session_of: Callable[[str], Session]) -> None:
    """Python tells a tracer of a return of None then; what was caught is no end."""
    text = (
        "def softmax(x, axis=-1):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n"
        "        y = 1\n    return help_me(y)\n\ndef help_me(y):\n    return [][y]\n"
    )
    session, answer = session_of("softmax"), Submission("exercise_05_softmax.py", (text,), "")
    probe = call_probe(answer, "softmax", [[1.0]], {})
    steps = steps_of(session.asked(answer, probe, session.exercise.limits), answer.name)
    error = "IndexError('list index out of range')"
    told = [(step.name, step.value) for step in steps]
    assert told == [("y", "1"), (RAISES, error), (RAISES, error)]
    found = Explanation("exercise_05_softmax", (), 0.0, call="softmax([1.])", steps=tuple(steps))
    assert f"  help_me, line 9: raises {error}" in [*sentences(found, gave_up=False)]


def test_steps_of_a_notebook_name_each_cell(session_of: Callable[[str], Session]) -> None:
    """The first one as well."""
    cells = ("def helper(x):\n    y = x\n    return y\n", "def softmax(x):\n    return helper(x)\n")
    session, answer = session_of("softmax"), Submission("answer.ipynb", cells, "")
    probe = call_probe(answer, "softmax", [1.0], {})
    steps = steps_of(session.asked(answer, probe, session.exercise.limits), answer.name)
    assert [(step.cell, step.line) for step in steps] == [(1, 2), (1, 3), (2, 2)]
    found = Explanation("exercise_05_softmax", (), 0.0, call="it", steps=tuple(steps))
    told = [*sentences(found, gave_up=False)]
    assert told[-3:] == [
        "  helper, cell 1, line 2: y = 1.0",
        "  helper, cell 1, line 3: returns 1.0",
        "  softmax, cell 2, line 2: returns 1.0",
    ]


def test_what_hangs_points_at_its_loop(session_of: Callable[[str], Session]) -> None:
    """Nothing is known of the lines of a check that never ended; the function's loop is."""
    session = session_of("softmax")
    text = "def softmax(x, axis=-1):\n    y = x\n    while True:\n        y = y\n"
    submission = Submission("exercise_05_softmax.py", (text,), "")
    report = session.grade(wrong("return e /", "return e *"))
    checks = [msgspec.structs.replace(each, ending="timed_out") for each in report.failed]
    report = msgspec.structs.replace(report, checks=tuple(checks))
    search = Search(session, submission, report, clock=Clock(0.0, time.monotonic()))
    late = [msgspec.structs.replace(c, function="late") for c in checks if c.max_score]
    tried = [
        msgspec.structs.replace(c, message=f"stopped after {3 if c in checks else 0.5} s: it hangs")
        for c in (*checks, *late)
    ]
    both = msgspec.structs.replace(report, checks=tuple(tried))
    hanging = Search(session, submission, both, clock=Clock(0.0, time.monotonic()))
    assert hanging.unmended() == ["softmax"]  # of the other nobody knows anything
    first, inside = search.suspects()
    assert (first.function, first.line) == ("softmax", 3) and "loop" in first.question
    assert (inside.function, inside.line) == ("softmax", 4)


def test_a_slow_check_leaves_no_time_to_what_hangs(session_of: Callable[[str], Session]) -> None:
    """A check of ten seconds gave as long to every version that hung in a quick one."""
    session, submission = session_of("softmax"), wrong("return e /", "return e *")
    report = session.grade(submission)
    key = report.failed[0]
    checks = [msgspec.structs.replace(c, seconds=0.01 if c == key else 9.0) for c in report.checks]
    report = msgspec.structs.replace(report, checks=tuple(checks))
    search = Search(session, submission, report, clock=Clock(60.0, time.monotonic() + 60.0))
    key = next(check for check in checks if check.name == key.name)
    assert search._limits(key=key).check_seconds <= CHECK_SECONDS < search._limits().check_seconds
    # Nor does one of another function, where others of the same function pass.
    passed = msgspec.structs.replace(key, outcome="passed", max_score=1.0)
    report = msgspec.structs.replace(report, checks=(*checks, passed))
    search = Search(session, submission, report, clock=Clock(60.0, time.monotonic() + 60.0))
    assert search._limits(key=key).check_seconds == KEY_SECONDS
    slow = [msgspec.structs.replace(c, seconds=9.0 * (c.function != key.function)) for c in checks]
    report = msgspec.structs.replace(report, checks=tuple(slow))
    search = Search(session, submission, report, clock=Clock(60.0, time.monotonic() + 60.0))
    search._least_seconds = LOOP_SECONDS
    endless = msgspec.structs.replace(key, ending="timed_out")
    assert search._limits(key=endless).check_seconds == LOOP_SECONDS


def test_a_busy_machine_leaves_as_much_time() -> None:
    """What counts is CPU time; the wall clock ends what goes on for too long."""
    clock = Clock(1.0, time.monotonic() + 10.0)
    time.sleep(0.1)
    assert clock.spent < 0.08 and 0.92 < clock.left < 1.0
    clock.note(2.0)  # of a worker
    assert clock.left < -1.0
    clock.extend(0.5)
    assert 0.4 < clock.left <= 0.5
    assert Clock(1.0, time.monotonic() - 1.0).left <= -1.0


@pytest.fixture
def folder(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A practice folder with a wrong answer to the softmax exercise, to stand in."""
    folders.create(tmp_path / "practice", course)
    monkeypatch.chdir(tmp_path / "practice")
    answer = tmp_path / "practice" / "exercise_05_softmax.py"
    answer.write_text(wrong("e.sum(axis=axis", "e.sum(axis=0").cells[0])
    return answer.parent


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(kit, ["explain", *arguments])
    return result.exit_code, result.output


def test_the_change_itself_only_for_who_gives_up(folder: Path) -> None:
    """First the line and a question, as JSON too; it counts as the third hint."""
    code, told = run("softmax", "--json")
    found = json.loads(told)
    assert code == 1 and found["exercise"] == "exercise_05_softmax" and found["seconds"] > 0
    first = found["places"][0]
    assert first.pop("gain") > 0
    assert first == {"function": "softmax", "line": 7, "change": "along which axis?"}
    assert '"level":3' in (folder / "progress.jsonl").read_text()
    hinted = CliRunner().invoke(kit, ["hint", "softmax"]).output
    assert hinted.startswith("Hint 1 of 3: ") and "Hint 2" not in hinted  # none has been shown yet
    code, told = run("5", "--give-up")
    assert code == 1
    assert told.splitlines()[2].strip() == "+ return e / e.sum(axis=axis, keepdims=True)"


def test_not_in_an_interview_and_not_for_what_is_solved(folder: Path, course: Course) -> None:
    answer = folder / "exercise_05_softmax.py"
    answer.write_text(RIGHT)
    assert run("softmax") == (0, "`softmax` earns every point: there is nothing to explain.\n")
    answer.write_text("def softmax(x:\n")
    code, told = run("softmax")
    assert code == 1 and told.startswith("No change can be tried:") and "line 1" in told
    sitting = interview.Interview(30, [interview.Question("exercise_08_adam")])
    interview.begin(Workspace(folder, course), sitting)
    code, told = run("softmax")
    assert code == 2 and "interview is not finished" in told
    assert run("softmax", str(folder / "interview" / "exercise_08_adam.py"))[0] == 2
    assert run("softmax", "nowhere.py")[0] == 2


@pytest.mark.parametrize("body", ["while True: pass", "import os; os._exit(0)"])
def test_hostile_answers_end_in_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """What hangs or ends its process costs some time, and is told like any other."""
    from gradekit.commands import explain as command
    from gradekit.explain import explanation

    monkeypatch.setattr(explanation, "MOST_SECONDS", 6.0)
    monkeypatch.setattr(command, "CHECK_SECONDS", 0.3)
    text = RIGHT.replace("    e = np.exp", f"    {body}\n    e = np.exp")
    (folder / "exercise_05_softmax.py").write_text(text)
    code, told = run("softmax")
    assert code == 1 and told


def test_edits_change_something_and_stand_where_they_say() -> None:
    """Each edit is another text, and differs in the line that it names."""
    source = (
        "# é–ü\n" + RIGHT + "\n\nclass Block:\n    def forward(self, x):\n        return -x[1:]\n"
    )
    edits = edits_of([source])
    assert len({(edit.start, edit.end, edit.text) for edit in edits}) == len(edits) > 100
    lines = source.splitlines()
    for edit in edits:
        changed = edit.applied(source).splitlines()
        if not edit.replaces:
            assert changed[: edit.line - 1] == lines[: edit.line - 1], edit
            assert changed[edit.line - 1] != lines[edit.line - 1], edit
    assert {edit.function for edit in edits} == {"softmax", "log_softmax", "Block.forward"}


BLOCK = """class Block:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        return x @ self.weight + self.bias


def fit(model, batches, rng):
    total, count = 0.0, np.exp(batches / 2)
    for x, y in model:
        total += x
        count += 1
    if model and rng:
        raise TypeError("no")
    count / (x - y) + total / (x - y) + (x - y).std() * model(optional=rng, eps=1e-12)[:, None]
    with torch.no_grad():
        model["loss"] = total
    parts = [model["x"][:, h] for h in range(3)]
    parts.sort(key=lambda pair: [-pair[1], pair[0]])
    return rng.choice(count, p=total), parts, model["loss"]


def scores(q, k, pairs, dtype):
    weights = np.einsum("qd,kd->qk", q, k) + np.zeros(len(q), dtype=dtype)[0]
    kept, left = [v for v in pairs if v is not None], 0
    left = q[1:]
    total = sum(3 + q[0] * (q[0] - 1)) + max([q, k])
    if dtype is None:
        left = q[1:]
        return weights / (q @ k.T) + left
    return [weights[i] for i in range(1, len(q) + 1) if i in kept], np.sqrt(np.sum([1, 2]))


def loss(x, w, k, networks):
    if w != k:
        raise ValueError(k)
    for e in np.ndindex(x.shape):
        x[e] = networks[e](x[w].mean()) + np.exp(x - w).sum()
    k = np.exp(k - np.max(k, axis=0, keepdims=True))
    step, limit = (x + k) / (x - k), np.log(0.02)
    return np.sort(np.swapaxes(x, -1, -2))[:, :k], np.repeat(w, k, axis=0), step, limit


def ratio(pairs, k):
    for p, q in pairs:
        step = np.log(p[k]) - np.log(q[k])
    return step * (1 / k)


def least(x, axis=0):
    return x.min(axis) / x.sum(axis=axis)
"""
GUARDED = """def check(x):
    if x.ndim:
        raise ValueError("no scalar")
    return x
"""
NEAR = 8  # characters: blanks, parentheses and quotation marks
PUNCTUATION = str.maketrans("", "", " \n()'\"")
# Changes of it, each of which one edit takes back.
UNDONE: list[tuple[str, str]] = [
    ("x @ self.weight", "x @ self.bias"),
    ('model["loss"] = total', 'model["x"] = total'),
    ("for x, y in", "for y, x in"),
    ("        total += x\n        count += 1\n", "        total += x\n    count += 1\n"),
    ("    with torch.no_grad():\n        model", "    model"),
    ('model["x"][:, h]', 'model["x"]'),
    ("rng.choice(count, p=total)", "rng.choice(count)"),
    ('"qd,kd->qk"', '"qd,dk->qk"'),
    ("np.zeros(len(q), dtype=dtype)", "np.zeros(len(q))"),
    ("zeros(len(q)", "zeros(q.shape[1]"),
    (" if v is not None", ""),
    ("if dtype is None:", "if True:"),
    ("q @ k.T", "q / k.T"),
    ("weights[i]", "weights[0]"),
    ("range(1, len(q) + 1)", "range(len(q))"),
    ("if i in kept", "if kept in i"),
    ("np.sum([1, 2])", "[1, 2]"),
    ("x @ self.weight", "x"),
    ("return weights /", "return wights /"),
    ("in range(3)", "in rage(3)"),
    ("max([q, k])", "max([q])"),
    ("max([q, k])", "max([k, q])"),
    ('raise TypeError("no")', 'raise ("no")'),
    ('raise TypeError("no")', 'raise KeyError("no")'),
    ("rng.choice(count, p=total)", "rng.choice(p=total)"),
    ("(x - y).std()", "x.std()"),
    ("count / (x - y)", "count"),
    ("optional=rng", "optional=None"),
    ("[:, None]", "[:, :]"),
    ("eps=1e-12", "eps=0"),
    ("left = q[1:]\n        return", "left = None\n        return"),
    ("if model and rng", "if model"),
    ("[-pair[1], pair[0]]", "[pair[0]]"),
    ("batches / 2", "2"),
    (
        'rng.choice(count, p=total), parts, model["loss"]',
        'model["loss"], rng.choice(count, p=total), parts',
    ),
    ("3 + q[0] * (q[0] - 1)", "3 + q[0] * q[0] - 1"),
    ("3 + q[0] * (q[0] - 1)", "3 + q[-1] * (q[-1] - 1)"),
    ("if w != k", "if False"),
    ("np.ndindex(x.shape)", "x.shape"),
    ("networks[e](", "networks("),
    ("x[w].mean()", "x.mean()"),
    ("np.exp(x - w).sum()", "(x - w).sum()"),
    ("(x + k) / (x - k)", "x + k"),
    ("np.log(0.02)", "0.02"),
    ("swapaxes(x, -1, -2)", "swapaxes(x, -1, -0)"),
    ("-2))[:, :k]", "-2))"),
    ("np.repeat(w, k, axis=0)", "np.repeat(w, axis=0)"),
    ("np.exp(k - np.max(k, axis=0, keepdims=True))", "np.exp(k)"),
    ("np.log(p[k]) - np.log(q[k])", "np.log(q[k])"),
    ("step * (1 / k)", "step * k"),
    ("x.min(axis) / x.sum(axis=axis)", "x.min(0) / x.sum(axis=0)"),
]


@pytest.mark.parametrize(("before", "after"), UNDONE)
def test_an_edit_takes_each_of_these_back(before: str, after: str) -> None:
    """What people leave out, exchange or mistake, of expressions and of statements."""
    assert BLOCK.count(before) == 1
    block = next(each for each in BLOCK.split("\n\n\n") if before in each)  # the less, the quicker
    block = f"import numpy as np, torch\n{block}\n"
    changed = block.replace(before, after)
    right, letters = ast.dump(ast.parse(block)), block.translate(PUNCTUATION)
    texts = (each.applied(changed) for each in edits_of([changed]))
    near = (text for text in texts if abs(len(text) - len(block)) < NEAR)
    alike = [text for text in near if text.translate(PUNCTUATION) == letters]  # few are parsed
    assert any(ast.dump(ast.parse(text)) == right for text in alike)


def checked(function: str, outcome: str, kind: str = "", message: str = "") -> Check:
    return msgspec.convert(
        {
            "name": f"{function} {outcome}", "function": function, "title": "", "outcome": outcome,
            "score": 0.0, "max_score": 1.0, "kind": kind, "message": message,
        },
        Check,
    )  # fmt: skip


@pytest.fixture
def report() -> Report:
    return Report(
        exercise="e", score=0.0, max_score=2.0, isolation="", seed=0, seconds=0.0,
        submission_sha256="", grader_sha256="", checks=(),
    )  # fmt: skip


def test_lines_that_only_failing_checks_run_are_suspected(report: Report) -> None:
    """Of those that the same checks run, the line with more to it; the raising one before it."""
    text = (
        "def f(x):\n    if x > 2:\n        y = x * 2\n        return y\n    return 0\n\n"
        "def g(x):\n    return x\n"
    )
    wrong, right = checked("f", "failed", "value", "expected 3"), checked("f", "passed")
    ran = {
        wrong.name: frozenset({(0, 2), (0, 3), (0, 4)}),
        right.name: frozenset({(0, 2), (0, 5), (0, 8)}),
    }

    def lines(check: Check) -> list[int]:
        judged = msgspec.structs.replace(report, checks=(check, right))
        found = Suspects([text], judged, edits_of([text])).lines(ran)
        assert {each.function for each in found} == {"f"}
        return [each.line for each in found]

    assert lines(wrong) == [3, 4, 2]
    assert lines(checked("f", "failed", "raised X", "it raised X: no (line 4: `return y`)"))[0] == 4
    ran = {wrong.name: frozenset({(0, 2), (0, 8)})}
    message = "it raised X: no (line 8: `return x`)"
    judged = msgspec.structs.replace(report, checks=(checked("f", "failed", "raised X", message),))
    assert Suspects([text], judged, edits_of([text])).lines(ran)[0].function == "g"
    told = "expected a float, got None (is there a `return`?)"
    judged = msgspec.structs.replace(report, checks=(checked("g", "failed", "type", told),))
    text = text.replace("    return x\n", "    y = x\n    y += 1\n")
    open_end = Suspects([text], judged, edits_of([text])).lines({})[0]
    assert (open_end.function, open_end.line) == ("g", 9) and "`return`" in open_end.question


def test_what_raises_too_often_asks_the_wrong_question() -> None:
    """To leave the error out is a change of its condition, and that line is the one to look at."""
    gone = GUARDED.replace('raise ValueError("no scalar")', "pass")
    never = GUARDED.replace("x.ndim", "False")
    edits = {each.applied(GUARDED): each for each in edits_of([GUARDED])}
    assert gone not in edits and edits[never].line == 2
    told = 'it raised ValueError: no scalar (line 3: `raise ValueError("no scalar")`)'
    key = checked("check", "failed", "raised ValueError", told)
    related = related_of([GUARDED])
    assert [*related[0, 3]] == [2]
    assert likelihood(edits[never], key, False, related) > likelihood(edits[never], key, False, {})


def test_where_a_return_is_missing_nothing_else_is_tried() -> None:
    """But changes of the way to it: a `return` that is there may not be reached."""
    text = "def f(x):\n    y = x + 1\n    if y > 0:\n        return y\n"
    key = checked("f", "failed", "type", "f(1): expected a float, got None (is there a `return`?)")
    open_ends = open_ends_of([text])
    tried = [each for each in edits_of([text]) if may_help(each, key, open_ends)]
    assert all("return" in each.text or each.line == 3 for each in tried)
    assert {"True", "\n    return y"} <= {each.text for each in tried}
    for end in ("return x", "raise ValueError(x)", "while True:\n        x += 1"):
        assert not open_ends_of([f"{text}    {end}\n"])
    both = "    else:\n        with x:\n            return x\n"
    assert not open_ends_of([text + both]) and open_ends_of([text + both.replace("return x", "x")])


def test_what_gives_a_raising_line_its_names_comes_before_the_rest() -> None:
    text = "def f(x):\n    a = x[0]\n    b = x[1]\n    for i in range(3):\n        b = a @ i\n"
    related = related_of([text])
    assert related[0, 5].keys() == {2, 3, 4} and not related[0, 2]
    assert related[0, 4].keys() == set()


def test_where_nothing_was_asked_for_something_a_none_is_looked_at_first() -> None:
    text = "def f(x, rng):\n    y = x[0] + 1\n    return draw(y, None)\n"
    told = "it raised AttributeError: 'NoneType' object has no attribute 'choice' (line 8: `rng`)"
    key = checked("f", "failed", "raised AttributeError", told)
    likeliest = max(edits_of([text]), key=lambda each: likelihood(each, key, False, {}))
    assert (likeliest.line, text[likeliest.start : likeliest.end]) == (3, "None")


def test_what_does_nothing_is_looked_at_first() -> None:
    """A call without its function: nobody writes a name alone in a line."""
    text = "def f(x, y):\n    np.random.seed(y)\n    np.random.seed(x)\n    return np.exp(x - y)\n"
    changed = text.replace("np.random.seed(x)", "x")
    assert text in (each.applied(changed) for each in edits_of([changed])[:80])


def test_of_a_wrong_shape_an_axis_is_asked_about_first() -> None:
    """Also where it is an exception that tells of it, and two lines after the mistake."""
    text = "def f(x, y):\n    a = x * x\n    b = np.sqrt(a)\n    return b + y\n"
    told = "it raised ValueError: operands could not be broadcast together with shapes (2,3) (2,) "
    key = checked("f", "failed", "raised ValueError", told + "(line 4: `return b + y`)")
    related = related_of([text])
    assert related[0, 4][3] > related[0, 4][2] > 1.0
    edit = next(e for e in edits_of([text]) if e.text.startswith("(x * x).sum(axis=-1)"))
    other = next(e for e in edits_of([text]) if e.line == 2 and "axis" not in e.change)
    assert likelihood(edit, key, False, related) / edit.weight > (
        1.9 * likelihood(other, key, False, related) / other.weight
    )
